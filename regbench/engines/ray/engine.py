"""The Ray engine: hands tasks to the actors of a cluster, and answers what they ask.

Actors are told the number of the last message that was heard, and repeat the later ones: nothing is lost where a call
is interrupted. A question may so be answered twice, which the store permits.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from regbench.engines.engine import Answer, Outcome, Work
from regbench.engines.ray.cluster import Cluster, Slot
from regbench.engines.ray.keeper import Asked, Ended, Keeper, Ready, Setting, Stopped
from regbench.engines.ray.wire import Reply
from regbench.errors import InfrastructureError

READY_S = 90.0  # for the first slot of a cluster to become free, and to start
TOGETHER_S = 20.0  # for the others; later ones join while the run goes on
GONE_S = 60.0  # without any slot, after which a run ends
SILENT_S = 30.0  # without a word from an actor, which speaks every five seconds, after which it counts as stopped
KILL_S = 10.0  # for an actor to end its worker, after which it is ended itself
CLOSE_S = 15.0  # for an actor to end an idle worker
FALSE_STARTS = 3  # of one slot, after which it is given up

NOTHING = object()


@dataclass
class Kept:
    """A slot as the driver sees it.

    news: the call that waits for the actor's next messages; None while there is no actor.
    until: when it must have ended its task, else it is ended.
    """

    slot: Slot
    actor: Any = None
    news: Any = None
    heard: int = 0
    heard_at: float = 0.0
    ready: bool = False
    task: Any = NOTHING
    stopped: bool = False
    until: float | None = None
    false_starts: int = 0
    broken: str = ""

    @property
    def busy(self) -> bool:
        return self.task is not NOTHING


@dataclass
class RayEngine:
    """Runs `work(task, place)` in one actor per slot; an actor that is lost is started again, where there is room."""

    cluster: Cluster
    work: Work
    setting: Setting = field(default_factory=lambda: Setting({}, {}, {}))

    @classmethod
    def of_this_process(cls, cluster: Cluster, work: Work) -> Self:
        """An engine whose workers have the settings of this process, and what was sent as the cluster was joined."""
        if cluster.address is None:  # they find all of it where it is
            return cls(cluster, work)
        return cls(cluster, work, Setting.of_this_process(cluster.luggage.sent))

    def __post_init__(self) -> None:
        self.devices: Sequence[str] = [slot.name for slot in self.cluster.slots]
        self._kept = [Kept(slot) for slot in self.cluster.slots]
        self._answer: Answer = _nothing_to_say
        self._none_since: float | None = None

    def __enter__(self) -> Self:
        self.cluster.start()
        for kept in self._kept:
            self._start(kept)
        try:
            self._wait_for_slots()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        import ray

        closing = [kept.actor.close.remote() for kept in self._kept if kept.ready and not kept.busy]
        if closing:
            ray.wait(closing, num_returns=len(closing), timeout=CLOSE_S)
        for kept in self._kept:
            self._drop(kept)

    def serve(self, answer: Answer) -> None:
        """Say what the tasks' questions are answered with."""
        self._answer = answer

    def free(self) -> list[int]:
        """Slots whose actor has started and has nothing to do."""
        return [index for index, kept in enumerate(self._kept) if kept.ready and not kept.busy]

    @property
    def busy(self) -> bool:
        """Whether any task is running."""
        return any(kept.busy for kept in self._kept)

    def submit(self, slot: int, task: Any) -> None:
        """Hand a task to a free slot."""
        kept = self._kept[slot]
        assert kept.ready
        assert not kept.busy
        kept.task, kept.stopped, kept.until = task, False, None
        kept.actor.order.remote("submit", 0, task)

    def renew(self, slot: int) -> None:
        """Give a free slot a new worker process for its next task; the actor stays."""
        if self._kept[slot].actor is not None:
            self._kept[slot].actor.order.remote("renew", 0)

    def wait(self, seconds: float) -> list[Outcome]:
        """The tasks that ended; answers questions meanwhile, and waits at most `seconds` for the first.

        Raises:
            InfrastructureError: no slot of the cluster is left, and none has come back for a minute.
        """
        import ray

        until = time.monotonic() + seconds
        while True:
            ended = self._overdue()
            waiting = {kept.news: index for index, kept in enumerate(self._kept) if kept.news is not None}
            left = max(0.0, until - time.monotonic())
            if waiting:
                ready, _ = ray.wait(list(waiting), num_returns=1, timeout=0 if ended else left, fetch_local=False)
                if ready:
                    ready, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=0, fetch_local=False)
                for news in ready:
                    ended += self._hear(waiting[news])
            else:
                time.sleep(left)
            self._check_any_left()
            if ended or time.monotonic() >= until:
                return ended

    def stop(self) -> None:
        """Ask every worker to end its task early."""
        for index, kept in enumerate(self._kept):
            if kept.busy:
                self.stop_one(index)

    def kill(self) -> None:
        """End every task at once."""
        for index, kept in enumerate(self._kept):
            if kept.busy:
                self.kill_one(index)

    def is_stopped(self, slot: int) -> bool:
        """Whether the process of a slot is stopped, or its actor has not been heard of for some time."""
        kept = self._kept[slot]
        return kept.stopped or (kept.ready and time.monotonic() - kept.heard_at > SILENT_S)

    def stop_one(self, slot: int) -> None:
        """Let the actor of a slot send SIGTERM to its worker."""
        self._kept[slot].actor.order.remote("stop")

    def kill_one(self, slot: int) -> None:
        """Let the actor of a slot end its worker; one that does not is ended with it."""
        kept = self._kept[slot]
        kept.actor.order.remote("kill")
        kept.until = kept.until or time.monotonic() + KILL_S

    def _start(self, kept: Kept) -> None:
        actor_class = self.cluster.actor_class(Keeper)
        kept.actor = actor_class.options(**kept.slot.options()).remote(self.work, kept.slot.device, self.setting)
        kept.heard, kept.ready, kept.stopped, kept.until = 0, False, False, None
        self._listen(kept)

    def _listen(self, kept: Kept) -> None:
        kept.news = kept.actor.news.options(concurrency_group="news").remote(kept.heard)

    def _wait_for_slots(self) -> None:
        started = time.monotonic()
        while not all(kept.ready or kept.broken for kept in self._kept):
            took = time.monotonic() - started
            if self.free() and took > TOGETHER_S:
                return
            if took > READY_S:
                raise InfrastructureError(
                    f"no slot of the Ray cluster became free within {READY_S:.0f} s; `ray status` shows what uses it"
                )
            self.wait(0.5)

    def _hear(self, index: int) -> list[Outcome]:
        """Take in the messages of an actor, or its death."""
        import ray
        from ray.exceptions import ActorUnavailableError, RayActorError, RayError

        kept = self._kept[index]
        try:
            messages = ray.get(kept.news)
        except ActorUnavailableError:  # it may come back; if it does not, Ray says that it died
            self._listen(kept)
            return []
        except RayActorError as error:
            return self._died(index, _reason(error))
        except RayError as error:  # its environment could not be set up, or its first message not be read
            return self._died(index, str(error))
        ended = []
        try:
            kept.heard_at = time.monotonic()
            for number, message in messages:
                if number > kept.heard:
                    ended += self._take(index, message)
                    kept.heard = number
        finally:
            self._listen(kept)
        return ended

    def _take(self, index: int, message: Any) -> list[Outcome]:
        kept = self._kept[index]
        match message:
            case Ready():
                kept.ready, kept.false_starts = True, 0
            case Stopped(stopped):
                kept.stopped = stopped
            case Asked(number, question):
                kept.actor.answer.remote(number, self._reply(index, question))
            case Ended(result, error, died):
                task, kept.task, kept.until = kept.task, NOTHING, None
                return [Outcome(index, task, result=result, error=error, died=died)]
        return []

    def _reply(self, index: int, question: Any) -> Reply:
        try:
            return Reply(self._answer(index, question))
        except Exception as error:
            return Reply(error=error)

    def _died(self, index: int, reason: str) -> list[Outcome]:
        """The actor of a slot is gone: report its task, and start another."""
        kept = self._kept[index]
        was_ready, task = kept.ready, kept.task
        self._drop(kept)
        kept.false_starts += not was_ready
        if kept.false_starts < FALSE_STARTS:
            self._start(kept)
        else:
            kept.broken = reason
        if task is NOTHING:
            return []
        error = InfrastructureError(reason)
        return [Outcome(index, task, error=error, died=True, why=self.cluster.what_happened(kept.slot))]

    def _overdue(self) -> list[Outcome]:
        """End the actors that were to end their workers and did not."""
        late = [index for index, kept in enumerate(self._kept) if kept.until and time.monotonic() > kept.until]
        return [outcome for index in late for outcome in self._died(index, "it did not end its task when it was told")]

    def _drop(self, kept: Kept) -> None:
        import ray

        if kept.actor is not None:
            ray.kill(kept.actor)
        kept.actor, kept.news, kept.ready, kept.task, kept.until = None, None, False, NOTHING, None

    def _check_any_left(self) -> None:
        """Raise if there is no slot to wait for; the loss of the last one is waited out for some time."""
        if all(kept.broken for kept in self._kept):
            raise InfrastructureError(f"no worker could be started on the Ray cluster: {self._kept[-1].broken}")
        if any(kept.ready for kept in self._kept):
            self._none_since = None
        elif self._none_since is None:
            self._none_since = time.monotonic()
        elif time.monotonic() - self._none_since > max(GONE_S, READY_S):
            raise InfrastructureError(
                "no node of the Ray cluster is left for this run; start one and run again: it goes on from the last "
                "written epochs"
            )


def _nothing_to_say(_slot: int, question: Any) -> Any:
    raise AssertionError(f"nobody answers {question!r}")


def _reason(error: BaseException) -> str:
    """The first line of what Ray says that tells why an actor ended."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in reversed(lines) if "Error" in line), lines[-1] if lines else type(error).__name__)
