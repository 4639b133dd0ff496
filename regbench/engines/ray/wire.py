"""Questions of a worker process to its actor, which passes them on to the driver, over a socket of their machine."""

import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from regbench.errors import PassingError

FAMILY = "AF_PIPE" if os.name == "nt" else "AF_UNIX"  # neither can be reached from other machines

Ask = Callable[[Any], Any]


@dataclass(frozen=True)
class Reply:
    """The answer to a question, or the exception that it raised."""

    value: Any = None
    error: Exception | None = None

    def get(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


@dataclass(frozen=True)
class Wire:
    """The worker's end; each question has its own connection, so that threads do not wait for each other."""

    address: str
    key: bytes

    def __call__(self, question: Any) -> Any:
        """Ask, and wait for the answer.

        Raises:
            PassingError: the actor has ended.
        """
        try:
            with Client(self.address, FAMILY, authkey=self.key) as connection:
                connection.send(question)
                reply = connection.recv()
        except (OSError, EOFError) as error:
            raise PassingError(f"the run that this worker belongs to cannot be reached ({error!r})") from None
        return reply.get()


class Exchange:
    """The actor's end: `ask` gets each question in a thread of its own, and returns the reply."""

    def __init__(self, ask: Callable[[Any], Reply]) -> None:
        self._ask = ask
        key = secrets.token_bytes(32)
        self._listener = Listener(family=FAMILY, authkey=key, backlog=16)
        self.wire = Wire(str(self._listener.address), key)
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except EOFError:  # a client that has died before it was through
                continue
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        with connection, contextlib.suppress(OSError, EOFError):  # the worker has died
            connection.send(self._ask(connection.recv()))
