"""Adding another benchmark's reference models to the rows of this one."""

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pandas import DataFrame


def with_reference(frame: "DataFrame", models: "DataFrame") -> "DataFrame":
    """The cells of a benchmark, then those of `models` on the same datasets, without jobs that are already there."""
    new = models[models["dataset"].isin(frame["dataset"]) & ~models["job_key"].isin(frame["job_key"])]
    if new.empty:
        return frame
    both = pd.concat([frame, new], ignore_index=True)
    both.attrs = {
        **frame.attrs,
        "left_out": [line for part in (frame, models) for line in part.attrs.get("left_out", [])],
    }
    return both
