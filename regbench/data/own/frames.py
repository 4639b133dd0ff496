"""Files that hold a table with types: Feather, Excel, JSON and NumPy archives; their cells become text without loss.

Pickles are never read. A workbook and an archive are refused where their members unpack to too much.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from regbench.data.columns import PythonCells, TextTable
from regbench.data.contents import check_content, text
from regbench.data.own.packed import DAMAGED
from regbench.data.parsing import frame_as_text
from regbench.data.raw import LARGEST_FILE, Raw, Refused

MOST_CELLS = 1 << 28  # of a table: 2 GB as numbers
MOST_KEYS = 100_000  # different keys of JSON records
EXCEL = "reading Excel needs openpyxl: pip install 'regbench[excel]', or save the sheet as CSV"

Read = tuple[TextTable, str]


def parse_feather(raw: Raw) -> Read:
    """Feather, which is Arrow's own format; batch by batch, so that what unpacks to too much is noticed on the way."""
    import pyarrow as pa

    batches, size = [], 0
    try:
        with pa.ipc.open_file(pa.BufferReader(raw.content)) as reader:
            for place in range(reader.num_record_batches):
                batches.append(reader.get_batch(place))
                size += batches[-1].nbytes
                if size > LARGEST_FILE:
                    raise Refused(f"{raw.name} unpacks to more than {LARGEST_FILE >> 20} MB")
            frame = pa.Table.from_batches(batches, reader.schema).to_pandas()
    except Refused:
        raise
    except Exception as error:  # damaged files raise errors of any kind
        raise Refused(f"{raw.name} is not Feather, or damaged: {_first_line(error)}") from None
    return frame_as_text(raw.name, frame), "Feather"


def parse_excel(raw: Raw) -> Read:
    """The first sheet of a workbook; cells have the values that Excel saved, not their formulas."""
    _check_archive(raw)
    try:
        import openpyxl
    except ImportError:
        raise Refused(f"{raw.name}: {EXCEL}") from None
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw.content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs write wrong ones
        rows = _sheet_rows(raw.name, sheet.iter_rows(values_only=True))
        others = len(book.worksheets) - 1
    except Refused:
        raise
    except Exception as error:  # damaged workbooks raise errors of any kind
        raise Refused(f"{raw.name} is not Excel, or damaged: {_first_line(error)}") from None
    if len(rows) < 2:
        raise Refused(f"{raw.name}: its first sheet '{sheet.title}' has no rows below a header")
    width = max(map(len, rows))
    filled = [(*row, *("" for _ in range(width - len(row)))) for row in rows]
    columns = tuple(PythonCells(cells) for cells in zip(*filled[1:], strict=True))
    left = f", {others} other sheet{'s' * (others > 1)} left out" if others else ""
    return TextTable(
        raw.name, tuple(name.strip() for name in filled[0]), columns
    ), f"Excel, sheet '{sheet.title}'{left}"


def parse_json(raw: Raw) -> Read:
    """A list of records, or one record a line."""
    content = text(raw)
    try:
        if content.lstrip().startswith("["):
            records, said = json.loads(content), "JSON records"
        else:
            records, said = [json.loads(line) for line in content.splitlines() if line.strip()], "JSON lines"
    except (ValueError, RecursionError) as error:
        raise Refused(f"{raw.name} is no JSON of records: {_first_line(error)}") from None
    if not records or not all(isinstance(record, dict) for record in records):
        raise Refused(f'{raw.name} must hold records, such as [{{"x": 1, "y": 2}}, ...], or one of them a line')
    names = tuple(dict.fromkeys(name for record in records for name in record))
    if len(names) > MOST_KEYS:
        raise Refused(f"{raw.name}: its records have {len(names):,} different keys; is it a table?")
    check_cells(raw.name, len(records), len(names))
    columns = tuple(
        PythonCells(tuple(_json_cell(raw.name, name, row, record.get(name)) for row, record in enumerate(records, 1)))
        for name in names
    )
    return TextTable(raw.name, names, columns), said


def parse_npz(raw: Raw) -> Read:
    """Arrays with a row for each row of the table: `x` (N, D) becomes x1 ... xD, and `y` (N,) is y."""
    _check_archive(raw)
    try:
        with np.load(io.BytesIO(raw.content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except DAMAGED as error:
        hint = "; arrays of objects are pickles, which are never read" if "pickle" in str(error) else ""
        raise Refused(f"{raw.name} cannot be read as a NumPy archive: {_first_line(error)}{hint}") from None
    return arrays_as_text(raw.name, arrays), "NumPy archive"


def arrays_as_text(name: str, arrays: dict[str, Any]) -> TextTable:
    """Arrays (N,) and (N, D) of numbers or text as the columns of one table."""
    if not arrays:
        raise Refused(f"{name} holds no arrays")
    names: list[str] = []
    columns: list[PythonCells] = []
    rows = {key: array.shape[0] if array.ndim in (1, 2) else -1 for key, array in arrays.items()}
    if len(set(rows.values())) != 1 or -1 in rows.values():
        shapes = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
        raise Refused(f"{name}: arrays must be (N,) or (N, D) with the same N, such as x and y, not {shapes}")
    check_cells(
        name, next(iter(rows.values())), sum(1 if array.ndim == 1 else array.shape[1] for array in arrays.values())
    )
    for key, array in arrays.items():
        if array.dtype.kind not in "biufUM":
            raise Refused(f"{name}: the array '{key}' holds {array.dtype}, not numbers or text")
        for place, column in enumerate([array] if array.ndim == 1 else array.T, start=1):
            names.append(key if array.ndim == 1 or array.shape[1] == 1 else f"{key}{place}")
            exact = column.astype(np.float64) if column.dtype.kind in "iuf" else column
            columns.append(
                PythonCells(tuple(map(str, exact.tolist() if exact.dtype.kind != "M" else exact.astype(str))))
            )
    if not columns or not columns[0].cells:
        raise Refused(f"{name} has no rows")
    return TextTable(name, tuple(names), tuple(columns))


def check_cells(name: str, rows: int, columns: int) -> None:
    """Refuse a table that is too large to be one of numbers in memory."""
    if rows * columns > MOST_CELLS:
        raise Refused(
            f"{name}: {rows:,} rows of {columns:,} columns are more than {MOST_CELLS:,} values; sample its rows"
        )


def _check_archive(raw: Raw) -> None:
    check_content(raw.name, raw.content)
    try:
        with zipfile.ZipFile(io.BytesIO(raw.content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except DAMAGED as error:
        raise Refused(f"{raw.name} is damaged: {_first_line(error)}") from None
    if size > LARGEST_FILE:
        raise Refused(f"{raw.name} unpacks to more than {LARGEST_FILE >> 20} MB")


def _sheet_rows(name: str, rows: Iterable[Sequence[Any]]) -> list[tuple[str, ...]]:
    """The rows of a sheet as text, without empty ones, and without the empty cells at their ends."""
    found: list[tuple[str, ...]] = []
    cells = 0
    for row in rows:
        filled = list(map(_cell, row))
        while filled and not filled[-1]:
            filled.pop()
        cells += len(filled)
        check_cells(name, 1, cells)
        if filled:
            found.append(tuple(filled))
    return found


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def _json_cell(file: str, name: str, row: int, value: Any) -> str:
    if isinstance(value, dict | list):
        raise Refused(f"{file}, column '{name}', row {row}: a list or record inside a record is no cell; --drop it")
    return _cell(value)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]


PARSERS: dict[str, Callable[[Raw], Read]] = {
    "feather": parse_feather,
    "arrow": parse_feather,
    "xlsx": parse_excel,
    "json": parse_json,
    "jsonl": parse_json,
    "ndjson": parse_json,
    "npz": parse_npz,
}
