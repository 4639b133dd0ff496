"""Small generated tables for the tests: targets are a known function of the inputs, so a model can be seen to learn."""

import io
import zipfile
from pathlib import Path

import numpy as np

from regbench.data import Prepared, Source, Table, TabularDataset, digest, prepare


def table(rows: int = 200, *, inputs: int = 4, targets: int = 1, noise: float = 0.05, seed: int = 0) -> Table:
    """Uniform inputs (N, D); target m is sin(3 x_0 + m) + x_1 ^ 2 and a little normal noise: (N, M)."""
    draw = np.random.default_rng(seed)
    x = draw.uniform(-1, 1, (rows, inputs))
    y = np.stack([np.sin(3 * x[:, 0] + m) + x[:, 1 % inputs] ** 2 for m in range(targets)], axis=1)
    y = y + noise * draw.standard_normal(y.shape)
    return Table(x=x, y=y, columns=tuple(f"x{i}" for i in range(inputs)), target="y", source="generated for a test")


def images(rows: int = 60, *, size: int = 28, channels: int = 3, seed: int = 0) -> Table:
    """Noise pictures uint8 (N, C, H, W) whose brightness tells their grade 0 ... 4, split 60 : 20 : 20 in row order."""
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 5, (rows, 1)).astype(np.float64)
    y[:2, 0] = 0, 4
    x = draw.integers(0, 60, (rows, channels, size, size)) + (40 * y[:, :, None, None]).astype(np.int64)
    train, val = rows * 6 // 10, rows * 2 // 10
    parts = (train, val, rows - train - val)
    return Table(x=x.astype(np.uint8), y=y, target="grade", source="generated for a test", parts=parts)


def prepared(rows: int = 200, *, inputs: int = 4, targets: int = 1, noise: float = 0.05, seed: int = 0) -> Prepared:
    """`table`, split and scaled."""
    return prepare(table(rows, inputs=inputs, targets=targets, noise=noise, seed=seed))


def write_csv(path: Path, content: Table) -> Path:
    """The table as a CSV file with a header, the target in the last column: what `regbench run --data` reads."""
    path.write_text(csv_text(content))
    return path


def csv_text(content: Table) -> str:
    header = ",".join([*content.columns, content.target])
    values = np.concatenate([content.x, content.y], axis=1)
    return "\n".join([header, *(",".join(repr(float(v)) for v in row) for row in values)]) + "\n"


def described(content: Table, *sources: Source) -> TabularDataset:
    """The table as a dataset that the sources are said to give; their files are for the test to write."""
    held_out = -(-content.rows // 5)
    test = -(-held_out // 2)
    return TabularDataset(
        alias="GT",
        columns=content.columns,
        target=content.target,
        inputs=len(content.columns),
        sizes=(content.rows - held_out, held_out - test, test),
        batch_size=16,
        digest=digest(content),
        licence="none needed",
        url="https://example.org/generated",
        reference="generated for a test (2024)",
        sources=sources,
    )


def write_arff(path: Path, content: Table) -> Path:
    """The table as ARFF with quoted names, a comment in the data and the target in the last column."""
    names = [*content.columns, content.target]
    head = ["% generated", "@RELATION 'a table'", *(f"@attribute '{name}' REAL" for name in names), "@DATA", "% rows"]
    values = np.concatenate([content.x, content.y], axis=1)
    path.write_text("\n".join([*head, *(", ".join(repr(float(v)) for v in row) for row in values)]) + "\n")
    return path


def write_npz(path: Path, content: Table) -> Path:
    """Pictures in the layout of MedMNIST."""
    assert content.parts is not None
    train, val, _ = content.parts
    cut = {"train": slice(0, train), "val": slice(train, train + val), "test": slice(train + val, None)}
    arrays = {}
    for part, rows in cut.items():
        arrays[f"{part}_images"] = content.x[rows].transpose(0, 2, 3, 1)
        arrays[f"{part}_labels"] = content.y[rows].astype(np.uint8)
    np.savez_compressed(path, **arrays)
    return path


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip archive, or a wheel, of these files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()
