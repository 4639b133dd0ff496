"""regbench's own gate can start on any machine, and the README shows what it says and how often it is wrong."""

import shutil
from pathlib import Path

import pytest

from regbench.analysis.gate.simulate import Simulated, simulate
from regbench.campaign.gate import file
from regbench.campaign.gate.outcome import REPLAYED, CellOutcome, Outcome
from regbench.campaign.gate.ready import make_ready
from regbench.campaign.gate.replay import SEEDS
from regbench.cli.gating.words import sentence, table
from tools import gate

README = Path(__file__).parents[2] / "README.md"
COUNT = 1000


def test_the_own_lock_file_speaks_of_the_table_that_scikit_learn_ships(tmp_path):
    copy = Path(shutil.copy(gate.LOCK, tmp_path))
    lock = file.read(copy)
    gate.write_table(tmp_path / gate.TABLE.name)
    make_ready(lock, copy, None, print)
    assert len(lock.cells) >= 8


def test_the_readme_shows_what_the_own_gate_says_on_the_machine_of_the_file():
    lock = file.read(gate.LOCK)
    cells = tuple(CellOutcome(cell.cell, "same", REPLAYED, min(SEEDS, len(cell.seeds))) for cell in lock.cells)
    runs = {"replay": sum(cell.seeds for cell in cells)}
    outcome = Outcome(lock.benchmark, lock.metric, "percent", lock.commit, cells, runs, (), (), 0.0)
    assert f"{table(outcome)}\n{sentence(outcome)}" in README.read_text(encoding="utf-8")


def shown() -> dict[tuple[str, ...], dict[str, float]]:
    """The README's rates in percent: (cells, seeds) -> column -> rate."""
    below = README.read_text(encoding="utf-8").partition("| cells | seeds |")
    header, _, *rows = [*(below[1] + below[2]).partition("\n\n")[0].splitlines()]
    names, *rates = [[cell.strip() for cell in line.strip("|").split("|")] for line in (header, *rows)]
    return {
        tuple(row[:2]): {name: float(text.rstrip(" %")) for name, text in zip(names[2:], row[2:], strict=True)}
        for row in rates
    }


@pytest.mark.slow
@pytest.mark.parametrize(("worse", "column"), [(0.0, "unchanged"), (0.02, "worse by 2 %")])
def test_the_readme_has_the_rates_that_the_simulation_gives(worse, column):
    found = simulate(Simulated(cells=8, seeds=5, worse=worse), COUNT)
    assert shown()["8", "5"][column] == pytest.approx(100 * found.failed / COUNT, abs=0.051)
