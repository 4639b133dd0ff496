"""Regularizers and wrappers inside packs: the promises that hold for methods hold for them too."""

from dataclasses import replace
from functools import cache
from itertools import cycle

import numpy as np
import pytest
import torch

from regbench import catalog, kinds, roots
from regbench.config.methods import read_method
from regbench.errors import WrongValueError
from regbench.regularizers.shared.label_bins import bin_of
from regbench.roots import Added
from regbench.tasks.task import Block
from regbench.training.loop import Training
from regbench.training.pack import build
from tests.made.data_samples import prepared
from tests.made.jobs import make_job, with_parts
from tests.training.test_checkpoint import interrupted, same

REGULARIZERS = catalog.names("regularizers")
PARTS = catalog.parts()
every_part = pytest.mark.parametrize("part", PARTS)
SMALL = {"points": 16, "smallest": 5, "step": 4, "largest": 16, "m": 3}  # so that a batch of 32 is more than enough
TRANSFORMING = "information_dropout"
WEIGHTED = [name for name in REGULARIZERS if "weight" in catalog.part(name).hparams and name != TRANSFORMING]

SCIPY_TERM = '''"""The features lie close together, by SciPy."""

from scipy.spatial.distance import pdist

from regbench.types import HParam, Regularizer


def loss(params, batch, hparams, static):
    near = 1.0 / (1.0 + float(pdist(batch.z.detach().numpy()).mean()))
    return hparams["weight"] * near * batch.z.square().mean()


REGULARIZER = Regularizer(
    loss=loss, hparams={"weight": HParam(0.1, low=0.01, high=1.0, least=0)}, reference="Virtanen et al. (2020)"
)
'''


def job(method, *parts, seed=0, **settings):
    return with_parts(make_job(method, k=5, seed=seed, width=12, epochs=2, **settings), *parts, **SMALL)


def epochs(jobs, **more):
    """The numbers of every epoch, by job."""
    found = list(Training(jobs, prepared(120), dtype=torch.float64, **more))
    return {
        one: [{name: value[row] for name, value in epoch.values.items()} for epoch in found]
        for row, one in enumerate(jobs)
    }


@cache
def together():
    """One pack with every part on two methods, two parts at once, and both methods alone."""
    jobs = [job(method, part, seed=1) for part in PARTS for method in ("lsq", "end2end")]
    others = [job("soft_binning", seed=1), job("lsq", seed=1), job("lsq", "multi_target", "rot", seed=2)]
    return epochs([*others, *jobs])


@every_part
@pytest.mark.parametrize("method", ["lsq", "end2end"])
def test_a_job_with_a_part_does_not_notice_its_pack(part, method):
    one = job(method, part, seed=1)
    for alone, packed in zip(epochs([one])[one], together()[one], strict=True):
        assert packed == pytest.approx(alone, rel=1e-9, nan_ok=True)


@every_part
@pytest.mark.parametrize("method", ["lsq", "soft_binning"])
def test_a_job_with_a_part_is_the_same_to_the_last_bit_alone_and_with_other_seeds(part, method):
    """Products and sums of one matrix alone are rounded differently: at these sizes it shows within two epochs."""
    data = prepared(240)
    jobs = [with_parts(make_job(method, k=5, seed=seed, width=96, epochs=2), part) for seed in range(3)]
    packed, alone = list(Training(jobs, data)), list(Training(jobs[:1], data))
    for among, by_itself in zip(packed, alone, strict=True):
        first = {name: value[:1].tolist() for name, value in among.values.items()}
        assert first == {name: value.tolist() for name, value in by_itself.values.items()}


@every_part
def test_a_part_changes_what_is_trained_and_seeds_differ(part):
    found = together()
    changed, usual = found[job("lsq", part, seed=1)][-1], found[job("lsq", seed=1)][-1]
    assert np.isfinite([changed["train/loss"], changed["val/rmse"]]).all()
    assert changed["val/rmse"] != usual["val/rmse"]


@pytest.mark.parametrize("part", WEIGHTED)
def test_a_regularizer_without_weight_is_the_method_alone(part):
    usual = job("soft_binning", seed=1)
    none = {name: 0.0 for name in catalog.part(part).hparams if name.endswith("weight")}
    without = with_parts(usual, part, **SMALL, **none)
    for one, other in zip(epochs([usual])[usual], epochs([without])[without], strict=True):
        assert one == pytest.approx(other, rel=1e-12)


def test_every_part_goes_on_bit_for_bit():
    data = prepared(120)
    jobs = [job(method, part, seed=1) for part, method in zip(PARTS, cycle(("lsq", "soft_binning")), strict=False)]
    assert same(interrupted(jobs, data, [1]), list(Training(jobs, data)))


def test_a_transformation_of_the_features_is_for_training_only():
    """The gradient of the last layer is that of the transformed features, and predictions are made without noise."""
    one = job("lsq", TRANSFORMING, dropout=0.0)
    data = prepared(120)
    model = build([one], data, torch.device("cpu"), torch.float64)
    x, y = (torch.from_numpy(getattr(data, f"{name}_val")).double() for name in "xy")
    once, again = (model.evaluate([Block(x, y)]).predictions for _ in range(2))
    assert torch.equal(once, again)
    assert model.heads[0].head.transforms
    assert model.heads[0].head.looped is None


def test_rows_that_all_weigh_one_are_the_method_alone():
    usual = job("soft_binning", seed=1)
    even = with_parts(usual, "lds", reweight="none")
    assert epochs([usual])[usual] == epochs([even])[even]


def test_weights_of_rows_are_weights_of_their_losses_and_of_nothing_else():
    """The mean loss of an untrained epoch, whose features are not read by the loss, is the weighted mean."""
    still = {"learning_rate": 1e-30, "dropout": 0.0, "batch_size": 96, "weight_decay": 0.0}
    one, plain = (
        Training([job("lsq", *parts, **still)], prepared(120), dtype=torch.float64) for parts in (["lds"], [])
    )
    x, y, _ = next(one.data.blocks("train", 96))
    error = (plain.model.evaluate([Block(x, y)]).predictions[0] - y).square().sum(1)
    fixed = {name.removeprefix("lds."): each[0] for name, each in one.model.heads[0].head.fixed.items()}
    weight = fixed["weight"][bin_of(y, fixed["low"], fixed["width"], len(fixed["weight"]))]
    assert weight.max() > weight.min()
    first = next(iter(one)).values["train/loss"]
    assert first[0] == pytest.approx((weight * error).mean().item(), rel=1e-9)


def test_statistics_are_of_the_features_of_all_training_rows_after_the_epoch():
    """They follow the features of the own job, without dropout, and other jobs of the pack keep theirs."""
    jobs = [job("lsq", "fds", seed=seed) for seed in (1, 2)]
    training = Training(jobs, prepared(120), dtype=torch.float64)
    next(iter(training))
    fixed = training.model.heads[0].head.fixed
    x, y, _ = next(training.data.blocks("train", 96))
    z = training.model.features(x.expand(2, -1, -1))
    for row in range(2):
        of_row = bin_of(y, fixed["fds.low"][row], fixed["fds.width"][row], 100)
        largest = of_row.bincount().argmax()
        torch.testing.assert_close(fixed["fds.mean"][row, largest], z[row][of_row == largest].mean(0))
    assert not torch.equal(fixed["fds.mean"][0], fixed["fds.mean"][1])


def test_weights_of_rows_are_refused_for_a_loss_of_the_whole_batch():
    with pytest.raises(WrongValueError, match="lds weights rows, and gar has one loss for all rows of a batch"):
        read_method("gar+fds+lds")
    with pytest.raises(WrongValueError, match="lds weights rows"):
        read_method("gar+multi_target+lds")
    one = job("gar", "multi_target", "fds", seed=1)
    packed = epochs([one, job("balanced_mse", "lds", "conr", seed=1)])[one]
    assert packed[-1] == pytest.approx(epochs([one])[one][-1], rel=1e-9, nan_ok=True)


def test_what_a_regularizer_trains_moves_at_the_rate_of_the_network():
    one = job("lsq", TRANSFORMING)
    training = Training([one], prepared(120), dtype=torch.float64)
    (part,) = training.model.heads
    assert part.added is not None
    before = {name: view.clone() for name, view in part.added.views.items()}
    list(training)
    assert all(not torch.equal(view, before[name]) for name, view in part.added.views.items())
    assert {name.partition(".")[0] for name in before} == {TRANSFORMING}


def test_a_term_in_scipy_is_looped_with_the_same_promises(tmp_path):
    (tmp_path / "close.py").write_text(SCIPY_TERM)
    before = roots.added()
    roots.use(Added(places=(str(tmp_path),)))
    try:
        one, other = job("lsq", "close", seed=1), job("lsq", "close", seed=2)
        packed = Training([one, other, job("end2end")], prepared(120), dtype=torch.float64)
        (last,) = [epoch for epoch in packed if epoch.number == 2]
        assert [part.head.looped is not None for part in packed.model.heads].count(True) == 1
        assert last.values["val/rmse"][0] == pytest.approx(epochs([one])[one][-1]["val/rmse"], rel=1e-9)
        assert kinds.code_digest(one) != kinds.code_digest(job("lsq"))
    finally:
        roots.use(before)


def test_the_digest_of_a_job_covers_its_parts_and_no_others():
    plain = kinds.code_digest(make_job("lsq"))
    digests = {part: kinds.code_digest(with_parts(make_job("lsq"), part)) for part in PARTS}
    assert len({plain, *digests.values()}) == 1 + len(PARTS)
    assert kinds.code_digest(with_parts(make_job("lsq"), "rot", gamma=0.1)) == digests["rot"]


def test_jobs_that_differ_in_numbers_of_a_part_share_a_head_and_in_its_settings_do_not():
    one, other = (with_parts(make_job("lsq"), "rot", gamma=gamma) for gamma in (0.01, 0.1))
    third = with_parts(make_job("lsq"), "rot", variant="gap")
    model = build([one, third, other], prepared(60), torch.device("cpu"))
    heads = {part.head.jobs.stop - part.head.jobs.start: part.head for part in model.heads}
    assert sorted(heads) == [1, 2]
    assert sorted(heads[2].hparams["rot.gamma"].tolist()) == pytest.approx([0.01, 0.1])
    assert replace(one, parts=()).key == make_job("lsq").key
