"""A folder of images and its list become one array of bytes in the cache, once and completely."""

import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from regbench import catalog
from regbench.data import import_file, is_here, load, prepare, verify_one
from regbench.data.folder import cached_path, read_list
from regbench.errors import DataUnavailable, UsageError
from tests.made import faces


@pytest.fixture
def made(tmp_path):
    return faces.make(tmp_path / "mine")


def imported(made, *paths):
    return import_file("faces", paths or [made.folder], dataset=made.dataset)


def test_an_imported_folder_stays_on_disk_in_the_order_of_the_split(made):
    assert imported(made).rows == sum(faces.SIZES)
    table = load(made.dataset, "faces")
    assert isinstance(table.x, np.memmap)
    assert (table.x.dtype, table.x.shape) == (np.uint8, (sum(faces.SIZES), 3, faces.SIDE, faces.SIDE))
    assert table.y[:, 0].tolist() == made.ages.tolist()
    brightness = table.x.mean((1, 2, 3))
    assert np.corrcoef(brightness, made.ages)[0, 1] > 0.9  # each row has its own image
    ready = prepare(table, targets="raw")
    assert ready.sizes == faces.SIZES
    assert isinstance(ready.x_train, np.ndarray)
    assert ready.x_train.base is not None
    assert {part: len(shots) for part, shots in ready.shots.items()} == dict(
        zip(("train", "val", "test"), faces.SIZES, strict=True)
    )


def test_an_image_is_scaled_as_a_whole_and_kept_in_colour(made):
    Image.fromarray(np.full((40, 30, 3), (250, 128, 4), np.uint8)).save(made.file(0), quality=100)
    imported(made)
    row = (
        np.abs(load(made.dataset, "faces").x.astype(int) - np.array([250, 128, 4])[:, None, None])
        .max((1, 2, 3))
        .argmin()
    )
    assert np.ptp(load(made.dataset, "faces").x[row], axis=(1, 2)).max() <= 2


def test_the_folder_of_the_files_and_a_list_elsewhere_do_too(made, tmp_path):
    made.folder.joinpath("faces.csv").rename(tmp_path / "list.csv")
    with pytest.raises(UsageError, match=r"holds no faces\.csv"):
        imported(made)
    assert imported(made, made.folder / "Faces", tmp_path / "list.csv").rows == sum(faces.SIZES)


def test_missing_images_are_counted_and_named_in_one_line(made):
    for row in range(5):
        made.file(row).unlink()
    with pytest.raises(UsageError, match=r"5 of the 40 images of faces are not in .* and 2 more") as error:
        imported(made)
    assert "\n" not in str(error.value)
    assert not is_here(made.dataset, "faces")


def test_an_import_goes_on_with_the_images_that_could_not_be_read(made):
    whole = made.file(7).read_bytes()
    made.file(7).write_bytes(whole[:200])
    made.file(9).write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"2 of 40 images cannot be read: .*no image.*; replace them and import again"):
        imported(made)
    assert not is_here(made.dataset, "faces")
    for row in (7, 9):
        made.file(row).write_bytes(whole)
    made.file(0).write_bytes(b"not read again")
    imported(made)
    assert is_here(made.dataset, "faces")
    assert [path.name for path in cached_path(made.dataset, "faces").parent.iterdir() if "partial" in path.name] == []


def test_what_is_not_here_is_told_with_what_to_do(made):
    with pytest.raises(DataUnavailable, match=r"generated for a test, then run `regbench data import faces FOLDER`"):
        load(made.dataset, "faces")
    with pytest.raises(
        DataUnavailable, match=r"AgeDB from https://ibug.*agedb\.csv from https://github.*data import"
    ) as error:
        load(catalog.load("datasets", "agedb_dir"), "agedb_dir")
    assert "\n" not in str(error.value)


def test_damage_is_found(made):
    imported(made)
    assert verify_one("faces", dataset=made.dataset)[0].state == "ok"
    path = cached_path(made.dataset, "faces")
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x00" if path.read_bytes()[-1] else b"\x01")
    assert verify_one("faces", dataset=made.dataset)[0].state == "wrong"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("train", "val", 1), r"lists 23 \+ 9 \+ 8 images"),
        (lambda text: text.replace("age", "years", 1), "must be a CSV file with the columns age, path, split"),
        (lambda text: text.replace("Faces/0_", "Faces/00_", 1), "is another list"),
        (lambda text: text.replace("\n", "\nold,x.jpg,train\n", 1), "no list of images"),
    ],
)
def test_another_list_is_refused(made, change, says):
    path = made.folder / "faces.csv"
    path.write_text(change(path.read_text()))
    with pytest.raises(UsageError, match=says):
        imported(made)


def test_line_ends_do_not_matter(made):
    content = (made.folder / "faces.csv").read_bytes()
    assert read_list(made.dataset, content.replace(b"\n", b"\r\n"), "x").digest == made.dataset.digest


def test_raw_inputs_and_other_splits_of_images_on_disk_are_refused(made):
    imported(made)
    table = load(made.dataset, "faces")
    with pytest.raises(UsageError, match="inputs cannot be raw"):
        prepare(table, inputs="raw")
    with pytest.raises(UsageError, match="split cannot be per_seed"):
        prepare(table, "per_seed", 1)
    assert prepare(replace(table, shots="")).shots == {}
