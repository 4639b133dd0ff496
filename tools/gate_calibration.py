"""How often a gate is wrong: `python -m tools.gate_calibration [COUNT]`, by default 1,000 gates of each sort.

First gates of unchanged code whose numbers differ by chance, as after a harmless change of rounding; then gates in
which one cell became worse. The noise of a seed is 1 % of an error.
"""

import sys
from dataclasses import replace

from regbench.analysis.gate.simulate import SHAPES, Rates, Simulated, simulate

SIZES = [(1, 5), (8, 3), (8, 5), (8, 10), (30, 5), (60, 5)]
OTHERS = [Simulated(shared=0.8), Simulated(diverging=0.02), Simulated(noise=0.1)]
WORSE = (0.005, 0.01, 0.02, 0.03, 0.05)


def main() -> None:
    """Print a line for each sort of gate."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{count} gates of unchanged code each: failed (95 % interval), open, any suspect before fresh seeds")
    unchanged = [Simulated(cells, seeds, shape=shape) for shape in SHAPES for cells, seeds in SIZES]
    whole = Rates(0, 0, 0, 0)
    for asked in [*unchanged, *OTHERS]:
        found = simulate(asked, count)
        whole = Rates(*(one + other for one, other in zip(vars(whole).values(), vars(found).values(), strict=True)))
        show(asked, found)
    print(f"all: {share(whole)}")
    print(f"{count} gates each in which one cell became worse")
    for cells, seeds in SIZES[1:4]:
        for worse in WORSE:
            asked = replace(Simulated(cells, seeds), worse=worse)
            show(asked, simulate(asked, count))


def show(asked: Simulated, found: Rates) -> None:
    """A line with what was asked and found."""
    other = [f"{name} {value:g}" for name in ("noise", "shared", "diverging") if (value := getattr(asked, name))]
    what = (
        f"{asked.shape:<11} {asked.cells:>3} cells {asked.seeds:>2} seeds, {', '.join(other)}, worse {asked.worse:.1%}"
    )
    print(
        f"{what:<68} {share(found)}, open {found.open / found.count:.1%}, suspect {found.suspected / found.count:.1%}",
        flush=True,
    )


def share(found: Rates) -> str:
    """The share of gates that failed, with its interval."""
    low, high = found.interval
    return f"failed {found.failed / found.count:.2%} ({low:.2%} to {high:.2%})"


if __name__ == "__main__":
    main()
