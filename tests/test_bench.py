"""Both sides of a measurement compute the same, on the same batches, from the same start. No test asserts a time."""

import json
import math
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import geometric_mean, median

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from regbench import catalog
from regbench.bench.floor import operations
from regbench.bench.grid import Cell as GridCell
from regbench.bench.grid import GridCost, Measured, measure
from regbench.bench.overheads import METRICS as RECORDED
from regbench.bench.overheads import Overhead, grid, harness, planning, store_pack
from regbench.bench.peers import packed_jax, packed_torch
from regbench.bench.peers.plain import LOSSES, PlainTraining, indexed, loader
from regbench.bench.peers.sides import one_thread_with_jax
from regbench.bench.shapes import BINS, METHODS, SEEDS, Cell, Shape
from regbench.bench.speed import QUICK, Bench, Effort, Speed, floor_of, means_of
from regbench.cli.bench import as_data, as_text
from regbench.cli.grids import as_data as costs_as_data
from regbench.cli.main import main
from regbench.config import load
from regbench.random import Stream
from regbench.store import Store
from regbench.tasks.resident import Resident
from regbench.training.loop import optimise
from regbench.training.pack import Model, build

CPU = torch.device("cpu")
TABLE = Shape("wine_quality", (11,), 32)
PICTURE = Shape("retinamnist", (3, 28, 28), 8)
STEPS, EPOCHS = 2, 2


def without_dropout(cell: Cell) -> Model:
    """The first two jobs of the cell's pack in float64; dropout is drawn differently by design."""
    settings = {"dropout": 0.0, "batch_size": cell.shape.batch_size}
    jobs = [replace(job, protocol=replace(job.protocol, **settings)) for job in cell.jobs()[:2]]
    return build(jobs, cell.data(), CPU, torch.float64)


def batches_of(job_seed: int, epoch: int, x: Tensor, y: Tensor, cell: Cell) -> list[tuple[Tensor, Tensor]]:
    """The batches that our loop takes in an epoch."""
    return [(x[rows], y[rows]) for rows in rows_of(job_seed, epoch, len(x), cell)]


def rows_of(job_seed: int, epoch: int, rows: int, cell: Cell) -> tuple[Tensor, ...]:
    """The row numbers of these batches."""
    return Stream.named(job_seed, "order").child(epoch).permutation(rows).split(cell.shape.batch_size)


def rows_of_pack(model: Model, epoch: int, rows: int, cell: Cell) -> Tensor:
    """The row numbers of all jobs' batches, (steps, J, B)."""
    return torch.stack([torch.stack(rows_of(job.seed, epoch, rows, cell)) for job in model.jobs], dim=1)


@pytest.mark.parametrize("shape", [TABLE, PICTURE], ids=["mlp", "cnn"])
@pytest.mark.parametrize("method", METHODS)
def test_both_sides_compute_the_same_losses_on_the_same_batches(method: str, shape: Shape) -> None:
    cell = Cell(shape, method, steps=STEPS, epochs=EPOCHS)
    model = without_dropout(cell)
    resident = Resident.of(cell.data(), CPU, torch.float64)
    theirs = [PlainTraining.of(model, row, steps=STEPS * EPOCHS) for row in range(len(model.jobs))]
    for epoch, losses in enumerate(optimise(model, resident)):
        for training, loss in zip(theirs, losses, strict=True):
            batches = batches_of(training.job.seed, epoch, resident.x["train"], resident.y["train"], cell)
            assert training.epoch(batches) == pytest.approx(float(loss), rel=1e-9, abs=1e-12)


def packed_torch_losses(cell: Cell, *, is_compiled: bool = False) -> tuple[Tensor, Tensor]:
    """The losses of each epoch and job, ours and those of the packed loop in PyTorch."""
    model = without_dropout(cell)
    resident = Resident.of(cell.data(), CPU, torch.float64)
    packed = packed_torch.PackedTraining(model, steps=STEPS * EPOCHS, is_compiled=is_compiled)
    x, y = resident.x["train"], resident.y["train"]
    ours = torch.stack(list(optimise(model, resident)))
    batches = [[(x[rows], y[rows]) for rows in rows_of_pack(model, epoch, len(x), cell)] for epoch in range(EPOCHS)]
    return ours, torch.stack([packed.epoch(of_epoch) for of_epoch in batches])


@pytest.mark.parametrize("method", METHODS)
def test_packed_torch_has_our_losses(method: str) -> None:
    ours, theirs = packed_torch_losses(Cell(TABLE, method, steps=STEPS, epochs=EPOCHS))
    torch.testing.assert_close(theirs, ours, rtol=1e-9, atol=1e-12)


def test_packed_torch_has_our_losses_on_images() -> None:
    ours, theirs = packed_torch_losses(Cell(PICTURE, "end2end", steps=STEPS, epochs=EPOCHS))
    torch.testing.assert_close(theirs, ours, rtol=1e-9, atol=1e-12)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the compiler
def test_compiled_torch_has_our_losses() -> None:
    if why := packed_torch.why_not_compiled():
        pytest.skip(why)
    ours, theirs = packed_torch_losses(Cell(TABLE, "end2end", steps=STEPS, epochs=EPOCHS), is_compiled=True)
    torch.testing.assert_close(theirs, ours, rtol=1e-9, atol=1e-12)


def packed_jax_losses(cell: Cell) -> tuple[list[list[float]], list[list[float]]]:
    """The losses of each epoch and job, ours and those of the packed loop in JAX."""
    model = without_dropout(cell)
    data = cell.data()
    x, y = data.x_train.astype("float64"), data.y_train.astype("float64")
    packed = packed_jax.PackedTraining(model, x, y, steps=STEPS * EPOCHS)
    ours = [losses.tolist() for losses in optimise(model, Resident.of(data, CPU, torch.float64))]
    theirs = [packed.epoch(rows_of_pack(model, epoch, len(x), cell).numpy()).tolist() for epoch in range(EPOCHS)]
    return ours, theirs


@pytest.fixture(scope="module")
def jax_process() -> Iterator[Executor]:
    """A process like the command's, in which JAX has one thread."""
    if not packed_jax.is_installed():
        pytest.skip(f"JAX is not installed; {packed_jax.INSTALL}")
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=one_thread_with_jax) as process:
        yield process


@pytest.mark.parametrize("method", METHODS)
def test_packed_jax_has_our_losses(method: str, jax_process: Executor) -> None:
    cell = Cell(TABLE, method, steps=STEPS, epochs=EPOCHS)
    ours, theirs = jax_process.submit(packed_jax_losses, cell).result()
    torch.testing.assert_close(torch.tensor(theirs), torch.tensor(ours), rtol=1e-9, atol=1e-12)


def test_jax_draws_every_full_batch_once_and_drops_units_at_our_rate(jax_process: Executor) -> None:
    rows = packed_jax.orders(10, 3, 2, np.random.default_rng(0))
    assert rows.shape == (3, 2, 3)
    assert all(len(set(rows[:, job].flatten().tolist())) == 9 for job in range(2))
    kept = jax_process.submit(jax_kept, Cell(Shape("wine_quality", (11,), 256), "lsq", steps=1, epochs=1)).result()
    assert kept == pytest.approx([1 - 77 / 256] * 2, abs=0.01)


def jax_kept(cell: Cell) -> list[float]:
    """The fraction of units that each layer keeps."""
    data = cell.data()
    packed = packed_jax.PackedTraining(build(cell.jobs(), data, CPU), data.x_train, data.y_train, steps=1)
    return [
        float(mask.mean()) for mask in packed._masks(packed_jax.jax().random.key(1), (SEEDS, cell.shape.batch_size))
    ]


def test_packed_torch_refuses_jobs_that_it_cannot_pack() -> None:
    cell = Cell(TABLE, "lsq", steps=STEPS, epochs=EPOCHS)
    first, second = cell.jobs()[:2]
    unlike = replace(second, protocol=replace(second.protocol, learning_rate=1e-2))
    with pytest.raises(ValueError, match="differ in more than their seed"):
        packed_torch.PackedTraining(build([first, unlike], cell.data(), CPU), steps=1)


@pytest.mark.parametrize("method", METHODS)
def test_both_sides_end_at_the_same_weights(method: str) -> None:
    cell = Cell(TABLE, method, steps=STEPS, epochs=EPOCHS)
    model = without_dropout(cell)
    resident = Resident.of(cell.data(), CPU, torch.float64)
    training = PlainTraining.of(model, steps=STEPS * EPOCHS)
    for epoch, _ in enumerate(optimise(model, resident)):
        training.epoch(batches_of(training.job.seed, epoch, resident.x["train"], resident.y["train"], cell))
    assert isinstance(training.network, nn.Sequential)
    first, last = training.network[0].weight, training.network[-1].weight
    torch.testing.assert_close(first.mT, model.trunk.views["0.weight"][0], rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(last.mT, model.heads[0].linear.views["weight"][0], rtol=1e-6, atol=1e-9)


def test_the_baselines_are_what_a_researcher_writes() -> None:
    """One module per job in float32, with dropout at the protocol's rate, and Adam as torch has it by default."""
    cell = Cell(TABLE, "end2end", steps=STEPS, epochs=EPOCHS)
    training = PlainTraining.of(build(cell.jobs(), cell.data(), CPU), steps=9)
    kinds = [type(part) for part in training.network.children()]
    assert kinds == [nn.Linear, nn.ReLU, nn.Dropout] * 2 + [nn.Linear]
    assert {part.p for part in training.network.children() if isinstance(part, nn.Dropout)} == {0.3}
    widths = [part.out_features for part in training.network.children() if isinstance(part, nn.Linear)]
    assert widths == [128, 128, BINS]
    usual = torch.optim.Adam([nn.Parameter(torch.zeros(1))]).defaults
    assert training.optimizer.defaults == usual
    assert {parameter.dtype for parameter in training.parameters} == {torch.float32}


def test_the_loaders_visit_every_row_of_the_full_batches_once() -> None:
    x, y = torch.arange(10.0)[:, None], torch.arange(10.0)[:, None]
    for batches in (list(loader(x, y, 3)), list(indexed(x, y, 3))):
        rows = torch.cat([rows for rows, _ in batches]).flatten().tolist()
        assert [len(rows) for rows, _ in batches] == [3, 3, 3]
        assert len(set(rows)) == 9
        assert all(torch.equal(rows, targets) for rows, targets in batches)


def test_the_loaders_shuffle() -> None:
    x = torch.arange(64.0)[:, None]
    orders = {str([rows.flatten().tolist() for rows, _ in indexed(x, x, 16)]) for _ in range(4)}
    orders |= {str([rows.flatten().tolist() for rows, _ in batches]) for batches in [loader(x, x, 16)] * 4}
    assert len(orders) > 4


def test_every_method_that_is_timed_has_a_loss_in_every_peer() -> None:
    assert set(METHODS) == set(LOSSES) <= set(catalog.names("methods"))
    assert set(METHODS) == set(packed_torch.LOSSES) == set(packed_jax.LOSSES)


@pytest.mark.parametrize("dataset", catalog.names("datasets"))
def test_a_cell_trains_what_the_datasets_file_says(dataset: str) -> None:
    """The paper's network, batch and bins, all seeds of a method in the planner's pack, and rows for whole batches."""
    said = catalog.entry("datasets", dataset).arguments
    cell = Cell(Shape.of(dataset), "soft_binning", steps=2, epochs=3)
    jobs, data = cell.jobs(), cell.data()
    assert {job.protocol.batch_size for job in jobs} == {said["batch_size"]}
    assert {job.k for job in jobs} == {BINS}
    assert len({job.seed for job in jobs}) == len(jobs) <= SEEDS
    assert data.x_train.shape == (2 * said["batch_size"], *cell.shape.inputs)
    assert (data.y_train.min(), data.y_train.max()) == (0, 1)
    if not cell.shape.is_image:
        assert dict(jobs[0].options) == {"layers": 2, "width": 128}


def test_the_floor_is_the_products_of_one_model_head_included() -> None:
    """Forward, weight and input gradient of each layer; the inputs of the first need none, those of a linear layer
    behind convolutions do.
    """
    assert len(operations(TABLE, widths=[128, 128], outputs=25)) == 3 * 3 - 1
    assert len(operations(PICTURE, widths=[256, 256], outputs=25)) == 3 * 2 + 3 * 3
    cell = Cell(TABLE, "lsq", steps=1, epochs=1)
    floor_of(build(cell.jobs(), cell.data(), CPU), cell.shape, cell.steps)()


def speed(**given: object) -> Speed:
    usual = {"dataset": "diamonds", "method": "lsq", "inputs": (6,), "batch_size": 1024, "jobs": 5}
    return Speed(
        **{
            **usual,
            "ours": 2e-3,
            "idiomatic": 8e-3,
            "no_loader": 4e-3,
            "packed_torch": 3e-3,
            "floor": 1e-3,
            "fastest_floor": 8e-4,
            **given,
        }
    )  # type: ignore[arg-type]


def test_ratios_are_times_as_fast_and_the_mean_is_geometric() -> None:
    assert (speed().steps_per_second, speed().vs_idiomatic, speed().vs_no_loader, speed().of_floor) == (500, 4, 2, 0.5)
    assert speed().of_fastest_floor == pytest.approx(0.4)
    picture = speed(dataset="retinamnist", inputs=(3, 28, 28), idiomatic=2e-3)
    assert means_of([speed(), picture])["vs_idiomatic"] == pytest.approx(2)
    found = Bench((speed(), picture), {"processor": "a processor", "torch": "2"}, {})
    assert found.means(images=False)["vs_idiomatic"] == pytest.approx(4)


def test_a_side_that_was_not_measured_is_null_and_has_no_column() -> None:
    """And its mean is over the shapes on which it was."""
    with_jax = speed(packed_jax=1e-3)
    assert (speed().vs_packed_torch, speed().vs_packed_jax, with_jax.vs_packed_jax) == (1.5, None, 0.5)
    found = Bench((with_jax, speed(inputs=(3, 28, 28))), {"processor": "a", "torch": "2", "jax": "0.1"}, {}, ("why",))
    assert (found.means()["vs_packed_jax"], found.means()["vs_compiled_torch"]) == (pytest.approx(0.5), None)
    text = as_text(found)
    assert "vs JAX" in text
    assert "vs compiled" not in text
    assert text.splitlines()[-1] == "why"
    assert as_data(found)["seconds_per_model_step"][0]["packed_jax"] == 1e-3


def test_the_json_has_a_line_for_each_dataset_and_method_and_the_means() -> None:
    data = as_data(Bench((speed(), speed(method="end2end")), {"processor": "a", "torch": "2", "threads": 1}, {}))
    loops = {"vs_idiomatic", "vs_no_loader", "vs_packed_torch", "vs_compiled_torch", "vs_packed_jax"}
    ratios = loops | {"of_floor", "of_fastest_floor"}
    assert [set(line) for line in data["shapes"]] == [ratios | {"dataset", "method", "steps_per_second"}] * 2
    assert set(data["geometric_mean"]) == ratios
    assert data["machine"]["threads"] == 1


def test_the_table_has_the_means_below() -> None:
    found = Bench((speed(), speed(dataset="retinamnist", inputs=(3, 28, 28))), {"processor": "a", "torch": "2"}, {})
    text = as_text(found)
    assert [line.split()[0] for line in text.splitlines()[1:3]] == ["diamonds", "retinamnist"]
    assert "geometric mean  tables" in text
    assert "50%" in text


def test_the_command_measures_every_side_with_one_thread(capsys: pytest.CaptureFixture[str]) -> None:
    """As a user runs it, the baselines in a process of their own."""
    assert main(["bench", "--quick", "--dataset", "WN", "--method", "lsq", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["command"]) == ("regbench/1", "bench")
    (line,) = said["data"]["shapes"]
    assert (line.pop("dataset"), line.pop("method")) == ("wine_quality", "lsq")
    assert (line.pop("vs_compiled_torch"), line.pop("vs_packed_jax")) == (None, None)
    assert all(math.isfinite(value) and value > 0 for value in line.values())
    assert said["data"]["geometric_mean"]["of_floor"] == pytest.approx(line["of_floor"])
    assert said["data"]["machine"]["threads"] == 1
    (seconds,) = said["data"]["seconds_per_model_step"]
    assert (seconds["inputs"], seconds["batch_size"], seconds["jobs"]) == ([11], 256, SEEDS)


@pytest.mark.skipif(packed_jax.is_installed(), reason="JAX is installed")
def test_without_jax_the_command_says_how_to_install_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--quick", "--peer", "jax"]) == 7
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == f"regbench: --peer jax: JAX is not installed; {packed_jax.INSTALL}"


@pytest.mark.slow
def test_the_command_measures_the_packed_loop_in_jax(capsys: pytest.CaptureFixture[str], jax_process: Executor) -> None:
    assert (
        main(["bench", "--quick", "--dataset", "WN", "--dataset", "RM", "--method", "lsq", "--peer", "jax", "--json"])
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert [(line["vs_packed_jax"] or 0) > 0 for line in said["data"]["shapes"]] == [True, False]
    assert said["warnings"] == ["packed_jax on retinamnist: the CNN is not written in JAX"]


@pytest.mark.slow
def test_without_a_compiler_the_command_says_so_and_measures_the_rest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CXX", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    assert main(["bench", "--quick", "--dataset", "WN", "--method", "lsq", "--peer", "compiled", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["data"]["shapes"][0]["vs_compiled_torch"] is None
    assert "no compiler" in said["warnings"][0]


def test_a_step_is_measured_once_for_each_shape_method_and_k() -> None:
    """Seeds and hyper-parameters do not change its time: both widths of soft binning are one cell."""
    jobs = [job for job in load().get("bridges-fixed").jobs if job.dataset == "wine_quality"]
    cells = {GridCell.of(job) for job in jobs}
    assert len(cells) == len({(job.method, job.k) for job in jobs}) == 16
    assert {cell.batch_size for cell in cells} == {256}


def test_a_grid_costs_its_steps_and_evaluations() -> None:
    jobs = [job for job in load().get("bridges-fixed").jobs if (job.dataset, job.method) == ("wine_quality", "lsq")]
    cell = GridCell.of(jobs[0])
    cost = GridCost("a", tuple(jobs), {cell: Measured(cell, 2e-3, 1e-3, 8e-4, 0.1)}, cores=2, effort=QUICK)
    spent = cost.spent(cost.jobs)
    steps = len(jobs) * 100 * (5197 // 256)
    assert (spent.steps, spent.floor) == (pytest.approx(steps * 2e-3), pytest.approx(steps * 1e-3))
    assert spent.evaluation == pytest.approx(len(jobs) * 100 * 0.1)
    assert spent.total == pytest.approx(spent.steps + spent.evaluation + spent.storing + spent.starting)
    assert (spent.total + cost.workers_s) / 2 <= cost.wall_s <= spent.total + cost.workers_s
    data = costs_as_data(cost)
    assert data["core_hours"] == pytest.approx((spent.total + cost.workers_s) / 3600)
    assert data["of_floor"] == pytest.approx(spent.floor / (spent.total + cost.workers_s))
    assert set(data["basis"]) == set(data["seconds"])


def test_the_jobs_that_others_fit_are_not_counted_and_named() -> None:
    baseline = next(job for job in load().get("bridges-baselines").jobs if job.method == "ridge")
    job = next(job for job in load().get("bridges-fixed").jobs if job.dataset == "wine_quality")
    heard: list[Measured] = []
    cost = measure("a", [job, baseline, job], Effort(rounds=1, steps=1, image_steps=1), heard.append)
    assert (cost.jobs, cost.unmeasured) == ((job, job), {"ridge": 1})
    (measured,) = heard
    assert measured.floor > 0
    assert measured.step > 0
    assert measured.evaluation > 0


def test_the_command_states_the_cost_of_a_grid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--grid", "bridges-fixed", "--dataset", "WN", "--method", "lsq"]) == 0
    out, err = capsys.readouterr()
    assert "wine_quality lsq: " in err
    assert "bridges-fixed: 5 jobs, " in out
    assert "estimated: " in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--grid", "smok"], "did you mean 'smoke'?"),
        (["--grid", "bridges-sweep"], "`regbench plan bridges-sweep` estimates it"),
        (["--grid", "bridges-baselines", "--method", "ridge"], "no job of bridges-baselines is trained in packs"),
        (["--grid", "smoke", "--overheads"], "give one of them"),
        (["--grid", "smoke", "--peer", "jax"], "--peer jax: "),
        (["--profile", "--overheads"], "give one of them"),
        (["--profile", "--peer", "jax"], "--peer jax: "),
        (["--peer", "numpy"], "'numpy' is not one of 'compiled', 'jax'"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *words]) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_an_overhead_keeps_below_its_target_and_a_rate_above() -> None:
    assert Overhead("report", 1.9, 2.0, "s", "").is_met
    assert not Overhead("report", 2.1, 2.0, "s", "").is_met
    assert Overhead("rows", 60_000, 50_000, "rows/s", "", is_rate=True).is_met
    assert not Overhead("rows", 40_000, 50_000, "rows/s", "", is_rate=True).is_met


def test_planning_is_timed_on_at_least_as_many_jobs_as_asked_for() -> None:
    measured = planning(jobs=200)
    assert measured.how.startswith(f"{2 * len(grid(seeds=1).jobs)} jobs")
    assert measured.value > 0


def test_a_stored_pack_has_every_row_that_is_counted(in_tmp: Path) -> None:
    benchmark = grid(seeds=1)
    jobs = benchmark.jobs[:3]
    with Store.open(in_tmp / "bench.db") as store:
        store.add_benchmark("bench", {}, [(job, benchmark.label(job)) for job in jobs])
        rows, seconds = store_pack(store, jobs)
        assert seconds > 0
        assert len(store.curves("bench")) == rows == 3 * 100 * len(RECORDED)


@pytest.mark.slow
def test_the_harness_share_is_of_a_real_run() -> None:
    measured = harness(epochs=2, rows=700)
    assert 0 < measured.value < math.inf
    assert "2 epochs" in measured.how


def test_a_wrong_name_is_said_before_anything_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--dataset", "diamond"]) == 2
    assert "did you mean 'diamonds'?" in capsys.readouterr().err


SPEED = Path(__file__).parents[1] / "results" / "published" / "speed"
COMPARED = ("vs_idiomatic", "vs_packed_torch", "vs_packed_jax")


def speed_rows() -> list[str]:
    """The table of the README: over the methods of all published runs, the lowest and the highest median."""
    paths = sorted(SPEED.glob("[0-9].json"))
    shapes = [json.loads(path.read_text())["data"]["shapes"] for path in paths]
    runs = [{(cell["dataset"], cell["method"]): cell for cell in run} for run in shapes]
    assert len(runs) == 3
    medians: dict[str, dict[str, list[float]]] = {}
    for dataset, method in [cell for cell in runs[0] if all(cell in run for run in runs)]:
        for name in ("steps_per_second", *COMPARED, "of_floor"):
            of_shape = medians.setdefault(dataset, {}).setdefault(name, [])
            of_shape.append(median(run[dataset, method][name] for run in runs))
    rows = []
    for dataset, of in medians.items():
        ratios = [f"{min(of[name]):.2f} to {max(of[name]):.2f}" for name in COMPARED]
        steps = f"{min(of['steps_per_second']):,.0f} to {max(of['steps_per_second']):,.0f}"
        rows.append(
            [dataset, steps, *ratios, f"{min(of['of_floor']):.0%} to {max(of['of_floor']):.0%}".replace("%", " %")]
        )
    means = [geometric_mean(value for of in medians.values() for value in of[name]) for name in (*COMPARED, "of_floor")]
    rows.append(["geometric mean", "", *(f"{mean:.2f}" for mean in means[:-1]), f"{means[-1]:.0%}".replace("%", " %")])
    return [f"| {' | '.join(row)} |" for row in rows]


def test_the_speeds_in_the_readme_are_those_of_the_published_runs() -> None:
    readme = (SPEED.parents[2] / "README.md").read_text(encoding="utf-8")
    assert [row for row in speed_rows() if row not in readme] == []
