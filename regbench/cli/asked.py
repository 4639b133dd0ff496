"""Convert options of `run` and `plan` to the arguments of a campaign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench.cli import listing
from regbench.cli.output import say
from regbench.errors import UsageError, WrongValueError

if TYPE_CHECKING:
    from regbench.campaign.choosing import Wanted
    from regbench.config import TableEntry
    from regbench.engines.ray.cluster import Cluster
    from regbench.reading import Reading
    from regbench.runner import Request

Place = tuple[list[str], "Cluster | None"]  # the device of each slot, and the cluster whose slots they are


@dataclass(frozen=True)
class Filters:
    """The options that select jobs."""

    datasets: Sequence[str] | None
    methods: Sequence[str] | None
    k: Sequence[str] | None
    seeds: Sequence[str] | None


@dataclass(frozen=True)
class OwnData:
    """The options about tables of the user's own; those on how a file is read hold for all of them."""

    files: Sequence[Path] | None
    targets: Sequence[str] | None
    reading: Mapping[str, Any]  # name of a setting -> value, None where it is not given

    def tables(self) -> "list[TableEntry]":
        """The files, each with the columns to predict: all of them of an only file, else one for each, or for all."""
        from regbench.config import TableEntry

        files, targets = list(self.files or ()), list(self.targets or ())
        given = {name: value for name, value in self.reading.items() if value}
        if not files and (targets or given):
            option = "target" if targets else next(iter(given)).replace("_", "-")
            raise UsageError(f"--{option} is about a table of your own; name it with --data FILE --target COLUMN")
        if not files:
            return []
        if not targets:
            raise UsageError("--data FILE and --target COLUMN go together")
        reading = self._reading(given)
        if len(files) == 1:
            return [TableEntry(str(files[0]), tuple(dict.fromkeys(targets)), reading)]
        if len(targets) not in (1, len(files)):
            raise UsageError(
                f"{len(files)} --data and {len(targets)} --target: give one target for all files, or one for each in "
                "their order, or write benchmarks.yaml with datasets: [{file: a.csv, target: [y, z]}, ...]"
            )
        targets = targets * len(files) if len(targets) == 1 else targets
        return [TableEntry(str(file), (target,), reading) for file, target in zip(files, targets, strict=True)]

    @staticmethod
    def _reading(given: Mapping[str, Any]) -> "Reading":
        from regbench.reading import as_reading, rules

        try:
            made = dict(given)
            if "preprocess" in made:
                made["preprocess"] = rules(made["preprocess"])
            return as_reading(made)
        except WrongValueError as error:
            option = str(error.path[0]).replace("_", "-") if error.path else "data"
            raise UsageError(f"--{option}: {error}") from None

    @property
    def grouped(self) -> bool:
        """Whether rows of a group must stay together."""
        return bool(self.reading.get("group"))


def wanted(
    names: Sequence[str], filters: Filters, changes: Mapping[str, Any], own: OwnData, *, file: Path | None, db: str
) -> "Wanted":
    """The benchmarks and jobs that the options of `run` and `plan` ask for."""
    from regbench.campaign.choosing import Wanted

    return Wanted(
        names=names,
        file=file,
        datasets=filters.datasets or (),
        methods=filters.methods or (),
        k=numbers(filters.k, "k"),
        seeds=numbers(filters.seeds, "seed"),
        changes={"split": "grouped", **changes} if own.grouped else changes,
        tables=own.tables(),
        db=db,
    )


def names(
    benchmarks: Sequence[str] | None, *, every: bool, file: Path | None, datasets: bool = False, methods: bool = False
) -> list[str]:
    """The named benchmarks, or an empty list for --all; with neither, list them and raise an error.

    Datasets and methods without a benchmark are one of their own.
    """
    from regbench import config

    if datasets and methods and not every and not benchmarks:
        return [config.AD_HOC]
    known = config.load(file)
    if every and benchmarks:
        raise UsageError(f"--all means every benchmark; leave out {', '.join(benchmarks)}, or --all")
    if not every and not benchmarks:
        say(listing.as_text(listing.benchmarks(known)))
        raise UsageError("which benchmark? give one of these names, or --all, or both --dataset and --method")
    return list(benchmarks or ())


def numbers(given: Sequence[str] | None, name: str) -> list[int]:
    """The whole numbers of `--k` or `--seed`, which may be ranges such as 2-27."""
    from regbench import config

    return list(
        dict.fromkeys(number for text in given or () for number in config.whole_numbers(text, name, f"--{name} "))
    )


def changes(settings: Sequence[str] | None, epochs: int | None) -> dict[str, Any]:
    """Fields of the protocol and their values, from `--set` and `--epochs`."""
    from regbench.config import yaml_value

    given = {}
    for text in settings or ():
        name, equals, value = text.partition("=")
        if not equals or not value:
            raise UsageError(f"--set {text}: write FIELD=VALUE, such as --set learning_rate=0.001")
        given[name.strip().replace("-", "_")] = yaml_value(value)
    return given if epochs is None else {**given, "epochs": epochs}


def request(shard: str | None, budget: str | None, *, retry_failed: bool, choose_again: bool) -> "Request":
    """The options for planning."""
    from regbench.config.amounts import read_duration, read_shard
    from regbench.runner import Request

    return Request(
        retry_failed=retry_failed,
        choose_again=choose_again,
        shard=None if shard is None else read_shard(shard),
        budget_s=None if budget is None else read_duration(budget),
    )


def place(devices: str | None, workers: int | None, engine: str, address: str | None) -> Place:
    """The slots where a run trains: of this machine, or of a Ray cluster, which is joined to find them."""
    if engine != "ray":
        if address:
            raise UsageError(f"--address {address}: is of a Ray cluster; add --engine ray")
        return slots(devices, workers), None
    from regbench.engines.ray.cluster import Cluster, require

    require()
    if address is None:
        here = slots(devices, workers)
        return here, Cluster.here(here)
    say("regbench: joining the Ray cluster")
    cluster = Cluster.find(address, devices, workers)
    for line in cluster.warnings():
        say(line)
    say(cluster.text)
    return cluster.devices, cluster


def slots(devices: str | None, workers: int | None) -> list[str]:
    """The device slots of this machine; a message comes first, because finding GPUs imports torch."""
    say("regbench: planning")
    from regbench.engines.devices import find_devices

    found = find_devices(devices, workers)
    if workers and len(found) < workers:
        say(f"--workers {workers}: {len(found)} will run, one per core; REGBENCH_OVERSUBSCRIBE=1 allows more")
    return found
