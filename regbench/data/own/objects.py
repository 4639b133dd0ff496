"""Tables from Python, data frames and datasets of scikit-learn, as files that other processes can read."""

import hashlib
import io
from typing import Any

from regbench.data.download import write_atomically
from regbench.data.places import cache_folder
from regbench.errors import UsageError

FOLDER = "frames"  # of the cache
SHORT = 16  # digits of the digest in a path


def saved(thing: Any) -> tuple[str, tuple[str, ...]]:
    """The path of a Parquet file in the cache folder with the content of a data frame or Bunch, and its targets.

    A data frame tells no target. Equal content gives the same file.
    """
    import pandas as pd

    frame, targets, name = thing, (), "frame"
    if hasattr(thing, "data") and hasattr(thing, "target"):
        frame, targets = _of_bunch(thing)
        name = "bunch"
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"data must be a file, a data frame or a dataset of scikit-learn, not {type(thing).__name__}")
    content = io.BytesIO()
    try:
        frame.rename(columns=str).to_parquet(content, index=False)
    except (ValueError, TypeError, OverflowError) as error:  # pyarrow's own are ValueErrors and TypeErrors
        raise UsageError(f"a column of the data frame cannot be stored: {str(error).splitlines()[0][:150]}") from None
    digest = hashlib.sha256(content.getvalue()).hexdigest()[:SHORT]
    path = cache_folder() / FOLDER / digest / f"{name}.parquet"
    if not path.is_file():
        write_atomically(path, content.getvalue())
    return str(path), targets


def _of_bunch(bunch: Any) -> tuple[Any, tuple[str, ...]]:
    """One frame of inputs and targets, and the names of the targets."""
    import numpy as np
    import pandas as pd

    x = bunch.data if isinstance(bunch.data, pd.DataFrame) else pd.DataFrame(np.asarray(bunch.data))
    y = bunch.target
    if isinstance(y, pd.Series):
        y = y.to_frame()
    elif not isinstance(y, pd.DataFrame):
        values = np.asarray(y)
        y = pd.DataFrame(values if values.ndim == 2 else values[:, None])
        y.columns = _names(bunch, "target_names", y.shape[1], "target")
    if not isinstance(bunch.data, pd.DataFrame):
        x.columns = _names(bunch, "feature_names", x.shape[1], "x")
    y = y.rename(columns=str)
    taken = set(map(str, x.columns))
    y.columns = [f"target {name}" if name in taken else name for name in y.columns]
    return pd.concat([x.reset_index(drop=True), y.reset_index(drop=True)], axis=1), tuple(y.columns)


def _names(bunch: Any, field: str, width: int, usual: str) -> list[str]:
    """The names that a Bunch gives its columns, or numbered ones."""
    given = getattr(bunch, field, None)
    given = [given] if isinstance(given, str) else given
    if given is not None and len(given) == width:
        return list(map(str, given))
    return [usual] if width == 1 else [f"{usual}{place + 1}" for place in range(width)]
