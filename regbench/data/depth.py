"""Datasets of photographs with a depth map each, in a folder that the user has.

The folder is laid out as published: two lists without header, of an image and its depth map per line, one for training
and one for the test, whose paths begin with the folder's name. Depths of training are bytes, 255 for the farthest, and
those of the test are 16 bits, in millimetres. All are scaled to one size and kept in the cache as ordinary `.npy`
files, from which a training reads its batches: images by the mean of the pixels that a pixel covers, depths by the
nearest one, so that no depth between two things is made up.

The test images are evaluated on equally many pixels from each bucket of depth: those of a mask in the folder, or, where
there is none, as many random ones as the smallest bucket has.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regbench.data.folder import (
    Folder,
    Progress,
    cached_under,
    check_folder,
    check_list,
    decoded,
    digest_of,
    fill,
    named,
    opened,
    resumed,
    text_of_list,
    writing,
)
from regbench.data.folder import write_json as write
from regbench.data.places import cache_folder, mirror
from regbench.data.raw import Refused
from regbench.data.sources import Source
from regbench.data.table import Maps, Table, corner
from regbench.errors import UsageError
from regbench.metrics.shots import LAST_BUCKET

MILLIMETRES = 1e-3  # metres, of a unit of a test depth
FARTHEST = 10.0  # metres, what the byte 255 stands for in training
WHITE = 255
BUCKET = 100  # millimetres
FIRST_BUCKET = 7  # nearer depths are not evaluated
SAMPLES = 2**16  # training pixels, about, that methods and baselines look at before training
KINDS = {"images": np.uint8, "train": np.uint8, "test": np.uint16, "mask": np.bool_}  # the arrays of an import


@dataclass(frozen=True, kw_only=True)
class DepthFolder(Folder):
    """Images and depth maps in files, listed by part; other fields as in `ImageFolder`.

    inputs: channels, height and width of what a network sees: the middle of an image.
    scaled: height and width that images and maps are scaled to before.
    sizes: images for training, 0 and images for the test: the published recipe has no validation part, and the test
        images are evaluated for it.
    digest: of the list of the test; of the list for training only the number of lines is checked.
    lists: the names of the lists for training and test.
    files: the name of the test list in REGBENCH_DATA.
    balance: the name of the mask, if the folder has one.
    """

    alias: str
    target: str
    inputs: tuple[int, int, int]
    scaled: tuple[int, int]
    sizes: tuple[int, int, int]
    batch_size: int
    digest: str
    licence: str
    url: str
    reference: str
    files: tuple[str, ...]
    lists: tuple[str, str]
    balance: str
    sources: Sequence[Source]
    backbone: str = "resnet50_depth"
    task: str = "dense"
    shots: str = "depths"
    synthetic: bool = False

    def cached(self, name: str) -> Table | None:
        """The imported images and maps, or None."""
        return from_cache(self, name)

    def path_of(self, name: str) -> Path:
        """The path of the images."""
        return _Place(self, name).arrays["images"]

    def is_undamaged(self, name: str) -> bool:
        """Whether every array has its digest."""
        place = _Place(self, name)
        try:
            said = json.loads(place.about.read_text(encoding="utf-8"))
            return from_cache(self, name) is not None and all(
                said["digests"][kind] == digest_of(path) for kind, path in place.arrays.items()
            )
        except (OSError, ValueError, KeyError):
            return False

    def bring(self, name: str, paths: Sequence[str | Path], progress: Progress) -> Table:
        """Import it from a folder, and from lists and a mask that are elsewhere."""
        return import_depths(self, name, paths, progress)


@dataclass(frozen=True)
class Pair:
    """An image and its depth map."""

    image: Path
    depth: Path


def import_depths(dataset: DepthFolder, name: str, paths: Sequence[str | Path], progress: Progress) -> Table:
    """Decode, scale and keep images and maps; a run that was interrupted goes on where it stopped.

    Raises:
        UsageError: no such folder, another list, missing or unreadable files, which are counted and named, or a mask
            that does not fit.
        InfrastructureError: the cache cannot be written.
    """
    folder, *others = map(Path, paths)
    check_folder(folder, name)
    known = [*dataset.lists, dataset.balance]
    if wrong := next((path for path in others if path.name not in known), None):
        raise UsageError(f"{wrong}: {name} is imported from a folder and {', '.join(known)}; name one of these")
    if absent := next((path for path in others if not path.is_file()), None):
        raise UsageError(f"{absent}: there is no such file; name where it is")
    elsewhere = {path.name: path for path in others}
    pairs = [
        pair
        for part in (0, 2)
        for pair in _pairs(dataset, name, folder, _list(dataset, name, folder, elsewhere, part), part)
    ]
    mask = elsewhere.get(dataset.balance) or next(_beside(folder, dataset.balance), None)
    with writing(cache_folder()):
        return _keep(dataset, name, pairs, mask, str(folder), progress)


def from_cache(dataset: DepthFolder, name: str) -> Table | None:
    """What was imported, as a table whose images and maps stay on disk; None if it is missing or damaged."""
    place = _Place(dataset, name)
    try:
        said = json.loads(place.about.read_text(encoding="utf-8"))
        arrays = {kind: np.load(path, mmap_mode="r", allow_pickle=False) for kind, path in place.arrays.items()}
        y = np.array(said["some"], dtype=np.float64)[:, None]
        source, low, high = str(said["source"]), float(said["low"]), float(said["high"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if any(array.shape != _shape(dataset, kind) or array.dtype != KINDS[kind] for kind, array in arrays.items()):
        return None
    units = (FARTHEST / WHITE, MILLIMETRES)
    return Table(
        x=arrays["images"],
        y=y,
        target=dataset.target,
        source=source,
        parts=dataset.sizes,
        task=dataset.task,
        shots=dataset.shots,
        maps=Maps(arrays["train"], arrays["test"], units, arrays["mask"], low, high),
    )


def balanced(depths: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """The pixels of a mask (N, h, w) with equally many of each bucket that occurs, at random; depths in millimetres.

    >>> int(balanced(np.array([[[750, 2310, 2350, 2390, 0]]], dtype=np.uint16)).sum())
    2
    """
    bucket = np.minimum(depths.reshape(-1) // BUCKET, LAST_BUCKET)
    counts = np.bincount(bucket, minlength=LAST_BUCKET + 1)
    occurring = [number for number in range(FIRST_BUCKET, LAST_BUCKET + 1) if counts[number]]
    found = np.zeros(len(bucket), dtype=np.bool_)
    for number in occurring:
        places = np.flatnonzero(bucket == number)
        found[np.random.RandomState(number).permutation(places)[: counts[occurring].min()]] = True
    return found.reshape(depths.shape)


class _Place:
    """The files of an import: its arrays and what is known of them, and both while it is not finished."""

    def __init__(self, dataset: DepthFolder, name: str) -> None:
        folder, stem = cached_under(name, dataset.digest, dataset.inputs)
        self.arrays = {kind: folder / f"{stem}-{kind}.npy" for kind in KINDS}
        self.partial = {kind: folder / f".partial-{stem}-{kind}.npy" for kind in KINDS}
        self.about, self.state = folder / f"{stem}.json", folder / f".partial-{stem}.json"


def _shape(dataset: DepthFolder, kind: str) -> tuple[int, ...]:
    train, _, test = dataset.sizes
    rows = {"images": train + test, "train": train, "test": test, "mask": test}[kind]
    if kind == "images":
        return rows, dataset.inputs[0], *dataset.scaled
    return rows, *(dataset.inputs[1:] if kind == "mask" else dataset.scaled)


def _beside(folder: Path, file: str) -> Any:
    """Where a file of the folder may lie: in it, or beside it."""
    return (path for path in (folder / file, folder.parent / file) if path.is_file())


def _list(
    dataset: DepthFolder, name: str, folder: Path, elsewhere: dict[str, Path], part: int
) -> list[tuple[str, str]]:
    """The lines of the list of a part, checked."""
    file = dataset.lists[min(part, 1)]
    places = [*([elsewhere[file]] if file in elsewhere else []), *_beside(folder, file)]
    if part and (shared := mirror()):
        places += [shared / path for path in dataset.files if (shared / path).is_file()]
    if not places:
        raise UsageError(f"{folder} holds no {file}; put it there or name it after the folder: {dataset.url}")
    content = places[0].read_bytes()
    try:
        text = text_of_list(content)
        lines = [(image.strip(), depth.strip()) for image, depth in csv.reader(io.StringIO(text), strict=True)]
    except (UnicodeDecodeError, csv.Error, ValueError):
        raise UsageError(f"{places[0]} is no list of images and depth maps: each line must name one of each") from None
    if len(lines) != dataset.sizes[part]:
        raise UsageError(f"{places[0]} lists {len(lines):,} images, and that of {name} {dataset.sizes[part]:,}")
    if part:
        check_list(text, dataset.digest, str(places[0]))
    return lines


def _pairs(dataset: DepthFolder, name: str, folder: Path, lines: Sequence[tuple[str, str]], part: int) -> list[Pair]:
    """The files of each line; the folder may be the one that the paths begin with, or the one that holds it."""
    ways = [[Pair(*(root / Path(path) for path in line)) for line in lines] for root in (folder, folder.parent)]
    ways.append([Pair(*(folder / Path(*Path(path).parts[1:]) for path in line)) for line in lines])
    missing = [[file for pair in pairs for file in (pair.image, pair.depth) if not file.is_file()] for pairs in ways]
    pairs, absent = min(zip(ways, missing, strict=True), key=lambda way: len(way[1]))
    if absent:
        of = dataset.lists[min(part, 1)]
        raise UsageError(
            f"{len(absent):,} of the {2 * len(lines):,} files of {name} in {of} are not in {folder}: {named(absent)}"
        )
    return pairs


def _keep(
    dataset: DepthFolder, name: str, pairs: Sequence[Pair], mask: Path | None, source: str, progress: Progress
) -> Table:
    place = _Place(dataset, name)
    place.about.parent.mkdir(parents=True, exist_ok=True)
    filled = {kind: path for kind, path in place.partial.items() if kind != "mask"}
    begun = resumed(place.state, list(filled.values()), source)
    arrays = {
        kind: np.lib.format.open_memmap(
            path, mode="r+" if begun else "w+", dtype=KINDS[kind], shape=_shape(dataset, kind)
        )
        for kind, path in filled.items()
    }
    train, channels = dataset.sizes[0], dataset.inputs[0]

    def put(row: int) -> None:
        pair = pairs[row]
        kind, place_of_row = ("train", row) if row < train else ("test", row - train)
        arrays["images"][row] = decoded(pair.image, (channels, *dataset.scaled))
        arrays[kind][place_of_row] = _depths(pair.depth, kind, dataset.scaled)

    fill(begun, [pair.image.name for pair in pairs], put, list(arrays.values()), place.state, source, progress)
    seen = {kind: _middle(dataset, arrays[kind]) for kind in ("train", "test")}
    chosen = _given(dataset, mask) if mask else balanced(seen["test"])
    np.save(place.partial["mask"], chosen & (seen["test"] > 0))
    some, low, high = _some(seen["train"])
    digests = {kind: digest_of(path) for kind, path in place.partial.items()}
    said = {
        "source": f"{source} ({digests['images'][:19]}; {'its own mask' if mask else 'mask by the rule of buckets'})",
        "list": dataset.digest,
        "digests": digests,
        "low": low,
        "high": high,
        "some": some,
    }
    write(place.about, said)
    for kind, path in place.partial.items():
        path.replace(place.arrays[kind])
    place.state.unlink(missing_ok=True)
    table = from_cache(dataset, name)
    assert table is not None
    return table


def _middle(dataset: DepthFolder, maps: Any) -> Any:
    top, left = corner(dataset.scaled, dataset.inputs[1:])
    return maps[:, top : top + dataset.inputs[1], left : left + dataset.inputs[2]]


def _depths(file: Path, kind: str, size: tuple[int, int]) -> NDArray[np.unsignedinteger]:
    """A depth map of that size, each pixel the nearest one of the file; bytes for training, 16 bits for the test.

    Raises:
        Refused: it cannot be read, or has other values.
    """
    with opened(file) as image:
        values = np.asarray(image)
    if values.ndim != 2 or (kind == "train") != (values.dtype == np.uint8) or values.dtype.kind not in "ui":
        raise Refused(f"{file.name} is no depth map of {8 if kind == 'train' else 16} bits")
    if values.min() < 0 or values.max() > np.iinfo(KINDS[kind]).max:
        raise Refused(f"{file.name} has depths out of range")
    rows, columns = (
        ((np.arange(wanted) + 0.5) * have / wanted).astype(int) for wanted, have in zip(size, values.shape, strict=True)
    )
    return values[rows[:, None], columns].astype(KINDS[kind])


def _given(dataset: DepthFolder, path: Path) -> NDArray[np.bool_]:
    """The mask of a file."""
    try:
        mask = np.load(path, allow_pickle=False)
    except (ValueError, EOFError):
        raise UsageError(f"{path} is no NumPy array; name the mask as it was published") from None
    if mask.shape != _shape(dataset, "mask"):
        wanted = " x ".join(map(str, _shape(dataset, "mask")))
        raise UsageError(f"{path} holds an array of {' x '.join(map(str, mask.shape))}, not of {wanted}")
    if not mask.any():
        raise UsageError(f"{path} chooses no pixel; leave it out to choose them by the rule of buckets")
    return mask.astype(np.bool_)


def _some(maps: Any) -> tuple[list[float], float, float]:
    """About equally many known depths of each map at random, in metres, and the range of all."""
    found, low, high = [], WHITE, 0
    for row, depths in enumerate(maps):
        known = depths[depths > 0]
        if len(known):
            low, high = min(low, int(known.min())), max(high, int(known.max()))
            found.append(known[np.random.RandomState(row).randint(len(known), size=max(1, SAMPLES // len(maps)))])
    if not found:
        raise UsageError("the depth maps for training are empty: all their pixels are 0")
    metres = np.concatenate(found) * (FARTHEST / WHITE)
    return metres.tolist(), low * FARTHEST / WHITE, high * FARTHEST / WHITE
