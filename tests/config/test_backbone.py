"""The backbone of a benchmark, and a learning rate that falls in steps."""

import pytest

from regbench import config, variants
from regbench.errors import UsageError
from regbench.job import Protocol
from regbench.training.optim import stepped


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


SEVERAL = "b: {datasets: [WN, RM], methods: [lsq, soft_binning+rot, ridge], k: [5], seeds: 1, backbone: %s}"


def test_each_row_is_trained_on_each_backbone_that_reads_its_dataset(tmp_path):
    benchmark = written(tmp_path, SEVERAL % "[mlp, mlp_narrow, cnn]").get("b")
    assert [(job.dataset, benchmark.label(job), job.backbone) for job in benchmark.jobs] == [
        ("wine_quality", "lsq", "mlp"),
        ("wine_quality", "lsq[backbone=mlp_narrow]", "mlp_narrow"),
        ("wine_quality", "soft_binning+rot", "mlp"),
        ("wine_quality", "soft_binning[backbone=mlp_narrow]+rot", "mlp_narrow"),
        ("wine_quality", "ridge", "none"),
        ("retinamnist", "lsq", "cnn"),
        ("retinamnist", "soft_binning+rot", "cnn"),
    ]
    assert "mlp_narrow reads columns, and so was not run on retinamnist" in benchmark.notes
    assert benchmark.config["backbone"] == ["mlp", "mlp_narrow", "cnn"]
    assert len({job.key for job in benchmark.jobs}) == len(benchmark.jobs)


def test_a_row_may_name_its_backbone(tmp_path):
    text = (
        "b: {datasets: WN, methods: [lsq, 'lsq[backbone=mlp_narrow]', {l1: {backbone: [mlp, mlp_narrow]}}], seeds: 1}"
    )
    benchmark = written(tmp_path, text).get("b")
    assert [benchmark.label(job) for job in benchmark.jobs] == [
        "lsq",
        "lsq[backbone=mlp_narrow]",
        "l1",
        "l1[backbone=mlp_narrow]",
    ]
    assert benchmark.jobs[0] == written(tmp_path, "b: {datasets: WN, methods: lsq, seeds: 1}").get("b").jobs[0]


@pytest.mark.parametrize(
    ("asked", "backbones"),
    [
        ("lsq", ["mlp", "mlp_narrow"]),
        ("lsq[backbone=mlp_narrow]", ["mlp_narrow"]),
        ("soft_binning[lambda_sigma=0.5]+rot", ["mlp"]),
    ],
)
def test_a_filter_takes_a_row_on_all_backbones_or_on_one(tmp_path, asked, backbones):
    benchmark = written(tmp_path, SEVERAL.replace(", RM", "") % "[mlp, mlp_narrow]").get("b")
    kept = config.filter_jobs(benchmark, methods=[asked])
    assert [job.backbone for job in kept.jobs] == backbones


def test_a_label_with_a_backbone_is_read_as_it_is_written():
    written = variants.on_backbone("soft_binning[lambda_sigma=1]+rot[gamma=1]", "mlp_narrow")
    assert variants.parse(written).label == written
    assert variants.parse("lsq[backbone=mlp-narrow]").label == "lsq[backbone=mlp_narrow]"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("datasets: WN, methods: 'ridge[backbone=mlp]'", "ridge has no backbone, because it is not trained here"),
        ("datasets: WN, methods: 'lsq[backbone=mpl]'", "no backbone called 'mpl'; did you mean 'mlp'"),
        ("datasets: WN, methods: lsq, backbone: [mlp, mlp]", "b.backbone: mlp is named twice"),
        ("datasets: WN, methods: lsq, backbone: []", "must be the name of a backbone, or a list of names"),
        (
            "datasets: RM, methods: lsq, backbone: [mlp, mlp_narrow]",
            "cannot be read by mlp or mlp_narrow, which read col",
        ),
        (
            "datasets: WN, methods: lsq, backbone: resnet50",
            "wine_quality cannot be read by resnet50, which reads images",
        ),
        ("datasets: RM, methods: lsq, backbone: mlp", "retinamnist cannot be read by mlp, which reads columns"),
        (
            "datasets: RM, methods: lsq, backbone: resnet50_depth",
            "retinamnist cannot be read by resnet50_depth, which reads images with maps of targets",
        ),
        (
            "datasets: NYUD2, methods: lsq, backbone: resnet50",
            "nyud2_dir cannot be read by resnet50, which reads images; its own is resnet50_depth",
        ),
        ("datasets: RM, methods: lsq, backbone: resnet500", "no backbone called 'resnet500'; did you mean 'resnet50'"),
    ],
)
def test_a_backbone_that_does_not_take_what_a_dataset_has_is_one_line(tmp_path, given, says):
    with pytest.raises(UsageError, match=says) as error:
        written(tmp_path, f"b: {{{given}}}").get("b")
    assert "\n" not in str(error.value)


def test_the_recipe_of_agedb_falls_to_a_tenth_after_60_and_after_80_epochs():
    protocol = config.load().get("tightness-agedb").jobs[0].protocol
    factors = stepped(protocol, protocol.epochs * 7)
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
    assert stepped(protocol, 24) == pytest.approx(theirs)


def test_steps_and_milestones_need_each_other(tmp_path):
    with pytest.raises(UsageError, match=r"b\.protocol\.schedule: schedule step needs milestones"):
        written(tmp_path, "b: {extends: smoke, protocol: {schedule: step}}")
    with pytest.raises(UsageError, match=r"b\.protocol\.milestones: milestones are for the schedule step"):
        written(tmp_path, "b: {extends: smoke, protocol: {milestones: [3]}}")
    with pytest.raises(UsageError, match=r"smoke\[schedule=step\], protocol: schedule step needs milestones"):
        config.load().get("smoke[schedule=step]")
    with pytest.raises(UsageError, match=r"decay: must be greater than 0"):
        written(tmp_path, "b: {extends: smoke, protocol: {schedule: step, milestones: [3], decay: 0}}")


def test_a_momentum_needs_its_optimizer(tmp_path):
    with pytest.raises(
        UsageError, match=r"b\.protocol\.momentum: momentum is for the optimizer sgd, and this one is adam"
    ):
        written(tmp_path, "b: {extends: smoke, protocol: {momentum: 0.5}}")
    (job, *_) = written(tmp_path, "b: {extends: smoke, protocol: {momentum: 0.5, optimizer: sgd}}").get("b").jobs
    assert (job.protocol.optimizer, job.protocol.momentum) == ("sgd", 0.5)


def test_a_baseline_has_what_concerns_the_data_and_a_job_for_each_seed_if_these_differ(tmp_path):
    asked = "protocol: {inputs: quantiles, targets: log, optimizer: sgd, patience: 3, label_noise: %s}"
    text = "b: {datasets: CA, methods: [ols], seeds: 3, " + asked + "}"
    (job,) = written(tmp_path, text % 0.0).get("b").jobs
    assert (job.protocol.inputs, job.protocol.targets, job.protocol.optimizer) == ("quantiles", "log", "adam")
    assert job.protocol.patience == 0
    assert [job.seed for job in written(tmp_path, text % 0.1).get("b").jobs] == [0, 1, 2]


def test_jobs_of_before_keep_their_keys():
    """New fields at their defaults are not part of the configuration."""
    job = config.load().get("smoke").jobs[0]
    added = {"milestones", "decay", "momentum", "patience", "label_noise", "inputs", "targets"}
    assert not added & set(job.config()["protocol"])


def test_the_recipe_of_nyud2_is_the_published_one():
    benchmark = config.load().get("tightness-nyud2")
    job = benchmark.jobs[0]
    assert (job.backbone, job.protocol.epochs, job.protocol.batch_size) == ("resnet50_depth", 10, 32)
    assert (job.protocol.learning_rate, job.protocol.weight_decay, job.protocol.decide) == (1e-4, 1e-4, "val/rmse")
    factors = stepped(job.protocol, 30)
    assert factors == pytest.approx([1.0] * 15 + [0.1] * 15)
    assert not any(
        "pixels" in each.config()["protocol"] for each in benchmark.jobs
    )  # at its default, so not in the key
