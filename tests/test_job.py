"""A job is a value with one key, whatever order or spelling it came in."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbench.job import Job, Pack, Part, Protocol, canonical, later, pairs, stated
from tests.made.jobs import make_job

PUBLISHED = sorted((Path(__file__).parent.parent / "results" / "published").rglob("jobs.parquet"))


@dataclass(frozen=True)
class NewerProtocol(Protocol):
    """The protocol as a later version might have it."""

    label_noise: float = later(0.0)


@dataclass(frozen=True)
class NewerJob(Job):
    """A job as a later version might have it."""

    row_weights: str = later("none")


def newer(job: Job, **protocol) -> NewerJob:
    """The same job in the later version."""
    return NewerJob(**{**vars(replace(job)), "protocol": NewerProtocol(**{**vars(job.protocol), **protocol})})


def test_a_job_survives_json():
    job = make_job("end2end", k=9, seed=3, learning_rate=0.1)
    again = Job.from_config(json.loads(canonical(job.config())))
    assert again == job
    assert again.key == job.key


@given(st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_the_key_does_not_depend_on_the_order_of_hyper_parameters(hparams):
    one = make_job().__class__(**{**vars(make_job()), "hparams": pairs(hparams)})
    other = make_job().__class__(**{**vars(make_job()), "hparams": pairs(dict(reversed(hparams.items())))})
    assert one.key == other.key


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"k": 9}, {"epochs": 4}, {"learning_rate": 0.1}, {"hparams": {"lambda_sigma": 1.0}}, {"width": 8}],
)
def test_everything_numbers_depend_on_changes_the_key(change):
    assert make_job("soft_binning", **change).key != make_job("soft_binning").key


def test_floats_of_the_protocol_may_differ_inside_a_pack_and_shapes_may_not():
    assert Pack.group(make_job(learning_rate=0.1, weight_decay=0.1, dropout=0.1)) == Pack.group(make_job())
    assert Pack.group(make_job(batch_size=16)) != Pack.group(make_job())
    assert Pack.group(make_job(seed=1)) == Pack.group(make_job(seed=2))
    assert Pack.group(make_job(seed=1, split="per_seed")) != Pack.group(make_job(seed=2, split="per_seed"))


def test_the_key_is_pinned_so_that_old_databases_stay_readable():
    assert Job("d", "x", "lsq", 0, Protocol(32, 1e-4, 0.3)).key == "51793e951f87d1236060254de4d2db9d"


def test_nan_has_no_canonical_spelling():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"x": float("nan")})


def test_a_later_field_at_its_default_changes_no_key():
    job = make_job("soft_binning")
    assert newer(job).key == job.key
    assert stated(newer(job).protocol) == stated(job.protocol)


def test_a_later_field_with_another_value_makes_another_job():
    job = newer(make_job("soft_binning"), label_noise=0.1)
    assert job.key != make_job("soft_binning").key
    assert job.config()["protocol"]["label_noise"] == 0.1
    parted = replace(make_job("soft_binning"), parts=(Part("rot", pairs({"gamma": 0.1})),))
    assert parted.config()["parts"] == [{"name": "rot", "hparams": {"gamma": 0.1}, "static": {}}]
    assert Job.from_config(json.loads(canonical(parted.config()))) == parted
    assert parted.key != make_job("soft_binning").key


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_every_published_job_keeps_its_key(path):
    for row in pq.read_table(path, columns=["key", "config"]).to_pylist():
        config = json.loads(row["config"])
        job = Job.from_config(config)
        assert job.key == row["key"]
        assert job.config() == config
