"""Unpack a user's file in memory: gzip, zip with one member, xz and bzip2, whatever the case of their suffixes."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from typing import Any

from regbench.data.raw import LARGEST_FILE, Raw, Refused
from regbench.owntables import PACKINGS, SUFFIXES

MOST_PACKINGS = 3  # around one file
KNOWN = {"gz": "gzip", "zip": "zip", "xz": "xz", "bz2": "bzip2"}
OPEN: dict[str, Any] = {"gz": gzip.open, "xz": lzma.open, "bz2": bz2.open}
DAMAGED = (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError,
           zipfile.BadZipFile)  # fmt: skip


def unpacked(raw: Raw) -> tuple[Raw, tuple[str, ...]]:
    """The file itself, and in what it was packed; `Refused` where it is damaged or unpacks to too much."""
    found: tuple[str, ...] = ()
    while (suffix := raw.name.lower().rpartition(".")[2]) in PACKINGS:
        if len(found) == MOST_PACKINGS:
            raise Refused(f"{raw.name} is packed more than {MOST_PACKINGS} times")
        raw = _of_zip(raw) if suffix == "zip" else _of_stream(raw, suffix)
        found = (*found, KNOWN[suffix])
    return raw, found


def _of_stream(raw: Raw, suffix: str) -> Raw:
    try:
        with OPEN[suffix](io.BytesIO(raw.content)) as file:
            content = file.read(LARGEST_FILE + 1)
    except DAMAGED as error:
        raise Refused(f"{raw.name} is not {KNOWN[suffix]}, or damaged: {str(error)[:100]}") from None
    _check_size(raw.name, len(content))
    return Raw(raw.name[: -len(suffix) - 1], content)


def _of_zip(raw: Raw) -> Raw:
    """The only member of an archive; what systems add beside it does not count."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw.content)) as archive:
            members = [each for each in archive.infolist() if _counts(each)]
            if len(members) != 1:
                names = ", ".join(each.filename for each in members[:5]) or "nothing"
                raise Refused(f"{raw.name} holds {len(members)} files ({names}); pack the one table alone")
            _check_size(raw.name, members[0].file_size)
            with archive.open(members[0]) as file:  # a member may be larger than it says
                content = file.read(LARGEST_FILE + 1)
    except DAMAGED as error:
        raise Refused(f"{raw.name} is not zip, or damaged: {str(error)[:100]}") from None
    _check_size(raw.name, len(content))
    inner = members[0].filename.rpartition("/")[2]
    outer = raw.name[: -len(".zip")]
    return Raw(outer if outer.lower().rpartition(".")[2] in SUFFIXES else inner, content)


def _counts(member: zipfile.ZipInfo) -> bool:
    last = member.filename.rpartition("/")[2]
    return not member.is_dir() and not last.startswith(".") and not member.filename.startswith("__MACOSX/")


def _check_size(name: str, size: int) -> None:
    if size > LARGEST_FILE:
        raise Refused(f"{name} unpacks to more than {LARGEST_FILE >> 20} MB")
