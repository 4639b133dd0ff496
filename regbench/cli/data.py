"""Show, fetch, import and verify the datasets.

Examples:
  regbench data list
  regbench data fetch --help
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from regbench.cli import completing, options
from regbench.cli.output import amount, columns, emit, emit_json, paint, say
from regbench.errors import DataUnavailable, UsageError

STATES = {"ok": "green", "wrong": "red", "absent": "dim"}
Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="DATASET",
        show_default=False,
        help="By name or alias; all by default.",
        autocompletion=completing.datasets,
    ),
]


def list_(json: options.Json = False) -> None:
    """List the datasets: rows, inputs, licence, sources, and whether they are available without the network.

    The column `seen` is the share of test rows whose inputs a training row has too, on the fixed split.

    Examples:
      regbench data list
      regbench data list --json
    """
    from regbench import data

    items = data.inventory()
    if json:
        return emit_json("data list", [asdict(item) for item in items])
    rows = [
        [
            *(item.name, item.rows, _inputs(item.inputs), _seen(item)),
            *(item.licence, _public(item.sources), _here(item)),
        ]
        for item in items
    ]
    emit(columns(rows, header=["dataset", "rows", "inputs", "seen", "licence", "sources", "here"]))
    missing = sum(not item.here for item in items)
    if missing:
        say(f"{amount(missing, 'dataset')} to fetch: `regbench data fetch`, or `regbench run` when needed")
    return None


def fetch(
    names: Names = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch datasets again even if they are here.")] = False,
    json: options.Json = False,
) -> None:
    """Fetch datasets into the cache, so that a run needs no network.

    Examples:
      regbench data fetch
      regbench data fetch diamonds CA --force
    """
    from regbench import data

    fetched, failed = [], []
    for name in _resolved(names):
        say(f"fetching {name}")
        try:
            found = data.fetch(name, force=force)
        except DataUnavailable as error:
            failed.append(str(error))
            say(paint(f"not available: {error}", "red"))
        else:
            fetched.append(found)
    if json:
        emit_json("data fetch", [asdict(table) for table in fetched], failed)
    elif fetched:
        rows = [
            [table.name, table.rows, "was here" if table.already else table.source, table.path] for table in fetched
        ]
        emit(columns(rows, header=["dataset", "rows", "from", "kept at"]))
    if failed:
        raise DataUnavailable(f"{amount(len(failed), 'dataset')} could not be fetched; see above")


def import_(
    name: Annotated[str, typer.Argument(metavar="DATASET", autocompletion=completing.datasets)],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="The files as published; archives are searched.")
    ],
    json: options.Json = False,
) -> None:
    """Import a dataset from files that were downloaded by hand; the digest must match.

    Of a dataset of image files name the folder and, if they are elsewhere, its lists (and the mask of depths).

    Examples:
      regbench data import diamonds ~/Downloads/diamonds.csv
      regbench data import wine_quality winequality-red.csv winequality-white.csv
      regbench data import agedb-dir ~/AgeDB agedb.csv
      regbench data import nyud2-dir ~/nyud2/data
    """
    from regbench import data

    [resolved] = _resolved([name])
    found = data.import_file(resolved, files, progress=lambda done, all_: say(f"{done:,} of {all_:,} images"))
    if json:
        return emit_json("data import", asdict(found))
    return emit(f"{found.name}: {found.rows:,} rows, checked, kept at {found.path}")


def verify(
    names: Names = None,
    network: Annotated[bool, typer.Option("--network", help="Check every source on the network too.")] = False,
    json: options.Json = False,
) -> None:
    """Check local data against the digests; with --network every public source too.

    Examples:
      regbench data verify
      regbench data verify diamonds --network
    """
    from regbench import data

    checks = data.verify(_resolved(names), network=network)
    if json:
        emit_json("data verify", [asdict(check) for check in checks])
    else:
        rows = [[check.name, check.source, check.state, check.detail] for check in checks]
        styles = [STATES[check.state] for check in checks]
        emit(columns(rows, header=["dataset", "source", "state", "why"], styles=styles))
    wrong = [check for check in checks if check.state == "wrong"]
    if wrong:
        raise DataUnavailable(f"{len(wrong):,} of {amount(len(checks), 'source')} gave different data")


def _seen(item: Any) -> str:
    return f"{item.seen[1] / item.sizes[2]:.0%}".replace("%", " %") if item.seen[1] else ""


COMMANDS: dict[str, Callable[..., Any]] = {"list": list_, "fetch": fetch, "import": import_, "verify": verify}


def _resolved(names: list[str] | None) -> list[str]:
    from regbench import catalog, config

    if not names or names == ["all"]:
        return catalog.names("datasets")
    found = [config.resolve("datasets", name) for name in names]
    if len(set(found)) < len(found):
        raise UsageError(f"a dataset is named twice: {', '.join(names)}")
    return found


def _inputs(inputs: int | tuple[int, ...]) -> str | int:
    return "x".join(map(str, inputs)) if isinstance(inputs, tuple) else inputs


def _public(sources: Sequence[str]) -> str:
    """The public sources in short; local files and whole addresses are shown by --json only."""
    return ", ".join(source for source in sources if "/" not in source) or urlsplit(sources[-1]).netloc or sources[-1]


def _here(item: Any) -> str:
    if item.kept:
        return "yes, checked"
    return "yes" if item.here else "no"
