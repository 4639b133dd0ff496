"""What a plug-in of a test describes, as an object."""

from typing import Any


def described(plugin: str) -> Any:
    """The dataset of a plug-in's text."""
    defined: dict[str, Any] = {}
    exec(plugin, defined)
    return defined["DATASET"]
