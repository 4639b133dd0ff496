"""Show the progress of a run on stderr: a live bar on a terminal, otherwise a line from time to time.

It shows the finished jobs and epochs as counted in the database, the rate, the time left, and failures.
"""

import sys
import time
from collections import deque

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from regbench import runner
from regbench.cli.output import amount, animated, colour, duration, say, shown

NEWLINE = "\n"  # the traceback follows it; `regbench status` shows it
LINE_S = 10.0  # between two lines
RATE_S = 60.0  # the rate is measured over the last minute


class Display:
    """Shows the events of a run; called with each event."""

    def __init__(self, plan: runner.Plan) -> None:
        self.title = shown(plan.benchmark)
        self.working = bool(plan.packs)
        self.failed = 0
        self._seen: deque[tuple[float, int]] = deque()  # time and number of finished epochs
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
                TextColumn("{task.fields[rest]}", markup=False),
                console=console,
                transient=True,  # the summary follows
            )

    def start(self) -> None:
        if self._bar:
            self._task = self._bar.add_task(self.title, total=None, jobs="starting workers", rest="")
            self._bar.start()
        elif self.working:
            say(f"{self.title}: starting workers")

    def stop(self) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, event: runner.Event) -> None:
        """Show one event."""
        match event:
            case runner.Progress():
                self._progress(event)
            case runner.JobFailed():
                self.failed += 1
                self._line(f"failed: {event.label}: {event.failure_class}: {event.error.partition(NEWLINE)[0]}")
            case runner.DeviceSetAside():
                self._line(f"{event.device} is no longer used, because it failed several packs in a row: {event.why}")
            case runner.Delayed():
                self._line(event.why)
            case runner.Waiting():
                self._line(f"waiting: another process holds {amount(event.jobs, 'job')}")

    def _progress(self, event: runner.Progress) -> None:
        jobs = f"{event.done_jobs:,}/{event.total_jobs:,} jobs"
        rest = [
            self._rate(event),
            "" if event.seconds_left is None else f"{duration(event.seconds_left)} left",
            f"{self.failed:,} failed" if self.failed else "",
        ]
        if self._bar:
            said = ", ".join(filter(None, rest))
            self._bar.update(self._task, completed=event.done_epochs, total=event.total_epochs, jobs=jobs, rest=said)
        elif time.monotonic() - self._said >= LINE_S:
            self._said = time.monotonic()
            epochs = f"{event.done_epochs:,}/{event.total_epochs:,} epochs"
            say(f"{self.title}: " + ", ".join(filter(None, [jobs, epochs, *rest])))

    def _rate(self, event: runner.Progress) -> str:
        """Epochs of single models per minute, over the last minute; empty without progress."""
        now = time.monotonic()
        self._seen.append((now, event.done_epochs))
        while len(self._seen) > 2 and now - self._seen[1][0] > RATE_S:
            self._seen.popleft()
        since, before = self._seen[0]
        gained = event.done_epochs - before
        return f"{60 * gained / (now - since):,.0f} epochs/min" if gained > 0 and now > since else ""

    def _line(self, text: str) -> None:
        if self._bar:
            self._bar.console.print(shown(text), markup=False)
        else:
            say(text)
