"""The backbone of a benchmark, and a learning rate that falls in steps."""

import pytest

from regbench import config
from regbench.errors import UsageError
from regbench.job import Protocol
from regbench.training.optim import SCHEDULES


def written(tmp_path, text):
    (tmp_path / "benchmarks.yaml").write_text(text)
    return config.load(tmp_path / "benchmarks.yaml")


def test_a_benchmark_may_name_its_backbone_with_settings(tmp_path):
    text = "b: {datasets: RM, methods: lsq, backbone: resnet50, backbones: {resnet50: {width: 16, layers: 1-1}}}"
    (job, *_) = written(tmp_path, text).get("b").jobs
    assert (job.backbone, dict(job.options)) == ("resnet50", {"layers": "1-1", "weights": "", "width": 16})
    assert job.protocol.weight_decay == 0
    assert written(tmp_path, "b: {datasets: RM, methods: lsq, backbone: cnn}").get("b").jobs == (
        written(tmp_path, "b: {datasets: RM, methods: lsq}").get("b").jobs
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            "datasets: WN, methods: lsq, backbone: resnet50",
            "wine_quality cannot be read by resnet50, which reads images",
        ),
        ("datasets: RM, methods: lsq, backbone: mlp", "retinamnist cannot be read by mlp, which reads columns"),
        ("datasets: RM, methods: lsq, backbone: resnet", "no backbone called 'resnet'; did you mean 'resnet50'"),
    ],
)
def test_a_backbone_that_does_not_take_what_a_dataset_has_is_one_line(tmp_path, given, says):
    with pytest.raises(UsageError, match=says) as error:
        written(tmp_path, f"b: {{{given}}}").get("b")
    assert "\n" not in str(error.value)


def test_the_recipe_of_agedb_falls_to_a_tenth_after_60_and_after_80_epochs():
    protocol = config.load().get("tightness-agedb").jobs[0].protocol
    factors = SCHEDULES["step"](protocol, protocol.epochs * 7)
    assert factors[: 60 * 7] == [1.0] * 60 * 7
    assert factors[60 * 7 : 80 * 7] == pytest.approx([0.1] * 20 * 7)
    assert factors[80 * 7 :] == pytest.approx([0.01] * 10 * 7)


def test_the_steps_are_those_of_torchs_scheduler():
    import torch

    protocol = Protocol(8, 0.0, 0.0, epochs=6, schedule="step", milestones=(2, 3, 5), decay=0.5)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 3, 5], gamma=0.5)
    theirs = []
    for _ in range(6):
        theirs += [optimizer.param_groups[0]["lr"]] * 4
        optimizer.step()
        scheduler.step()
    assert SCHEDULES["step"](protocol, 24) == pytest.approx(theirs)


def test_steps_and_milestones_need_each_other(tmp_path):
    with pytest.raises(UsageError, match=r"b\.protocol\.schedule: schedule step needs milestones"):
        written(tmp_path, "b: {extends: smoke, protocol: {schedule: step}}")
    with pytest.raises(UsageError, match=r"b\.protocol\.milestones: milestones are for the schedule step"):
        written(tmp_path, "b: {extends: smoke, protocol: {milestones: [3]}}")
    with pytest.raises(UsageError, match=r"smoke\[schedule=step\], protocol: schedule step needs milestones"):
        config.load().get("smoke[schedule=step]")
    with pytest.raises(UsageError, match=r"decay: must be greater than 0"):
        written(tmp_path, "b: {extends: smoke, protocol: {schedule: step, milestones: [3], decay: 0}}")


def test_jobs_of_before_keep_their_keys():
    """New fields at their defaults are not part of the configuration."""
    job = config.load().get("smoke").jobs[0]
    assert not {"milestones", "decay"} & set(job.config()["protocol"])
