"""What the bytes of a file are, whatever its name says: a web page, a pointer, an archive, text in UTF-16."""

import codecs

from regbench.data.raw import Raw, Refused

SAMPLE = 4096  # bytes looked at
ZIP, GZIP, PARQUET, LFS = b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"version https://git-lfs"
BEGINNINGS = {  # by the end of the name
    "zip": ("a zip archive", ZIP),
    "whl": ("a wheel", ZIP),
    "npz": ("a NumPy archive", ZIP),
    "xlsx": ("an Excel workbook", ZIP),
    "gz": ("a gzip file", GZIP),
    "parquet": ("Parquet", PARQUET),
}
OTHERS = (
    (ZIP, "is a zip archive or an Excel workbook; unpack it, or save the sheet as CSV"),
    (GZIP, "is compressed; rename it to {}.gz"),
    (PARQUET, "is a Parquet file; rename it to end in .parquet"),
)
PAGES = (b"<!doctype html", b"<html", b"<head", b"<script", b"<?xml", b"<!--")
MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"))  # fmt: skip


def check_content(name: str, content: bytes) -> None:
    """Raise `Refused` where the content cannot be that of a file of this name."""
    if wrong := _other(name, content):
        raise Refused(f"{name} {wrong}")


def text(raw: Raw) -> str:
    """A file as text, decoded as by `decoded`."""
    return decoded(raw)[0]


def decoded(raw: Raw) -> tuple[str, str]:
    """A file as text, and the encoding it was read in.

    This is the encoding of its byte order mark; else UTF-16 where every other byte is zero; else UTF-8, or Windows-1252
    if it is not valid UTF-8, or Latin-1 if it is not valid in that either.
    """
    name, content = raw.name.removesuffix(".gz"), raw.uncompressed()
    check_content(name, content)
    mark = next((encoding for mark, encoding in MARKS if content.startswith(mark)), "") or _without_mark(content)
    if b"\0" in content[:SAMPLE] and mark in ("utf-8", "utf-8-sig"):
        raise Refused(f"{name} holds zero bytes: no text, or UTF-16 without a byte order mark; save it as UTF-8")
    try:
        return content.decode(mark), mark
    except UnicodeDecodeError:
        if mark.startswith(("utf-16", "utf-32")):
            raise Refused(f"{name} is damaged: it is not valid {mark.upper()}") from None
    try:
        return content.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


def _without_mark(content: bytes) -> str:
    """UTF-16 where all bytes of one half are zero at the beginning, and none of the other half; else UTF-8."""
    sample = content[: SAMPLE - SAMPLE % 2]
    halves = (sample[1::2], sample[::2])
    for zeros, other, name in ((halves[0], halves[1], "utf-16-le"), (halves[1], halves[0], "utf-16-be")):
        if len(zeros) > 1 and not any(zeros) and 0 not in other:
            return name
    return "utf-8"


def _other(name: str, content: bytes) -> str:
    """What the content is instead, as the end of a sentence; empty where nothing is wrong."""
    start = content[:SAMPLE].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    suffix = name.rpartition(".")[2].lower()
    kind, right = BEGINNINGS.get(suffix, ("", b""))
    if start.startswith(LFS):
        return "is a Git LFS pointer, not the file itself; fetch the file with `git lfs pull`"
    if start.startswith(PAGES):
        return "is a web page, not a table; fetch the file itself, after a login if the network wants one"
    if not content.startswith(right):
        return f"is not {kind}, or damaged: it begins with {content[:8]!r}"
    return "" if right else next((what.format(name) for sign, what in OTHERS if content.startswith(sign)), "")
