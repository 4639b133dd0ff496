"""Zhang, Yan and Yao, "Improving Deep Regression with Tightness".

Tables 1 to 6 as printed, including misprints. The numbers are in CSV files next to this file. A row is a method of ours
with its parts; where the paper gives no settings, as for the coordinates, it has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regbench.papers import tables
from regbench.papers.tables import Number

SHOTS = ("all", "many", "median", "few")
COORDINATES = ("coordinates_mammoth", "coordinates_torus", "coordinates_circle")  # the columns of Table 3, in its order
SIMILARITIES = tuple(
    f"{what}_{distance}" for distance in ("cosine", "euclidean") for what in ("spearman", "kendall", "volume")
)  # the columns of Table 4 that are metrics of features, under their names here
SETTINGS = ("weight", "gamma", "m", "extra")  # the columns of Table 5 that are settings

# The names of rows in the tables.
METHODS = {
    "lsq": "Baseline",
    "lsq+information_dropout": "+ InfDrop",
    "lsq+ranksim": "+ RankSim",
    "lsq+ordinal_entropy": "+ OE",
    "lsq+topological_autoencoder": "+ Topological Autoencoder",
    "lsq+ph_reg": "+ PH-Reg",
    "lsq+multi_target": "+ MT",
    "lsq+rot": "+ L_ot",
    "lsq+multi_target+rot": "+ MT + L_ot",
}

# What the paper says that its own numbers contradict, or does not say at all: (where, what) → reason.
MISPRINTS = {
    ("table2", "lsq+ph_reg"): "the RMSE of all pixels is not the one that its many, median and few pixels add up to",
    ("section 5.5", "memory"): "relative to the baseline the memory of Table 6 grows by a tenth of a percent more than "
    "the text says, which divides by the memory with both, or cuts digits off",
    ("tables 1, 3 and 5", "L_oe"): "stands for L_ot, the name in the text and in Tables 2, 4 and 6",
    ("table3", "settings"): "the paper gives no λ, γ and M for the coordinate task",
    ("equation 9", "sign"): "L_ot can be negative; the authors' code takes its absolute value, which the paper omits",
    (
        "section 5.5",
        "single heads",
    ): "quotes the error of one model, which differs from the mean of Table 5's row M = 8",
}


@dataclass(frozen=True)
class Cell:
    """One printed number, with the standard deviation over 10 runs where the table prints it."""

    row: str  # a method of ours with its parts, and the settings that the table gives
    column: str  # named as in the file: mae_few, delta1_all, mse_torus, ...
    mean: Number
    std: Number | None


def table1() -> list[Cell]:
    """MAE in years on AgeDB-DIR of seven rows, by shots: `mae_all`, `mae_many`, `mae_median`, `mae_few`."""
    return _cells("tightness_table1.csv", [f"mae_{shot}" for shot in SHOTS])


def table2() -> list[Cell]:
    """RMSE in metres and δ1 as a share on NYUD2-DIR of seven rows, by shots: `rmse_all`, ..., `delta1_few`."""
    return _cells("tightness_table2.csv", [f"{metric}_{shot}" for metric in ("rmse", "delta1") for shot in SHOTS])


def table3() -> list[Cell]:
    """Mean squared error of coordinates of eight rows; columns are the names of our datasets.

    >>> next(cell.mean.value for cell in table3() if (cell.row, cell.column) == ("lsq", "coordinates_circle"))
    0.154
    """
    short = {f"mse_{name.removeprefix('coordinates_')}": name for name in COORDINATES}
    return [
        Cell(cell.row, short[cell.column], cell.mean, cell.std) for cell in _cells("tightness_table3.csv", [*short])
    ]


def table4() -> list[Cell]:
    """Correlation of distances of features and labels on NYUD2-DIR, and volume: `rmse_all`, `spearman_cosine`, ..."""
    return _cells("tightness_table4.csv", ["rmse_all", *SIMILARITIES])


def table5() -> list[Cell]:
    """MAE on AgeDB-DIR by shots for values of λ (`weight`), γ and M; two lines of the table are one row."""
    cells = _cells("tightness_table5.csv", [f"mae_{shot}" for shot in SHOTS], SETTINGS)
    return list(dict.fromkeys(cells))


def table6() -> list[Cell]:
    """The cost of training at batch size 128: `minutes` and `megabytes`, each measured once."""
    return _cells("tightness_table6.csv", ["minutes", "megabytes"])


def parts(variant: str) -> str:
    """The method and its parts in a label, without settings: what tells the rows of Tables 1 to 4 and 6 apart.

    >>> parts("lsq+multi_target[m=4]+rot[gamma=0.02,weight=10000]")
    'lsq+multi_target+rot'
    """
    from regbench import variants

    return "+".join(part.name for part in variants.read(variant))


def _cells(file: str, columns: Sequence[str], settings: Sequence[str] = ()) -> list[Cell]:
    return [
        Cell(tables.row_name(line, settings), column, tables.number(line[column]), _std(line, column))
        for line in tables.rows(file)
        for column in columns
    ]


def _std(line: Mapping[str, str], column: str) -> Number | None:
    text = line.get(f"{column}_std")
    return tables.number(text) if text else None
