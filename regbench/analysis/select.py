"""Filters on the frame of cells, as the command line has them."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from regbench import catalog, variants
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.errors import NothingMeasured, UsageError, did_you_mean
from regbench.owntables import means

if TYPE_CHECKING:
    from pandas import DataFrame


def select(
    frame: "DataFrame",
    *,
    k: Collection[int] = (),
    datasets: Collection[str] = (),
    methods: Collection[str] = (),
) -> "DataFrame":
    """The rows that pass all filters; an empty filter passes everything. A filter on k keeps methods that ignore k.

    A dataset is given by name or alias. `soft_binning` keeps all its variants, `soft_binning[lambda_sigma=1]` only one.
    """
    if frame.empty:
        raise NothingMeasured("no job is planned here: nothing to report on")
    kept = frame
    if datasets:
        kept = kept[kept["dataset"].isin([_dataset(name, frame) for name in datasets])]
    if methods:
        wanted = [_method(name, frame) for name in methods]
        kept = kept[[any(_is(row, variant) for variant in wanted) for row in records(kept)]]
    if k:
        kept = kept[kept["k"].isna() | kept["k"].isin(list(k)).fillna(value=False)]
    if kept.empty:
        asked = [f"{name} {', '.join(map(str, asked))}" for name, asked in _asked(k, datasets, methods) if asked]
        raise NothingMeasured(f"nothing left to report{' of ' + '; '.join(asked) if asked else ': no job is planned'}")
    kept.attrs = dict(frame.attrs)
    return kept


def check_method(name: str, frame: "DataFrame") -> None:
    """Refuse a method or baseline that neither the catalog nor the frame knows."""
    known = sorted({*catalog.rows(), *frame["method"]}, key=order.method_key)
    if name not in known:
        raise UsageError(f"no method called '{name}'{did_you_mean(name, known)}")


def pick(frame: "DataFrame", name: str, *, k: int | None = None) -> "DataFrame":
    """The rows of one variant at one k; a bare name is the default variant at k = 25. Methods may ignore k."""
    wanted = variants.parse(name)
    where = _benchmark(frame)
    if name.strip() not in set(frame["variant"]):
        check_method(wanted.method, frame)
    rows = frame[frame["method"] == wanted.method]
    if rows.empty:
        raise NothingMeasured(f"{where} has no {wanted.method}; it has {_listing(frame['method'])}")
    labels = set(rows["variant"])
    exact = name.strip() if name.strip() in labels else wanted.label
    if exact not in labels:
        raise UsageError(f"{where} has no variant '{exact}'{did_you_mean(exact, sorted(labels))}")
    rows = rows[rows["variant"] == exact]
    at = wanted.k or k or variants.DEFAULT_K
    chosen = rows[rows["k"].isna() | (rows["k"] == at)]
    if chosen.empty:
        has = ", ".join(map(str, sorted(map(int, rows["k"].dropna().unique()))))
        raise UsageError(f"{where} has no {exact} at k = {at}; it has k = {has}: choose one with --k or {exact}[k=…]")
    return chosen


def _asked(*filters: Collection[object]) -> list[tuple[str, Collection[object]]]:
    return list(zip(("k", "dataset", "method"), filters, strict=True))


def _dataset(name: str, frame: "DataFrame") -> str:
    names = {str(dataset): str(dataset) for dataset in frame["dataset"]}
    names |= {order.alias(dataset).upper(): dataset for dataset in names}
    found = names.get(name) or names.get(name.upper()) or names.get(name.replace("-", "_"))
    if found:
        return found
    if len(own := [dataset for dataset in sorted(set(names.values())) if means(name, dataset)]) == 1:
        return own[0]
    if own:
        raise UsageError(f"'{name}' may be {' or '.join(own)}; write one of them")
    known = catalog.names("datasets")
    if name.replace("-", "_") in known or name.upper() in {order.alias(dataset).upper() for dataset in known}:
        raise NothingMeasured(f"no job of dataset '{name}' here; there are: {', '.join(sorted(set(names.values())))}")
    raise UsageError(f"no dataset called '{name}'{did_you_mean(name, [*names, *known])}")


def _method(name: str, frame: "DataFrame") -> variants.Wanted:
    wanted = variants.parse(name)
    if wanted.label not in set(frame["variant"]):
        check_method(wanted.method, frame)
    return wanted


def _is(row: dict, wanted: variants.Wanted) -> bool:
    if wanted.k is not None and row["k"] != wanted.k:
        return False
    return row["method"] == wanted.method if wanted.label == wanted.method else row["variant"] == wanted.label


def _benchmark(frame: "DataFrame") -> str:
    names = set(frame["benchmark"].dropna()) if "benchmark" in frame else set()
    return f"benchmark {names.pop()}" if len(names) == 1 else "the benchmark"


def _listing(names: "object") -> str:
    return ", ".join(sorted(set(names), key=order.method_key)) or "nothing"  # type: ignore[call-overload]
