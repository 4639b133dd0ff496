"""Show, fetch, import and verify the datasets.

Examples:
  regbench data list
  regbench data fetch --help
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from regbench.cli import options
from regbench.cli.output import amount, columns, emit, emit_json, paint, say
from regbench.errors import DataUnavailable, UsageError

STATES = {"ok": "green", "wrong": "red", "absent": "dim"}
Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="DATASET",
        show_default=False,
        help="By name or alias; all by default.",
        autocompletion=options.complete_datasets,
    ),
]


def list_(json: options.Json = False) -> None:
    """Show every dataset: rows, inputs, licence, sources, and whether it is here.

    Examples:
      regbench data list
      regbench data list --json
    """
    from regbench import data

    items = data.inventory()
    if json:
        return emit_json("data list", [asdict(item) for item in items])
    rows = [
        [item.name, item.alias, item.rows, _inputs(item.inputs), item.licence, _public(item.sources), _here(item)]
        for item in items
    ]
    emit(columns(rows, header=["dataset", "alias", "rows", "inputs", "licence", "sources", "here"]))
    missing = sum(not item.here for item in items)
    if missing:
        say(f"{amount(missing, 'dataset')} to fetch: `regbench data fetch`, or `regbench run` when needed")
    return None


def fetch(
    names: Names = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch again what is here.")] = False,
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
            say(paint(f"not to be had: {error}", "red"))
        else:
            fetched.append(found)
    if json:
        emit_json("data fetch", [asdict(each) for each in fetched], failed)
    elif fetched:
        rows = [[each.name, each.rows, "was here" if each.already else each.source, each.path] for each in fetched]
        emit(columns(rows, header=["dataset", "rows", "from", "kept at"]))
    if failed:
        raise DataUnavailable(f"{amount(len(failed), 'dataset')} could not be had; see above")


def import_(
    name: Annotated[str, typer.Argument(metavar="DATASET", autocompletion=options.complete_datasets)],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="As published; archives are looked into.")],
    json: options.Json = False,
) -> None:
    """Take a dataset from files that were fetched by hand; a wrong one is refused by its digest.

    Examples:
      regbench data import diamonds ~/Downloads/diamonds.csv
      regbench data import wine_quality winequality-red.csv winequality-white.csv
    """
    from regbench import data

    [resolved] = _resolved([name])
    found = data.import_file(resolved, files)
    if json:
        return emit_json("data import", asdict(found))
    return emit(f"{found.name}: {found.rows:,} rows, checked, kept at {found.path}")


def verify(
    names: Names = None,
    network: Annotated[bool, typer.Option("--network", help="Ask every source on the network too.")] = False,
    json: options.Json = False,
) -> None:
    """Compare what is here with the digests; with --network every public source too.

    Examples:
      regbench data verify
      regbench data verify diamonds --network
    """
    from regbench import data

    checks = data.verify(_resolved(names), network=network)
    if json:
        emit_json("data verify", [asdict(each) for each in checks])
    else:
        rows = [[each.name, each.source, each.state, each.detail] for each in checks]
        styles = [STATES[each.state] for each in checks]
        emit(columns(rows, header=["dataset", "source", "state", "why"], styles=styles))
    wrong = [each for each in checks if each.state == "wrong"]
    if wrong:
        raise DataUnavailable(f"{len(wrong):,} of {amount(len(checks), 'source')} gave something else than the dataset")


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
    """Where anybody can get it, in short: files of a local mirror and long addresses are left to --json."""
    return ", ".join(source for source in sources if "/" not in source) or sources[-1].partition("?")[0]


def _here(item: Any) -> str:
    if item.kept:
        return "yes, checked"
    return "yes" if item.here else "no"
