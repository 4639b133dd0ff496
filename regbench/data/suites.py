"""Suites of OpenML: lists of tasks, each a dataset and the column to predict.

The list is kept in the cache beside the files of its datasets, and with it the digest of each table when it was first
read, so that the same list is expanded without the network, and to the same numbers.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from regbench.data import sources
from regbench.data.clients import ask_suite
from regbench.data.download import write_atomically
from regbench.data.places import cache_folder
from regbench.data.raw import Absent, Refused
from regbench.data.transfer import probe

REGRESSION = "Supervised Regression"  # as OpenML calls this kind of task
FORMAT = "regbench suite 1"


@dataclass(frozen=True)
class Member:
    """A task of a suite.

    dataset: its number on OpenML, which is one version for ever.
    target: the column to predict.
    kind: of the task.
    digest: of the table when it was first read; empty before.
    """

    task: int
    dataset: int
    name: str
    target: str
    kind: str
    digest: str = ""

    @property
    def is_regression(self) -> bool:
        """Whether it asks for a number."""
        return self.kind == REGRESSION and bool(self.target)


def suite(number: int) -> tuple[Member, ...]:
    """The tasks of a suite, in its order; from the kept list, or from OpenML, and then they are kept.

    Raises `Absent` where there is neither, and `Refused` for a damaged list.
    """
    path = place_of(number)
    if path.is_file():
        return _read(path)
    server = sources.OPENML_SERVER
    try:
        probe(server)
        members = tuple(_member(each) for each in ask_suite(number, server))
    except Refused as error:
        way = f"expand it once where there is a network, and bring {path.parent} here"
        raise Absent(f"openml-suite:{number} cannot be had: {error}; {way}") from None
    keep(number, members)
    return members


def pin(number: int, member: Member, digest: str) -> None:
    """Keep the digest of a member's table; raises `Refused` if an earlier one is another."""
    path = place_of(number)
    members = _read(path)
    kept = next((each.digest for each in members if each.task == member.task), "")
    if kept == digest:
        return
    if kept:
        raise Refused(
            f"openml:{member.dataset} has other numbers than when openml-suite:{number} was first expanded: digest "
            f"{digest[:19]}..., not {kept[:19]}...; to take these, remove {path}"
        )
    keep(number, tuple(replace(each, digest=digest) if each.task == member.task else each for each in members))


def place_of(number: int) -> Path:
    """The file of the kept list of a suite."""
    return cache_folder() / "openml" / f"suite-{number}.json"


def keep(number: int, members: tuple[Member, ...]) -> None:
    """Write the list of a suite to the cache."""
    content = {"format": FORMAT, "suite": number, "members": [asdict(member) for member in members]}
    write_atomically(place_of(number), f"{json.dumps(content, indent=1, ensure_ascii=False)}\n".encode())


def _read(path: Path) -> tuple[Member, ...]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(content["format"])
        return tuple(_member(each) for each in content["members"])
    except (OSError, ValueError, TypeError, KeyError):
        raise Refused(f"{path} is no list of a suite, or damaged; remove it, and it is asked for again") from None


def _member(given: dict[str, object]) -> Member:
    """A member from plain data; a task without a target, such as a clustering, has an empty one."""
    task, dataset = given["task"], given["dataset"]
    if not isinstance(task, int) or not isinstance(dataset, int):
        raise Refused(f"OpenML's answer names no task or dataset: {str(given)[:80]}")
    target = given.get("target")
    return Member(
        task=task,
        dataset=dataset,
        name=str(given.get("name")),
        target=target if isinstance(target, str) else "",
        kind=str(given.get("kind")),
        digest=str(given.get("digest", "")),
    )
