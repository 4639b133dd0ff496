"""`regbench watch`: a live view of what is being trained."""

import os
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.campaign.places import stored_benchmark
from regbench.cli import completing, options
from regbench.cli.output import colour, emit, emit_json, say, styled
from regbench.cli.reading import reading
from regbench.errors import PassingError

if TYPE_CHECKING:
    from rich.text import Text

    from regbench.store import Snapshot

MOST_TIME = 0.1  # fraction of the time that reading may take; with 100,000 jobs a frame takes a second
OTHER_LINES = 16  # of a frame, besides those of packs
FEWEST_PACKS = 3
CALM = 3  # frames in a row with nothing left to do, after which it ends: a sweep may be planning its next stage


def watch(
    benchmark: Annotated[
        str | None,
        typer.Argument(
            help="Only this one; by default all that are trained, and the one run last.",
            autocompletion=completing.benchmarks,
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print one frame and stop; so does a pipe or a file.")] = False,
    interval: Annotated[
        float,
        typer.Option(
            "--interval", metavar="SECONDS", help="Time between two frames.", callback=options.checked("check_interval")
        ),
    ] = 2.0,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Watch a run live: running packs, curves, speed of each device, time left and failures.

    Reads the database only, in short transactions, so that it cannot disturb a run, here or on another machine.
    A curve is the median over the jobs of a pack, on a logarithmic scale, of the validation metric that decides;
    epochs are of single jobs. It ends with Ctrl-C, and by itself when nothing is running or pending.

    Examples:
      regbench watch
      regbench watch bridges-fixed --interval 10
      regbench watch --once
      regbench watch --json
    """
    name, snapshot = _first(db, benchmark)
    if json:
        return emit_json("watch", _as_data(snapshot))
    if not snapshot.standings:
        say("no benchmark yet; start with `regbench run smoke`")
        return None
    from regbench.campaign import watching
    from regbench.cli import frame

    if not once and _is_live() and not watching.is_over(snapshot):
        snapshot = _follow(db, name, snapshot, interval)
    emit(frame.text(snapshot))
    return None


def _first(db: str, benchmark: str | None) -> "tuple[str | None, Snapshot]":
    """The name under which the benchmark is stored, and the first snapshot."""
    with reading(db) as store:
        name = stored_benchmark(store, benchmark) if benchmark else None  # the former loads pandas
        return name, store.watch(name)


def _is_live() -> bool:
    """Whether stdout is a terminal whose lines can be redrawn."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _follow(db: str, name: str | None, snapshot: "Snapshot", interval: float) -> "Snapshot":
    """Redraw the frame until nothing has been left to do for a while; returns the last snapshot.

    Each frame opens the database anew, so that a file that was moved, or that becomes readable, is noticed.
    """
    from rich.console import Console
    from rich.live import Live

    from regbench.campaign import watching
    from regbench.cli import frame

    console = Console(file=sys.stdout, no_color=not colour(sys.stdout), highlight=False)
    trouble, pause, calm = "", interval, 0
    with Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        while calm < CALM:
            head = f"{time.strftime('%H:%M:%S', time.localtime(snapshot.moment))}, every {interval:g} s; Ctrl-C ends it"
            room = max(FEWEST_PACKS, console.height - OTHER_LINES)
            parts = [head, frame.text(snapshot, room), trouble]
            live.update(_drawn("\n\n".join(filter(None, parts))), refresh=True)
            time.sleep(pause)
            started = time.monotonic()
            try:
                with reading(db) as store:
                    snapshot, trouble = store.watch(name), ""
                calm = calm + 1 if watching.is_over(snapshot) else 0
            except PassingError as error:
                trouble = f"{error}; trying again"
            pause = max(interval, (time.monotonic() - started) / MOST_TIME)
    return snapshot


def _drawn(frame: str) -> "Text":
    """A frame for the terminal: lines that are too long are cut."""
    from rich.text import Text

    return Text.from_ansi(styled(frame), no_wrap=True, overflow="ellipsis")


def _as_data(snapshot: "Snapshot") -> dict[str, Any]:
    """The snapshot for JSON, with what a frame says of it."""
    from regbench.campaign import watching
    from regbench.store.owners import told

    left = watching.left(snapshot)
    packs = []
    for pack in snapshot.packs:
        host, process = told(pack.owner)
        packs.append({**asdict(pack), "host": host, "process": process, "seconds_left": watching.left_of(pack)})
    return {
        "moment": snapshot.moment,
        "over": watching.is_over(snapshot),
        "seconds_left": left.seconds,
        "at_least": left.at_least,
        "standings": [asdict(standing) for standing in snapshot.standings],
        "packs": packs,
        "devices": [asdict(speed) for speed in watching.speeds(snapshot)],
    }
