"""From what `run` and `plan` were asked to benchmarks whose names and values are all right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench.cli import listing
from regbench.cli.output import say
from regbench.errors import UsageError

if TYPE_CHECKING:
    from regbench.config import Benchmark, Benchmarks, Facts


@dataclass(frozen=True)
class Chosen:
    """A benchmark to run, and where the user's own table is: dataset -> (path, target)."""

    benchmark: "Benchmark"
    files: Mapping[str, tuple[str, str]]


def choose(
    names: Sequence[str] | None,
    *,
    every: bool,
    file: Path | None,
    datasets: Sequence[str] | None,
    methods: Sequence[str] | None,
    k: Sequence[int] | None,
    seeds: Sequence[int] | None,
    epochs: int | None,
    settings: Sequence[str] | None,
    data: Path | None,
    target: str | None,
) -> list[Chosen]:
    """The benchmarks that were asked for, with overrides and filters; without a name, an error that lists them."""
    from regbench import config

    known = config.load(file)
    if every and names:
        raise UsageError(f"--all means every benchmark; leave out {', '.join(names)}, or --all")
    wanted = _every(known) if every else list(dict.fromkeys(names or ()))
    if not wanted:
        say(listing.as_text(listing.benchmarks(known)))
        raise UsageError("which benchmark? give one of these names, or --all")
    if (data is None) != (target is None):
        raise UsageError("--data FILE and --target COLUMN go together")
    overrides = {**_settings(settings or ()), **({} if epochs is None else {"epochs": epochs})}
    files: dict[str, tuple[str, str]] = {}
    if data is None:
        found = [known.variant(name, overrides) for name in wanted]
    else:
        facts = _own_table(data, str(target))
        files = {facts.name: (str(data.absolute()), str(target))}
        found = [known.on_table(name, overrides, facts) for name in wanted]
    chosen = {"datasets": datasets or (), "methods": methods or (), "k": k or (), "seeds": seeds or ()}
    return [Chosen(each, files) for each in _filtered(found, every=every, **chosen)]


def _every(known: "Benchmarks") -> list[str]:
    """The benchmarks of the file but for the sweeps of others, which are run with these."""
    names = list(known.own or known.names())
    sources = {source for name in names if (choose := known.specs[name].choose) for source in choose.sources}
    return [name for name in names if name not in sources]


def _filtered(found: "Sequence[Benchmark]", *, every: bool, **chosen: Any) -> "list[Benchmark]":
    """Each with the jobs asked for; of all there are, those that have any."""
    from regbench import config

    kept, errors = [], []
    for each in found:
        try:
            kept.append(config.filter_jobs(each, **chosen))
        except UsageError as error:
            errors.append(error)
    if errors and not (every and kept):
        raise errors[0]
    return kept


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
