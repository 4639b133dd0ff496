"""Tables of results that other tools wrote, CSV or Parquet, as text by column."""

from pathlib import Path

import pandas as pd

from regbench.errors import UsageError

SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".parquet", ".pq")
LARGEST = 2 << 30  # bytes

Columns = dict[str, list[str]]


def is_results(path: Path) -> bool:
    """Whether a path names a table of results, rather than a folder that `regbench db export` wrote."""
    return path.name.lower().endswith(SUFFIXES)


def read_results(path: Path) -> Columns:
    """The cells of a table by column, as text; empty where there is nothing.

    Raises:
        UsageError: it is not there, not a table, empty, or has a column twice.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if path.stat().st_size > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST >> 30} GB")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, sep=_separator(path), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a table: it is not UTF-8 text") from None
    except Exception as error:  # damaged files raise errors of any kind
        raise UsageError(f"{path}: not a table: {str(error).strip().partition(chr(10))[0]}") from None
    if frame.empty:
        raise UsageError(f"{path} has no rows below its header")
    names = [str(name).strip() for name in frame.columns]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{path}: has the column {twice} twice")
    return {name: _texts(frame.iloc[:, place]) for place, name in enumerate(names)}


def _separator(path: Path) -> str:
    """A tab or a semicolon where the header has one, else a comma."""
    if path.name.lower().endswith(".gz"):
        return ","
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline(100_000)
    return next((sign for sign in ("\t", ";") if sign in header), ",")


def _texts(column: "pd.Series") -> list[str]:
    """The cells of a column as text: floats in full precision; whole ones, as gaps make of integers, without point."""
    return [
        "" if pd.isna(value) else str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        for value in (value.strip() if isinstance(value, str) else value for value in column.tolist())
    ]
