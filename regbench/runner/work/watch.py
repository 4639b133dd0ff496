"""Find workers that hang, and end them: SIGTERM first, SIGKILL if that does not help."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from regbench import kinds, settings
from regbench.engines.engine import Engine
from regbench.runner.work.events import Delayed
from regbench.runner.work.task import Task
from regbench.store import Store, patience_of_a_run

LOOK_EVERY_S = 5.0
STOPPED_S = 60.0  # a process that is stopped (SIGSTOP) as long as this is taken to hang
TIMES_ITS_PACE = 20  # as long as this many of its longest waits for an epoch, or of its whole likely time before
TIMES_PATIENCE = 2  # and at least this many times as long as it may wait for the database
TERM_S = 20.0  # between SIGTERM and SIGKILL


def least_s() -> float:
    """Seconds without an epoch before a worker is taken to hang; REGBENCH_HANGS_AFTER changes them."""
    return settings.seconds(settings.HANGS_AFTER, TIMES_PATIENCE * patience_of_a_run())


@dataclass
class Watched:
    """One task in a slot. Its pace is not known until it has written epochs twice; until then the plan's time counts.

    A fit of a baseline, and the first stage of a method, write nothing until they are done.
    """

    task: Task
    gained: float  # when epochs were last written
    likely_s: float = 0.0  # of the whole task, by the plan
    epochs: int = 0
    gains: int = 0
    longest: float = 0.0  # seconds between two writes
    stopped: float | None = None  # since when its process is stopped
    ended: float | None = None  # when it was asked to end
    killed: bool = False
    may_be_silent: bool = False  # a program of the user's, which its worker watches, and which has its own limit

    def see(self, now: float, epochs: int, *, stopped: bool) -> None:
        """Take in how things are at this moment."""
        self.stopped = (self.stopped if self.stopped is not None else now) if stopped else None
        if epochs > self.epochs:
            if self.gains:
                self.longest = max(self.longest, now - self.gained)
            self.epochs, self.gained, self.gains = epochs, now, self.gains + 1

    def overdue(self, now: float) -> str:
        """Why it is taken to hang; empty if it is not."""
        if self.stopped is not None and now - self.stopped > min(STOPPED_S, least_s()):
            return f"its process has been stopped for {now - self.stopped:.0f} s"
        if self.may_be_silent:
            return ""
        known = self.gains > 1
        if now - self.gained <= max(least_s(), TIMES_ITS_PACE * (self.longest if known else self.likely_s)):
            return ""
        usual = f"none took over {self.longest:.0f} s" if known else f"{self.likely_s:.0f} s were likely for all of it"
        return f"no epoch in {(now - self.gained) / 60:.0f} minutes, where {usual}"


@dataclass
class Watch:
    """The tasks that run, by slot."""

    store: Store
    seconds: Mapping[str, float] = field(default_factory=dict)  # job key -> its likely part of the time of its pack
    clock: Callable[[], float] = time.monotonic
    slots: dict[int, Watched] = field(default_factory=dict)
    looked: float = 0.0

    def start(self, slot: int, task: Task) -> None:
        now = self.clock()
        self.slots[slot] = Watched(
            task,
            now,
            likely_s=sum(self.seconds.get(job.key, 0.0) for job in task.jobs),
            epochs=sum(self.store.trained(task.code).values()),
            may_be_silent=not kinds.is_ours(task.jobs[0].method),
        )

    def end(self, slot: int) -> bool:
        """Forget a task that has ended; whether it was ended because it hung."""
        watched = self.slots.pop(slot, None)
        return watched is not None and watched.ended is not None

    def look(self, engine: Engine) -> Iterator[Delayed]:
        """End what hangs, and yield a line for each."""
        now = self.clock()
        if now - self.looked < LOOK_EVERY_S:
            return
        self.looked = now
        for slot, watched in self.slots.items():
            epochs = sum(self.store.trained(watched.task.code).values())
            watched.see(now, epochs, stopped=engine.is_stopped(slot))
            if watched.ended is None and (why := watched.overdue(now)):
                watched.ended = now
                engine.stop_one(slot)
                yield Delayed(
                    f"{watched.task.name}: its worker hangs ({why}); it is ended, and its jobs go on in another"
                )
            elif watched.ended is not None and now - watched.ended > TERM_S and not watched.killed:
                watched.killed = True
                engine.kill_one(slot)
