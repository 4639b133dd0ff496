"""What must be so before anything is trained: the catalog, the code and the data are those that the file speaks of."""

from collections.abc import Callable
from pathlib import Path

from regbench import catalog, roots
from regbench.campaign.gate.lock import Lock
from regbench.campaign.gate.lock import OwnTable as Locked
from regbench.config import commands_in, own_table
from regbench.errors import DataUnavailable, InfrastructureError, Mismatch, did_you_mean
from regbench.kinds import is_ours, libraries, way_to_install
from regbench.metrics import about
from regbench.owncommands import OwnCommand
from regbench.owntables import OPENML
from regbench.reading import from_plain
from regbench.roots import OwnTable
from regbench.runner.present import Present


def make_ready(lock: Lock, path: Path, top: Path | None, say: Callable[[str], None]) -> None:
    """Add plug-ins and tables of the file to the catalog, and check code and data; datasets are fetched.

    top: the top folder of the repository, to which plug-ins are relative; None without a repository.

    Raises:
        Mismatch: the present catalog has other data, or no such method.
        DataUnavailable: a dataset cannot be had.
        InfrastructureError: a library of a reference model is not installed.
    """
    base = top or path.absolute().parent
    places = [base / place for place in lock.plugins]
    if lacking := [place for place in places if not place.exists()]:
        raise Mismatch(f"{path}: there is no plug-in {lacking[0]}; bless again")
    roots.add(places, [_table(table, path) for table in lock.tables], _commands(lock, path), source=f"{path}:")
    for name in lock.metrics:
        about(name.partition("/")[2])
    _check_jobs(lock, path)
    _fetch(lock, say)


def _table(table: Locked, path: Path) -> OwnTable:
    """A table of the file as it is now, which must be the same."""
    openml = OPENML.fullmatch(table.path) is not None
    place = table.path if openml else str(path.absolute().parent / table.path)
    if not openml and not Path(place).is_file():
        raise DataUnavailable(f"{path}: {table.name} needs the file {place}, which is not there")
    try:
        found = own_table(place, table.targets, from_plain(table.reading))
    except TypeError as error:
        raise Mismatch(f"{path}, {table.name}: this is no reading of a table: {error}; bless again") from None
    if found.name != table.name:
        raise Mismatch(f"{path}: {place} is {found.name} by now, and the baseline is of {table.name}; bless again")
    return found


def _commands(lock: Lock, path: Path) -> list[OwnCommand]:
    """The programs of the file, as the files of benchmarks beside it name them now."""
    found = []
    for command in lock.commands:
        file = path.absolute().parent / command.file
        known = commands_in(file) if file.is_file() else {}
        if command.name not in known:
            raise Mismatch(f"{path}: {command.file} names no command {command.name} any more; bless again")
        found.append(known[command.name])
    return found


def _check_jobs(lock: Lock, path: Path) -> None:
    here = Present.now()
    for cell in lock.cells:
        job = lock.job(cell, 0)
        if job.dataset not in here.digests and is_ours(job.method):
            near = did_you_mean(job.dataset, here.digests)
            raise Mismatch(f"{path}, {cell.cell}: there is no dataset {job.dataset} here{near}")
        if why := here.lacks_data(job) or here.lacks_code(job):
            raise Mismatch(f"{path}, {cell.cell}: {why}; bless again")
        for library, version in libraries(job.method):
            if not version:
                raise InfrastructureError(f"{cell.cell} needs the package {library}: {way_to_install(library)}")


def _fetch(lock: Lock, say: Callable[[str], None]) -> None:
    from regbench import data

    jobs = [lock.job(cell, 0) for cell in lock.cells]
    for name in dict.fromkeys(job.dataset for job in jobs if is_ours(job.method)):
        dataset = catalog.load("datasets", name)
        if not data.is_here(dataset, name):
            say(f"fetching {name}")
            data.load(dataset, name)
