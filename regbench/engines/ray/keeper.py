"""The actor of a slot: it keeps a worker process as the local engine does, and exchanges messages with the driver.

The work runs in a process of its own and not in the actor's, so that signals, threads, what it prints, its hanging and
its death are as on one machine, and the actor can always tell about them.
"""

import itertools
import os
import queue
import threading
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from regbench import settings
from regbench.engines.engine import Place, Work
from regbench.engines.local import LocalEngine
from regbench.engines.ray.wire import Exchange, Reply, Wire

LOOK_EVERY_S = 0.1  # for orders, while a task runs
NEWS_S = 5.0  # after which the driver is told that there is nothing new

ORDERS = frozenset({"submit", "renew", "stop", "kill"})


@dataclass(frozen=True)
class Ready:
    """The actor has started."""

    host: str


@dataclass(frozen=True)
class Ended:
    """The task of the slot has ended, as an `Outcome` says it."""

    result: Any
    error: BaseException | None
    died: bool


@dataclass(frozen=True)
class Stopped:
    """The process of the slot was stopped, as by SIGSTOP, or continued."""

    stopped: bool


@dataclass(frozen=True)
class Asked:
    """The task asks the driver something."""

    number: int
    question: Any


@dataclass(frozen=True)
class Setting:
    """What the driver tells its actors before they begin.

    switches: environment variables that hold for the whole run.
    folders: environment variables with folders of the driver's machine, which hold where they exist and no other is
        set.
    sent: path on the driver's machine -> path below the actor's working directory, of files that were sent along.
    """

    switches: Mapping[str, str]
    folders: Mapping[str, str]
    sent: Mapping[str, str]

    @classmethod
    def of_this_process(cls, sent: Mapping[str, str]) -> Self:
        """What is set here. Addresses of databases are not passed on: nothing but the driver uses them."""
        switches, folders = (
            {name: os.environ[name] for name in names if name in os.environ}
            for names in (settings.OF_A_RUN, settings.FOLDERS)
        )
        return cls(switches, folders, sent)

    def apply(self, environment: Any = os.environ) -> None:
        """Set the variables."""
        environment.update(self.switches)
        for name, folder in self.folders.items():
            if name not in environment and Path(folder).is_dir():
                environment[name] = folder

    def here(self) -> dict[str, str]:
        """Path on the driver's machine -> path here, of what was sent along."""
        return {there: str(Path(below).resolve()) for there, below in self.sent.items()}


class Keeper:
    """One slot. `order`, `answer` and `close` return at once; `news` waits for something to tell."""

    def __init__(self, work: Work, device: str, setting: Setting) -> None:
        setting.apply()
        self._orders: queue.SimpleQueue[tuple[str, Sequence[Any]]] = queue.SimpleQueue()
        self._told = _Told()
        self._numbers = itertools.count()
        self._asking: dict[int, queue.SimpleQueue[Reply]] = {}
        self._exchange = Exchange(self._ask)
        self._over = threading.Event()
        there = _There(work, self._exchange.wire, setting.here())
        threading.Thread(target=self._keep, args=(there, device), daemon=True).start()

    def order(self, name: str, *arguments: Any) -> None:
        """Do what the method of that name does with the only slot of a local engine."""
        self._orders.put((name, arguments))

    def answer(self, number: int, reply: Reply) -> None:
        """Pass an answer on; one that nobody waits for any more is dropped."""
        if waiting := self._asking.pop(number, None):
            waiting.put(reply)

    def news(self, heard: int) -> list[tuple[int, Any]]:
        """The messages after that number, with their numbers; waits for the first, but not for ever."""
        return self._told.after(heard, NEWS_S)

    def close(self) -> None:
        """End the worker process."""
        self._orders.put(("close", ()))
        self._over.wait()

    def _ask(self, question: Any) -> Reply:
        number, reply = next(self._numbers), queue.SimpleQueue()
        self._asking[number] = reply
        self._told.tell(Asked(number, question))
        return reply.get()

    def _keep(self, work: Work, device: str) -> None:
        try:
            with LocalEngine([device], work) as engine:
                self._told.tell(Ready(os.uname().nodename if hasattr(os, "uname") else ""))
                self._follow_orders(engine)
            self._exchange.close()
        except BaseException:
            traceback.print_exc()
            os._exit(1)  # so that the driver sees that this actor is no longer of use
        self._over.set()

    def _follow_orders(self, engine: LocalEngine) -> None:
        stopped = False
        while True:
            try:
                name, arguments = self._orders.get(block=not engine.busy)
            except queue.Empty:
                for outcome in engine.wait(LOOK_EVERY_S):
                    self._told.tell(Ended(outcome.result, _whole(outcome.error), outcome.died))
                    self._asking.clear()
                if engine.is_stopped(0) != stopped:
                    stopped = not stopped
                    self._told.tell(Stopped(stopped))
                continue
            if name == "close":
                return
            assert name in ORDERS
            if engine.busy or name in {"submit", "renew"}:  # else the task ended before it could be stopped
                getattr(engine, name)(*arguments)


class _Told:
    """Messages that are kept until the driver says that it has heard them."""

    def __init__(self) -> None:
        self._last = 0
        self._messages: list[tuple[int, Any]] = []
        self._changed = threading.Condition()

    def tell(self, message: Any) -> None:
        with self._changed:
            self._last += 1
            self._messages.append((self._last, message))
            self._changed.notify_all()

    def after(self, heard: int, seconds: float) -> list[tuple[int, Any]]:
        with self._changed:
            self._messages = [(number, message) for number, message in self._messages if number > heard]
            if not self._messages:
                self._changed.wait(seconds)
            return list(self._messages)


@dataclass(frozen=True)
class _There:
    """The work, in a worker process of an actor."""

    work: Work
    wire: Wire
    here: Mapping[str, str]

    def __call__(self, task: Any, place: Place) -> Any:
        return self.work(task, replace(place, ask=self.wire, here=self.here))


def _whole(error: BaseException | None) -> BaseException | None:
    """An error with its traceback as a note, because its cause is lost on the way to another process."""
    if error is not None and error.__cause__ is not None:
        error.add_note(str(error.__cause__))
    return error
