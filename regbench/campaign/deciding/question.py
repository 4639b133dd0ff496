"""Two rows of a benchmark, and the jobs of their further seeds."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from regbench import kinds, variants
from regbench.analysis.allocation import MOST
from regbench.analysis.sequences import Row, planned
from regbench.campaign.choosing import Wanted, choose
from regbench.config import Benchmark
from regbench.errors import UsageError
from regbench.job import Job, depends_on_seed
from regbench.runner.plan.pace import Pace

Pair = tuple[str, int]  # dataset, seed


@dataclass(frozen=True)
class Question:
    """Rows A and B of a benchmark.

    wanted: the benchmark without further seeds, and what filters and changes it.
    base: that benchmark, with only the jobs of its filters.
    """

    wanted: Wanted
    base: Benchmark
    a: Row
    b: Row

    @classmethod
    def of(cls, wanted: Wanted, a: str, b: str) -> "Question":
        """The question whether A or B is better, as `compare` takes their names."""
        if len(wanted.k) > 1:
            raise UsageError(f"--until-decided takes one k, not {len(wanted.k)}; give it to a method: {a}[k=5]")
        labels = [variants.parse(name).label for name in (a, b)]
        k = next(iter(wanted.k), None)
        wanted = replace(wanted, methods=labels, k=[] if k is None else [k])
        (base,) = choose(wanted)
        frame = planned(base.name, [(job.method, base.label(job), job.k) for job in base.jobs])
        one, other = Row.of(frame, a, k), Row.of(frame, b, k)
        if one == other:
            raise UsageError(f"'{a}' and '{b}' are the same method: nothing to decide")
        return cls(wanted, base, one, other)

    @cached_property
    def rows(self) -> dict[str, list[Job]]:
        """The jobs of both rows by dataset, of the datasets that have both."""
        found: dict[str, list[Job]] = {}
        for job in self.base.jobs:
            if self._is_one(self.base, job):
                found.setdefault(job.dataset, []).append(job)
        both = {name: jobs for name, jobs in found.items() if len({self._row(self.base, job) for job in jobs}) == 2}
        if not both:
            raise UsageError(f"{self.base.name} has no dataset with both {self.a.variant} and {self.b.variant}")
        return both

    @cached_property
    def seeds(self) -> list[int]:
        """Those of the benchmark."""
        return sorted({job.seed for jobs in self.rows.values() for job in jobs})

    def costs(self, pace: Pace) -> dict[str, float]:
        """Seconds on one core of a further pair of seeds on each dataset."""
        found = {}
        for name, jobs in self.rows.items():
            of_row = {self._row(self.base, job): job for job in jobs if _draws(job)}
            if not of_row:
                raise UsageError(f"neither {self.a.variant} nor {self.b.variant} depends on the seed")
            found[name] = sum(pace.seconds(job) for job in of_row.values())
        return found

    def wide(self, extra: int) -> Benchmark:
        """The benchmark with so many seeds more, and only the jobs of its filters."""
        if not extra:
            return self.base
        after = self.seeds[-1] + 1
        (made,) = choose(replace(self.wanted, seeds=[*self.seeds, *range(after, after + min(extra, MOST))]))
        return made

    def only(self, wide: Benchmark, added: Collection[Pair], now: Collection[Pair]) -> Benchmark:
        """The benchmark with the seeds that were added or are now, and only the jobs of `now` to train."""

        def of(pairs: Collection[Pair]) -> tuple[Job, ...]:
            datasets = {name for name, _ in pairs}
            return tuple(
                job
                for job in wide.jobs
                if self._is_one(wide, job)
                and ((job.dataset, job.seed) in pairs or (job.dataset in datasets and not _draws(job)))
            )

        whole = tuple(dict.fromkeys((*self.base.whole, *of({*added, *now}))))
        config = wide.config
        if "expected" in config:
            config = {**config, "expected": dict(Counter(job.dataset for job in whole))}
        return replace(wide, jobs=of(now), whole=whole, config=config, notes=())

    def untried(self, wide: Benchmark, tried: Mapping[str, Collection[int]], more: Sequence[str]) -> set[Pair]:
        """The next seeds of these datasets, one for each time that a dataset is named."""
        seeds = sorted({job.seed for job in wide.jobs if self._is_one(wide, job)})
        left = {name: [seed for seed in seeds if seed not in tried.get(name, ())] for name in self.rows}
        counts = Counter(more)
        return {(name, seed) for name, count in counts.items() for seed in left[name][:count]}

    def _is_one(self, benchmark: Benchmark, job: Job) -> bool:
        return self._row(benchmark, job) in (self.a, self.b)

    @staticmethod
    def _row(benchmark: Benchmark, job: Job) -> Row:
        return Row(benchmark.label(job), job.k)


def _draws(job: Job) -> bool:
    """Whether another seed gives other numbers."""
    return kinds.uses_seed(job.method) or depends_on_seed(job.protocol)
