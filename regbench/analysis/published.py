"""A paper's table as a frame of cells, so that code for our numbers can read the paper's too."""

import pandas as pd

from regbench import variants
from regbench.analysis import order
from regbench.papers import bridges


def bridges_cells() -> "pd.DataFrame":
    """Table 2 of the first paper as if each mean were one run; it prints no MAE and no spread."""
    rows = [
        {
            "benchmark": "paper",
            "dataset": order.full_name(cell.dataset),
            "method": cell.method,
            "variant": _variant(cell),
            "k": cell.k,
            "settings": _settings(cell),
            "seed": 0,
            "run_id": number,
            "test_rmse": cell.test_rmse,
            "test_mae": None,
            "diverged": False,
        }
        for number, cell in enumerate(bridges.table2())
    ]
    frame = pd.DataFrame(rows)
    return frame.astype({"k": "Int64", "run_id": "Int64", "test_mae": float})


def _variant(cell: bridges.Cell) -> str:
    return variants.label(cell.method, _settings(cell), {})


def _settings(cell: bridges.Cell) -> dict[str, float]:
    return {} if cell.lambda_sigma is None else {bridges.WIDTH: cell.lambda_sigma}
