"""Train jobs again and compare: bit for bit where the environment is the same, else with the noise of the seeds."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from regbench.analysis.aggregate import finite, null
from regbench.analysis.seed_noise import LEVEL, Band, band
from regbench.campaign.replay.ask import Chosen
from regbench.campaign.replay.candidates import Candidate, Cells, named
from regbench.engines.engine import MakeEngine
from regbench.errors import RegbenchError
from regbench.kinds import code_digest
from regbench.provenance import unlike
from regbench.runner.again import Again, Difference, best, difference, must_be_exact, train_again

if TYPE_CHECKING:
    from pandas import DataFrame

    from regbench.runner.work.task import Retrained
    from regbench.store import FinishedRun, Store

EXACT, DIFFERS = "exact", "differs"  # in the same environment
CONSISTENT, OUTSIDE, NO_BAND = "consistent", "outside", "no band"  # in another one
FAILED = "failed"
WRONG = (DIFFERS, OUTSIDE)


@dataclass(frozen=True)
class Number:
    """A number at the best epoch: stored, trained again, and the band of the cell's other seeds if there is one."""

    name: str
    stored: float | None
    again: float | None
    band: Band | None

    @property
    def is_outside(self) -> bool:
        """Whether it contradicts the stored one: outside of the band, or only one of both finite."""
        if self.again is None or self.stored is None:
            return self.again is not self.stored
        return self.band is not None and not self.band.holds(self.again)


@dataclass(frozen=True)
class Replayed:
    """How a job, trained again, compares with what is stored.

    standing: of the code that computed the stored numbers: `present`, `adopted` as equal to it, or `outgrown`.
    why_not_exact: what keeps bits from being comparable, in words; empty where they are.
    epochs: that the job is trained for.
    other_seeds: finished ones of the job's cell.
    """

    key: str
    label: str
    benchmark: str
    verdict: str
    code: str
    commit: str | None
    standing: str
    epochs: int
    why_not_exact: tuple[str, ...] = ()
    compared: Difference | None = None
    numbers: tuple[Number, ...] = ()
    other_seeds: int = 0
    seconds: float = 0.0
    error: str = ""

    def data(self) -> dict[str, Any]:
        """Everything as plain data."""
        return asdict(self)


def replay(
    store: "Store", chosen: Chosen, make_engine: MakeEngine, budget_s: float | None = None
) -> Iterator[Replayed]:
    """Train each job again and judge it, in the order in which they end; none is begun after the budget's end."""
    ends = math.inf if budget_s is None else time.monotonic() + budget_s
    by_key = {candidate.job.key: candidate for candidate in chosen.candidates}
    stored = _stored(store, chosen.candidates)
    jobs = [candidate.job for candidate in chosen.candidates]
    for again in train_again(jobs, store.url, make_engine, goes_on=lambda: time.monotonic() < ends):
        if isinstance(again.error, RegbenchError):
            raise again.error
        yield _judge(chosen.cells, by_key[again.job.key], *stored[again.job.key], again)


def _stored(store: "Store", candidates: Sequence[Candidate]) -> "dict[str, tuple[FinishedRun, str]]":
    """The run to compare each job with, by key, and how its code stands to the present code.

    It is the newest by the present code or by code adopted as equal, if there is one, or else the newest.
    """
    codes = store.codes()
    digests: dict[str, list[str]] = {}
    for run in store.executions(jobs=[candidate.job.key for candidate in candidates], status="finished"):
        digests.setdefault(run.key, []).append(run.code_digest)
    found = {}
    for candidate in candidates:
        key, present = candidate.job.key, code_digest(candidate.job)
        alike = next((digest for digest in digests[key] if codes.same(digest, present)), None)
        run = store.finished_run(key, alike or digests[key][0])
        found[key] = run, "outgrown" if alike is None else "present" if run.code == present else "adopted"
    return found


def _judge(cells: Cells, candidate: Candidate, run: "FinishedRun", standing: str, again: Again) -> Replayed:
    known: dict[str, Any] = {"key": candidate.job.key, "label": named(candidate), "benchmark": candidate.benchmark}
    known |= {"code": run.code, "commit": run.commit, "standing": standing, "epochs": run.epochs}
    if (new := again.retrained) is None:
        return Replayed(**known, verdict=FAILED, error=f"{type(again.error).__name__}: {again.error}")
    why, compared = _why_not_exact(run, standing, new), difference(run.values, new.values)
    others = cells.others(candidate)
    numbers = _numbers(candidate, others, run, new)
    return Replayed(
        **known,
        verdict=_of_noise(numbers) if why else _of_bits(compared),
        why_not_exact=why,
        compared=compared,
        numbers=numbers,
        other_seeds=len(others),
        seconds=new.seconds,
    )


def _of_bits(compared: Difference) -> str:
    return EXACT if compared.worst == 0 and compared.numbers else DIFFERS


def _of_noise(numbers: tuple[Number, ...]) -> str:
    if any(number.is_outside for number in numbers):
        return OUTSIDE
    judged = all(number.band is not None or number.again is None for number in numbers)
    return CONSISTENT if judged else NO_BAND


def _why_not_exact(run: "FinishedRun", standing: str, again: "Retrained") -> tuple[str, ...]:
    """What keeps bits from being comparable; empty if they must be equal."""
    why = [] if standing != "outgrown" else ["other code"]
    if not must_be_exact(run, again):
        devices = [device for device in (run.device, again.device) if device != "cpu"]
        resumed = [] if run.exact else ["resumed in another pack, version or machine"]
        why += [f"on {device}" for device in dict.fromkeys(devices)] + resumed
        why += unlike(run.environment, again.environment)
        why = why or ["in an environment that is not recorded"]
    return tuple(why)


def _numbers(candidate: Candidate, others: "DataFrame", run: "FinishedRun", again: "Retrained") -> tuple[Number, ...]:
    """The deciding metric at the best epoch, on validation and on test rows, each with its band."""
    decides = candidate.job.protocol.decide
    metric = decides.removeprefix("val/")
    (stored_at, _), (at, _) = best(run.values, candidate.job), best(again.values, candidate.job)
    level = 1 - (1 - LEVEL) / 2  # of each number, so that the job's two hold at once
    return tuple(
        Number(
            name=f"{part}/{metric}",
            stored=_at(run.values, f"{part}/{metric}", stored_at),
            again=_at(again.values, f"{part}/{metric}", at),
            band=band(finite(others[f"{part}_{metric}"]), metric, level),
        )
        for part in ("val", "test")
    )


def _at(values: Mapping[str, Mapping[int, float]], name: str, epoch: int | None) -> float | None:
    value = None if epoch is None else null(values.get(name, {}).get(epoch))
    return value if value is not None and math.isfinite(value) else None
