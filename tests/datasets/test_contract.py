"""What every dataset of the catalog promises; some of it only where REGBENCH_DATA names a folder of the real files."""

import ast
import os
import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from regbench import catalog, config, roots
from regbench.data import (
    ByHand,
    Coded,
    File,
    Generated,
    MixedDataset,
    TabularDataset,
    count_seen,
    digest,
    load,
    nested_split,
    prepare,
    prepared,
)
from regbench.data.folder import read_list
from regbench.data.loading import from_cache, from_source
from regbench.data.own.coded import digest_of
from regbench.data.own.table import batch_size
from regbench.metrics.shots import of_ages

SYNTHETIC = [name for name in catalog.names("datasets") if catalog.entry("datasets", name).arguments.get("synthetic")]
every_dataset = pytest.mark.parametrize("name", catalog.names("datasets"))
FOLDERS = [name for name in catalog.names("datasets") if catalog.entry("datasets", name).arguments.get("files")]
GENERATED = [
    name
    for name in SYNTHETIC
    if any(isinstance(source, Generated) for source in catalog.load("datasets", name).sources)
]
PUBLIC = [name for name in catalog.names("datasets") if name not in (*GENERATED, *FOLDERS)]
every_real_one = pytest.mark.parametrize("name", PUBLIC)
with_data = pytest.mark.skipif(
    not os.environ.get("REGBENCH_DATA"), reason="REGBENCH_DATA names no folder of data files"
)

# Standard deviation and mean absolute deviation of the labels scaled to [0, 1]: RM over its test part, others over all
# rows. From the same files by an independent script, so a wrong column, logarithm or row shows.
LABEL_SPREAD = {
    "AE": (0.1133, 0.0873),
    "EL": (0.1018, 0.0693),
    "CA": (0.1859, 0.1074),
    "WN": (0.1455, 0.1143),
    "BS": (0.1858, 0.1459),
    "SC": (0.1852, 0.1585),
    "DM": (0.2502, 0.2160),
    "RM": (0.3273, 0.2958),
    "BH": (0.1035, 0.0853),
    "FIFA": (0.2077, 0.1704),
    "HS": (0.1137, 0.0893),
    "HO": (0.1623, 0.1313),
    "SU": (0.0530, 0.0264),
    "MPG": (0.2073, 0.1741),
    "AP": (0.1957, 0.1528),
    "AU": (0.1957, 0.1528),
    "B32": (0.1486, 0.1101),
    "B8": (0.1893, 0.1540),
    "DA": (0.0704, 0.0550),
    "H8": (0.1057, 0.0649),
    "MV": (0.2351, 0.2006),
    "SV": (0.2231, 0.1653),
    "ST": (0.2334, 0.1956),
    "P8": (0.2314, 0.2003),
    "FR": (0.1574, 0.1280),
    "CO": (0.2080, 0.1677),
    "EN": (0.2719, 0.2466),
    "PP": (0.2260, 0.1965),
    "YA": (0.2425, 0.1837),
}
# Least and greatest target in the files of the twenty-one tables that came with the benchmark `broad`.
TARGETS = {
    "BH": (6.214608098422191, 13.928840130),
    "FIFA": (6.216606101, 12.76569133),
    "HS": (11.22525673, 15.85673102),
    "HO": (9.615805480, 13.12236738),
    "SU": (0, 1),
    "MPG": (9, 46.6),
    "AP": (5118, 35056),
    "AU": (5118, 35056),
    "B32": (0, 0.819665),
    "B8": (0, 0.802263),
    "DA": (-0.0021, 0.0022),
    "H8": (0, 500001),
    "MV": (-41.8222, 2.49978),
    "SV": (0.13125, 7.10011),
    "ST": (34, 62),
    "P8": (-12.415322, 11.87619),
    "FR": (-1.228, 30.522),
    "CO": (2.33, 82.6),
    "EN": (6.01, 43.1),
    "PP": (420.26, 495.76),
    "YA": (0.01, 62.42),
}
ALIASES = {"WN", "AE", "BS", "SC", "EL", "CA", "DM", "RM"}


def test_the_eight_datasets_of_the_first_paper_are_here():
    assert {catalog.entry("datasets", name).arguments["alias"] for name in catalog.names("datasets")} >= ALIASES


@every_dataset
def test_a_listing_needs_only_the_syntax_tree(name):
    entry = catalog.entry("datasets", name)
    for field in ("alias", "batch_size", "sizes", "inputs", "digest", "licence", "url", "reference", "target"):
        assert entry.arguments[field], field
    assert re.fullmatch(r"(sha256|coded):[0-9a-f]{64}", entry.arguments["digest"])
    assert entry.summary.endswith(".")
    assert entry.year
    assert catalog.resolve("datasets", entry.arguments["alias"]) == name
    assert entry.arguments.get("backbone", "mlp") in catalog.names("backbones")


@every_dataset
def test_the_docstring_names_source_licence_and_rows(name):
    text = ast.get_docstring(ast.parse((roots.PACKAGE / "datasets" / f"{name}.py").read_text(encoding="utf-8"))) or ""
    dataset = catalog.load("datasets", name)
    assert "Source: " in text
    assert dataset.licence in text
    assert str(sum(dataset.sizes)) in text


@every_dataset
def test_columns_inputs_and_sizes_agree(name):
    dataset = catalog.load("datasets", name)
    if not isinstance(dataset, TabularDataset):
        return
    mixed = isinstance(dataset, MixedDataset)
    assert mixed == dataset.digest.startswith("coded:")
    assert len(dataset.columns) == len(set(dataset.columns))
    assert dataset.inputs > len(dataset.columns) if mixed else dataset.inputs == len(dataset.columns)
    assert not {dataset.target, *dataset.targets} & set(dataset.columns)
    assert dataset.official or tuple(map(len, nested_split(sum(dataset.sizes)))) == dataset.sizes


@every_dataset
def test_what_is_made_up_says_so_in_its_first_words(name):
    generated = any(isinstance(source, Generated) for source in catalog.load("datasets", name).sources)
    summary = catalog.entry("datasets", name).summary
    assert (name in SYNTHETIC) == summary.startswith("SYNTHETIC: ")
    assert name in SYNTHETIC or not generated
    assert generated or not name.startswith("synthetic_")
    assert name in SYNTHETIC or not catalog.entry("datasets", name).arguments.get("simulated")


@every_real_one
def test_there_is_a_local_and_a_remote_source(name):
    sources = catalog.load("datasets", name).sources
    assert {source.remote for source in sources} == {True, False}
    assert [source.remote for source in sources] == sorted(source.remote for source in sources)  # local ones first


@with_data
@every_real_one
def test_every_local_source_gives_the_digest(name):
    dataset = catalog.load("datasets", name)
    for source in dataset.sources:
        if isinstance(source, File):
            table = from_source(dataset, source)
            assert dataset.digest == digest_of(table)
            assert source.layout.exact or isinstance(table, Coded) or dataset.digest == digest(table)


@with_data
@every_real_one
def test_the_seen_rows_in_the_file_are_those_of_the_data(name):
    dataset = catalog.load("datasets", name)
    assert getattr(dataset, "seen", (0, 0)) == count_seen(prepared(load(dataset, name)))


@with_data
@every_real_one
def test_the_real_data_have_the_sizes_the_inputs_and_the_known_spread(name):
    dataset = catalog.load("datasets", name)
    table = load(dataset, name)
    ready = prepared(table)
    assert ready.sizes == dataset.sizes
    assert ready.x_train.shape[1:] == (dataset.inputs if isinstance(dataset.inputs, tuple) else (dataset.inputs,))
    assert ready.y_train.min() == 0
    assert ready.y_train.max() == 1
    assert np.isfinite(ready.x_train).all()
    if table.y.shape[1] > 1:  # test_coordinates.py knows the spread of the mammoth
        return
    labels = table.y[ready.rows_test] if table.parts else table.y
    scaled = (labels - labels.min()) / np.ptp(labels)
    spread = scaled.std(), np.abs(scaled - scaled.mean()).mean()
    assert spread == pytest.approx(LABEL_SPREAD[dataset.alias], abs=1e-4)
    if dataset.alias in TARGETS:
        assert (labels.min(), labels.max()) == pytest.approx(TARGETS[dataset.alias], rel=1e-8)


@with_data
@pytest.mark.parametrize("name", [name for name in PUBLIC if isinstance(catalog.load("datasets", name), MixedDataset)])
def test_a_table_with_categories_is_the_same_from_the_cache(name):
    dataset = catalog.load("datasets", name)
    table, again = load(dataset, name), from_cache(dataset, name)
    assert isinstance(again, Coded)
    assert isinstance(table, Coded)
    assert again.codings == table.codings
    assert again.width == dataset.inputs
    assert tuple(coding.name for coding in again.codings) == again.columns == dataset.columns


def test_broad_has_the_tables_of_the_first_paper_and_twenty_more_each_with_the_usual_batch_size():
    names = {job.dataset for job in config.load().get("broad").jobs}
    assert len(names) == 27
    aliases = {catalog.entry("datasets", name).arguments["alias"] for name in names}
    assert aliases == (ALIASES - {"RM"}) | (TARGETS.keys() - {"AP"})  # whose cars are those of AU
    for name in names:
        said = catalog.entry("datasets", name).arguments
        assert said["alias"] in ALIASES or said["batch_size"] == batch_size(said["sizes"][0])


def test_broad_trains_nothing_of_the_first_paper_again():
    """Its jobs on the seven tables are those of bridges-fixed and bridges-baselines."""
    known = config.load()
    published = {job.key for name in ("bridges-fixed", "bridges-baselines") for job in known.get(name).jobs}
    seven = [
        job for job in known.get("broad").jobs if catalog.entry("datasets", job.dataset).arguments["alias"] in ALIASES
    ]
    assert len(seven) == 7 * (6 * 5 + 7 + 2 * 5)
    assert {job.key for job in seven} <= published


@pytest.mark.parametrize("name", FOLDERS)
def test_what_nobody_may_publish_is_only_to_be_had_by_hand(name):
    (source,) = catalog.load("datasets", name).sources
    assert isinstance(source, ByHand)
    assert "licence" in source.what
    assert "https://" in source.what


@with_data
def test_the_list_of_agedb_has_the_known_counts():
    """1530, 448 and 162 test images of ages with many, median and few training images."""
    dataset = catalog.load("datasets", "agedb_dir")
    listed = read_list(dataset, (Path(os.environ["REGBENCH_DATA"]) / dataset.files[1]).read_bytes(), "agedb.csv")
    train, val, _ = dataset.sizes
    assert np.bincount(of_ages(listed.y[train + val :, 0], listed.y[:train, 0])).tolist() == [1530, 448, 162]


@with_data
def test_the_test_list_of_nyud2_is_the_published_one():
    dataset = catalog.load("datasets", "nyud2_dir")
    content = (Path(os.environ["REGBENCH_DATA"]) / dataset.files[1]).read_bytes()
    assert dataset.digest == f"sha256:{sha256(content).hexdigest()}"
    assert len(content.splitlines()) == dataset.sizes[2]


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_table_is_the_same_ready_to_train_on_everywhere(name):
    dataset = catalog.load("datasets", name)
    ready = prepare(load(dataset, name))  # held to its digest
    assert ready.sizes == dataset.sizes
    assert ready.y_train.shape[1] == len(dataset.targets or (dataset.target,))
    assert (ready.y_train.min(0) == 0).all()
    assert (ready.y_train.max(0) == 1).all()
    assert np.isfinite(ready.x_train).all()
