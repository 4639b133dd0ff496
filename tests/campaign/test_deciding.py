"""Seeds are added to a benchmark until two of its methods can be told apart; what was spent is kept."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regbench import analysis, roots
from regbench.analysis.sequences import SEQUENTIAL, of_config
from regbench.campaign.campaign import Campaign
from regbench.campaign.choosing import Wanted, choose
from regbench.campaign.deciding import Deciding, Outcome, Stopped
from regbench.campaign.deciding.question import Question
from regbench.campaign.events import LookMade
from regbench.campaign.kept import kept_rows
from regbench.errors import UsageError
from regbench.roots import OwnTable
from regbench.store import Store, export, import_
from tests.engines.in_process import InProcessEngine
from tests.made.data_samples import table, write_csv

FILE = """
small:
  datasets: [one.csv, two.csv]
  methods: [lsq, soft_binning, l1, huber]
  k: [5]
  seeds: 2
  protocol: {epochs: 2, batch_size: 32}
  backbones: {mlp: {width: 8}}
"""
DB = "results.db"
NOISE = {"one.csv": 0.02, "two.csv": 0.3}


@pytest.fixture(autouse=True)
def small(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark of two tables, of which one is noisy, trained in this process."""
    tables = []
    for number, (name, noise) in enumerate(NOISE.items()):
        path = write_csv(in_tmp / name, table(120, noise=noise, seed=number))
        tables.append(OwnTable(name, str(path), ("y",)))
    roots.add(tables=tables)
    (in_tmp / "benchmarks.yaml").write_text(FILE)
    monkeypatch.setattr("regbench.campaign.campaign.LocalEngine", InProcessEngine)
    monkeypatch.setattr("regbench.campaign.deciding.train.STARTUP_S", {"cpu": 0.0})
    monkeypatch.setattr("regbench.analysis.allocation.MOST", 12)  # pairs of a dataset: enough here


def decide(
    a: str,
    b: str,
    budget_s: float = 60,
    name: str = "small",
    on_event: Callable[[Any], None] = lambda _: None,
) -> Outcome:
    question = Question.of(Wanted(names=[name]), a, b)
    return Deciding(Campaign(DB, ["cpu"], on_event=on_event), question, budget_s).run()


def test_a_clear_difference_is_decided_and_what_was_spent_is_kept() -> None:
    found = decide("soft_binning[k=5]", "lsq")
    assert found.stopped is Stopped.DECIDED
    assert found.comparison is not None
    assert found.comparison.decided
    assert found.benchmark.startswith("small[seed=2")
    looks = found.sequential.looks
    assert looks[-1].verdict == found.comparison.verdict
    assert sum(look.jobs for look in looks) == 2 * sum(looks[-1].pairs.values())
    assert all(look.core_seconds > 0 for look in looks)
    assert sum(look.level < 1 for look in looks) == len(looks)

    again = decide("lsq", "soft_binning[k=5]", name="small")
    assert again.stopped is Stopped.DECIDED
    assert again.results.finished == 0
    with Store.open(DB, read_only=True) as store:
        assert max(Counter(run.key for run in store.executions()).values()) == 1
        (kept,) = of_config(store.config(found.benchmark))
        assert kept == found.sequential
        frame, rows = store.cells(found.benchmark), kept_rows(store)
        compared = analysis.compare(frame, "soft_binning[k=5]", "lsq", looks=kept.boundary, kept=rows)
    fixed = analysis.compare(frame, "soft_binning[k=5]", "lsq")
    assert compared.overall.low is not None
    assert fixed.overall.low is not None
    assert compared.overall.low == pytest.approx(found.comparison.overall.low)
    assert compared.overall.low < fixed.overall.low


class Killed(Exception):
    """The end of a process."""


@pytest.mark.slow
def test_what_was_killed_goes_on_where_it_stopped_and_trains_nothing_twice() -> None:
    def killed(event: object) -> None:
        if isinstance(event, LookMade):
            raise Killed

    with pytest.raises(Killed):
        decide("soft_binning[k=5]", "lsq", on_event=killed)
    with Store.open(DB, read_only=True) as store:
        before = len(store.executions())
        assert before > 0
    found = decide("soft_binning[k=5]", "lsq")
    assert found.stopped is Stopped.DECIDED
    assert len(found.sequential.plans) == 1
    assert found.sequential.looks[0].jobs == 0
    with Store.open(DB, read_only=True) as store:
        runs = store.executions()
    assert len(runs) == before + sum(look.jobs for look in found.sequential.looks)
    assert set(Counter(run.key for run in runs).values()) == {1}


@pytest.mark.slow
def test_seeds_that_are_there_are_the_first_look() -> None:
    (base,) = choose(Wanted(names=["small"], methods=["lsq", "l1"]))
    campaign = Campaign(DB, ["cpu"])
    campaign.prepare()
    campaign.train(campaign.plans([base]))
    found = decide("lsq", "l1", 3)
    assert found.sequential.looks[0].jobs == 0
    assert found.sequential.looks[0].pairs == {"one.csv": 2, "two.csv": 2}
    with Store.open(DB, read_only=True) as store:
        assert set(Counter(run.key for run in store.executions()).values()) == {1}


def test_a_budget_in_which_nothing_fits_trains_nothing_and_says_so() -> None:
    found = decide("lsq", "l1", 1e-4)
    assert found.stopped is Stopped.NOTHING
    assert found.results.finished == 0
    with Store.open(DB, read_only=True) as store:
        assert store.executions() == []


def test_a_later_run_and_an_import_keep_what_is_known_of_the_looks(tmp_path: Path) -> None:
    found = decide("l1", "lsq", 3)
    (wide,) = choose(Wanted(names=[found.benchmark], methods=["l1"], seeds=[0]))
    campaign = Campaign(DB, ["cpu"])
    campaign.train(campaign.plans([wide]))
    with Store.open(DB, read_only=True) as store, Store.open(tmp_path / "copy.db") as copy:
        before = store.config(found.benchmark)
        assert before[SEQUENTIAL]
        export(store, tmp_path / "out")
        import_(copy, tmp_path / "out")
        assert copy.config(found.benchmark)[SEQUENTIAL] == before[SEQUENTIAL]
        assert import_(copy, tmp_path / "out").left_alone == ()


def test_a_question_without_two_rows_is_refused() -> None:
    for a, b, said in (
        ("lsq", "lsq", "nothing to decide"),
        ("lsqq", "lsq", "did you mean 'lsq'"),
        ("soft_binning[k=7]", "lsq", "k = 7"),
    ):
        with pytest.raises(UsageError, match=said):
            Question.of(Wanted(names=["small"]), a, b)
