"""A folder of images and depth maps becomes arrays in the cache, once and completely."""

import os

import numpy as np
import pytest
from PIL import Image

from regbench import catalog
from regbench.data import import_file, is_here, load, prepare, verify_one
from regbench.data.depth import balanced
from regbench.errors import DataUnavailable, UsageError
from regbench.metrics.shots import buckets, of_depths
from tests.made import rooms
from tests.made.rooms import imported


@pytest.fixture
def made(tmp_path):
    return rooms.make(tmp_path / "data")


def test_an_imported_folder_stays_on_disk_with_the_depths_of_its_files(made):
    ready = imported(made)
    table = load(made.dataset, "rooms")
    assert table.rows == sum(rooms.SIZES)
    assert table.maps
    for array in (table.x, table.maps.train, table.maps.test, table.maps.mask):
        assert isinstance(array, np.memmap)
    assert np.array_equal(table.maps.train, made.train)
    assert np.array_equal(table.maps.test, made.test)
    assert ready.sizes == (20, 5, 5)
    assert np.corrcoef(table.x[:20].mean((1, 2, 3)), made.train.mean((1, 2)))[0, 1] > 0.99  # each has its own image
    assert set(np.round(table.y[:, 0] * 25.5)) <= set(np.unique(made.train))
    assert (table.maps.low, table.maps.high) == (
        made.train[:, 4:20, 4:28].min() / 25.5,
        made.train[:, 4:20, 4:28].max() / 25.5,
    )


def test_the_test_images_are_evaluated_for_validation_too(made):
    ready = imported(made)
    assert ready.x_val is ready.x_test
    assert np.array_equal(ready.y_val, ready.y_test)


def test_every_bucket_that_occurs_is_evaluated_on_equally_many_pixels(made):
    ready = imported(made)
    counts = np.bincount(buckets(ready.y_test[:, 0].astype(np.float64) + 1e-7))
    counted = np.bincount(made.middle.ravel() // 100)
    assert set(np.flatnonzero(counts)) == set(np.flatnonzero(counted)) - set(range(7))
    assert set(counts[counts > 0]) == {counted[counted > 0].min()}
    assert np.array_equal(ready.shots["test"], of_depths(ready.y_test[:, 0].astype(np.float64) + 1e-7))
    assert np.array_equal(balanced(made.middle), balanced(made.middle))


def test_the_mask_of_the_folder_or_of_the_command_is_taken_where_there_is_one(made, tmp_path):
    mask = np.zeros((5, *rooms.SEEN), np.uint8)
    mask[2, 3:5, 7] = 1
    np.save(tmp_path / "test_balanced_mask.npy", mask)  # beside the folder, as in the published archive
    ready = imported(made)
    assert ready.y_test[:, 0] == pytest.approx(made.middle[2, 3:5, 7] / 1000)
    assert "its own mask" in ready.source
    (tmp_path / "test_balanced_mask.npy").rename(made.folder / "test_balanced_mask.npy")
    assert len(imported(made, made.folder, made.folder / "test_balanced_mask.npy").y_test) == 2


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        (np.zeros((5, 16, 24)), "chooses no pixel"),
        (np.ones((5, 16, 23)), r"an array of 5 x 16 x 23, not of 5 x 16 x 24"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(made, mask, says):
    np.save(made.folder / "test_balanced_mask.npy", mask)
    with pytest.raises(UsageError, match=says):
        imported(made)


def test_missing_files_are_counted_and_named_in_one_line(made):
    for path in sorted((made.folder / "nyu2_test").glob("*_depth.png"))[:4]:
        path.unlink()
    with pytest.raises(UsageError, match=r"4 of the 10 files of rooms in nyu2_test\.csv are not in .* and 1 more") as e:
        imported(made)
    assert "\n" not in str(e.value)
    assert not is_here(made.dataset, "rooms")


def test_an_import_goes_on_with_the_files_that_could_not_be_read(made):
    path = made.folder / "nyu2_test" / "00003_depth.png"
    whole = path.read_bytes()
    Image.fromarray(np.zeros((48, 64), np.uint8)).save(path)
    with pytest.raises(
        UsageError, match=r"1 of 25 images cannot be read: 00003_colors\.png \(.*no depth map of 16 bits\)"
    ):
        imported(made)
    path.write_bytes(whole)
    (made.folder / "nyu2_train" / "scene_0000_out" / "0.png").write_bytes(b"not read again")
    ready = imported(made)
    assert ready.maps is not None
    assert np.array_equal(ready.maps.test, made.test)


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("nyu2_train.csv", lambda text: text.partition("\n")[2], r"lists 19 images, and that of rooms 20"),
        ("nyu2_test.csv", lambda text: text.replace("00000", "00001", 1), "is another list: its digest"),
        ("nyu2_test.csv", lambda text: text.replace(",", ";"), "is no list of images and depth maps"),
    ],
)
def test_another_list_is_refused(made, file, change, says):
    path = made.folder / file
    path.write_text(change(path.read_text()))
    with pytest.raises(UsageError, match=says):
        imported(made)


def test_what_is_not_here_is_told_with_what_to_do(made):
    with pytest.raises(
        DataUnavailable, match=r"nyu2_train\.csv.*then run `regbench data import nyud2_dir FOLDER`"
    ) as e:
        load(catalog.load("datasets", "nyud2_dir"), "nyud2_dir")
    assert "\n" not in str(e.value)
    (made.folder / "nyu2_train.csv").unlink()
    with pytest.raises(UsageError, match=r"holds no nyu2_train\.csv; put it there or name it after the folder"):
        imported(made)
    with pytest.raises(UsageError, match=r"masks\.npy: rooms is imported from a folder and nyu2_train\.csv"):
        imported(made, made.folder, made.folder / "masks.npy")


def test_damage_is_found(made):
    imported(made)
    assert verify_one("rooms", dataset=made.dataset)[0].state == "ok"
    path = made.dataset.path_of("rooms").with_name(made.dataset.path_of("rooms").name.replace("images", "test"))
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x00" if path.read_bytes()[-1] else b"\x01")
    assert verify_one("rooms", dataset=made.dataset)[0].state == "wrong"


def test_raw_inputs_and_other_splits_are_refused_and_targets_can_be_scaled(made):
    import_file("rooms", [made.folder], dataset=made.dataset)
    table = load(made.dataset, "rooms")
    with pytest.raises(UsageError, match="inputs cannot be raw"):
        prepare(table, inputs="raw")
    with pytest.raises(UsageError, match="split cannot be per_seed"):
        prepare(table, "per_seed", 1)
    scaled, raw = prepare(table), prepare(table, targets="raw")
    assert scaled.y_train.min() >= 0
    assert scaled.y_train.max() <= 1
    np.testing.assert_allclose(
        scaled.y_low + (scaled.y_high - scaled.y_low) * scaled.y_test.astype(float), raw.y_test, atol=1e-5
    )
