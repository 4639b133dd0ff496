"""Files as they were published, in memory, and the reason why one cannot be used."""

import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass

from regbench.errors import DataUnavailable

LARGEST_FILE = 1 << 30  # bytes; the largest real one is 24 MB, so anything near this is a mistake or a trap


class Refused(DataUnavailable):
    """One source cannot give the dataset; the message says why, and the next source is tried."""


class Absent(Refused):
    """It has nothing at all, as opposed to something wrong."""


@dataclass(frozen=True)
class Raw:
    """The bytes of one file; the end of its name tells the format."""

    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        """Format of the content: `csv`, `arff`, `npz`, ..., whatever it was compressed with."""
        return self.name.removesuffix(".gz").rpartition(".")[2].lower()

    def uncompressed(self) -> bytes:
        """The content, gunzipped where the name ends in `.gz`."""
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

    def text(self) -> str:
        """The content as text: UTF-8, or Latin-1 where it is not."""
        content = self.uncompressed()
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("latin-1")


def zip_member(archive: Raw, member: str) -> Raw:
    """One file of a zip archive or wheel, read into memory; nothing is ever unpacked to the disk."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive.content)) as file:
            if member not in file.namelist():
                raise Refused(f"{archive.name} holds no {member}")
            if file.getinfo(member).file_size > LARGEST_FILE:
                raise Refused(f"{member} in {archive.name} unpacks to more than {LARGEST_FILE >> 20} MB")
            return Raw(member.rpartition("/")[2], file.read(member))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise Refused(f"{archive.name} is damaged: {error}") from None
