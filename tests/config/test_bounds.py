"""The bounds of a hyper-parameter stand in its own file, and the configuration checks values against them."""

import pytest

from regbench import catalog, config, variants
from regbench.config.sweep import read_stages
from regbench.errors import UsageError, WrongValueError

HAVE = [(kind, name) for kind in ("methods", "backbones") for name in catalog.names(kind)]
REFUSED = [  # written out again here, because a forgotten bound would let everything through
    *((method, "lambda_sigma", 0) for method in ("soft_binning", "cross_entropy_plus_mse", "pretrained_encoder")),
    *(("end2end", name, -1e-9) for name in ("lambda_auto", "lambda_kl", "lambda_pred", "encoder_lr")),
    *(("end2end", "lambda_sigma", value) for value in (0, -1)),
    *((method, "encoder_lr", -0.1) for method in ("coral", "lsq_softmax", "cross_entropy_plus_mse")),
    *(("cross_entropy_plus_mse", name, -1) for name in ("lambda_kl", "lambda_pred")),
    ("hl_gauss", "sigma_ratio", 0),
    ("huber", "beta", 0),
]
ALLOWED = [("end2end", "lambda_auto", 0), ("end2end", "alpha", -0.1), ("soft_binning", "lambda_sigma", 100)]


@pytest.mark.parametrize(("kind", "name"), HAVE)
def test_bounds_read_from_a_file_are_those_of_the_object_and_allow_its_default_and_its_range(kind, name):
    said = catalog.entry(kind, name)
    for key, hparam in catalog.load(kind, name).hparams.items():
        bounds = said.bounds[key]
        assert {bound: getattr(hparam, bound) for bound in bounds} == bounds
        for value in (hparam.default, hparam.low, hparam.high):
            assert value is None or variants.within(key, value, bounds) == value


@pytest.mark.parametrize(("method", "name", "value"), REFUSED)
def test_a_value_beyond_its_bound_is_refused_in_a_method_and_in_a_sweep(method, name, value):
    with pytest.raises(UsageError, match=rf"{name} must (not be negative|be greater than 0), not {value:g}"):
        config.parse_variant(f"{method}[{name}={value}]")
    with pytest.raises(WrongValueError, match=rf"{name} must"):
        read_stages([{name: [value, 1]}])


@pytest.mark.parametrize(("method", "name", "value"), ALLOWED)
def test_a_value_beyond_what_a_sweep_searches_is_allowed(method, name, value):
    assert dict(config.parse_variant(f"{method}[{name}={value}]").hparams)[name] == value


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"dropout": 1}, "dropout must be from 0 to below 1, not 1"),
        ({"dropout": "1.5"}, "dropout must be from 0 to below 1, not 1.5"),
        ({"weight_decay": -1}, "weight_decay must not be negative, not -1"),
        ({"width": 0}, "width must be at least 1, not 0"),
    ],
)
def test_a_backbone_is_held_to_its_bounds(tmp_path, given, says):
    file = tmp_path / "benchmarks.yaml"
    file.write_text(f"b: {{extends: smoke, backbones: {{mlp: {given}}}}}")
    with pytest.raises(UsageError, match=says):
        config.load(file)
