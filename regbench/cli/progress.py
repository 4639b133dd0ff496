"""How far a run is: a live bar on a terminal, a line now and then anywhere else. Always on stderr."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from regbench import runner
from regbench.cli.output import amount, animated, colour, duration, say

NEWLINE = "\n"  # what follows it is the traceback, which `regbench status` keeps
LINE_S = 10.0  # between two plain lines


class Display:
    """Takes the events of a run, one call each."""

    def __init__(self, plan: runner.Plan) -> None:
        self.title = plan.benchmark
        self.working = bool(plan.packs)
        self._said = time.monotonic() - LINE_S + 1
        self._bar: Progress | None = None
        self._task = TaskID(0)
        if animated() and self.working:
            console = Console(stderr=True, no_color=not colour(sys.stderr), highlight=False)
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.fields[jobs]}", markup=False),
                TimeElapsedColumn(),
                TextColumn("{task.fields[left]}"),
                console=console,
                transient=True,  # the summary follows
            )

    def __enter__(self) -> Self:
        if self._bar:
            self._task = self._bar.add_task(self.title, total=None, jobs="starting workers", left="")
            self._bar.start()
        elif self.working:
            say(f"{self.title}: starting workers")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, event: runner.Event) -> None:
        """Show one event."""
        match event:
            case runner.Progress():
                self._progress(event)
            case runner.JobFailed():
                self._line(f"failed: {event.label}: {event.failure_class}: {event.error.partition(NEWLINE)[0]}")
            case runner.Waiting():
                self._line(f"waiting: another process holds {amount(event.jobs, 'job')}")

    def _progress(self, event: runner.Progress) -> None:
        left = "" if event.seconds_left is None else f"{duration(event.seconds_left)} left"
        jobs = f"{event.done_jobs:,}/{event.total_jobs:,} jobs"
        if self._bar:
            self._bar.update(self._task, completed=event.done_epochs, total=event.total_epochs, jobs=jobs, left=left)
        elif time.monotonic() - self._said >= LINE_S:
            self._said = time.monotonic()
            epochs = f"{event.done_epochs:,}/{event.total_epochs:,} epochs"
            say(f"{self.title}: " + ", ".join(filter(None, [jobs, epochs, left])))

    def _line(self, text: str) -> None:
        if self._bar:
            self._bar.console.print(text, markup=False)
        else:
            say(text)
