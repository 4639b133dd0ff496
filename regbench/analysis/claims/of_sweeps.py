"""Claims on the values that a sweep tried for a setting, by their errors on validation rows.

A sweep has one seed, so its lowest error is one of several that other seeds could put in its place. Claims can name a
tolerance: a percentage, or `noise`, the difference that two runs which differ in nothing but their seeds may well show.
"""

from collections.abc import Mapping, Sequence
from itertools import product

from regbench.analysis.claims.doubt import UNKNOWN, Doubt, certain
from regbench.analysis.claims.evidence import Asked
from regbench.analysis.claims.rows import Missing, Row, missing, row
from regbench.analysis.claims.tree import Comparison, Node, every
from regbench.papers import predicates

NOISE = "noise"


def differ(predicate: predicates.BestSettingDiffers, asked: Asked) -> Node:
    """At each k, the chosen values differ between datasets."""
    datasets = predicate.datasets or asked.datasets
    return every(_differ(predicate, asked, datasets, k) for k in predicate.k)


def no_single(predicate: predicates.NoSingleSetting, asked: Asked) -> Node:
    """At each k, no value is within the tolerance of the best on all datasets."""
    datasets = predicate.datasets or asked.datasets
    return every(_no_single(predicate, asked, datasets, k) for k in predicate.k)


def matter_little(predicate: predicates.SettingMattersLittle, asked: Asked) -> Node:
    """At each k and on each dataset, all values between `low` and `high` are within the tolerance of the best."""
    datasets = predicate.datasets or asked.datasets
    return every(_matters_little(predicate, asked, dataset, k) for k, dataset in product(predicate.k, datasets))


def _differ(predicate: predicates.BestSettingDiffers, asked: Asked, datasets: Sequence[str], k: int | None) -> Node:
    of = row(predicate.of, k)
    values = {dataset: asked.evidence.chosen(predicate.setting, of, dataset) for dataset in datasets}
    gone = Missing(
        tuple((dataset, of, f"no {predicate.setting} chosen") for dataset, value in values.items() if value is None)
    )
    known = {value for value in values.values() if value is not None}
    doubt = certain(true=True) if len(known) > 1 else UNKNOWN if gone.cells else certain(true=False)
    statement = f"{predicate.setting} of {of} differs between datasets"
    return _comparison(statement, datasets, of, gone, doubt, _written(known) if known else "")


def _no_single(predicate: predicates.NoSingleSetting, asked: Asked, datasets: Sequence[str], k: int | None) -> Node:
    of, gone = row(predicate.of, k), Missing(())
    good: dict[str, set[float]] = {}
    tried: dict[str, set[float]] = {}
    for dataset in datasets:
        errors, limit = asked.evidence.tried(predicate.setting, of, dataset), _tolerance(predicate, asked, of, dataset)
        if isinstance(errors, Missing) or isinstance(limit, Missing):
            gone = missing([gone, errors, limit]) or gone
        else:
            tried[dataset] = set(errors)
            good[dataset] = {value for value, above in errors.items() if above <= limit}
    single = set.intersection(*good.values()) if good and not gone.cells else set[float]()
    possible = {
        value
        for value in set[float]().union(*tried.values())
        if all(value in good[name] or value not in tried[name] for name in good)
    }
    doubt = certain(true=not single) if single or (good and not possible) else UNKNOWN
    within = "the noise of a seed" if predicate.by == NOISE else f"{predicate.by:.0%}"
    measure = f"{predicate.setting} of {of} within {within} of the best on all of {', '.join(datasets)}"
    untried = tuple(
        (name, of, f"{predicate.setting} {_written(possible - tried[name])} was not tried")
        for name in tried
        if possible - tried[name]
    )
    lacking = Missing((*gone.cells, *untried) if doubt is UNKNOWN else ())
    found = "" if doubt is UNKNOWN else _written(single)
    return _comparison(measure, datasets, of, lacking, doubt, found)


def _tolerance(predicate: predicates.NoSingleSetting, asked: Asked, of: Row, dataset: str) -> float | Missing:
    return asked.evidence.noise(of, dataset) if predicate.by == NOISE else float(predicate.by)


def _matters_little(predicate: predicates.SettingMattersLittle, asked: Asked, dataset: str, k: int | None) -> Node:
    of = row(predicate.of, k)
    errors = asked.evidence.tried(predicate.setting, of, dataset)
    between = f"{predicate.setting} from {predicate.low:g} to {predicate.high:g}"
    statement = f"{dataset}: {between} for {of} is at most {predicate.by:.0%} above the best"
    if isinstance(errors, Missing):
        return _comparison(statement, [dataset], of, errors, UNKNOWN)
    inside = _between(errors, predicate.low, predicate.high)
    most = max(inside.values(), default=0.0)
    doubt = certain(true=most <= predicate.by)
    return _comparison(statement, [dataset], of, Missing(()), doubt, f"up to {most:.1%}")


def _between(errors: Mapping[float, float], low: float, high: float) -> dict[float, float]:
    """The values from `low` to `high`; a bound that is rounded as printed takes in the value it stands for."""
    return {value: above for value, above in errors.items() if 0.99 * low <= value <= 1.01 * high}


def _written(values: set[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in sorted(values)) or "none"


def _comparison(
    statement: str, datasets: Sequence[str], of: Row, gone: Missing, doubt: Doubt, shown: str = ""
) -> Comparison:
    cells = tuple(product(datasets, [of]))
    return Comparison(statement, "", None, cells, None, gone, doubt, by_errors=False, shown=shown)
