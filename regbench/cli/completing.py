"""What the Tab key offers: names from the catalog, from benchmarks files and from the database.

Completion is quick (no torch, no SQLAlchemy) and never fails: where something is wrong there is nothing to offer, and
the command itself says why. `regbench --install-completion` sets it up for bash, zsh, fish or PowerShell.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import typer

VARIABLE = "_REGBENCH_COMPLETE"  # by which a shell asks; click derives it from the name of the program
Offers = list[tuple[str, str]]  # names, and what a shell that shows help says of each


def is_asked() -> bool:
    """Whether a shell asks what may follow, instead of running a command."""
    return VARIABLE in os.environ


def answer(app: typer.Typer) -> int:
    """Answer the shell; whatever goes wrong, nothing is printed and nothing raised."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):  # noqa: PTH123
        try:
            app(prog_name="regbench")
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 0
        except Exception:
            return 0
    return 0


def _offering(found: Callable[[Any, str], Iterable[tuple[str, str]]]) -> Callable[[typer.Context, str], Offers]:
    """A completion that offers each name once, if it begins with what was typed, and nothing where it fails.

    Dashes and underscores are equal, as everywhere.
    """

    def complete(ctx: typer.Context, incomplete: str) -> Offers:
        offers: dict[str, str] = {}
        with contextlib.suppress(Exception):
            _add_plugins(ctx)
            for name, about in found(ctx, incomplete):
                if _alike(name).startswith(_alike(incomplete)):
                    # A shell replaces what was typed only by what begins like it.
                    typed = incomplete + name[len(incomplete) :]
                    offers.setdefault(typed, about)
        return list(offers.items())

    return complete


def _alike(text: str) -> str:
    return text.replace("-", "_")


def _add_plugins(ctx: typer.Context) -> None:
    """The folders that --plugins names before the command; those of REGBENCH_PLUGINS are known anyway.

    Their files are parsed, and not run, so this is not yet the first use that a user is told of.
    """
    from regbench import roots

    if folders := ctx.find_root().params.get("_plugins"):
        roots.use(roots.Added(tuple(str(Path(folder).resolve()) for folder in folders)))


def _catalog(*kinds: str) -> Iterator[tuple[str, str]]:
    from regbench import catalog

    for kind in kinds:
        for name in catalog.names(kind):
            with contextlib.suppress(Exception):  # one broken file of a plug-in folder hides no other
                yield name, catalog.entry(kind, name).summary


def _stored(ctx: typer.Context) -> Any:
    """Names in the database that the command line names so far, and the rows of its benchmark."""
    from regbench import glance
    from regbench.campaign.places import DATABASE

    benchmark = ctx.params.get("benchmark")
    db = ctx.params.get("db") or os.environ.get("REGBENCH_DB") or DATABASE
    named = db if isinstance(db, list | tuple) else [db]
    found = [glance.names(str(each), benchmark if isinstance(benchmark, str) else None) for each in named]
    return glance.Names(*(tuple(dict.fromkeys(chain.from_iterable(of))) for of in zip(*found, strict=True)))


def _benchmarks(ctx: typer.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Benchmarks of the package, of ./benchmarks.yaml or --file, and of the database, variants too."""
    from regbench import config

    with contextlib.suppress(Exception):  # a file that cannot be read does not hide what is stored
        file = ctx.params.get("file") or os.environ.get("REGBENCH_FILE")
        known = config.load(Path(file) if file else None)
        yield from ((name, known.description(name)) for name in known.names())
    yield from ((name, "in the database") for name in _stored(ctx).benchmarks)


def _stored_benchmarks(ctx: typer.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Benchmarks of the database, the last one run first."""
    yield from ((name, "in the database") for name in _stored(ctx).benchmarks)


def _methods(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Methods and baselines, and behind a + the parts that can be added; then the rows of the database."""
    before, plus, _ = incomplete.rpartition("+")
    if plus and before.count("[") == before.count("]"):
        yield from ((f"{before}+{name}", about) for name, about in _catalog("wrappers", "regularizers"))
    yield from _catalog("methods", "baselines")
    yield from _rows(ctx, incomplete)


def _rows(ctx: typer.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    yield from ((name, "a row of the database") for name in _stored(ctx).rows)


def _cells(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Rows of the database; methods where it has none, or where results are those of a folder."""
    found = [] if ctx.params.get("from_") else list(_rows(ctx, incomplete))
    yield from found or _catalog("methods", "baselines")


def _datasets(ctx: typer.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Datasets of the catalog, and tables of the user's own in the database."""
    yield from _catalog("datasets")
    yield from ((name, "in the database") for name in _stored(ctx).datasets)


def _reports(_ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Reports, as `regbench list reports` spells them; once something is typed, without their paper too."""
    found = [(name.replace("_", "-"), about) for name, about in _catalog("reports")]
    yield from found
    if incomplete:
        yield from sorted((name.partition("-")[2], about) for name, about in found if "-" in name)


def _metrics(_ctx: typer.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Metrics."""
    yield from _catalog("metrics")


benchmarks = _offering(_benchmarks)
stored_benchmarks = _offering(_stored_benchmarks)
methods = _offering(_methods)
cells = _offering(_cells)
datasets = _offering(_datasets)
reports = _offering(_reports)
metrics = _offering(_metrics)
