"""The text of a frame of `regbench watch`: benchmarks, devices, failures and running packs, as far as they fit."""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from regbench.campaign import watching
from regbench.cli.output import amount, columns, duration, paint, width
from regbench.store.owners import told

if TYPE_CHECKING:
    from regbench.store import RunningPack, Snapshot, Standing

STATES = ("done", "running", "failed", "blocked", "pending")
BLOCKS = "▁▂▃▄▅▆▇█"
FULL, EMPTY = "█", "░"
NARROW = 120  # a terminal with fewer columns gets shorter bars and curves, and no names of rows
BAR, SHORT_BAR = 20, 10  # characters of a bar
CURVE, SHORT_CURVE = 24, 8  # characters of a curve
FAILURES = 5  # shown in a frame; `regbench status` has the others
NAMES = 2  # rows named of a pack
NEWLINE = "\n"  # separates an error message from its traceback
NO_BREAK = "\N{NO-BREAK SPACE}"


def text(snapshot: "Snapshot", most_packs: int | None = None) -> str:
    """The frame; of the packs only the first `most_packs`."""
    parts = [_benchmarks(snapshot), _rest(snapshot), _failures(snapshot), _devices(snapshot)]
    return "\n\n".join(filter(None, [*parts, _packs(snapshot, most_packs)]))


def sparkline(values: Sequence[float | None]) -> str:
    """A curve in eight heights, of the logarithm if all values are above 0; a blank where there is none.

    >>> sparkline([0.8, 0.4, 0.2, None, 0.1]), sparkline([1.0, 1.0]), sparkline([-1.0, 0.0, 1.0]), sparkline([])
    ('█▆▃ ▁', '▁▁', '▁▅█', '')
    """
    known = [value for value in values if value is not None]
    if known and min(known) > 0:
        return sparkline_of([None if value is None else math.log(value) for value in values])
    return sparkline_of(values)


def sparkline_of(values: Sequence[float | None]) -> str:
    """A curve in eight heights between its lowest and highest value."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    step = (high - low) / (len(BLOCKS) - 1)
    heights = (value if value is None else round((value - low) / step) if step else 0 for value in values)
    return "".join(" " if height is None else BLOCKS[int(height)] for height in heights)


def _benchmarks(snapshot: "Snapshot") -> str:
    """One line for each benchmark, over its datasets."""
    rows = []
    for name, group in itertools.groupby(snapshot.standings, key=lambda standing: standing.benchmark):
        standings = list(group)
        jobs = sum(standing.jobs for standing in standings)
        states = {state: sum(getattr(standing, state) for standing in standings) for state in STATES}
        done = f"{states.pop('done'):,}/{jobs:,}"
        rows.append([name, done, *states.values(), _bar(standings)])
    return columns(rows, header=["benchmark", "done", *STATES[1:], "epochs"])


def _bar(standings: "Iterable[Standing]") -> str:
    """The part of the epochs that are done, as a bar and in percent; it is one word, which is not wrapped."""
    counted = [(standing.epochs_done, standing.epochs_total) for standing in standings]
    done, total = (sum(numbers) for numbers in zip(*counted, strict=True))
    part = done / total if total else 0.0
    size = SHORT_BAR if _is_narrow() else BAR
    full = math.floor(size * part)
    return f"{FULL * full}{EMPTY * (size - full)}{NO_BREAK}{math.floor(100 * part)}{NO_BREAK}%"


def _rest(snapshot: "Snapshot") -> str:
    """When it will be over, as far as is known."""
    pending = sum(standing.pending for standing in snapshot.standings)
    if not snapshot.packs:
        waiting = f"; {amount(pending, 'job')} pending, until `regbench run` goes on" if pending else ""
        return f"nothing is running{waiting}"
    left = watching.left(snapshot)
    if left.seconds is None:
        return "time left: not known yet"
    return f"time left: {'more than' if left.at_least else 'about'} {duration(left.seconds)}"


def _failures(snapshot: "Snapshot") -> str:
    failures = [(standing.dataset, failure) for standing in snapshot.standings for failure in standing.failures]
    if not failures:
        return ""
    lines = [f"{paint('failed', 'red')}: {amount(len(failures), 'job')}"]
    for dataset, failure in failures[:FAILURES]:
        why = failure.error.partition(NEWLINE)[0]
        lines.append(f"  {dataset}, {failure.label}: {failure.failure_class}: {why}")
    if len(failures) > FAILURES:
        lines.append(f"  ... and {len(failures) - FAILURES:,} more; see `regbench status`")
    return "\n".join(lines)


def _devices(snapshot: "Snapshot") -> str:
    """The speed of each device in epochs of single jobs, as a run shows it."""
    rows = [
        [
            speed.device,
            speed.host or None,
            speed.workers,
            speed.silent,
            speed.epochs_per_minute if speed.epochs_per_minute is None else round(speed.epochs_per_minute),
        ]
        for speed in watching.speeds(snapshot)
    ]
    return columns(rows, header=["device", "host", "workers", "silent", "epochs/min"]) if rows else ""


def _packs(snapshot: "Snapshot", most: int | None) -> str:
    shown = snapshot.packs[:most]
    if not shown:
        return ""
    metrics = sorted({pack.metric for pack in shown})
    alike = len(metrics) == 1
    header = ["worker", "dataset", "jobs", "rows", "epoch", "curve", metrics[0] if alike else "last", "left"]
    styles = ["yellow" if pack.silent else "" for pack in shown]
    table = columns([_row(pack, named=not alike) for pack in shown], header=header, styles=styles)
    more = len(snapshot.packs) - len(shown)
    return f"{table}\n... and {amount(more, 'pack')} more" if more else table


def _row(pack: "RunningPack", *, named: bool) -> list[str | int | None]:
    rest = watching.left_of(pack)
    return [
        told(pack.owner)[1],
        pack.dataset,
        pack.jobs,
        len(pack.rows) if _is_narrow() else _names(pack.rows),
        f"{pack.epoch}/{pack.epochs}",
        sparkline(_fitting([value for _, value in pack.curve])),
        _last(pack, named=named),
        "silent" if pack.silent else "-" if rest is None else duration(rest).replace(" ", NO_BREAK),
    ]


def _names(rows: Sequence[str]) -> str:
    """The first names of a pack's rows, and how many there are besides.

    >>> _names(["lsq", "end2end"]), _names(["lsq", "end2end", "corn", "coral"])
    ('lsq, end2end', 'lsq, end2end, +2')
    """
    more = [f"+{len(rows) - NAMES}"] if len(rows) > NAMES else []
    return ", ".join([*rows[:NAMES], *more])


def _last(pack: "RunningPack", *, named: bool) -> str:
    """The newest value of the deciding metric, with its name where packs have different ones."""
    if not pack.curve:
        return "-"
    _, value = pack.curve[-1]
    shown = "diverged" if value is None else f"{value:.4g}"
    return f"{pack.metric}{NO_BREAK}{shown}" if named else shown


def _fitting(values: Sequence[float | None]) -> list[float | None]:
    """The values, or evenly spaced ones of them where the terminal is narrow; the last one is always kept."""
    size = SHORT_CURVE if _is_narrow() else CURVE
    if len(values) <= size:
        return list(values)
    return [values[round(place * (len(values) - 1) / (size - 1))] for place in range(size)]


def _is_narrow() -> bool:
    """Whether stdout is a terminal without room for everything."""
    return (width() or NARROW) < NARROW
