"""The words around an ablation: what its numbers are of, what is left out, and how many intervals are read at once."""

from regbench import metrics
from regbench.analysis import Ablation, Comparison, verdict
from regbench.reports.text import words

SURE = "†"  # after a difference whose interval leaves out 0
MANY = 20  # intervals, of which at 95 % one misses by chance


def caption(ablation: Ablation, source: str, usual: int, *, several: bool, alike: bool) -> str:
    """What is compared, with which interval, over how many seeds."""
    first = _compared(ablation)[0]
    level, rope = f"{100 * first.level:g} %", f"{100 * first.rope:g} %"
    base = "the method itself, values chosen on validation rows," if ablation.chosen else "the method at its defaults"
    over = "; mean: of log ratios, each dataset counted once, with its interval for " if several else ""
    about = _scope(ablation) if several else ""
    label = metrics.about(ablation.metric).label
    return (
        f"Test {label} of each variant in percent above that of {base} at the same k, paired by "
        f"seed: below 0 the change helps. {SURE}: the {level} interval leaves out 0{over}{about}. Equal: that interval "
        f"lies within ±{rope}; else better or worse: it leaves out 0. {source}; N = {usual} pairs of runs per cell"
        + ("." if alike else " unless (n) says otherwise.")
    )


def notes(ablation: Ablation) -> tuple[str, ...]:
    """What has no pair of runs, what was left out of some, what was trained otherwise; and the noise to expect."""
    without = [each for each in ablation.changes if each.comparison is None]
    marks = [f"{words.MISSING}: no seed on which both have a finished run"] * any(not each.diverged for each in without)
    marks += [f"{words.DIVERGED}: every run diverged"] * any(each.diverged for each in ablation.changes)
    gone = [f"{each.spelled}: {each.reason}" for each in without]
    partly = [
        f"{each.spelled}: {why}" for each in ablation.changes if each.comparison for why in each.comparison.missing
    ]
    return (
        *_defaults(ablation),
        *marks,
        *([f"without any pair: {words.some(gone, '; ')}"] if gone else []),
        *([f"left out of {len(partly)} rows: {words.some(partly, '; ')}"] if partly else []),
        *_otherwise(ablation),
        *_mixed(ablation),
        *ablation.notes,
        *_chance(ablation),
    )


def excludes_zero(low: float | None, high: float | None) -> bool:
    """Whether 0 lies outside an interval."""
    return low is not None and high is not None and (low > 0 or high < 0)


def _compared(ablation: Ablation) -> list[Comparison]:
    return [each.comparison for each in ablation.changes if each.comparison]


def _defaults(ablation: Ablation) -> list[str]:
    """The default values of the settings that are varied."""
    varied: dict[str, dict[str, object]] = {}
    for each in ablation.changes:
        own = varied.setdefault(each.method, {})
        own |= {name: each.usual[name] for name in each.settings if name in each.usual}
    said = [f"{method} {', '.join(map(_setting, own.items()))}" for method, own in varied.items() if own]
    return [f"compared with: {'; '.join(said)}"] if said and not ablation.chosen else []


def _setting(item: tuple[str, object]) -> str:
    name, value = item
    return f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"


def _scope(ablation: Ablation) -> str:
    return "datasets like these" if _general(ablation) else "these datasets trained with other seeds"


def _general(ablation: Ablation) -> bool:
    return any(each.scope == verdict.GENERAL for each in _compared(ablation))


def _mixed(ablation: Ablation) -> list[str]:
    few = [each.spelled for each in ablation.changes if each.comparison and each.comparison.scope != verdict.GENERAL]
    if not few or not _general(ablation):
        return []
    return [f"of too few datasets for more, the interval of these is for them alone: {words.some(few)}"]


def _otherwise(ablation: Ablation) -> list[str]:
    """The notes of the comparisons, each with all rows that it is about."""
    found: dict[str, list[str]] = {}
    for each in ablation.changes:
        for note in each.comparison.notes if each.comparison else ():
            found.setdefault(note, []).append(each.spelled)
    return [f"{words.some(names)}: {note}" for note, names in found.items()]


def _chance(ablation: Ablation) -> list[str]:
    """How many intervals would leave out 0 by chance, when many are read at once."""
    compared = _compared(ablation)
    cells = [(part.low, part.high) for each in compared for part in each.datasets if part.low is not None]
    if len(cells) < MANY:
        return []
    sure = sum(excludes_zero(*each) for each in cells)
    expected = round(len(cells) * (1 - compared[0].level))
    return [
        f"{sure} of {len(cells)} cells have {SURE}; were no change to do anything, about {expected} would by chance. "
        "The rows of a method share the runs of its defaults, and so their noise"
    ]
