"""What a file says about itself, which listings and plans read without running it."""

import re
from collections.abc import Mapping
from typing import Any

from regbench.contract.promises import Broken
from regbench.contract.subject import Subject


def as_read(of: Subject) -> str | None:
    """Hyper-parameters, static settings and, of a method, `uses_k` are read from the syntax tree as they are."""
    thing, entry = of.thing, of.entry
    if entry.is_criterion:
        return None
    pairs: list[tuple[str, Any, Any]] = [("static", dict(thing.static), entry.static)]
    if of.kind != "wrappers":
        defaults = {name: each.default for name, each in thing.hparams.items()}
        pairs.append(("hparams", defaults, entry.hparams))
    if of.kind == "methods":
        pairs.append(("uses_k", thing.uses_k, entry.arguments.get("uses_k")))
        pairs.append(("per_batch", thing.per_batch, entry.arguments.get("per_batch", False)))
    for name, found, read in pairs:
        if found != read:
            raise Broken(
                f"`{name}` written as a literal in {_object(of)}(...)",
                f"{found!r} in the object, {read!r} in the text",
                "write names and numbers out: they are read without running the file",
            )
    return None


def ranges(of: Subject) -> str | None:
    """A hyper-parameter has a range `low` to `high` that holds its default, so that it can be swept."""
    if of.kind == "wrappers" or of.entry.is_criterion:
        return None
    lacking = [name for name, each in of.thing.hparams.items() if each.low is None or each.high is None]
    for name, each in of.thing.hparams.items():
        if name in lacking:
            continue
        log, off = each.scale == "log", of.kind == "regularizers" and each.default == 0  # 0 turns a part off
        if (log and each.low <= 0) or each.low > each.high or not (each.low <= each.default <= each.high or off):
            raise Broken(
                f"a range of '{name}' that holds its default {each.default:g}",
                f"{each.low:g} to {each.high:g}{' on a logarithmic scale' if log else ''}",
                "change `low` and `high`",
            )
    if lacking:
        return f"no `low` and `high`, so a sweep cannot search: {', '.join(lacking)}"
    return None


def words(of: Subject) -> str | None:
    """The first line is a sentence, and the reference has a year: listings and tables show both."""
    lacking = []
    if not re.search(r"[.!?]$", of.entry.summary):
        lacking.append("a first line that ends with a full stop")
    if not of.entry.year and not of.entry.is_criterion:
        lacking.append("a year in `reference`")
    return f"listings lack {' and '.join(lacking)}" if lacking else None


def _object(of: Subject) -> str:
    names: Mapping[str, str] = {"methods": "Method", "regularizers": "Regularizer", "wrappers": "Wrapper"}
    return names[of.kind]
