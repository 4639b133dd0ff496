"""From what `run` and `plan` were asked to benchmarks whose names and values are all right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench.cli.output import amount, columns, say
from regbench.errors import UsageError

if TYPE_CHECKING:
    from regbench.config import Benchmark, Benchmarks, Facts


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The options that choose jobs."""

    names: Sequence[str]
    every: bool
    file: Path | None
    datasets: Sequence[str]
    methods: Sequence[str]
    k: Sequence[int]
    seeds: Sequence[int]
    epochs: int | None
    settings: Sequence[str]
    data: Path | None = None
    target: str | None = None


@dataclass(frozen=True)
class Chosen:
    """A benchmark to run, and where the user's own table is: dataset -> (path, target)."""

    benchmark: "Benchmark"
    files: Mapping[str, tuple[str, str]]


def choose(asked: Asked) -> list[Chosen]:
    """The benchmarks that were asked for, with overrides and filters; without a name, an error that lists them."""
    from regbench import config

    known = config.load(asked.file)
    if asked.every and asked.names:
        raise UsageError(f"--all means every benchmark; leave out {', '.join(asked.names)}, or --all")
    names = list(known.own or known.names()) if asked.every else list(asked.names)
    if not names:
        say(listed(known))
        raise UsageError("which benchmark? give one of these names, or --all")
    if (asked.data is None) != (asked.target is None):
        raise UsageError("--data FILE and --target COLUMN go together")
    overrides = {**_settings(asked.settings), **({} if asked.epochs is None else {"epochs": asked.epochs})}
    files: dict[str, tuple[str, str]] = {}
    if asked.data is None:
        found = [known.variant(name, overrides) for name in names]
    else:
        facts = _own_table(asked.data, str(asked.target))
        files = {facts.name: (str(asked.data.absolute()), str(asked.target))}
        found = [known.on_table(name, overrides, facts) for name in names]
    return [
        Chosen(
            config.filter_jobs(each, datasets=asked.datasets, methods=asked.methods, k=asked.k, seeds=asked.seeds),
            files,
        )
        for each in found
    ]


def listed(known: "Benchmarks") -> str:
    """The benchmarks, one line each."""
    rows = []
    for name in known.names():
        jobs = known.get(name).jobs
        datasets = len({job.dataset for job in jobs})
        rows.append([name, len(jobs), amount(datasets, "dataset"), known.description(name)])
    return columns(rows, header=["benchmark", "jobs", "", ""])


def _own_table(path: Path, target: str) -> "Facts":
    """What jobs must know of the user's table; its name has the file's ending, so no dataset of ours is called so."""
    from regbench import data
    from regbench.config import Facts

    dataset, _ = data.from_file(path, target)
    return Facts(path.name, digest=dataset.digest, batch_size=dataset.batch_size, backbone=dataset.backbone)


def _settings(texts: Sequence[str]) -> dict[str, Any]:
    from regbench.config import yaml_value

    given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not value:
            raise UsageError(f"--set {text}: write FIELD=VALUE, such as --set learning_rate=0.001")
        given[name.strip().replace("-", "_")] = yaml_value(value)
    return given
