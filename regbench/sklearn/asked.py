"""The parameters of an estimator as the jobs of one pack, checked by the rules of benchmarks.yaml."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from regbench import catalog, config, kinds, roots
from regbench.config.amounts import LARGEST_SEED, MOST_BINS, MOST_SEEDS
from regbench.config.methods import Variant, read_setting
from regbench.config.protocol import read_overrides
from regbench.data.own import batch_size
from regbench.errors import UsageError, WrongValueError, did_you_mean
from regbench.job import Job, Protocol, pairs

MEANINGLESS = ("split", "keep_predictions", "shots", "measure_features", "keep_features", "keep_weights", "pixels")


class Asked(NamedTuple):
    """What an estimator was asked to train."""

    method: str
    k: int
    backbone: str
    options: Mapping[str, Any]  # of the backbone
    protocol: Mapping[str, Any]  # None for a field that keeps its default


def read_variant(text: Any) -> Variant:
    """The method with its parts; a Python file such as `./mine.py[rate=2]` is added to the catalog first."""
    if not isinstance(text, str):
        raise UsageError(f"method must be a text such as 'end2end' or 'lsq+rot', not {text!r}")
    if own := re.match(r"(?P<file>[^\[+]*\.py)(?P<rest>$|[\[+].*)", text):
        roots.add([own["file"]], source="method:")
        text = f"{Path(own['file']).stem}{own['rest']}"
    variant = config.parse_variant(text)
    if kinds.is_reference(variant.method):
        raise UsageError(f"{variant.method} is a reference model, which its own library fits; name a method")
    if variant.backbone:
        raise UsageError("name the backbone by the parameter `backbone`, not within the method")
    return variant


def jobs(asked: Asked, seeds: list[int], rows: int) -> list[Job]:
    """A job for each seed, trained on this many rows; `UsageError` says which parameter is wrong."""
    variant = read_variant(asked.method)
    name = config.resolve("backbones", str(asked.backbone))
    backbone = catalog.entry("backbones", name)
    if backbone.arguments.get("images"):
        raise UsageError(f"backbone {name} reads images, and an estimator has columns")
    usual = backbone.arguments.get("options", {})
    return [
        Job(
            dataset="estimator",
            digest="",
            method=variant.method,
            seed=seed,
            k=_bins(asked.k) if variant.uses_k else None,
            protocol=_protocol(asked.protocol, backbone.hparams, rows),
            hparams=variant.hparams,
            static=variant.static,
            backbone=name,
            options=pairs({**usual, **_options(backbone, usual, asked.options)}),
            parts=variant.parts,
        )
        for seed in seeds
    ]


def seeds_of(count: Any, random_state: Any) -> list[int]:
    """The seeds of `count` models: random_state·count and the next ones, or drawn where it is no number.

    >>> seeds_of(3, 0), seeds_of(3, 1)
    ([0, 1, 2], [3, 4, 5])
    """
    count = whole("seeds", count, 1, MOST_SEEDS)
    if isinstance(random_state, int | np.integer):
        first = int(random_state) * count
        if not 0 <= first <= LARGEST_SEED - count:
            raise UsageError(f"random_state must be from 0 to {LARGEST_SEED // count - 1}, not {random_state}")
        return list(range(first, first + count))
    from sklearn.utils import check_random_state

    first = int(check_random_state(random_state).randint(2**31 - 1))
    return list(range(first, first + count))


def whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise UsageError(f"{name} must be a whole number from {least} to {most:,}, not {value!r}")
    return int(value)


def _bins(k: Any) -> int:
    return whole("k", k, 2, MOST_BINS)


def _options(backbone: catalog.Entry, usual: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the backbone; its dropout and weight decay are parameters of their own."""
    found = {}
    for key, value in given.items():
        if key not in usual:
            raise UsageError(f"options: {backbone.name} has no '{key}'{did_you_mean(str(key), usual)}")
        try:
            found[key] = read_setting(backbone, key, _plain(value))
        except WrongValueError as error:
            raise UsageError(f"options: {error}") from None
        if type(found[key]) is int and found[key] < 1:
            raise UsageError(f"options: {key} must be at least 1, not {value!r}")
    return found


def _protocol(given: Mapping[str, Any], usual: Mapping[str, float], rows: int) -> Protocol:
    if unused := next((name for name in given if name in MEANINGLESS), None):
        raise UsageError(f"protocol: '{unused}' means nothing to an estimator")
    said = {name: _plain(value) for name, value in given.items() if value is not None}
    read = read_overrides(said, "parameter").model_dump(exclude_none=True)
    fields = {
        "batch_size": batch_size(rows),
        "dropout": usual["dropout"],
        "weight_decay": usual["weight_decay"],
        **read,
    }
    return Protocol(**fields)


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python, as grids of parameters have them."""
    return value.item() if isinstance(value, np.generic) else value
