"""Checks across entries: a sweep and its rows, a benchmark that chooses and its sweeps, and combined grids."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regbench import catalog, kinds, metrics
from regbench.config.marks import Marked
from regbench.config.names import resolve_among
from regbench.config.spec import Spec
from regbench.errors import UsageError


def check_sweep(marked: Marked, name: str, spec: Spec) -> None:
    """Refuse a swept field that no row has, or that every row with it fixes."""
    if spec.sweep and spec.choose:
        raise marked.wrong("has both sweep and choose; a benchmark that chooses names another one as its sweep", name)
    for number, stage in enumerate(spec.sweep):
        seen = {
            field for row in spec.variants if (own := stage.of(row.method, row.fixed, row.parts)) for field in own.axes
        }
        if lost := next((field for field in stage.axes if field not in seen), None):
            rows = ", ".join(row.label for row in spec.variants)
            raise marked.wrong(f"no row has {lost} to sweep: {rows}", name, "sweep", number, lost)


def undecided(spec: Spec) -> str | None:
    """The error message for a row without the metric that decides which epoch counts; None where all rows have it."""
    name = spec.protocol.decide
    if name is None:
        return None
    metric = name.removeprefix("val/")
    rows = [row for row in spec.variants if kinds.is_ours(row.method)]
    if metric not in catalog.names("metrics") or metrics.about(metric).needs == catalog.REPORTED:
        return f"{name} cannot decide which epoch of {rows[0].label} counts, for it is none of ours" if rows else None
    if metrics.about_val(name).needs == "predictions":
        return None
    rows = [row for row in rows if row.method in catalog.names("methods")]
    without = next((row for row in rows if metric not in catalog.row(row.method).arguments.get("scores", {})), None)
    return without and f"{name} cannot decide which epoch of {without.label} counts, for it has no such number"


def check_decide(marked: Marked, name: str, spec: Spec) -> None:
    """Refuse a deciding metric that a row does not have."""
    if wrong := undecided(spec):
        raise marked.wrong(wrong, name, "protocol", "decide")


def unscheduled(spec: Spec) -> tuple[str, str] | None:
    """Field and error message where a schedule or an optimizer lacks what it needs, or the reverse; else None."""
    given = spec.protocol
    if given.schedule == "step" and not given.milestones:
        needed = "milestones: the epochs after which the learning rate falls, such as [60, 80]"
        return "schedule", f"schedule step needs {needed}"
    if given.milestones and given.schedule != "step":
        return "milestones", f"milestones are for the schedule step, and this one is {given.schedule or 'one_cycle'}"
    if given.momentum is not None and given.optimizer != "sgd":
        return "momentum", f"momentum is for the optimizer sgd, and this one is {given.optimizer or 'adam'}"
    return None


def check_schedule(marked: Marked, name: str, spec: Spec) -> None:
    """Refuse a schedule of steps without milestones, milestones without it, and a momentum without its optimizer."""
    if found := unscheduled(spec):
        field, wrong = found
        raise marked.wrong(wrong, name, "protocol", field)


def check_also(marked: Marked, name: str, spec: Spec, known: Mapping[str, Spec]) -> Spec:
    """The entry with the full names of the benchmarks whose jobs it includes; all of them must be plain grids."""
    names = []
    for position, other in enumerate(spec.also):
        names.append(_full_name(marked, name, other, known, "also", position))
        for plain, of in ((name, spec), (names[-1], known[names[-1]])):
            field = "sweep" if of.sweep else "choose" if of.choose else "also" if of.also and of is not spec else None
            if field:
                raise marked.wrong(f"{plain} has {field}, and only plain grids can be combined", name, "also", position)
    return spec.model_copy(update={"also": names})


def check_choice(marked: Marked, name: str, spec: Spec, known: Mapping[str, Spec]) -> Spec:
    """The entry with the full names of its sweeps; refused where no sweep covers a row."""
    if spec.choose is None:
        return spec
    sources = []
    for source in spec.choose.sources:
        sources.append(_full_name(marked, name, source, known, "choose", "from"))
        if not known[sources[-1]].sweep:
            raise marked.wrong(f"{source} is no sweep: it has no field `sweep`", name, "choose", "from")
        if both := sorted(set(spec.seeds) & set(known[sources[-1]].seeds)):
            raise marked.wrong(
                f"seed {both[0]} is also one of {source}, which it chooses from: values must be chosen on other seeds "
                "than those that are reported",
                name,
                "seeds",
            )
    _check_cover(marked, name, spec, [known[source] for source in sources])
    return spec.model_copy(update={"choose": replace(spec.choose, sources=tuple(sources))})


def _full_name(marked: Marked, name: str, other: str, known: Mapping[str, Spec], *place: str | int) -> str:
    """The full name of another benchmark, which the entry `name` refers to at that place."""
    try:
        return resolve_among("benchmark", other, [candidate for candidate in known if candidate != name])
    except UsageError as error:
        raise marked.wrong(str(error), name, *place) from None


def _check_cover(marked: Marked, name: str, spec: Spec, sources: Sequence[Spec]) -> None:
    """Refuse a row that no sweep has on one of its datasets, and one that fixes a field which its sweep tries."""
    for row in spec.variants:
        if row.method not in catalog.names("methods"):
            continue
        having = [(source, swept) for source in sources for swept in source.variants if swept == row]
        for dataset in spec.datasets:
            if not any(dataset in source.datasets for source, _ in having):
                at = f" on {dataset}" if having else ""
                raise marked.wrong(f"no sweep it chooses from has {row.label}{at}", name, "choose", "from")
        for source, swept in having:
            chosen = {
                field
                for stage in source.sweep
                if (own := stage.of(row.method, swept.fixed, swept.parts))
                for field in own.axes
            }
            if clash := sorted(chosen & row.fixed):
                raise marked.wrong(f"{row.label} fixes {clash[0]}, and its sweep tries values of it", name, "methods")
