"""Plans: all jobs are in packs that fit, times grow with the work, budgets are kept, and shards add up."""

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regbench import catalog, config
from regbench.config import Benchmark, amounts
from regbench.errors import UsageError
from regbench.job import Job, Pack, Protocol, pairs
from regbench.kinds.size import Size
from regbench.runner import Request, Resources, make_plan
from regbench.runner.plan import budget, shards
from regbench.runner.plan.calibration import calibrate, largest_pack
from regbench.runner.plan.cost import TABLE_BYTES, epoch_cost, job_memory, memory, read_seconds, worker_memory
from regbench.runner.plan.estimate import STARTUP_S, estimate, makespan, pack_seconds
from regbench.runner.plan.pace import Pace
from regbench.runner.plan.packing import BALANCED, MEMORY_FRACTION, PACK_LIMIT, make_packs
from regbench.store import EpochRows, Finished, Store
from tests.store.conftest import take

METHODS = ["lsq", "soft_binning", "end2end"]
DATASETS = ["wine_quality", "diamonds", "retinamnist"]
CPUS = Resources(("cpu", "cpu"))


def benchmark(jobs: tuple[Job, ...]) -> Benchmark:
    return Benchmark("grid", "", jobs, {})


def a_job(dataset="wine_quality", method="lsq", k=None, seed=0, epochs=10) -> Job:
    facts = catalog.entry("datasets", dataset).arguments
    backbone = "cnn" if isinstance(facts["inputs"], tuple) else "mlp"
    known = catalog.entry("methods", method)
    return Job(
        dataset=dataset,
        digest=facts["digest"],
        method=method,
        seed=seed,
        k=k,
        hparams=pairs(known.hparams),
        backbone=backbone,
        options=pairs(catalog.entry("backbones", backbone).arguments["options"]),
        protocol=Protocol(batch_size=facts["batch_size"], weight_decay=1e-4, dropout=0.3, epochs=epochs),
    )


def grid(datasets=DATASETS, methods=METHODS, ks=(5, 25), seeds=5, epochs=10) -> tuple[Job, ...]:
    return tuple(
        a_job(dataset, method, k, seed, epochs)
        for dataset in datasets
        for method in methods
        for k in ((None,) if method == "lsq" else ks)
        for seed in range(seeds)
    )


some_jobs = st.lists(
    st.builds(
        a_job,
        dataset=st.sampled_from(DATASETS),
        method=st.sampled_from(METHODS),
        k=st.sampled_from([5, 25]),
        seed=st.integers(0, 7),
        epochs=st.sampled_from([5, 10]),
    ),
    max_size=60,
    unique=True,
)


@given(some_jobs, st.integers(1, 6), st.sampled_from([None, 600 * 2**20, 2 * 2**30]))
@settings(max_examples=60, deadline=None)
def test_every_job_is_in_one_pack_with_its_like_and_within_the_limits(jobs, slots, free_bytes):
    packs = make_packs(jobs, Resources(("cpu",) * slots, free_bytes), Pace())
    assert sorted(job.key for pack in packs for job in pack.jobs) == sorted(job.key for job in jobs)
    for pack in packs:
        assert len({Pack.group(job) for job in pack.jobs}) == 1
        assert len(pack.jobs) <= PACK_LIMIT["cpu"]
        if free_bytes and len(pack.jobs) > 1:
            assert memory(pack.jobs) <= MEMORY_FRACTION * free_bytes
    assert len(packs) >= min(slots, len(jobs))
    seconds = [pack_seconds(pack, Pace()) for pack in packs]
    assert seconds == sorted(seconds, reverse=True)


def test_jobs_of_one_head_share_a_pack_with_all_their_seeds():
    packs = make_packs(grid(["wine_quality"]), Resources(), Pace())
    places = {
        Pack.head(job): {number for number, pack in enumerate(packs) if job in pack.jobs}
        for job in grid(["wine_quality"])
    }
    assert all(len(found) == 1 for found in places.values())


def test_slots_end_together():
    packs = make_packs(grid(), Resources(("cpu",) * 3), Pace())
    seconds = [pack_seconds(pack, Pace()) for pack in packs]
    assert makespan(seconds, 3) <= BALANCED * sum(seconds) / 3


def test_less_memory_makes_smaller_packs_and_a_job_too_large_for_it_stays_alone():
    jobs = grid(["retinamnist"])
    sizes = [
        max(len(pack.jobs) for pack in make_packs(jobs, Resources(free_bytes=free), Pace()))
        for free in (8 * 2**30, 2 * 2**30, 2**20)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[1] > sizes[2] == 1


@given(some_jobs.filter(len), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_more_work_is_never_estimated_to_take_less(jobs, slots):
    devices = ("cpu",) * slots
    longer = [replace(job, protocol=replace(job.protocol, epochs=2 * job.protocol.epochs)) for job in jobs]
    packs, more = (make_packs(each, Resources(devices), Pace()) for each in (jobs, longer))
    few, many = (estimate(each, Pace(), devices) for each in (packs, more))
    assert few.low <= few.likely <= few.high
    assert few.likely <= many.likely
    assert estimate(packs[:-1], Pace(), devices).likely <= few.likely
    assert estimate(packs, Pace(), ("cpu",) * (slots + 1)).likely <= few.likely


@given(some_jobs.filter(len), st.integers(1, 4), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_more_workers_than_cores_never_shorten_a_plan(jobs, cores, more):
    packs = make_packs(jobs, Resources(("cpu",) * cores), Pace())
    one_each = estimate(packs, Pace(), ("cpu",) * cores, cores)
    assert one_each == estimate(packs, Pace(), ("cpu",) * cores)
    shared = estimate(packs, Pace(), ("cpu",) * (cores + more), cores)
    assert shared.likely >= one_each.likely
    assert cores * shared.likely >= sum(pack_seconds(pack, Pace()) for pack in packs)


def test_twelve_workers_on_two_cores_are_planned_like_two_and_more_starts():
    two, twelve = (
        make_plan(benchmark(grid(["wine_quality"])), None, Resources(("cpu",) * slots, cores=2)) for slots in (2, 12)
    )
    assert len(twelve.packs) >= 12
    assert twelve.price.estimate.likely >= two.price.estimate.likely + 4 * STARTUP_S["cpu"]


@pytest.mark.parametrize(("slots", "cores", "starts"), [(1, 1, 1), (2, 2, 1), (2, 1, 2), (5, 2, 3), (9, None, 1)])
def test_every_worker_that_gets_a_pack_is_started_once_side_by_side_up_to_the_cores(slots, cores, starts):
    packs = [Pack((job,)) for job in grid(["wine_quality"], ["lsq"], seeds=slots, epochs=0)]
    setup = sum(pack_seconds(pack, Pace()) for pack in packs)
    likely = estimate(packs, Pace(), ("cpu",) * slots, cores).likely
    assert starts * STARTUP_S["cpu"] <= likely <= starts * STARTUP_S["cpu"] + setup
    idle = estimate(packs, Pace(), ("cpu",) * (slots + 3), cores).likely
    assert idle <= likely  # a slot without a pack starts no worker


def test_nothing_to_train_takes_no_time():
    for slots in (1, 3):
        nothing = estimate([], Pace(), ("cpu",) * slots, 2)
        assert (nothing.low, nothing.likely, nothing.high) == (0, 0, 0)


def own_table(folder: Path, rows: int) -> str:
    lines = [f"{row % 7}.25,{row % 5}.50,{row % 3}.75\n" for row in range(rows)]
    (folder / "own.csv").write_text("".join(["a,b,y\n", *lines]))
    return config.add_table(config.TableEntry(str(folder / "own.csv"), ("y",)))


def own_packs(table: str, count: int) -> list[Pack]:
    protocol = replace(a_job().protocol, batch_size=16)
    return [Pack((replace(a_job(seed=seed), dataset=table, protocol=protocol),)) for seed in range(count)]


def test_reading_a_users_file_counts_in_proportion_to_its_bytes(tmp_path):
    small, size = read_seconds(own_table(tmp_path, 100)), (tmp_path / "own.csv").stat().st_size
    large, larger = read_seconds(own_table(tmp_path, 5_000)), (tmp_path / "own.csv").stat().st_size
    assert large / small == pytest.approx(larger / size)
    assert read_seconds("wine_quality") == 0  # it is kept in a form that is quick to read


@pytest.mark.parametrize(("slots", "cores", "readings"), [(1, 1, 1), (2, 2, 1), (4, 2, 2)])
def test_every_worker_reads_a_table_once(tmp_path, slots, cores, readings):
    """Four packs of one table; workers read it side by side, up to the cores."""
    table = own_table(tmp_path, 100)
    packs = own_packs(table, 4)
    devices = ("cpu",) * slots
    before = estimate(packs, Pace(), devices, cores).likely - readings * read_seconds(table)
    with (tmp_path / "own.csv").open("a") as file:
        file.write("#" * 1_000_000)  # only its bytes count here
    assert estimate(packs, Pace(), devices, cores).likely - readings * read_seconds(table) == pytest.approx(before)


def test_a_first_stage_is_planned_for_the_method_that_has_one():
    fitted, other = (a_job("diamonds", method, 25) for method in ("pretrained_encoder", "soft_binning"))
    small = a_job("wine_quality", "pretrained_encoder", 25)
    assert Pace().seconds(fitted) > Pace().seconds(other) + 1
    assert Pace().seconds(fitted) - Pace().seconds(small) > Pace().seconds(other) - Pace().seconds(
        a_job("wine_quality", "soft_binning", 25)
    )


def test_an_epoch_of_a_tiny_table_is_not_free():
    assert epoch_cost(a_job("wine_quality"), Size((4, 1, 1), 1)) > 0.001


def test_arithmetic_and_memory_grow_with_what_costs():
    small = a_job("wine_quality", "soft_binning", 5)
    assert epoch_cost(replace(small, k=25)) > epoch_cost(small)
    assert job_memory(replace(small, k=25)) > job_memory(small)
    wide = replace(small, options=pairs({"layers": 2, "width": 512}))
    assert epoch_cost(wide) > 2 * epoch_cost(small)
    assert epoch_cost(small, Size((10, 1, 1), 11)) < epoch_cost(small)


@given(some_jobs, st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_shards_share_no_job_leave_out_none_and_do_not_depend_on_the_order(jobs, count):
    shares = [shards.shard(jobs, index, count) for index in range(1, count + 1)]
    assert sorted(job.key for share in shares for job in share) == sorted(job.key for job in jobs)
    assert all(shares) or len(jobs) < count
    assert [set(shards.shard(jobs[::-1], index, count)) for index in range(1, count + 1)] == [
        set(each) for each in shares
    ]


@pytest.mark.parametrize("count", [2, 3, 8])
def test_shards_are_whole_packs_of_about_the_same_time(count):
    jobs = grid(seeds=10)
    packs = [shards.shard(jobs, index, count) for index in range(1, count + 1)]
    seconds = [shards.expected_seconds(share) for share in packs]
    assert max(seconds) <= 1.25 * sum(seconds) / count
    heads = [{Pack.head(job) for job in share} for share in packs]
    assert sum(map(len, heads)) <= 1.5 * len({Pack.head(job) for job in jobs}) + 4 * count  # few heads are cut


@given(st.integers(0, 4000), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_a_budget_is_kept_and_spent_in_rounds_of_seeds(seconds, slots):
    jobs = grid(seeds=3)
    plan = make_plan(benchmark(jobs), None, Resources(("cpu",) * slots), Request(budget_s=seconds))
    chosen = {job for pack in plan.packs for job in pack.jobs}
    assert plan.price.estimate.likely <= seconds
    assert chosen | set(plan.left_out) == set(jobs)
    assert not chosen & set(plan.left_out)
    assert set(plan.jobs) == chosen
    if chosen and plan.left_out:
        assert max(job.seed for job in chosen) <= min(job.seed for job in plan.left_out)
    price = {dataset: epoch_cost(a_job(dataset)) for dataset in DATASETS}
    round_now = max((job.seed for job in chosen), default=0)
    bought = [price[job.dataset] for job in chosen if job.seed == round_now]
    waiting = [price[job.dataset] for job in plan.left_out if job.seed == round_now]
    assert not bought or not waiting or max(bought) <= min(waiting)


def test_a_larger_budget_buys_all_that_a_smaller_one_does():
    jobs = grid(seeds=3)
    bought = [
        {job for pack in make_plan(benchmark(jobs), None, CPUS, Request(budget_s=seconds)).packs for job in pack.jobs}
        for seconds in (0, 10, 60, 600, 10**6)
    ]
    assert not bought[0]
    assert all(small <= large for small, large in pairwise(bought))
    assert bought[-1] == set(jobs)


def test_done_jobs_count_when_rounds_do():
    """A cell without any finished seed comes before a second seed of another cell."""
    jobs = grid(["wine_quality"], ["lsq", "soft_binning"], ks=(5,), seeds=2)
    left = [job for job in jobs if (job.method, job.seed) != ("lsq", 0)]
    ordered = budget.in_order(left, jobs, Pace())
    assert (ordered[0].method, ordered[0].seed) == ("soft_binning", 0)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400)]
)
def test_times_are_read_as_people_write_them(text, seconds):
    assert amounts.read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m30", "-5m", "0s", "1h and more", "1/2"])
def test_a_time_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="write a time such as"):
        amounts.read_duration(text)


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1", "1/0", "a/b", "-1/3"])
def test_a_shard_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="i from 1 to n"):
        amounts.read_shard(text)


def finish(store: Store, jobs: tuple[Job, ...], seconds_per_epoch: float, code: str) -> None:
    """Store runs as workers do."""
    store.add_benchmark("grid", {}, [(job, job.method) for job in jobs])
    claims = take(store, *jobs, code=code)
    epochs = jobs[0].protocol.epochs
    rows = [
        EpochRows(each.run_id, epoch, {"seconds": seconds_per_epoch}) for each in claims for epoch in (1, 6, epochs)
    ]
    store.write(rows, claims=claims)
    store.finish(
        [Finished(each.run_id, seconds=epochs * seconds_per_epoch, epochs=epochs) for each in claims], claims=claims
    )


def test_an_estimate_rests_on_what_the_store_has_seen(tmp_path):
    jobs = grid(["wine_quality"], ["lsq"], seeds=4)
    (code,) = set(make_plan(benchmark(jobs), None).inventory.code.values())
    with Store.open(tmp_path / "results.db") as store:
        finish(store, jobs[:2], seconds_per_epoch=100.0, code=code)
        plan = make_plan(benchmark(jobs), store, CPUS)
        other = make_plan(benchmark(grid(["wine_quality"], ["end2end"], ks=(25,))), store, CPUS)
    assert len(plan.inventory.done) == 2
    assert plan.price.estimate.basis == {"history": 1.0}
    assert plan.price.estimate.likely == pytest.approx(1000, rel=0.02)  # one job of ten epochs a slot
    assert other.price.estimate.basis == {"kin": 1.0}


def test_a_calibration_is_made_once_and_then_read():
    job = a_job("wine_quality", "soft_binning", 5)
    first = calibrate(job, "cpu")
    assert first is not None
    assert 0.05 < first < 20  # arithmetic is not far off
    kept = Path(os.environ["REGBENCH_CACHE"]) / "calibration.json"
    before = kept.stat().st_mtime_ns
    assert calibrate(job, "cpu") == first  # to the last digit, which no second measurement would give
    assert kept.stat().st_mtime_ns == before
    plan = make_plan(benchmark(grid(["wine_quality"], epochs=100)), None, Resources(calibrate=calibrate))
    assert plan.price.estimate.rests_on == "a calibration of this machine"


def test_what_is_over_in_seconds_is_not_calibrated_for():
    plan = make_plan(benchmark(grid(["wine_quality"], ["lsq"], epochs=1)), None, Resources(calibrate=calibrate))
    assert plan.price.estimate.rests_on == "arithmetic alone"


def test_a_calibration_that_cannot_be_kept_is_made_all_the_same(monkeypatch, tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("REGBENCH_CACHE", str(tmp_path / "file"))
    assert calibrate(a_job(), "cpu") is not None


def test_ten_thousand_jobs_are_planned(tmp_path):
    jobs = grid(seeds=700)
    assert len(jobs) > 10_000
    with Store.open(tmp_path / "results.db") as store:
        plan = make_plan(benchmark(jobs), store, CPUS)
    assert plan.to_train == len(jobs)


def test_the_size_of_a_pack_is_measured_and_obeyed(monkeypatch):
    """Measured on the CPU here, by the same code as on a GPU, with small sizes."""
    job = a_job("wine_quality", "soft_binning", 5)
    measured = largest_pack("cpu", job, counts=(1, 2))
    assert measured in (1, 2)
    assert largest_pack("cpu", job, counts=(1, 2)) == measured
    asked = []

    def three(job):
        asked.append(job.dataset)
        return 3

    plan = make_plan(benchmark(grid(["wine_quality"], ["lsq"], seeds=9)), None, Resources(largest=three))
    assert asked
    assert max(len(pack.jobs) for pack in plan.packs) == 3


def test_a_worker_needs_memory_for_its_table():
    """A million rows of eleven columns took 1,519 MiB, 200,000 took 596 MiB (measured)."""
    bare = worker_memory("retinamnist")
    assert worker_memory("superconductivity") - bare == 21_263 * 80 * TABLE_BYTES
    for rows, measured in ((200_000, 596), (1_000_000, 1519)):
        assert measured * 2**20 <= bare + rows * 11 * TABLE_BYTES <= 1.2 * measured * 2**20
