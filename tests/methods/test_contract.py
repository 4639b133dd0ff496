"""Properties of our own methods, besides those that every method promises (`tests/contract/test_catalog.py`)."""

import ast

import pytest

from regbench import catalog, roots
from regbench.random import Stream
from regbench.types import HParam, Method
from tests.methods.samples import batch, build, build_anew, hparams, outputs, targets

NAMES = catalog.names("methods")
SIX = ("lsq", "lsq_softmax", "hard_binning", "soft_binning", "pretrained_encoder", "end2end")
every_method = pytest.mark.parametrize("name", NAMES)
every_m = pytest.mark.parametrize("m", [1, 3])  # one dimension, and several


def test_the_catalog_has_the_six_methods_of_the_first_paper():
    assert set(SIX) <= set(NAMES)


def test_the_catalog_has_the_usual_other_heads():
    assert {
        *("two_hot", "hl_gauss", "cross_entropy_plus_mse", "quantile_bins", "coral", "corn"),
        *("huber", "l1", "pinball", "gaussian_nll", "beta_nll"),
    } <= set(NAMES)


@pytest.mark.parametrize("name", SIX)
@every_m
def test_outputs_of_the_first_paper_are_a_mean_of_each_dimension_or_one_joint_distribution(name, m):
    method = catalog.load("methods", name)
    assert method.outputs(5, m) == (5 if method.uses_k else m)


@every_method
def test_a_method_says_what_it_is_in_one_sentence_and_names_its_source(name):
    entry = catalog.entry("methods", name)
    assert entry.summary.endswith(".")
    assert entry.year
    assert catalog.load("methods", name).reference == entry.arguments["reference"]


@every_method
def test_the_ranges_of_a_sweep_are_literals_that_hold_the_default(name):
    tree = ast.parse((roots.PACKAGE / "methods" / f"{name}.py").read_text(encoding="utf-8"))
    method: Method = catalog.load("methods", name)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "HParam"]
    read = [
        HParam(
            *map(ast.literal_eval, call.args),
            **{each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg},
        )
        for call in calls
    ]
    assert read == list(method.hparams.values())
    assert all(each.low is not None and each.high is not None for each in read)
    assert all((each.low or 0) <= each.default <= (each.high or 0) and (each.low or 0) > 0 for each in read)


@pytest.mark.parametrize("name", [name for name in NAMES if "init" in catalog.entry("methods", name).static])
@every_m
def test_the_same_stream_gives_the_same_parameters_where_they_start_at_random(name, m):
    (_, first, _), (_, second, _) = (
        build_anew(name, 5, targets(30, m), seed=3, static={"init": "random"}) for _ in range(2)
    )
    for key in [*first.trained, *first.fixed]:
        assert first[key].equal(second[key])


@every_method
def test_the_loss_reads_only_what_a_batch_has(name):
    """These six methods use neither rows, stream, features nor progress; a batch without them is enough."""
    method, params, values = build(name, 5)
    full = batch(method, params, targets(12, seed=1), outputs(method, 5, 1))
    other = full._replace(rows=full.rows + 5, stream=Stream.named(9, "other"), progress=full.progress + 1)
    assert method.loss(params, full, values).equal(method.loss(params, other, values))


def test_every_hyper_parameter_has_a_known_name():
    """One spelling across methods, so that a sweep of lambda_sigma means the same in each."""
    known = {"lambda_sigma", "lambda_auto", "lambda_kl", "lambda_pred", "alpha", "encoder_lr"}
    assert {key for name in SIX for key in hparams(catalog.load("methods", name))} == known
