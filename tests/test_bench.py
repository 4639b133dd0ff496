"""Both sides of a measurement compute the same, on the same batches, from the same start. No test asserts a time."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from regbench import catalog
from regbench.bench.baselines import LOSSES, PlainTraining, indexed, loader
from regbench.bench.floor import operations
from regbench.bench.overheads import METRICS as RECORDED
from regbench.bench.overheads import Overhead, grid, harness, planning, store_pack
from regbench.bench.shapes import BINS, METHODS, SEEDS, Cell, Shape
from regbench.bench.speed import Bench, Speed, floor_of, means_of
from regbench.cli.bench import as_data, as_text
from regbench.cli.main import main
from regbench.config import row_label
from regbench.random import Stream
from regbench.store import Store
from regbench.training.loop import Resident, optimise
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
    order = Stream.named(job_seed, "order").child(epoch).permutation(len(x))
    return [(x[rows], y[rows]) for rows in order.split(cell.shape.batch_size)]


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


def test_every_method_that_is_timed_has_a_baseline() -> None:
    assert set(METHODS) == set(LOSSES) <= set(catalog.names("methods"))


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
    floor_of(build(cell.jobs(), cell.data(), CPU), cell)()


def speed(**given: object) -> Speed:
    usual = {"dataset": "diamonds", "method": "lsq", "inputs": (6,), "batch_size": 1024, "jobs": 5}
    return Speed(
        **{**usual, "ours": 2e-3, "idiomatic": 8e-3, "no_loader": 4e-3, "floor": 1e-3, "fastest_floor": 8e-4, **given}
    )  # type: ignore[arg-type]


def test_ratios_are_times_as_fast_and_the_mean_is_geometric() -> None:
    assert (speed().steps_per_second, speed().vs_idiomatic, speed().vs_no_loader, speed().of_floor) == (500, 4, 2, 0.5)
    assert speed().of_fastest_floor == pytest.approx(0.4)
    picture = speed(dataset="retinamnist", inputs=(3, 28, 28), idiomatic=2e-3)
    assert means_of([speed(), picture])["vs_idiomatic"] == pytest.approx(2)
    found = Bench((speed(), picture), {"processor": "a processor", "torch": "2"}, {})
    assert found.means(images=False)["vs_idiomatic"] == pytest.approx(4)


def test_the_json_has_a_line_for_each_dataset_and_method_and_the_means() -> None:
    data = as_data(Bench((speed(), speed(method="end2end")), {"processor": "a", "torch": "2", "threads": 1}, {}))
    keys = {"dataset", "method", "steps_per_second", "vs_idiomatic", "vs_no_loader", "of_floor", "of_fastest_floor"}
    assert [set(line) for line in data["shapes"]] == [keys, keys]
    assert set(data["geometric_mean"]) == {"vs_idiomatic", "vs_no_loader", "of_floor", "of_fastest_floor"}
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
    assert all(math.isfinite(each) and each > 0 for each in line.values())
    assert said["data"]["geometric_mean"]["of_floor"] == pytest.approx(line["of_floor"])
    assert said["data"]["machine"]["threads"] == 1
    (seconds,) = said["data"]["seconds_per_model_step"]
    assert (seconds["inputs"], seconds["batch_size"], seconds["jobs"]) == ([11], 256, SEEDS)


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
    jobs = grid(seeds=1).jobs[:3]
    with Store.open(in_tmp / "bench.db") as store:
        store.add_benchmark("bench", {}, [(job, row_label(job)) for job in jobs])
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
