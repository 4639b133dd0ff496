"""Filters on the frame of cells, in the words of the command line."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from regbench import catalog
from regbench.analysis import order, variants
from regbench.analysis.aggregate import records
from regbench.errors import NothingMeasured, UsageError, did_you_mean

if TYPE_CHECKING:
    from pandas import DataFrame


def select(
    frame: "DataFrame",
    *,
    k: Collection[int] = (),
    datasets: Collection[str] = (),
    methods: Collection[str] = (),
) -> "DataFrame":
    """The rows asked for; nothing asked is everything. A filter on k keeps methods that ignore k.

    Datasets go by name or alias. `soft_binning` keeps every variant of it, `soft_binning[lambda_sigma=1]` that one.
    """
    if frame.empty:
        raise NothingMeasured("no job is planned here: nothing to report on")
    kept = frame
    if datasets:
        kept = kept[kept["dataset"].isin([_dataset(name, frame) for name in datasets])]
    if methods:
        wanted = [_method(name, frame) for name in methods]
        kept = kept[[any(_is(row, each) for each in wanted) for row in records(kept)]]
    if k:
        kept = kept[kept["k"].isna() | kept["k"].isin(list(k)).fillna(value=False)]
    if kept.empty:
        asked = [f"{name} {', '.join(map(str, asked))}" for name, asked in _asked(k, datasets, methods) if asked]
        raise NothingMeasured(f"nothing left to report{' of ' + '; '.join(asked) if asked else ': no job is planned'}")
    kept.attrs = dict(frame.attrs)
    return kept


def _asked(*filters: Collection[object]) -> list[tuple[str, Collection[object]]]:
    return list(zip(("k", "dataset", "method"), filters, strict=True))


def _dataset(name: str, frame: "DataFrame") -> str:
    names = {str(each): str(each) for each in frame["dataset"]}
    names |= {order.alias(each).upper(): each for each in names}
    found = names.get(name) or names.get(name.upper()) or names.get(name.replace("-", "_"))
    if found:
        return found
    known = catalog.names("datasets")
    if name.replace("-", "_") in known or name.upper() in {order.alias(each).upper() for each in known}:
        raise NothingMeasured(f"no job of dataset '{name}' here; there are: {', '.join(sorted(set(names.values())))}")
    raise UsageError(f"no dataset called '{name}'{did_you_mean(name, [*names, *known])}")


def _method(name: str, frame: "DataFrame") -> variants.Variant:
    wanted = variants.parse(name)
    if wanted.label not in set(frame["variant"]):
        variants.check_method(wanted.method, frame)
    return wanted


def _is(row: dict, wanted: variants.Variant) -> bool:
    if wanted.k is not None and row["k"] != wanted.k:
        return False
    return row["method"] == wanted.method if wanted.label == wanted.method else row["variant"] == wanted.label
