"""Stewart, Bach and Berthet, "Building Bridges between Regression, Clustering, and Classification".

Tables 1 to 3 as printed, including misprints. The numbers are in CSV files next to this file.
"""

from dataclasses import dataclass

from regbench.papers import tables

DATASETS = ("WN", "AE", "BS", "SC", "EL", "CA", "DM", "RM")  # in the order of its tables
METHODS = ("lsq", "lsq_softmax", "hard_binning", "soft_binning", "pretrained_encoder", "end2end")  # of its figures
WIDTH = "lambda_sigma"  # the hyper-parameter that tables have a column for, as Table 2 has

# Where public data cannot match Table 1, and why: (property, dataset) → reason.
MISPRINTS = {
    ("num_features", "WN"): "every public version of Wine Quality has 11 inputs; the paper prints 7",
    ("num_test", "CA"): "8192 rows less 6553 and 819 leave 820; the paper's three parts sum to 8191",
}


@dataclass(frozen=True)
class Cell:
    """One number of Table 2: the mean test RMSE (in units of the scaled target) over an unstated number of seeds."""

    method: str
    k: int | None
    lambda_sigma: float | None
    dataset: str
    test_rmse: float


def table1() -> dict[str, dict[str, str]]:
    """Sizes, inputs and batch size of the eight datasets: property → dataset → printed text."""
    return {row.pop("property"): row for row in tables.rows("bridges_table1.csv")}


def table2() -> list[Cell]:
    """Test RMSE of 19 rows on eight datasets.

    >>> next(cell.test_rmse for cell in table2() if (cell.method, cell.k, cell.dataset) == ("end2end", 25, "BS"))
    0.074
    """
    return [
        Cell(
            method=row["method"],
            k=int(row["k"]) if row["k"] else None,
            lambda_sigma=float(row["lambda_sigma"]) if row["lambda_sigma"] else None,
            dataset=row["dataset"],
            test_rmse=float(row["test_rmse"]),
        )
        for row in tables.rows("bridges_table2.csv")
    ]


def table3() -> dict[tuple[int, str], float]:
    """The λ_KL chosen by the paper's sweep for `end2end`: (k, dataset) → λ_KL, with λ_pred = 1."""
    return {(int(row["k"]), name): float(row[name]) for row in tables.rows("bridges_table3.csv") for name in DATASETS}
