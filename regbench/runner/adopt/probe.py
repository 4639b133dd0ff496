"""Digests and curves of jobs, by the version of regbench on the path: `python probe.py QUESTION ANSWER`.

It also runs with older versions of regbench, so it supports those without `regbench.kinds`. The question is
`{"packs": [[configuration of a job, ...], ...], "train": whether to train}`, and may name a `device`, the `places` of
plug-ins, and `tables` and `commands` of the user. Numbers in the answer are hexadecimal floats, which are exact.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def main(question: str, answer: str) -> None:
    """Read the question from one file and write the answer to another."""
    forget_installed()
    from regbench.job import Job

    asked = json.loads(Path(question).read_text(encoding="utf-8"))
    add(asked.get("places", []), asked.get("tables", []), asked.get("commands", []))
    said = []
    for configs in asked["packs"]:
        jobs = [Job.from_config(config) for config in configs]
        curves = train(jobs, asked.get("device", "cpu")) if asked["train"] else [None] * len(jobs)
        said += [
            {"key": job.key, "code": digest(job), "curves": curve} for job, curve in zip(jobs, curves, strict=True)
        ]
    Path(answer).write_text(json.dumps(said), encoding="utf-8")


def forget_installed() -> None:
    """No module of an editable installation of regbench: it would lend this version those that it does not have."""
    sys.meta_path[:] = [
        finder
        for finder in sys.meta_path
        if "regbench" not in getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", ())
    ]


def add(places: list[str], tables: list[dict[str, Any]], commands: list[dict[str, Any]]) -> None:
    """Add plug-ins, tables and commands of the user to the catalog; older code knows no commands."""
    if places or tables or commands:
        from regbench import roots

        added = roots.Added(tuple(places), tuple(map(own_table, tables)))
        roots.use(added + roots.Added(commands=tuple(map(own_command, commands))) if commands else added)


def own_command(given: dict[str, Any]) -> Any:
    """A command of the user."""
    from regbench.owncommands import OwnCommand

    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return OwnCommand(**fields)


def own_table(given: dict[str, Any]) -> Any:
    """A table of the user; older code knows one target, and one way to read it."""
    from regbench.roots import OwnTable

    try:
        from regbench.reading import from_plain
    except ImportError:
        old: Any = OwnTable
        return old(given["name"], given["path"], given["targets"][0], given["reading"].get("keep_index", False))
    return OwnTable(given["name"], given["path"], tuple(given["targets"]), from_plain(given["reading"]))


def digest(job: Any) -> str:
    """The digest of the code on the path."""
    try:
        from regbench.kinds import code_digest
    except ImportError:
        from regbench.fingerprint import code_digest  # pyright: ignore[reportAttributeAccessIssue]
    return code_digest(job)


def train(jobs: list[Any], device: str = "cpu") -> list[dict[str, list[str]]]:
    """Every number of every epoch of each job, and a hash of its last predictions."""
    from regbench import catalog, data

    place = settled(device)
    if is_foreign(jobs[0]):
        return [reported(job, device) for job in jobs]
    dataset, protocol = jobs[0].dataset, jobs[0].protocol
    table = data.load(catalog.load("datasets", dataset), dataset)
    seed = 0 if protocol.split in ("fixed", "grouped") else jobs[0].seed
    # Fields that came later are only given where they are not at their defaults, for older code does not know them.
    later = {"inputs": "scaled", "targets": "scaled", "shots": "dataset"}
    asked = {name: getattr(protocol, name, usual) for name, usual in later.items()}
    # Other scales are made by the execution, from data that are scaled as usual.
    asked |= {name: "scaled" for name in ("inputs", "targets") if asked[name] != "raw"}
    given = {name: value for name, value in asked.items() if value != later[name]}
    prepare = getattr(data, "prepared", data.prepare)  # which came with later code
    prepared = prepare(table, protocol.split, seed, **given)
    found: list[dict[str, list[str]]] = [{} for _ in jobs]
    last = None
    for last in epochs(jobs, prepared, place):
        for row, curves in enumerate(found):
            values = {name: column[row] for name, column in last.values.items()}
            diagnostics = last.looks[row].diagnostics if hasattr(last, "looks") else {}  # which came with later code
            for name, value in (values | diagnostics).items():
                curves.setdefault(name, []).append(float(value).hex())
    for row, curves in enumerate(found if last else ()):
        for part, predicted in last.predictions.items() if last else ():
            curves[f"predictions/{part}"] = [hashlib.sha256(predicted[row].tobytes()).hexdigest()]
    return found


def is_foreign(job: Any) -> bool:
    """Whether a job is a program of the user, which older code does not know."""
    try:
        from regbench.kinds import is_ours
    except ImportError:
        return False
    return not is_ours(job.method)


def reported(job: Any, device: str) -> dict[str, list[str]]:
    """Every number of a program by name, one for each of its epochs, NaN where it gave none; and these epochs."""
    from regbench import kinds
    from regbench.errors import RegbenchError

    try:
        told = list(kinds.of(job.method).begin([job], None, device))
    except RegbenchError as error:
        first, *output = str(error).splitlines()
        raise SystemExit(" ".join([f"{job.method} seed={job.seed}: {first}", *output[-1:]])) from None
    names = dict.fromkeys(name for epoch in told for name in epoch.values)
    nothing = [float("nan")]
    curves = {name: [float(epoch.values.get(name, nothing)[0]).hex() for epoch in told] for name in names}
    return {**curves, "epoch": [float(epoch.number).hex() for epoch in told]}


def settled(device: str) -> Any:
    """The torch device, with torch's settings as that version's workers have them."""
    try:
        from regbench.runner.work.device import torch_device
    except ImportError:
        import torch
        from torch.utils import deterministic

        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        setattr(deterministic, "fill_uninitialized_memory", False)  # noqa: B010 - a property that type checkers miss
        return torch.device(device)
    return torch_device(device)


def epochs(jobs: list[Any], prepared: Any, device: Any) -> Iterable[Any]:
    """The epochs of jobs that are executed together."""
    try:
        from regbench import kinds
    except ImportError:
        return _before_kinds(jobs, prepared, device)
    kind = kinds.of(jobs[0].method)
    return kind.begin(jobs, prepared, device if kind.is_packed else "cpu")


def _before_kinds(jobs: list[Any], prepared: Any, device: Any) -> Iterable[Any]:
    """The epochs, by code that had no kinds yet, or no reference models either."""
    from regbench import catalog
    from regbench.training.loop import Training

    is_baseline = getattr(catalog, "is_baseline", lambda _method: False)
    if not is_baseline(jobs[0].method):
        return Training(jobs, prepared, device)
    from regbench.runner.fitting import as_epoch, fit  # pyright: ignore[reportMissingImports]

    return [as_epoch(fit(jobs[0], prepared))]


if __name__ == "__main__":
    main(*sys.argv[1:])
