"""From sweeps to chosen jobs: with real stores, and with made-up metrics if the place of the optimum matters."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from regbench import config, roots
from regbench.campaign.choosing import Wanted, choose
from regbench.config import TableEntry
from regbench.engines.engine import Place
from regbench.errors import UsageError
from regbench.job import Pack
from regbench.runner import Request, Rounds, keep_choices, plan_ahead
from regbench.runner.work.task import Task
from regbench.runner.work.worker import run_pack
from regbench.store import EpochRows, Finished, Store, export, import_
from tests.made.data_samples import table, write_csv

FILE = """
sweep:
  datasets: [diamonds]
  methods: [lsq, end2end]
  k: [5]
  seeds: [1000, 1001]
  protocol: {epochs: 2, batch_size: 32, keep_predictions: none}
  backbones: {mlp: {width: 8}}
  sweep:
    - learning_rate: [1e-3, 1e-2]
      lambda_kl: [0.1, 1]
      extend: [lambda_kl]
      extend_limit: 2
    - lambda_auto: [0.1, 1]
final:
  datasets: [diamonds]
  methods: [lsq, end2end]
  k: [5, 9]
  seeds: 2
  protocol: {epochs: 2, batch_size: 32}
  backbones: {mlp: {width: 8}}
  choose: {from: sweep}
"""
CODE = "regbench.runner.sweep.choice.code_digest"


class Bench:
    """A file of benchmarks and a store, in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = folder / "regbench.db"
        self.write(FILE)

    def write(self, text: str) -> None:
        (self.folder / "benchmarks.yaml").write_text(text)

    def benchmark(self, name: str = "final", **filters):
        return config.filter_jobs(config.load().get(name), **filters)

    def plan(self, name: str = "final", *, filters=None, **options):
        with Store.open(self.db) as store:
            return plan_ahead(self.benchmark(name, **(filters or {})), store, request=Request(**options))

    def rounds(self, train, name: str = "final", limit: int = 99, again: bool = False, **options):
        """Plan and train in turn as `regbench run` does; return the trained plans."""
        rounds, steps = Rounds(), []
        while len(steps) < limit:
            plan = self.plan(name, choose_again=again, **options)
            step = rounds.next(plan)
            if step is None and plan.benchmark in [each.benchmark for each in steps]:
                break
            step = step or plan
            with Store.open(self.db) as store:
                if step is plan and not name.startswith("sweep"):
                    keep_choices(plan, store)
                store.add_benchmark(step.benchmark, step.asked.config, step.asked.members)
            train(step)
            steps.append(step)
        return steps

    def plant(self, error):
        """A training that only stores the error that `error` gives for each job; None for a diverged one."""

        def train(plan):
            jobs = {job.key: job for pack in plan.packs for job in pack.jobs}
            with Store.open(self.db) as store:
                code = {key: plan.inventory.code[key] for key in jobs}
                claims = store.claim(code, owner="test", lease_s=60, environment={}, device="cpu")
                found = {claim.run_id: error(jobs[claim.key]) for claim in claims}
                names = ("val/rmse", "val/mae", "test/rmse", "test/mae")
                rows = [
                    EpochRows(run, 1, dict.fromkeys(names, math.nan if value is None else value))
                    for run, value in found.items()
                ]
                ends = [
                    Finished(run, seconds=1.0, epochs=1, diverged_at=1 if value is None else None)
                    for run, value in found.items()
                ]
                store.finish(ends, claims=claims, last=rows)

        return train


@pytest.fixture
def bench(in_tmp: Path) -> Bench:
    return Bench(in_tmp)


def valley(rate: float = 1e-2, kl: float = 1.0, auto: float = 1.0):
    """An error with its minimum there; slightly higher for later seeds."""

    def error(job):
        hparams = dict(job.hparams)
        far = abs(math.log10(job.protocol.learning_rate / rate))
        far += abs(math.log10(hparams.get("lambda_kl", kl) / kl)) + abs(
            math.log10(hparams.get("lambda_auto", auto) / auto)
        )
        return 1 + far + 0.001 * (job.seed % 1000)

    return error


def values(plan) -> dict:
    """Learning rate and hyper-parameters of each row and k of a plan."""
    return {(each.row or each.variant, each.job.k): dict(each.swept) for each in plan.asked.members}


def test_stages_and_extensions_come_one_after_the_other_and_then_the_chosen_jobs(bench):
    steps = bench.rounds(bench.plant(valley(kl=10.0, auto=0.1)))
    assert [(step.benchmark, step.to_train) for step in steps] == [
        ("sweep", 2 * (2 + 4)),
        ("sweep", 2 * 2),  # λ_KL 10, on the edge of 0.1 and 1
        ("sweep", 2 * 2),  # 100, on the edge of what is now 0.1 to 10
        ("sweep", 2 * 1),  # λ_auto 0.1; 1 is known
        ("final", 2 * 3),
    ]
    best = {"learning_rate": 0.01, "lambda_kl": 10.0, "lambda_auto": 0.1}
    assert values(steps[-1]) == {("lsq", None): {"learning_rate": 0.01}, ("end2end", 5): best, ("end2end", 9): best}
    assert all(dict(job.hparams)["lambda_kl"] == 10.0 for job in steps[-1].jobs if job.method == "end2end")
    with Store.open(bench.db, read_only=True) as store:
        frame = store.cells("final")
        assert set(frame["variant"]) == {"lsq", "end2end"}
        assert len(frame) == 6
        assert frame["test_rmse"].notna().all()
        assert len(set(store.cells("sweep")["variant"])) == 2 + 9


def test_the_choice_is_kept_with_what_decided_it_and_marked_where_it_was_carried(bench):
    bench.rounds(bench.plant(valley(kl=10.0, auto=0.1)))
    with Store.open(bench.db, read_only=True) as store:
        frame = store.choices("final").set_index(["variant", "k"], drop=False)
        sweep = store.cells("sweep").set_index("job_key")
    five, nine = (frame[(frame["variant"] == "end2end") & (frame["k"] == k)].iloc[0] for k in (5, 9))
    assert five["values"] == nine["values"] == {"learning_rate": 0.01, "lambda_kl": 10.0, "lambda_auto": 0.1}
    assert (five["source"], five["by"], five["tried"], five["diverged"]) == ("sweep", "val/rmse", 9, 0)
    assert five["on_edge"] == ["learning_rate", "lambda_auto"]
    assert frame.loc[frame["carried_from_k"].notna(), "k"].tolist() == [9]
    assert nine["carried_from_k"] == 5
    assert sweep.loc[five["winner"], "val_rmse"].mean() == five["metric"] == pytest.approx(1.0005)
    assert len(five["jobs"]) == 18
    lsq = frame[frame["variant"] == "lsq"].iloc[0]
    assert math.isnan(lsq["default_metric"])  # 3e-3 was not tried


def test_the_mean_over_the_seeds_of_a_sweep_decides(bench):
    def error(job):
        return {(1e-3, 1000): 1.0, (1e-3, 1001): 4.0, (1e-2, 1000): 2.0, (1e-2, 1001): 2.0}[
            job.protocol.learning_rate, job.seed
        ]

    steps = bench.rounds(bench.plant(lambda job: error(job) if job.seed > 9 else 1.0), filters={"methods": ["lsq"]})
    assert values(steps[-1])["lsq", None] == {"learning_rate": 0.01}


def test_a_cell_whose_configurations_all_diverged_has_its_defaults_and_says_so(bench):
    steps = bench.rounds(bench.plant(lambda job: None if job.method == "lsq" and job.seed > 9 else 1.0))
    assert values(steps[-1])["lsq", None] == {"learning_rate": 3e-3}
    with Store.open(bench.db, read_only=True) as store:
        lsq = store.choices("final").set_index("variant").loc["lsq"]
    assert (lsq["winner"], lsq["tried"], lsq["diverged"]) == ([], 2, 2)
    assert str(lsq["metric"]) == "nan"


def test_a_configuration_that_diverged_with_one_seed_does_not_win(bench):
    def error(job):
        if job.seed == 1001 and job.protocol.learning_rate == 1e-2:
            return None
        return 0.1 if job.protocol.learning_rate == 1e-2 else 1.0

    steps = bench.rounds(bench.plant(error), filters={"methods": ["lsq"]})
    assert values(steps[-1])["lsq", None] == {"learning_rate": 1e-3}


def test_stopped_at_any_point_it_goes_on_from_there(bench):
    train = bench.plant(valley(kl=10.0))
    whole = bench.rounds(train)
    bench.db = bench.folder / "stopped.db"
    steps = [bench.rounds(train, limit=1)[0] for _ in whole]
    assert [step.to_train for step in steps] == [step.to_train for step in whole]
    assert values(steps[-1]) == values(whole[-1])
    assert bench.rounds(train)[-1].to_train == 0


def test_a_choice_that_was_made_is_not_replaced_until_somebody_asks(bench):
    bench.rounds(bench.plant(valley(rate=1e-2)))
    wider = FILE.replace("[1e-3, 1e-2]", "[1e-3, 1e-2, 1e-1]")
    bench.write(wider)
    better = bench.plant(lambda job: valley(rate=1e-1)(job) - 0.5)
    assert bench.plan().asked.notes == (
        "final: 3 of 3 choices were made from sweep runs of other code or of another sweep; "
        "the stored ones are used, and --choose-again replaces them",
    )
    bench.rounds(better, "sweep")
    plan = bench.plan()
    assert values(plan)["lsq", None] == {"learning_rate": 1e-2}
    assert (plan.to_train, len(plan.inventory.done), plan.ahead.sweeps) == (0, 6, ())
    (note,) = plan.asked.notes
    assert "the sweep would now choose other values for diamonds lsq and 2 more" in note
    assert "--choose-again replaces them" in note
    steps = bench.rounds(better, again=True)
    assert values(steps[-1])["lsq", None] == {"learning_rate": 1e-1}
    assert bench.plan().asked.notes == ()
    with Store.open(bench.db, read_only=True) as store:
        assert {each["learning_rate"] for each in store.choices("final")["values"]} == {1e-1}
        assert len(store.cells("final")) == 6  # what the old choice made has left the benchmark


def test_sweep_runs_of_other_code_do_not_undo_a_choice(bench, monkeypatch):
    bench.rounds(bench.plant(valley()))
    monkeypatch.setattr(CODE, lambda job: "other")
    plan = bench.plan()
    assert values(plan)["lsq", None] == {"learning_rate": 1e-2}
    assert plan.ahead.sweeps == ()
    assert "3 of 3 choices were made from sweep runs of other code" in plan.asked.notes[0]
    assert bench.plan(choose_again=True).ahead.sweeps != ()


def test_filters_restrict_the_sweep_to_what_is_needed(bench):
    plan = bench.plan(filters={"methods": ["lsq"], "seeds": [0]})
    assert {job.method for each in plan.ahead.sweeps for job in each.jobs} == {"lsq"}
    assert {job.seed for each in plan.ahead.sweeps for job in each.jobs} == {1000, 1001}
    assert {(job.method, job.seed) for job in plan.ahead.pending} == {("lsq", 0)}
    plan = bench.plan(filters={"k": [9], "methods": ["end2end"]})
    assert {job.k for each in plan.ahead.sweeps for job in each.jobs} == {5}
    assert {job.k for job in plan.ahead.pending} == {9}


def test_a_cell_that_cannot_be_chosen_blocks_only_itself(bench):
    train = bench.plant(valley())

    def without_lsq(plan):
        jobs = [job for pack in plan.packs for job in pack.jobs if job.method != "lsq"]
        train(replace(plan, packs=(Pack(tuple(jobs)),) if jobs else ()))

    steps = bench.rounds(without_lsq)
    assert steps[-1].benchmark == "final"
    assert {job.method for job in steps[-1].jobs} == {"end2end"}
    assert [job.method for job in steps[-1].ahead.pending] == ["lsq", "lsq"]
    with Store.open(bench.db, read_only=True) as store:
        (standing,) = store.status("final")
    assert (standing.jobs, standing.done, standing.pending, standing.unchosen) == (6, 4, 2, 2)


def test_shards_have_whole_cells_and_make_up_everything(bench):
    shares = [bench.plan(shard=(number, 2)) for number in (1, 2)]
    cells = [{(job.method, job.k) for job in plan.ahead.pending} for plan in shares]
    assert cells[0] | cells[1] == {("lsq", None), ("end2end", 5), ("end2end", 9)}
    assert not cells[0] & cells[1]
    sweeps = [{job.key for each in plan.ahead.sweeps for job in each.jobs} for plan in shares]
    assert not sweeps[0] & sweeps[1]
    for number in (1, 2):
        bench.rounds(bench.plant(valley()), shard=(number, 2))
    assert len(bench.plan().inventory.done) == 6


def test_a_budget_that_is_too_small_for_the_sweep_leaves_the_rest_for_the_next_run(bench):
    plan = bench.plan(budget_s=3.001)
    assert plan.asked.request.budget_s == 3.001
    assert sum(each.to_train for each in plan.ahead.sweeps) < 12
    assert all(each.left_out for each in plan.ahead.sweeps)


def test_a_method_whose_row_is_in_no_stage_is_trained_as_the_file_says(bench):
    bench.write(FILE.replace("- learning_rate: [1e-3, 1e-2]\n      lambda_kl", "- lambda_kl"))
    plan = bench.plan()
    assert {job.method for job in plan.jobs} == {"lsq"}
    assert plan.jobs[0].protocol.learning_rate == 3e-3
    assert {job.method for job in plan.ahead.pending} == {"end2end"}


def test_a_stored_choice_of_a_field_that_is_no_more_names_the_way_out(bench):
    bench.rounds(bench.plant(valley()))
    with Store.open(bench.db) as store:
        with store.writing() as connection:
            connection.exec_driver_sql("UPDATE choice SET chosen = '{\"lambda_old\": 1.0}'")
        with pytest.raises(UsageError, match=r"has a value of lambda_old, which lsq no longer has; .*--choose-again"):
            plan_ahead(bench.benchmark(), store)


def test_jobs_of_a_sweep_share_packs_and_only_the_optimizer_splits_them(bench):
    bench.write(FILE.replace("- lambda_auto: [0.1, 1]", "- optimizer: [adam, adamw]\n      weight_decay: [0, 1e-4]"))
    (sweep,) = bench.plan().ahead.sweeps
    assert len({Pack.group(job) for job in sweep.jobs}) == 1
    bench.rounds(bench.plant(valley()), limit=1)
    (sweep,) = bench.plan().ahead.sweeps
    left = [job for pack in sweep.packs for job in pack.jobs]
    assert {job.protocol.optimizer for job in left} == {"adam", "adamw"}
    assert len({Pack.group(job) for job in left}) == 2


def test_choices_leave_and_come_back_with_the_results(bench, tmp_path):
    bench.rounds(bench.plant(valley()))
    with Store.open(bench.db) as store, Store.open(tmp_path / "copy.db") as copy:
        moved = export(store, tmp_path / "out")
        assert moved.rows["choices"] == 3
        assert import_(copy, tmp_path / "out") == moved
        assert copy.chosen("final") == store.chosen("final")
        assert copy.cells("sweep")["swept"].tolist() == store.cells("sweep")["swept"].tolist()
        assert plan_ahead(bench.benchmark(), copy).to_train == 0


@pytest.mark.slow
def test_real_training_all_the_way(bench):
    """Two-epoch models on a generated table of 60 rows, trained in this process by the code of workers."""
    write_csv(bench.folder / "table.csv", table(60))
    (benchmark,) = choose(Wanted(["final"], k=[5], tables=[TableEntry(str(bench.folder / "table.csv"), ("y",))]))
    rounds, packs = Rounds(), []
    with Store.open(bench.db) as store:
        while True:
            plan = plan_ahead(benchmark, store)
            if (step := rounds.next(plan)) is None:
                break
            if step is plan:
                keep_choices(plan, store)
            store.add_benchmark(step.benchmark, step.asked.config, step.asked.members)
            for number, pack in enumerate(step.packs):
                name = f"{step.benchmark}/{number}"
                task = Task(pack.jobs, store.url, plan_code(step), name, roots.added())
                result = run_pack(task, Place("cpu", alive=lambda: True))
                assert not result.failed
                packs.append(len(pack.jobs))
        frame = store.cells(benchmark.name)
        made = store.choices(benchmark.name).set_index("variant")
        sweep = store.cells(benchmark.name.replace("final", "sweep"))
    assert packs[0] == 12  # the whole first stage as one model
    assert frame["test_rmse"].notna().all()
    assert len(frame) == 4
    for variant in ("lsq", "end2end"):
        means = sweep[sweep["row"] == variant].groupby("variant")["val_rmse"].mean()
        assert made.loc[variant, "metric"] == pytest.approx(means.min(), rel=1e-12)
        assert frame.loc[frame["variant"] == variant, "swept"].iloc[0] == made.loc[variant, "values"]


def plan_code(plan):
    return {job.key: plan.inventory.code[job.key] for pack in plan.packs for job in pack.jobs}
