"""The words around an ablation: what is compared, what is left out, and how many intervals exclude 0 by chance."""

from regbench import metrics
from regbench.analysis import Ablation, Comparison, verdict
from regbench.errors import some
from regbench.reports.text import words

SURE = "†"  # after a difference whose interval excludes 0
MANY = 20  # intervals: at 95 %, one of them misses by chance


def caption(ablation: Ablation, source: str, usual: int, *, several: bool, alike: bool) -> str:
    """What is compared, with which interval, over how many seeds."""
    first = compared(ablation)[0][1]
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
    """Changes without pairs of runs, what was left out, differences in training, and the noise to expect."""
    changes = ablation.changes
    without = [change for change in changes if change.comparison is None]
    unpaired = any(not change.diverged for change in without)
    marks = [f"{words.MISSING}: no seed on which both have a finished run"] * unpaired
    marks += [f"{words.DIVERGED}: every run diverged"] * any(change.diverged for change in changes)
    gone = [f"{change.spelled}: {change.reason}" for change in without]
    partly = [f"{name}: {why}" for name, comparison in compared(ablation) for why in comparison.missing]
    return (
        *_defaults(ablation),
        *marks,
        *([f"without any pair: {some(gone, '; ')}"] if gone else []),
        *([f"left out of {len(partly)} rows: {some(partly, '; ')}"] if partly else []),
        *_otherwise(ablation),
        *_mixed(ablation),
        *ablation.notes,
        *_chance(ablation),
    )


def excludes_zero(low: float | None, high: float | None) -> bool:
    """Whether 0 lies outside an interval."""
    return low is not None and high is not None and (low > 0 or high < 0)


def compared(ablation: Ablation) -> list[tuple[str, Comparison]]:
    """The comparisons, with the name that notes have for the change."""
    return [(change.spelled, change.comparison) for change in ablation.changes if change.comparison]


def _defaults(ablation: Ablation) -> list[str]:
    """The default values of the settings that are varied."""
    varied: dict[str, dict[str, object]] = {}
    for change in ablation.changes:
        own = varied.setdefault(change.method, {})
        own |= {name: change.usual[name] for name in change.settings if name in change.usual}
    said = [f"{method} {', '.join(map(_setting, own.items()))}" for method, own in varied.items() if own]
    return [f"compared with: {'; '.join(said)}"] if said and not ablation.chosen else []


def _setting(item: tuple[str, object]) -> str:
    name, value = item
    return f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"


def _scope(ablation: Ablation) -> str:
    return "datasets like these" if _general(ablation) else "these datasets trained with other seeds"


def _general(ablation: Ablation) -> bool:
    return any(comparison.scope == verdict.GENERAL for _, comparison in compared(ablation))


def _mixed(ablation: Ablation) -> list[str]:
    few = [name for name, comparison in compared(ablation) if comparison.scope != verdict.GENERAL]
    if not few or not _general(ablation):
        return []
    return [f"of too few datasets for more, the interval of these is for them alone: {some(few)}"]


def _otherwise(ablation: Ablation) -> list[str]:
    """The notes of the comparisons, and the rows that every note is about."""
    found: dict[str, list[str]] = {}
    for name, comparison in compared(ablation):
        for note in comparison.notes:
            found.setdefault(note, []).append(name)
    return [f"{some(names)}: {note}" for note, names in found.items()]


def _chance(ablation: Ablation) -> list[str]:
    """How many intervals would exclude 0 by chance, if there are many."""
    parts = [part for _, comparison in compared(ablation) for part in comparison.datasets if part.low is not None]
    if len(parts) < MANY:
        return []
    sure = sum(excludes_zero(part.low, part.high) for part in parts)
    expected = round(len(parts) * (1 - compared(ablation)[0][1].level))
    return [
        f"{sure} of {len(parts)} cells have {SURE}; were no change to do anything, about {expected} would by chance. "
        "The rows of a method share the runs of its defaults, and so their noise"
    ]
