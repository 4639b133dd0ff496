"""Suites of OpenML among the datasets of a benchmark: `openml-suite:336` stands for the datasets of its tasks."""

from collections.abc import Sequence
from dataclasses import dataclass

from regbench import roots, settings
from regbench.config.tables import Listed, SuiteEntry, TableEntry, add
from regbench.errors import DataUnavailable, UsageError


@dataclass(frozen=True)
class Expanded:
    """The names of datasets, and what of a suite is none: blocked, or no regression; each a line."""

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


NONE = Expanded(())


def added(datasets: Sequence[Listed]) -> Expanded:
    """The names of datasets, after the tables and suites among them have been read and added to the catalog."""
    names: list[str] = []
    notes: list[str] = []
    for dataset in datasets:
        if isinstance(dataset, SuiteEntry):
            found = expanded(dataset)
            names += found.names
            notes += found.notes
        else:
            names.append(dataset if isinstance(dataset, str) else add(dataset))
    return Expanded(tuple(dict.fromkeys(names)), tuple(notes))


def expanded(entry: SuiteEntry) -> Expanded:
    """Read the datasets of a suite and add them to the catalog.

    A dataset that cannot be had or read is left out and said; `DataUnavailable` if it is so with the suite or with all.
    """
    from regbench.data import describe, suites

    where = f"{entry.place}: " if entry.place else ""
    try:
        if not (suites.place_of(entry.number).is_file() or settings.offline()):
            roots.announce(f"{entry}: asking OpenML what it holds, and for its datasets")
        members = suites.suite(entry.number)
    except DataUnavailable as error:
        raise DataUnavailable(f"{where}{error}") from None
    names, notes = [], []
    for member in members:
        if not member.is_regression:
            notes.append(f"left out of {entry}: task {member.task} ({member.name}), {member.kind}, no regression")
            continue
        file = f"openml:{member.dataset}"
        try:
            suites.pin(entry.number, member, describe(file, member.target).digest)
            names.append(add(TableEntry(file, (member.target,))))
        except (UsageError, DataUnavailable) as error:  # its file, or what stands in it
            notes.append(f"blocked: {member.name} of {entry}: {error}")
    if not names:
        raise DataUnavailable(
            f"{where}{entry}: none of its {len(members)} datasets can be used; {'; '.join(notes[:3])}"
        )
    return Expanded(tuple(dict.fromkeys(names)), tuple(notes))
