"""A clock for the tensor operations of a step: it times them while the real code runs them.

As a mode of torch it sees each call of a tensor function from Python, such as `torch.mm` or `h.relu_()`, and reads the
processor time directly before and after it. What surrounds the call, the mode's own work included, is in no reading.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from statistics import median
from typing import Any, ParamSpec, TypeVar

from torch.overrides import TorchFunctionMode

P = ParamSpec("P")
Result = TypeVar("Result")
Rule = Callable[[str], str | None]  # from the name of a function to the stage that its time belongs to; None: to none
READINGS = 1001  # of the clock alone, to know the time that a reading takes
NS = 1e-9  # seconds


class Clock(TorchFunctionMode):
    """Times tensor functions while it is entered, and the whole functions that it has wrapped, by stage."""

    def __init__(self, rule: Rule) -> None:
        """`rule` holds outside of any function with a rule of its own."""
        super().__init__()
        self._rule = rule
        self._spent: Counter[str] = Counter()  # nanoseconds
        self._calls: Counter[str] = Counter()
        self._reading = _reading()

    def whole(self, stage: str, function: Callable[P, Result]) -> Callable[P, Result]:
        """The same function, to be called while the clock is entered: timed as one call, and not slowed down within."""

        def timed(*args: P.args, **kwargs: P.kwargs) -> Result:
            with self._left():
                return self._time(stage, lambda: function(*args, **kwargs))

        return timed

    def within(self, rule: Rule, function: Callable[P, Result]) -> Callable[P, Result]:
        """The same function, with this rule for the calls in it."""

        def ruled(*args: P.args, **kwargs: P.kwargs) -> Result:
            before, self._rule = self._rule, rule
            try:
                return function(*args, **kwargs)
            finally:
                self._rule = before

        return ruled

    def lap(self) -> dict[str, float]:
        """Seconds by stage since the last lap."""
        spent = {stage: NS * (taken - self._reading * self._calls[stage]) for stage, taken in self._spent.items()}
        self._spent.clear()
        self._calls.clear()
        return spent

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        stage = self._rule(func.__name__)
        given = kwargs or {}
        return func(*args, **given) if stage is None else self._time(stage, lambda: func(*args, **given))

    def _time(self, stage: str, call: Callable[[], Result]) -> Result:
        start = time.process_time_ns()
        result = call()
        self._spent[stage] += time.process_time_ns() - start
        self._calls[stage] += 1
        return result

    @contextmanager
    def _left(self) -> Iterator[None]:
        """Leave the mode for a while; it is entered."""
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            self.__enter__()


def _reading() -> float:
    """Nanoseconds from one reading of the clock to the next with nothing between them."""
    readings = [time.process_time_ns() for _ in range(READINGS)]
    return median(after - before for before, after in pairwise(readings))
