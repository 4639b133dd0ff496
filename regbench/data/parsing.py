"""Parse CSV, ARFF and Parquet into columns of text; rows of wrong length, sparse rows and weights are refused."""

import io
import re
from collections.abc import Callable
from typing import Any

from regbench.data import delimited
from regbench.data.arff import parse_arff
from regbench.data.columns import PythonCells, TextTable
from regbench.data.contents import check_content
from regbench.data.delimited import parse_csv
from regbench.data.raw import LARGEST_FILE, Raw, Refused

INDEX = re.compile(r"__index_level_\d+__")  # how pandas stores an index without a name


def parse(raw: Raw, *, header: bool = True, separator: str = "") -> TextTable:
    """The table in a CSV, ARFF or Parquet file; a CSV file may have no header. With a separator it is text."""
    if separator:
        return parse_csv(raw, header=header, separator=separator)
    if raw.suffix not in PARSERS:
        raise Refused(f"{raw.name}: no reader for '.{raw.suffix}'; known: {', '.join(PARSERS)}, each also as .gz")
    return PARSERS[raw.suffix](raw) if header else parse_csv(raw, header=False)


def parse_parquet(raw: Raw) -> TextTable:
    """Parquet; numbers are written as text in a way that preserves every bit."""
    return frame_as_text(raw.name, _frame(raw))


def frame_as_text(name: str, frame: Any) -> TextTable:
    """A data frame as columns of text, without its index; a number is the shortest text that gives it back."""
    import pandas as pd

    if frame.empty:
        raise Refused(f"{name} has no rows")
    columns = []
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        cells = column.astype("float64") if number else column
        columns.append(PythonCells(tuple(map(str, cells.tolist()))))
    index = [f"'{name}'" for name in frame.index.names if name is not None]
    notes = (f"left out {', '.join(index)}, the index of the data frame",) if index else ()
    return TextTable(name, tuple(map(str, frame.columns)), tuple(columns), notes)


def _frame(raw: Raw) -> Any:
    """The data frame in a Parquet file; what pandas noted about it does not count where it makes no sense."""
    import pandas as pd
    from pyarrow import parquet

    content = raw.uncompressed()
    check_content(raw.name.removesuffix(".gz"), content)
    try:
        _check_size(raw.name, parquet.ParquetFile(io.BytesIO(content)).metadata)
        return pd.read_parquet(io.BytesIO(content))
    except Refused:
        raise
    except Exception as first:  # pandas trusts its own metadata, and damaged metadata raise errors of any kind
        try:
            table = parquet.ParquetFile(io.BytesIO(content)).read()
            frame = table.replace_schema_metadata(None).to_pandas()
        except Exception:
            why = (str(first).splitlines() or [type(first).__name__])[0][:100]
            raise Refused(f"{raw.name} is not Parquet, or damaged: {why}") from None
    return frame.drop(columns=[name for name in frame.columns if INDEX.fullmatch(str(name))])


def _check_size(name: str, metadata: Any) -> None:
    """Refuse a file whose columns unpack to more than fits into memory, before they do."""
    size = sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups))
    if size > LARGEST_FILE or metadata.num_rows * metadata.num_columns > LARGEST_FILE // 4:
        raise Refused(f"{name} unpacks to more than {LARGEST_FILE >> 20} MB")


def column_names(raw: Raw) -> tuple[str, ...]:
    """The names of the columns; of a large CSV file only the header is read."""
    return delimited.column_names(raw) if raw.suffix == "csv" else parse(raw).names


PARSERS: dict[str, Callable[[Raw], TextTable]] = {"csv": parse_csv, "arff": parse_arff, "parquet": parse_parquet}
