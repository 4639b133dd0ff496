"""Gates whose truth is known, to count how often they are wrong: nothing changed, or one cell became worse."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from regbench.analysis import scale as scales
from regbench.analysis.gate.evidence import Evidence, Pairs, divergence_rate
from regbench.analysis.gate.judge import OPEN, REGRESSED, SUSPECT, confirm, screen
from regbench.analysis.gate.margin import margins

ERROR = 0.1  # of every cell; only ratios matter
Noise = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
SHAPES: dict[str, Noise] = {  # of a seed's log error, standard deviation 1
    "normal": lambda draw, size: draw.standard_normal(size),
    "skewed": lambda draw, size: draw.exponential(size=size) - 1,
    "heavy tails": lambda draw, size: draw.standard_t(3, size=size) / np.sqrt(3),
}


@dataclass(frozen=True)
class Simulated:
    """A gate to simulate.

    cells, seeds: their number.
    noise: standard deviation over seeds of an error, relative.
    shared: the part of its variance that both codes share on the same seed, as the split of a seed does.
    shape: of the noise, a key of `SHAPES`.
    worse: the true worsening of the first cell, relative.
    diverging: the probability that a run diverges.
    """

    cells: int = 8
    seeds: int = 5
    noise: float = 0.01
    shared: float = 0.0
    shape: str = "normal"
    worse: float = 0.0
    diverging: float = 0.0


@dataclass(frozen=True)
class Rates:
    """Of `count` simulated gates, the number that failed, were open, and failed before any confirmation."""

    count: int
    failed: int
    open: int
    suspected: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of Clopper and Pearson of the probability to fail."""
        from scipy.special import betaincinv

        low = float(betaincinv(self.failed, self.count - self.failed + 1, 0.025)) if self.failed else 0.0
        whole = self.failed == self.count
        return low, 1.0 if whole else float(betaincinv(self.failed + 1, self.count - self.failed, 0.975))


def simulate(asked: Simulated, count: int, number: int = 0) -> Rates:
    """Simulate `count` gates with the functions of the real one; `number` is the seed of their noise."""
    draw = np.random.default_rng([number, asked.cells, asked.seeds])
    verdicts = [_gate(asked, draw) for _ in range(count)]
    return Rates(
        count,
        failed=sum(REGRESSED in found for found, _ in verdicts),
        open=sum(REGRESSED not in found and OPEN in found for found, _ in verdicts),
        suspected=sum(suspected for _, suspected in verdicts),
    )


def _gate(asked: Simulated, draw: np.random.Generator) -> tuple[list[str], bool]:
    """The verdicts of one gate, and whether any cell was suspect."""
    scale, pairs = scales.of("rmse"), _draw(asked, draw)
    rate = divergence_rate(cell.before for cell in pairs)
    learnt = margins({str(place): ("d", cell.before) for place, cell in enumerate(pairs)}, scale)
    verdicts = [
        screen(Evidence.of(cell, scale, rate), learnt[str(place)], asked.cells) for place, cell in enumerate(pairs)
    ]
    suspects = [place for place, verdict in enumerate(verdicts) if verdict == SUSPECT]
    fresh = _draw(asked, draw) if suspects else []
    for place in suspects:
        second, whole = (Evidence.of(each, scale, rate) for each in (fresh[place], pairs[place] + fresh[place]))
        verdicts[place] = confirm(second, whole, learnt[str(place)])
    return verdicts, bool(suspects)


def _draw(asked: Simulated, draw: np.random.Generator) -> list[Pairs]:
    """The errors of all cells with both codes."""
    size, noise = (asked.cells, asked.seeds), SHAPES[asked.shape]
    alike = np.sqrt(asked.shared) * noise(draw, size)
    before, after = (alike + np.sqrt(1 - asked.shared) * noise(draw, size) for _ in range(2))
    errors = [ERROR * np.exp(asked.noise * each) for each in (before, after)]
    errors[1][0] *= 1 + asked.worse
    for each in errors:
        each[draw.random(size) < asked.diverging] = np.nan
    return [Pairs(one, other) for one, other in zip(*errors, strict=True)]
