"""What a frame of `regbench watch` says beyond the store's snapshot: speed of each device, time left, whether to go on.

An epoch of one job is the unit of work; its price on a dataset is what it costs now, or else what it did cost.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regbench.store.owners import told

if TYPE_CHECKING:
    from regbench.store import RunningPack, Snapshot


@dataclass(frozen=True)
class Speed:
    """What the workers on one device do; epochs are of single jobs."""

    host: str
    device: str
    workers: int
    silent: int
    epochs_per_minute: float | None  # of the workers that have stored an epoch; None before the first one


@dataclass(frozen=True)
class Left:
    """Seconds to the end, None if nothing is known; with `at_least`, datasets without a price come on top."""

    seconds: float | None
    at_least: bool = False


def is_over(snapshot: "Snapshot") -> bool:
    """Whether nothing is running and nothing waits for a worker."""
    return not snapshot.packs and not any(standing.running or standing.pending for standing in snapshot.standings)


def speeds(snapshot: "Snapshot") -> list[Speed]:
    """The speed of each device in use, by host and name; silent workers count as standing still."""
    found: dict[tuple[str, str], list[RunningPack]] = defaultdict(list)
    for pack in snapshot.packs:
        found[told(pack.owner)[0], pack.device].append(pack)
    return [
        Speed(
            host,
            device,
            workers=len({pack.owner for pack in packs}),
            silent=len({pack.owner for pack in packs if pack.silent}),
            epochs_per_minute=_rate(packs),
        )
        for (host, device), packs in sorted(found.items())
    ]


def left_of(pack: "RunningPack") -> float | None:
    """Seconds until a pack is done at its present speed; None before its first epoch, or if its worker is silent."""
    if pack.silent or pack.seconds_per_epoch is None:
        return None
    return pack.epochs_left * pack.seconds_per_epoch


def left(snapshot: "Snapshot") -> Left:
    """The time left with the workers of now: the work at its price, and at least what the slowest pack needs.

    Jobs of a sweep's choice that do not exist yet count as long as the others of their benchmark and dataset.
    """
    working = {pack.owner for pack in snapshot.packs if not pack.silent}
    if not working:
        return Left(None)
    prices = _prices(snapshot)
    work = [(dataset, epochs) for dataset, epochs in _epochs_left(snapshot) if epochs]
    known = [(dataset, epochs) for dataset, epochs in work if dataset in prices]
    if not known:
        return Left(None)
    shared = sum(epochs * prices[dataset] for dataset, epochs in known) / len(working)
    slowest = max((left_of(pack) or 0.0 for pack in snapshot.packs), default=0.0)
    return Left(max(shared, slowest), at_least=len(known) < len(work))


def _rate(packs: "list[RunningPack]") -> float | None:
    """Epochs of single jobs per minute: each worker does one in its `seconds_per_epoch`."""
    times = [pack.seconds_per_epoch for pack in packs if pack.seconds_per_epoch and not pack.silent]
    return sum(60 / seconds for seconds in times) if times else None


def _prices(snapshot: "Snapshot") -> Mapping[str, float]:
    """Seconds per epoch of one job by dataset: the mean over running packs, or else of finished runs."""
    running: dict[str, list[float]] = defaultdict(list)
    for pack in snapshot.packs:
        if pack.seconds_per_epoch:
            running[pack.dataset].append(pack.seconds_per_epoch)
    return {**snapshot.pace, **{dataset: sum(found) / len(found) for dataset, found in running.items()}}


def _epochs_left(snapshot: "Snapshot") -> list[tuple[str, float]]:
    """Datasets and epochs still to be trained: of running packs, and of pending jobs."""
    waiting = [
        (standing.dataset, standing.pending * standing.epochs_total / made)
        for standing in snapshot.standings
        if (made := standing.jobs - standing.unchosen)
    ]
    return [*((pack.dataset, float(pack.epochs_left)) for pack in snapshot.packs), *waiting]
