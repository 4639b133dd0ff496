"""One job of a command, from the start of its program to the end of its children: iterate over it for its epochs."""

import contextlib
import os
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from regbench import catalog, roots
from regbench.errors import JobsFailed, UsageError
from regbench.job import Job
from regbench.kinds.command.history import History, Told
from regbench.kinds.command.lines import Lines
from regbench.kinds.command.program import Program, end_earlier, remember
from regbench.owncommands import CHECKPOINT, METRICS, OwnCommand

if TYPE_CHECKING:
    from regbench.training.loop import Epoch

LOOK_S = 0.1
VISIBLE = "CUDA_VISIBLE_DEVICES"


class Running:
    """The execution of one job.

    place: the folder for what survives retries; a temporary one without it.
    """

    def __init__(self, job: Job, device: str, place: Path | None = None) -> None:
        self.job = job
        self.command: OwnCommand = catalog.load(catalog.COMMANDS, job.method)
        self.device = device
        self.place = place
        self.stage1_seconds: list[float] = []
        self.names: set[str] = set()  # of all numbers
        self.count = 0  # epochs

    def __iter__(self) -> "Iterator[Epoch]":
        return (epoch for epoch in self.watch() if epoch is not None)

    def state(self) -> list[dict[str, np.ndarray]]:
        """Empty, because the program keeps its own state."""
        return [{}]

    def watch(self) -> "Generator[Epoch | None, None, None]":
        """Its epochs, and None several times a second while there is no new one, so that the caller can stop it.

        Raises:
            UsageError: it cannot be started, or took longer than its limit.
            JobsFailed: it failed, or wrote what is no result.
        """
        with contextlib.ExitStack() as opened:
            place = self.place or Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="regbench-command-")))
            checkpoint, metrics = place / "checkpoint", place / "metrics.jsonl"
            checkpoint.mkdir(parents=True, exist_ok=True)
            end_earlier(place / "process.json")
            metrics.unlink(missing_ok=True)  # of an earlier attempt, whose epochs are in the history
            history, lines = History(place / "epochs.jsonl"), Lines(metrics)
            variables = {METRICS: str(metrics), CHECKPOINT: str(checkpoint), **visible(self.device, self.command.gpus)}
            program = Program(self.job.method, self.words(), Path(self.command.folder), variables)
            opened.callback(program.end)
            remember(program, place / "process.json")
            yield from self._follow(program, lines, history)
            if not history.began and any(checkpoint.iterdir()):  # it had been ready all along
                yield from map(self._epoch, history.before)
            self._check()

    def words(self) -> list[str]:
        """The arguments of the process."""
        table = roots.own_table(self.job.dataset)
        values = {
            **dict(self.job.static),
            "seed": self.job.seed,
            "k": self.job.k,
            "dataset": table.path if table else self.job.dataset,
            "epochs": self.job.protocol.epochs,
        }
        return self.command.filled(values)

    def _follow(self, program: Program, lines: Lines, history: History) -> "Iterator[Epoch | None]":
        started = last = time.monotonic()
        while True:
            code = program.code  # before its lines are read, so that none is missed
            for epoch, values in lines.new(ended=code is not None):
                now = time.monotonic()
                for told in history.add(Told(epoch, values, now - last)):
                    yield self._epoch(told)
                last = now
            if code is not None:
                self._check_code(code, program)
                return
            limit = self.command.limit_s
            if limit is not None and time.monotonic() - started > limit:
                program.end()
                raise UsageError(
                    f"took longer than its time_limit of {limit:g} s and was ended, in epoch {lines.epoch + 1}"
                    f"{_behind(program.last_lines())}"
                )
            yield None
            time.sleep(LOOK_S)

    def _epoch(self, told: Told) -> "Epoch":
        from regbench.training.diagnostics import Look
        from regbench.training.loop import Epoch

        self.names |= told.values.keys()
        self.count += 1
        values = {name: np.array([value]) for name, value in told.values.items()}
        return Epoch(told.epoch, values, {}, [Look({}, {})], told.seconds)

    @staticmethod
    def _check_code(code: int, program: Program) -> None:
        if code == 0:
            return
        program.end()
        how = f"ended with exit code {code}" if code > 0 else f"was killed by signal {-code}"
        hint = " (by the system, out of memory?)" if code == -9 else ""
        raise JobsFailed(f"{how}{hint}{_behind(program.last_lines())}")

    def _check(self) -> None:
        decides = self.job.protocol.decide
        if not self.names:
            raise JobsFailed(f"ended and wrote no number to the file in ${METRICS}")
        if decides not in self.names and self.count > 1:
            raise JobsFailed(
                f"no line has {decides}, which decides which of its {self.count} epochs counts; "
                f"it wrote {', '.join(sorted(self.names)[:6])}"
            )


def visible(device: str, gpus: int | None) -> dict[str, str]:
    """The variable by which a program sees the GPU of its slot, or none.

    >>> visible("cpu", None), visible("cuda:0", 0)
    ({'CUDA_VISIBLE_DEVICES': ''}, {'CUDA_VISIBLE_DEVICES': ''})
    """
    if device == "cpu" or gpus == 0:
        return {VISIBLE: ""}
    number = int(device.partition(":")[2] or 0)
    known = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    return {VISIBLE: known[number] if number < len(known) else str(number)}


def _behind(output: str) -> str:
    """The last line of the output, for tables, and the end of it below."""
    last = output.rpartition("\n")[2]
    return f": {last}\nthe end of its output:\n{output}" if output else ", without output"
