"""Programs of the user's own among the rows of a benchmark: `command: python train.py --seed {seed}`."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from regbench import catalog, metrics, roots
from regbench.config.amounts import read_duration
from regbench.config.marks import Marked, read
from regbench.errors import UsageError, did_you_mean
from regbench.owncommands import PLACEHOLDERS, OwnCommand, placeholders
from regbench.paths import named
from regbench.roots import PACKAGE
from regbench.variants import underscored

KIND, ONE, SEVERAL = "kind", "command", "commands"
SHARED = ("inputs", "gpus", "time_limit", "shell")  # of all commands of a benchmark, or of one
FIELDS = (KIND, ONE, SEVERAL, *SHARED)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
RESERVED = (*SHARED, ONE)


def add_commands(marked: Marked) -> None:
    """Add the commands of a file of benchmarks to the catalog.

    Raises:
        UsageError: one is wrong, or two have one name.
    """
    found = commands_of(marked)
    theirs = [metric for given in marked.data.values() if (metric := _metric(given))]
    if not {*theirs} <= {*roots.added().metrics}:
        roots.add(metrics=theirs)
    if new := [command for command in found.values() if roots.own_command(command.name) != command]:
        roots.add(commands=new)


def _metric(given: Any) -> tuple[str, str] | None:
    """The deciding metric of a benchmark that is none of ours, and which values are better."""
    better, protocol = (given.get(name) if isinstance(given, Mapping) else None for name in ("better", "protocol"))
    decide = protocol.get("decide") if isinstance(protocol, Mapping) else None
    if better not in ("high", "low") or not isinstance(decide, str):
        return None
    name = decide.strip().lower().removeprefix("val/")
    return None if (PACKAGE / "metrics" / f"{name}.py").exists() else (name, better)


def commands_in(path: Path) -> dict[str, OwnCommand]:
    """The commands of a file of benchmarks by name, without adding them."""
    return commands_of(read(path, str(path)))


def commands_of(marked: Marked) -> dict[str, OwnCommand]:
    """The commands that a file names, by name."""
    found: dict[str, OwnCommand] = {}
    for benchmark, given in marked.data.items():
        for command, _, place in _entries(marked, benchmark, given):
            other = found.setdefault(command.name, command)
            if other != command:
                raise marked.wrong(
                    f"{command.name} is another command in a benchmark above; a name means one command", *place
                )
    return found


def rows(marked: Marked, benchmark: str) -> list[Any]:
    """The rows that the commands of a benchmark are, as entries of `methods`."""
    entries = _entries(marked, benchmark, marked.data[benchmark])
    return [{command.name: settings} if settings else command.name for command, settings, _ in entries]


def _entries(
    marked: Marked, benchmark: str, given: Any
) -> Iterator[tuple[OwnCommand, dict[str, Any], tuple[str, ...]]]:
    """Each command of a benchmark with the values of its settings, and its place in the file."""
    if not isinstance(given, Mapping):
        return
    _check_fields(marked, benchmark, given)
    shared = {name: given[name] for name in SHARED if name in given}
    if ONE in given:
        yield _entry(marked, underscored(benchmark), given[ONE], shared, (benchmark, ONE))
    several = given.get(SEVERAL, {})
    if not isinstance(several, Mapping) or (SEVERAL in given and not several):
        raise marked.wrong(
            f"must be commands by name, such as {{mine: python train.py --seed {{seed}}}}, not {several!r}",
            benchmark,
            SEVERAL,
        )
    for name, value in several.items():
        yield _entry(marked, underscored(str(name)), value, shared, (benchmark, SEVERAL, str(name)))


def _check_fields(marked: Marked, benchmark: str, given: Mapping[str, Any]) -> None:
    """Refuse fields about commands without a command, and two ways to name them."""
    if given.get(KIND, ONE) != ONE:
        raise marked.wrong(f"must be {ONE}, or left out, not {given[KIND]!r}", benchmark, KIND)
    if ONE in given and SEVERAL in given:
        raise marked.wrong(f"has both {ONE} and {SEVERAL}; name all of them under {SEVERAL}", benchmark, SEVERAL)
    inherits = "extends" in given  # then `kind: command` says that its datasets may be mere names
    about = next((name for name in FIELDS if name in given and not (name == KIND and inherits)), None)
    if about and ONE not in given and SEVERAL not in given:
        raise marked.wrong(f"is about a command, and there is none here; add `{ONE}: ...`", benchmark, about)


def _entry(
    marked: Marked, name: str, value: Any, shared: Mapping[str, Any], place: tuple[str, ...]
) -> tuple[OwnCommand, dict[str, Any], tuple[str, ...]]:
    """A command from its line, or from a mapping with its line, fields and settings."""
    given = dict(value) if isinstance(value, Mapping) else {ONE: value}
    fields = {**shared, **{key: given[key] for key in SHARED if key in given}}
    settings = {str(key): each for key, each in given.items() if key not in RESERVED}
    line = given.get(ONE)
    shell = _flag(marked, fields.get("shell", False), place)
    words = _words(marked, line, shell, place)
    _check_name(marked, name, place)
    _check_placeholders(marked, words, settings, place)
    command = OwnCommand(
        name=name,
        words=words,
        folder=str(marked.folder.absolute()),
        file=Path(marked.source).name,
        inputs=_inputs(marked, fields.get("inputs", []), place),
        shell=shell,
        gpus=_gpus(marked, fields.get("gpus"), place),
        limit_s=_limit(marked, fields.get("time_limit"), place),
        settings=tuple(sorted(settings)),
    )
    return command, settings, place


def _words(marked: Marked, line: Any, shell: bool, place: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(line, list) and line and all(isinstance(word, str | int | float) for word in line) and not shell:
        return tuple(map(str, line))
    if not isinstance(line, str) or not line.strip():
        raise marked.wrong(f"must be a command such as python train.py --seed {{seed}}, not {line!r}", *place)
    if shell:
        return (line,)
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise marked.wrong(f"cannot be split into words: {str(error).lower()}", *place) from None
    if sign := next((word for word in words if word in ("|", "&&", "||", ";", ">", ">>", "<", "&")), None):
        raise marked.wrong(f"has '{sign}', which only a shell understands; add `shell: true`", *place)
    return words


def _check_name(marked: Marked, name: str, place: tuple[str, ...]) -> None:
    if not NAME.fullmatch(name):
        raise marked.wrong(f"'{name}' cannot name a row: use letters, digits and underscores", *place)
    for kind in (*catalog.ROWS, *catalog.PARTS):
        if kind != catalog.COMMANDS and name in catalog.names(kind):
            hint = f"; name it under `{SEVERAL}`" if place[-1] == ONE else "; name the command otherwise"
            raise marked.wrong(f"'{name}' is a {kind.removesuffix('s')} already{hint}", *place)


def _check_placeholders(
    marked: Marked, words: tuple[str, ...], settings: Mapping[str, Any], place: tuple[str, ...]
) -> None:
    used = [name for word in words for name in placeholders(word)]
    known = [*PLACEHOLDERS, *settings]
    if wrong := next((name for name in used if name not in known), None):
        if wrong in ("{", "}"):
            raise marked.wrong(f"has a single '{wrong}'; write it twice to mean itself", *place)
        raise marked.wrong(f"has no value for {{{wrong}}}{did_you_mean(wrong, known)}", *place)
    if "" in used:
        raise marked.wrong("has {} without a name; write {seed}, or {{}} to mean itself", *place)
    for name in settings:
        if name in PLACEHOLDERS:
            raise marked.wrong(f"{name} is filled in from the grid, and cannot be set here", *place)
        if name not in used:
            near = did_you_mean(name, RESERVED) if did_you_mean(name, RESERVED).startswith("; did") else ""
            raise marked.wrong(f"{{{name}}} is not in the command{near}", *place)


def _inputs(marked: Marked, given: Any, place: tuple[str, ...]) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given]
    for path in listed:
        if not isinstance(path, str) or not path.strip():
            raise marked.wrong(f"inputs must be files and folders, not {path!r}", *place)
        start = marked.folder.absolute() / named(path)
        if not start.exists():
            raise marked.wrong(f"inputs: there is no file or folder {path} beside {Path(marked.source).name}", *place)
    return tuple(dict.fromkeys(path.rstrip("/") or "/" for path in listed))


def _flag(marked: Marked, given: Any, place: tuple[str, ...]) -> bool:
    if not isinstance(given, bool):
        raise marked.wrong(f"shell must be true or false, not {given!r}", *place)
    return given


def _gpus(marked: Marked, given: Any, place: tuple[str, ...]) -> int | None:
    if given is not None and (type(given) is not int or given not in (0, 1)):
        raise marked.wrong(f"gpus must be 0 or 1, not {given!r}: a job has one slot, and that at most one GPU", *place)
    return given


def _limit(marked: Marked, given: Any, place: tuple[str, ...]) -> float | None:
    if given is None:
        return None
    try:
        return read_duration(f"{given}s" if type(given) in (int, float) else str(given))
    except UsageError:
        raise marked.wrong(f"time_limit must be a time such as 90s, 30m or 1h30m, not {given!r}", *place) from None


def check_better(marked: Marked, name: str, decide: str | None, better: str | None) -> None:
    """Refuse a direction of one of our metrics, and a metric that is none of ours without a direction."""
    name_of = (decide or "val/rmse").removeprefix("val/")
    ours = name_of in catalog.names("metrics") and metrics.about(name_of).needs != catalog.REPORTED
    if better is not None and ours:
        metric = metrics.about_val(decide or "val/rmse")
        raise marked.wrong(f"{decide or 'val/rmse'} is ours, and {metric.direction}; leave this out", name, "better")
    if better is None and not ours:
        raise marked.wrong(f"says {decide}, which is none of our metrics; add `better: high` or `better: low`", name)
