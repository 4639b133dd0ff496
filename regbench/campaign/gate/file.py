"""Read and write lock files; whatever is wrong with one is told in one line before anything is trained."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from regbench.campaign.gate.lock import VERSION, Lock
from regbench.config.marks import LONGEST, Loader, NotReadable, construct, spell
from regbench.errors import InfrastructureError, Mismatch, NothingMeasured, UsageError
from regbench.paths import named

FILE = "regbench.lock.yaml"
HEAD = """\
# Results that were reviewed, written by `regbench bless`. `regbench gate --baseline FILE` trains them again and fails
# where the code has made them worse. To change this file, run `regbench bless` again.
"""
WIDTH = 200


class _OnOneLine(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader would take for a number, such as the digest 12345678e9."""

    yaml_implicit_resolvers = Loader.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - how PyYAML calls it
        return True


_Dumper.add_representer(
    _OnOneLine, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)
)


def read(path: Path) -> Lock:
    """The lock of a file.

    Raises:
        NothingMeasured: there is no such file, or it names no cell.
        Mismatch: it is not a lock file of this version, or contradicts itself.
    """
    lock = _checked(_data(named(path, "--baseline ")), path)
    if not lock.cells:
        raise NothingMeasured(f"{path} names no cell, so there is nothing to compare; write one by `regbench bless`")
    _check_keys(lock, path)
    return lock


def write(path: Path, lock: Lock) -> None:
    """Write a lock, which can be read again."""
    text = written(lock)
    if len(text) > LONGEST:
        raise UsageError(
            f"{path} would have {len(text):,} characters, at most {LONGEST:,} can be read: "
            "choose fewer cells by --dataset, --method, --k or --seed"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InfrastructureError(f"{path} cannot be written: {error.strerror}") from None


def written(lock: Lock) -> str:
    """The text of the file of a lock."""
    data = lock.model_dump(exclude_defaults=True) | {"regbench_lock": VERSION}
    ordered: dict[str, Any] = {name: data[name] for name in Lock.model_fields if name in data}
    for cell in ordered["cells"]:
        cell["job"] = {name: _flat(value) for name, value in cell["job"].items()}
        cell["seeds"] = {seed: _run(run) for seed, run in cell["seeds"].items()}
    ordered["common"] = {name: _flat(value) for name, value in lock.common.items()}
    ordered["environments"] = {
        name: {key: _flat(part) for key, part in each.items()} for name, each in lock.environments.items()
    }
    return HEAD + yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def _run(run: Mapping[str, Any]) -> _OnOneLine:
    """A run as one line of the file."""
    return _OnOneLine({name: value for name, value in run.items() if name != "values"} | run["values"])


def _flat(value: Any) -> Any:
    return _OnOneLine(value) if isinstance(value, dict) else value


def _data(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NothingMeasured(f"there is no baseline {path} yet; `regbench bless --output {path}` writes it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Mismatch(f"{path} cannot be read: {error}") from None
    try:
        if len(text) > LONGEST:
            raise NotReadable(f"has {len(text):,} characters, a lock file at most {LONGEST:,}")
        return construct(text)
    except (NotReadable, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise Mismatch(f"{path}{line}: not a lock file: {why}; take it from version control again") from None


def _checked(data: Any, path: Path) -> Lock:
    if not isinstance(data, dict) or "regbench_lock" not in data:
        raise Mismatch(f"{path} is not a lock file; `regbench bless --output {path}` writes one")
    if data["regbench_lock"] != VERSION:
        raise Mismatch(
            f"{path} has version {data['regbench_lock']!r} of the format, this regbench reads {VERSION}; bless it again"
        )
    try:
        return Lock.of(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = tuple(step if isinstance(step, int | str) else str(step) for step in first["loc"])
        raise Mismatch(f"{path}, {spell(place)}: {first['msg']}; take it from version control again") from None


def _check_keys(lock: Lock, path: Path) -> None:
    """Keys are hashes of configurations: one that was changed by hand no longer has its key."""
    names = [cell.cell for cell in lock.cells]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Mismatch(f"{path}: {twice} is named twice; take the file from version control again")
    for cell, seed, run in lock.runs():
        where = f"{path}, {cell.cell} seed {seed}"
        try:
            key = lock.job(cell, seed).key
        except Exception as error:  # whatever a hand may have written
            raise Mismatch(f"{where}: this is no configuration: {error}; bless again") from None
        if key != run.key:
            raise Mismatch(f"{where}: the key does not match the configuration that the file states; bless again")
        if lacking := [name for name in lock.metrics if name not in run.values]:
            raise Mismatch(f"{where}: {lacking[0]} is missing; bless again")
        if run.on is not None and run.on not in lock.environments:
            raise Mismatch(f"{where}: the environment {run.on} is not described; bless again")
