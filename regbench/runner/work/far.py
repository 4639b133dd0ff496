"""The store of a worker on another machine: it asks the driver, which alone writes to its database.

Records travel back, rather than every node opening the database, so that an SQLite file on the driver serves a whole
cluster, and no node needs the address or the password of a server.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from regbench.store import Store
from regbench.store.owners import on_behalf_of, this_owner

# The methods of a store that workers call. Each may be done twice, so a question may be asked again.
CALLS = frozenset(
    {
        "add_dataset",
        "begin_again",
        "checkpoint",
        "claim",
        "fail",
        "finish",
        "interrupt",
        "note_resumption",
        "packs",
        "renew",
        "write",
    }
)


@dataclass(frozen=True)
class Call:
    """A method of the store and its arguments."""

    name: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]


class FarStore:
    """Has the methods of a `Store` that workers call; each waits for the driver, and raises what it raised there."""

    def __init__(self, ask: Callable[[Call], Any], here: Mapping[str, str]) -> None:
        self._ask = ask
        self._here = here

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in CALLS:
            raise AttributeError(name)
        return partial(self._call, name)

    def __enter__(self) -> Store:
        return cast(Store, self)

    def __exit__(self, *error: object) -> None:
        pass

    def add_dataset(self, *, source: str | None, **columns: Any) -> None:
        """Store a dataset; a file that was sent here stands under its path on the driver's machine."""
        for there, path in self._here.items():
            source = source and source.replace(path, there)
        self._call("add_dataset", source=source, **columns)

    def _call(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        return self._ask(Call(name, arguments, named))


@dataclass
class Desk:
    """The driver's end. It knows which slot holds which leases, so that those of a lost worker end with it."""

    store: Store
    owners: dict[int, set[str]] = field(default_factory=dict)  # slot -> names of those that claimed jobs there

    def answer(self, slot: int, call: Call) -> Any:
        """Do what a worker asks."""
        assert call.name in CALLS, call.name
        named = dict(call.named)
        if call.name == "claim":
            named["owner"] = on_behalf_of(named["owner"], this_owner())
            self.owners.setdefault(slot, set()).add(named["owner"])
        return getattr(self.store, call.name)(*call.arguments, **named)

    def release(self, slot: int) -> None:
        """End the leases of a slot whose worker has died."""
        if dead := self.owners.pop(slot, None):
            self.store.release(dead)

    def release_all(self) -> None:
        """End the leases of all slots, when their workers have ended."""
        for slot in list(self.owners):
            self.release(slot)
