"""Environments of runs as they are stored: without passwords, named by a digest of the rest."""

from collections.abc import Mapping
from typing import Any

from regbench.addresses import without_password
from regbench.store.jobs import short_digest


def row(config: Mapping[str, Any]) -> dict[str, Any]:
    """The row of an environment."""
    words = {"arguments": [without_password(str(word)) for word in config.get("arguments") or []]}
    kept = {**config, **(words if "arguments" in config else {})}
    return {"digest": short_digest(kept), "config": kept}


def cleaned(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The row of an environment that is stored or exported; it keeps its digest unless a password was in it."""
    made = row(stored["config"])
    return made if made["config"] != stored["config"] else {"digest": stored["digest"], "config": stored["config"]}
