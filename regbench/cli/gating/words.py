"""The outcome of a gate in words: a sentence, and a row for each cell."""

from regbench.analysis.gate import OK, OPEN, REGRESSED, SAME
from regbench.campaign.gate.outcome import CONFIRMED, COVERED, PAIRED, REPLAYED, CellOutcome, Outcome
from regbench.cli.output import amount, columns, duration, short
from regbench.errors import some

VERDICTS = {SAME: "same", OK: "ok", OPEN: "inconclusive", REGRESSED: "regressed"}
STYLES = {SAME: "green", OK: "green", OPEN: "yellow", REGRESSED: "red"}
HOW = {
    REPLAYED: "replayed, bit for bit",
    COVERED: "its code was replayed",
    PAIRED: "both codes trained",
    CONFIRMED: "confirmed on fresh seeds",
}
TRAINED = {
    "replay": "replayed",
    "baseline": "by the baseline",
    "cached": "kept of it",
    "present": "by the present code",
}
HEADER = ["cell", "verdict", "change", "95 % interval", "margin", "seeds", "how"]


def sentence(outcome: Outcome) -> str:
    """The verdict of the whole gate."""
    named = {each: [cell for cell in outcome.cells if cell.verdict == each] for each in VERDICTS}
    if worse := named[REGRESSED]:
        said = some([f"{cell.cell} {_worse(cell, outcome.unit)}" for cell in worse])
        return f"regressed: {said}; {'it was' if len(worse) == 1 else 'they were'} confirmed on seeds not used before"
    if unsure := named[OPEN]:
        said = some([cell.cell for cell in unsure])
        return f"inconclusive: the seeds of {said} can neither show a worsening nor exclude one beyond the margin"
    if outcome.same:
        runs = amount(outcome.trained["replay"], "run")
        exact = f"{amount(len(outcome.cells), 'cell')} give the same numbers, bit for bit"
        return f"same: {exact} ({runs} replayed)" if outcome.trained["replay"] else f"same: {exact}"
    margins = [cell.margin for cell in outcome.cells if cell.margin is not None]
    return f"ok: no cell is worse by more than its margin ({_span(margins, outcome.unit)})"


def table(outcome: Outcome) -> str:
    """The verdict of each cell."""
    styles = [STYLES[cell.verdict] for cell in outcome.cells]
    return columns([row(cell, outcome.unit) for cell in outcome.cells], header=HEADER, styles=styles)


def row(cell: CellOutcome, unit: str) -> list[str | int | None]:
    """A cell as a row of `HEADER`."""
    if cell.verdict == SAME:
        how = "both codes trained, equal" if cell.how == PAIRED else HOW[cell.how]
        return [cell.cell, VERDICTS[SAME], "-", "-", "-", cell.seeds or None, how]
    low, high = (shown(value, unit) for value in (cell.low, cell.high))
    return [
        cell.cell,
        VERDICTS[cell.verdict],
        "diverges" if cell.lost and cell.change is None else shown(cell.change, unit),
        "-" if cell.low is None else f"{low} to {high}",
        shown(cell.margin, unit).removeprefix("+"),
        cell.seeds,
        HOW[cell.how],
    ]


def about(outcome: Outcome) -> list[str]:
    """What else to know: what was compared with what, how much was trained, and notes."""
    commit = f"commit {short(outcome.commit)}" if outcome.commit else "no commit"
    trained = [f"{outcome.trained[name]} {said}" for name, said in TRAINED.items() if outcome.trained.get(name)]
    what = f"{outcome.benchmark}, {outcome.metric}, against {commit}"
    lines = [f"{what}; runs: {', '.join(trained)}; {duration(outcome.seconds)}"]
    if outcome.changed:
        same = " and gives the same numbers" if outcome.same else ""
        lines.append(f"the code of {amount(len(outcome.changed), 'cell')} is not that of the baseline{same}")
    return [*lines, *outcome.notes]


def shown(value: float | None, unit: str) -> str:
    """A change with its sign; a dash for none.

    >>> shown(1.234, "percent"), shown(-0.0001234, "difference"), shown(None, "percent")
    ('+1.23 %', '-0.000123', '-')
    """
    if value is None:
        return "-"
    return f"{value:+.2f} %" if unit == "percent" else f"{value:+.3g}"


def _worse(cell: CellOutcome, unit: str) -> str:
    if cell.change is None or (cell.lost and cell.after is None):
        return f"diverges on {amount(cell.lost, 'seed')}"
    interval = f"{shown(cell.low, unit)} to {shown(cell.high, unit)}"
    return f"is worse by {shown(cell.change, unit).removeprefix('+')} ({interval})"


def _span(margins: list[float], unit: str) -> str:
    low, high = (shown(end(margins), unit).removeprefix("+") for end in (min, max))
    return low if low == high else f"{low} to {high}"
