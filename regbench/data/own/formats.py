"""A user's file of any format as columns of text, and in words how it was read."""

from collections.abc import Sequence
from dataclasses import replace

from regbench.data import delimited
from regbench.data.arff import parse_arff
from regbench.data.columns import TextTable
from regbench.data.own import dialect, frames
from regbench.data.own.packed import unpacked
from regbench.data.parsing import parse_parquet
from regbench.data.raw import Raw, Refused
from regbench.owntables import FRAMES, PACKINGS, SUFFIXES, TEXTS
from regbench.reading import Reading

PICKLES = ("pkl", "pickle", "joblib", "pt", "pth")
TO_SAY = {"xls": "an old Excel format; save it as .xlsx or CSV", "ods": "a sheet; save it as .xlsx or CSV"}


def parse(packed: Raw, reading: Reading, targets: Sequence[str] = ()) -> tuple[TextTable, str]:
    """The columns of a file, and its format in words: `CSV, separator semicolon, UTF-8`."""
    raw, packings = unpacked(packed)
    suffix = _suffix(raw)
    if suffix not in TEXTS:
        _refuse_text_options(raw, reading)
    if suffix in TEXTS:
        found = dialect.dialect(raw, reading, targets)
        parsed = dialect.parse(raw, found)
        parsed = replace(parsed, notes=(*parsed.notes, found.note)) if found.note else parsed
        said = f"CSV, {found}"
    elif suffix == "arff":
        parsed, said = parse_arff(raw), "ARFF"
    elif suffix in frames.PARSERS:
        parsed, said = frames.PARSERS[suffix](raw)
    else:
        parsed, said = parse_parquet(raw), "Parquet"
    return parsed, f"{said}, {' in '.join(reversed(packings))}" if packings else said


def column_names(packed: Raw, reading: Reading) -> tuple[str, ...]:
    """The names of the columns; of a text only the header is read."""
    raw, _ = unpacked(packed)
    if _suffix(raw) not in TEXTS:
        return parse(raw, reading)[0].names
    found = dialect.dialect(raw, reading)
    names = delimited.head(raw.name, found.text, found.separator).names
    return names if found.header else tuple(str(place + 1) for place in range(len(names)))


def _suffix(raw: Raw) -> str:
    suffix = raw.name.lower().rpartition(".")[2] if "." in raw.name else ""
    if suffix in PICKLES:
        raise Refused(f"{raw.name}: pickles are code, and never read; save the table as Parquet or CSV")
    if suffix in TO_SAY:
        raise Refused(f"{raw.name} is {TO_SAY[suffix]}")
    if suffix not in SUFFIXES:
        known = ", ".join(f".{name}" for name in (*TEXTS, "arff", *FRAMES))
        packed = ", ".join(f".{name}" for name in PACKINGS)
        raise Refused(f"{raw.name}: no reader for '.{suffix}'; known: {known}, each also as {packed}")
    return suffix


def _refuse_text_options(raw: Raw, reading: Reading) -> None:
    given = [*(["--sep"] if reading.sep else []), *(["--header"] if reading.header is not None else [])]
    if given:
        raise Refused(f"{raw.name} is no text of rows and cells, so leave out {', '.join(given)}")
