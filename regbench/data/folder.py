"""Datasets of image files in a folder that the user has, with a list of their paths, targets and parts of the split.

What the licence forbids to pass on is imported once: every file of the list is decoded and scaled to one size, and all
of them lie in one array of bytes in the cache, from which a training reads its batches. The array
is an ordinary `.npy` file, and the JSON file beside it says what it holds.
"""

import csv
import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regbench.data.download import write_atomically
from regbench.data.places import cache_folder, mirror
from regbench.data.raw import Absent, Raw, Refused
from regbench.data.sources import AS_IT_IS, Layout, Source
from regbench.data.table import Float64, Table
from regbench.errors import InfrastructureError, UsageError

if TYPE_CHECKING:
    from PIL import Image

PARTS = ("train", "val", "test")
NAMED = 3  # files that a message names
WRITTEN_EVERY = 5.0  # seconds between two records of how far an import is
CHUNK = 2**24  # bytes that are hashed at once

Progress = Callable[[int, int], None]  # images done, of how many


@dataclass(frozen=True)
class ByHand:
    """Files that only the user can get: what to get where, as part of a message."""

    what: str
    layout: Layout = AS_IT_IS
    remote: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return "a folder of yours"

    def here(self) -> bool:
        return False  # once imported, the images are in the cache

    def files(self) -> list[Raw]:
        raise Absent(self.what)


class Folder:
    """A dataset that is imported from a folder of the user, and kept in the cache from then on."""

    def cached(self, name: str) -> Table | None:
        """What was imported as a table whose inputs stay on disk; None if nothing was, or if it is damaged."""
        raise NotImplementedError

    def path_of(self, name: str) -> Path:
        """The path of the imported images in the cache."""
        raise NotImplementedError

    def is_undamaged(self, name: str) -> bool:
        """Whether the files in the cache have the digests that they had after the import; reads all of them."""
        raise NotImplementedError

    def bring(self, name: str, paths: Sequence[str | Path], progress: Progress) -> Table:
        """Import it from a folder and other paths; an interrupted import goes on where it stopped."""
        raise NotImplementedError

    def read(self, files: Sequence[Raw], layout: Layout, source: str) -> Table:  # noqa: ARG002 - it reads no file
        """Refused, because a folder is imported and not read as a file."""
        raise Refused(f"{source} is no folder of images; run `regbench data import`")


@dataclass(frozen=True, kw_only=True)
class ImageFolder(Folder):
    """Images in files, listed with their targets and an official split; other fields as in `TabularDataset`.

    inputs: channels, height and width that images are scaled to.
    digest: of the list, since nobody may publish one of the images; that of the imported array is kept with it.
    files: the name of the list, in the user's folder or in REGBENCH_DATA.
    path, target, part: the list's columns of the file, of the target and of the part (train, val or test).
    task, shots: as in `Table`.
    """

    alias: str
    target: str
    inputs: tuple[int, int, int]
    sizes: tuple[int, int, int]
    batch_size: int
    digest: str
    licence: str
    url: str
    reference: str
    files: tuple[str, ...]
    sources: Sequence[Source]
    path: str = "path"
    part: str = "split"
    backbone: str = "resnet50"
    task: str = "images"
    shots: str = ""
    synthetic: bool = False

    def cached(self, name: str) -> Table | None:
        """The imported images, or None."""
        return from_cache(self, name)

    def path_of(self, name: str) -> Path:
        """The path of the array."""
        return cached_path(self, name)

    def is_undamaged(self, name: str) -> bool:
        """Whether the array has its digest."""
        return is_undamaged(self, name)

    def bring(self, name: str, paths: Sequence[str | Path], progress: Progress) -> Table:
        """Import it from a folder and, if that is elsewhere, its list."""
        return import_folder(self, name, paths, progress)


@dataclass(frozen=True)
class Listed:
    """The rows of a list in the order training, validation, test: files and targets (N, 1)."""

    paths: tuple[str, ...]
    y: Float64
    digest: str


def read_list(dataset: ImageFolder, content: bytes, name: str) -> Listed:
    """The rows of a list, checked against the dataset's digest and sizes.

    Raises:
        UsageError: another list, or no list at all.
    """
    try:
        text = text_of_list(content)
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
        by_part = {part: [row for row in rows if row[dataset.part] == part] for part in PARTS}
        targets = [float(row[dataset.target]) for part in PARTS for row in by_part[part]]
        paths = tuple(row[dataset.path] for part in PARTS for row in by_part[part])
    except (UnicodeDecodeError, csv.Error, KeyError, ValueError, TypeError):
        columns = ", ".join((dataset.target, dataset.path, dataset.part))
        raise UsageError(f"{name} is no list of images: it must be a CSV file with the columns {columns}") from None
    sizes = tuple(len(by_part[part]) for part in PARTS)
    if sizes != dataset.sizes or sum(sizes) != len(rows):
        raise UsageError(
            f"{name} lists {_by(sizes)} images for training, validation and test, not {_by(dataset.sizes)}"
        )
    check_list(text, dataset.digest, name)
    return Listed(paths, np.array(targets)[:, None], dataset.digest)


def text_of_list(content: bytes) -> str:
    """The text of a list, whatever system wrote it; `UnicodeDecodeError` if it is none."""
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def check_list(text: str, digest: str, name: str) -> None:
    """Refuse a list with another digest."""
    found = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    if found != digest:
        raise UsageError(f"{name} is another list: its digest is {found[:19]}..., not {digest[:19]}...")


def cached_under(name: str, digest: str, inputs: tuple[int, int, int]) -> tuple[Path, str]:
    """The folder of imported images, and how the names of a dataset's files begin there."""
    size = "x".join(map(str, inputs[1:]))
    return cache_folder() / "images", f"{Path(name).name}-{digest.removeprefix('sha256:')[:16]}-{size}"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """An error of the disk is one line that names the folder."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise InfrastructureError(f"cannot write {folder}: {reason}; set REGBENCH_CACHE") from None


def import_folder(
    dataset: ImageFolder, name: str, paths: Sequence[str | Path], progress: Progress = lambda _done, _all: None
) -> Table:
    """Decode, scale and keep the images of a folder; a run that was interrupted goes on where it stopped.

    Args:
        dataset: its description.
        name: of the dataset, for the cache and messages.
        paths: the folder, and the list if it is elsewhere.
        progress: called every few seconds.

    Raises:
        UsageError: no such folder, another list, or missing or unreadable images, which are counted and named.
        InfrastructureError: the cache cannot be written.
    """
    folder, *others = map(Path, paths)
    check_folder(folder, name)
    if len(others) > 1:
        raise UsageError(
            f"{name} is imported from one folder and, if it is elsewhere, its list; {len(paths)} were named"
        )
    listed = _find_list(dataset, name, folder, others)
    files = _found(name, folder, listed.paths)
    place = _Place(dataset, name)
    with writing(place.array.parent):
        return _keep(dataset, place, listed, files, str(folder), progress)


def check_folder(folder: Path, name: str) -> None:
    """Refuse what is no folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder; name the one that holds the images of {name}")


def from_cache(dataset: ImageFolder, name: str) -> Table | None:
    """The imported images as a table whose inputs stay on disk; None if they have not been imported."""
    place = _Place(dataset, name)
    try:
        said = json.loads(place.about.read_text(encoding="utf-8"))
        x = np.load(place.array, mmap_mode="r", allow_pickle=False)
        y = np.array(said["targets"], dtype=np.float64)[:, None]
        source = str(said["source"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if x.shape != (sum(dataset.sizes), *dataset.inputs) or x.dtype != np.uint8 or y.shape != (len(x), 1):
        return None
    return Table(
        x=x, y=y, target=dataset.target, source=source, parts=dataset.sizes, task=dataset.task, shots=dataset.shots
    )


def is_undamaged(dataset: ImageFolder, name: str) -> bool:
    """Whether the array in the cache has the digest that it had after the import; reads all of it."""
    place = _Place(dataset, name)
    try:
        said = json.loads(place.about.read_text(encoding="utf-8"))
        return from_cache(dataset, name) is not None and said["images"] == digest_of(place.array)
    except (OSError, ValueError, KeyError):
        return False


def cached_path(dataset: ImageFolder, name: str) -> Path:
    """The path of the array in the cache."""
    return _Place(dataset, name).array


class _Place:
    """The files of an import: the array and what is known of it, and both while it is not finished."""

    def __init__(self, dataset: ImageFolder, name: str) -> None:
        self.name = name
        folder, stem = cached_under(name, dataset.digest, dataset.inputs)
        self.array, self.about = folder / f"{stem}.npy", folder / f"{stem}.json"
        self.partial, self.state = folder / f".partial-{stem}.npy", folder / f".partial-{stem}.json"


def _find_list(dataset: ImageFolder, name: str, folder: Path, named: Sequence[Path]) -> Listed:
    own = [folder / dataset.files[0], folder.parent / dataset.files[0]]
    shared = [mirror_folder / file for file in dataset.files if (mirror_folder := mirror())]
    for path in named or [*own, *shared]:
        if path.is_file():
            return read_list(dataset, path.read_bytes(), str(path))
    if named:
        raise UsageError(f"{named[0]}: there is no such file; name the list of {name}")
    raise UsageError(f"{folder} holds no {dataset.files[0]}; put it there or name it after the folder: {dataset.url}")


def _found(name: str, folder: Path, paths: Sequence[str]) -> list[Path]:
    """The file of each row; the folder may be the one that the paths begin in, or the one that holds the files."""
    ways = [[folder / path for path in paths], [folder / Path(path).name for path in paths]]
    missing = [[file for file in files if not file.is_file()] for files in ways]
    files, absent = min(zip(ways, missing, strict=True), key=lambda way: len(way[1]))
    if absent:
        raise UsageError(f"{len(absent):,} of the {len(files):,} images of {name} are not in {folder}: {named(absent)}")
    return files


def _keep(
    dataset: ImageFolder, place: _Place, listed: Listed, files: Sequence[Path], source: str, progress: Progress
) -> Table:
    place.array.parent.mkdir(parents=True, exist_ok=True)
    begun = resumed(place.state, [place.partial], source)
    shape = (len(files), *dataset.inputs)
    array = np.lib.format.open_memmap(place.partial, mode="r+" if begun else "w+", dtype=np.uint8, shape=shape)

    def put(row: int) -> None:
        array[row] = decoded(files[row], dataset.inputs)

    fill(begun, [file.name for file in files], put, [array], place.state, source, progress)
    digest = digest_of(place.partial)
    said = {
        "source": f"{source} ({digest[:19]})",
        "list": listed.digest,
        "images": digest,
        "targets": listed.y[:, 0].tolist(),
    }
    write_json(place.about, said)
    place.partial.replace(place.array)
    place.state.unlink(missing_ok=True)
    table = from_cache(dataset, place.name)
    assert table is not None
    return table


class Begun(NamedTuple):
    """How many rows an import has done, and those among them to do again."""

    done: int
    wrong: list[int]


def resumed(state: Path, partial: Sequence[Path], source: str) -> Begun | None:
    """What an interrupted import of the same folder has done; None if there is none."""
    try:
        said = json.loads(state.read_text(encoding="utf-8"))
        if said["source"] == source and said["done"] and all(path.is_file() for path in partial):
            return Begun(int(said["done"]), list(map(int, said["wrong"])))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def fill(
    begun: Begun | None,
    names: Sequence[str],
    put: Callable[[int], None],
    arrays: Sequence["np.memmap[Any, Any]"],
    state: Path,
    source: str,
    progress: Progress,
) -> None:
    """Put all rows that are missing into their arrays; every few seconds, `state` notes how far it is.

    Args:
        begun: what was done before.
        names: of the file of each row, for messages.
        put: decodes a row and puts it into the arrays.
        arrays: written to disk before `state` says so.
        state: the file that says how far it is.
        source: the folder, as `state` has it.
        progress: called every few seconds.

    Raises:
        UsageError: files that cannot be read, counted and named.
    """
    done, wrong = begun or Begun(0, [])
    bad: dict[int, str] = {}
    written = time.monotonic()
    for number, row in enumerate([*wrong, *range(done, len(names))], 1):
        try:
            put(row)
        except Refused as reason:
            bad[row] = str(reason)
        done = max(done, row + 1)
        if time.monotonic() > written + WRITTEN_EVERY:
            for array in arrays:
                array.flush()
            again = [*bad, *wrong[number:]]  # those that were wrong before come first
            write_json(state, {"source": source, "done": done, "wrong": again})
            progress(done, len(names))
            written = time.monotonic()
    for array in arrays:
        array.flush()
    write_json(state, {"source": source, "done": done, "wrong": list(bad)})
    if bad:
        several = named([f"{names[row]} ({reason})" for row, reason in bad.items()])
        raise UsageError(
            f"{len(bad):,} of {len(names):,} images cannot be read: {several}; replace them and import again"
        )


def decoded(file: Path, inputs: tuple[int, int, int]) -> NDArray[np.uint8]:
    """An image file as bytes (C, height, width): in colour, scaled by the mean of the pixels that a pixel covers.

    Raises:
        Refused: it cannot be read, or is no image.
    """
    from PIL import Image

    _, height, width = inputs
    with opened(file) as image:
        scaled = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled).transpose(2, 0, 1)


@contextmanager
def opened(file: Path) -> "Iterator[Image.Image]":
    """An image file; what is wrong with it, also while it is decoded, is `Refused`."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as image:
            yield image
    except UnidentifiedImageError:
        raise Refused("no image") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(str(error).partition("\n")[0][:60] or type(error).__name__) from None


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write plain data in one go."""
    write_atomically(path, json.dumps(content).encode())


def digest_of(path: Path) -> str:
    """The digest of a file."""
    content = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            content.update(piece)
    return f"sha256:{content.hexdigest()}"


def named(files: Sequence[object]) -> str:
    """The first of some files, and how many more there are."""
    more = f" and {len(files) - NAMED:,} more" if len(files) > NAMED else ""
    return ", ".join(map(str, files[:NAMED])) + more


def _by(sizes: Sequence[int]) -> str:
    return " + ".join(f"{size:,}" for size in sizes)
