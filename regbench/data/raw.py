"""Downloaded files in memory, and the errors for files that cannot be used."""

import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from regbench.errors import DataUnavailable

LARGEST_FILE = 1 << 30  # bytes; the largest real file has 24 MB, so a file of this size is a mistake or an attack


class Refused(DataUnavailable):
    """A source cannot give the dataset. The message says why, and the next source is tried."""


class Absent(Refused):
    """The source has no file at all, rather than a wrong one."""


@dataclass(frozen=True)
class Raw:
    """The bytes of one file; the suffix of its name determines the format. `kept` is its copy in the cache."""

    name: str
    content: bytes
    kept: Path | None = None

    @property
    def suffix(self) -> str:
        """Format of the content, such as `csv`, `arff` or `npz`, without `.gz`."""
        return self.name.removesuffix(".gz").rpartition(".")[2].lower()

    def uncompressed(self) -> bytes:
        """The content, decompressed if the name ends in `.gz`."""
        if not self.name.endswith(".gz"):
            return self.content
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(self.content)) as file:
                content = file.read(LARGEST_FILE + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise Refused(f"{self.name} is damaged: {error}") from None
        if len(content) > LARGEST_FILE:
            raise Refused(f"{self.name} unpacks to more than {LARGEST_FILE >> 20} MB")
        return content


def zip_member(archive: Raw, member: str) -> Raw:
    """One file of a zip archive or wheel, read into memory; nothing is unpacked to the disk."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive.content)) as file:
            if member not in file.namelist():
                raise Refused(f"{archive.name} holds no {member}")
            if file.getinfo(member).file_size > LARGEST_FILE:
                raise Refused(f"{member} in {archive.name} unpacks to more than {LARGEST_FILE >> 20} MB")
            return Raw(member.rpartition("/")[2], file.read(member), archive.kept)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise Refused(f"{archive.name} is damaged: {error}") from None
