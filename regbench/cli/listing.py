"""`regbench list`: list methods, datasets, benchmarks and other things, one per line."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli.options import BenchmarkFile, Json
from regbench.cli.output import columns, emit, emit_json
from regbench.errors import RegbenchError

if TYPE_CHECKING:
    from regbench.catalog import Entry
    from regbench.config import Benchmarks

ONLY_JSON = {"hparams", "static", "reference", "options"}
KINDS = (
    *("methods", "regularizers", "wrappers", "baselines", "datasets", "benchmarks", "reports", "backbones", "metrics"),
)


def _complete_kinds(incomplete: str) -> list[str]:
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def list_(
    kind: Annotated[str, typer.Argument(metavar="|".join(KINDS), autocompletion=_complete_kinds)],
    file: BenchmarkFile = None,
    json: Json = False,
) -> None:
    """List methods, regularizers, wrappers, baselines, datasets, benchmarks, reports, backbones or metrics.

    A regularizer or wrapper is added to any method: `lsq+rot[gamma=0.01]`, `soft_binning+multi_target[m=8]`.

    Examples:
      regbench list methods
      regbench list regularizers
      regbench list baselines
      regbench list benchmarks
      regbench list datasets --json
    """
    from regbench import config

    kind = config.resolve_among("kind of thing", kind, KINDS)
    match kind:
        case "benchmarks":
            rows = benchmarks(config.load(file))
        case "datasets":
            rows = _datasets()
        case "reports":
            rows = _reports()
        case _:
            rows = _entries(kind)
    if json:
        return emit_json("list", {"kind": kind, "rows": rows})
    return emit(as_text(rows))


def as_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line per row, with a short form of its paper; --json has all columns."""
    header = [name for name in rows[0] if name not in ONLY_JSON]
    return columns([[_short(row[name]) if name == "paper" else row[name] for name in header] for row in rows], header)


def _entries(kind: str) -> list[dict[str, Any]]:
    """Methods, parts, baselines, backbones or metrics: properties, defaults, year, paper and first sentence."""
    from regbench import catalog

    rows = []
    for name in catalog.names(kind):
        entry = catalog.entry(kind, name)
        facts = {"methods": _of_method, "baselines": _of_baseline, "metrics": _of_metric}.get(kind, lambda _: {})(entry)
        more = {name: entry.arguments[name] for name in ("options", "static") if name in entry.arguments}
        reference = entry.arguments.get("reference", "")
        rows.append(
            {
                "name": name,
                **facts,
                "year": entry.year or None,
                "what": entry.summary,
                "paper": _address(reference) or reference,
                "reference": reference,
                "hparams": entry.hparams,
                **more,
            }
        )
    return rows


def _of_method(entry: "Entry") -> dict[str, Any]:
    return {"k": "yes" if entry.arguments["uses_k"] else "no"}


def _of_metric(entry: "Entry") -> dict[str, Any]:
    """Its label, which values are better, its unit, and what it needs from a method."""
    return {name: entry.arguments[name] for name in ("label", "better", "unit", "needs")}


def _of_baseline(entry: "Entry") -> dict[str, Any]:
    """The seeds it is run with, and the package it needs."""
    from regbench import kinds

    needs = [name if version else f"{name} (not installed)" for name, version in kinds.libraries(entry.name)]
    return {"seeds": "first" if entry.arguments["deterministic"] else "all", "needs": ", ".join(needs)}


def _datasets() -> list[dict[str, Any]]:
    from regbench import catalog

    rows = []
    for name in catalog.names("datasets"):
        entry = catalog.entry("datasets", name)
        said = entry.arguments
        inputs = said["inputs"]
        rows.append(
            {
                "name": name,
                "alias": said.get("alias"),
                "rows": sum(said["sizes"]),
                "inputs": "x".join(map(str, inputs)) if isinstance(inputs, tuple) else inputs,
                "year": entry.year or None,
                "what": entry.summary,
                "paper": _address(said.get("reference", "")) or said.get("url"),
                "reference": said.get("reference", ""),
            }
        )
    return rows


def benchmarks(known: "Benchmarks") -> list[dict[str, Any]]:
    """All benchmarks with their sizes."""
    rows = []
    for name in known.names():
        try:
            benchmark = known.get(name)
        except RegbenchError as error:  # a table of its own that is not here does not hide the other benchmarks
            unknown = dict.fromkeys(("jobs", "datasets", "epochs"))
            rows.append(
                {"name": name, **unknown, "what": f"{known.description(name)} Cannot be planned: {error}".strip()}
            )
            continue
        jobs = benchmark.jobs
        rows.append(
            {
                "name": name,
                "jobs": benchmark.size,
                "datasets": len({job.dataset for job in jobs}),
                "epochs": max((job.protocol.epochs for job in jobs), default=0),
                "what": known.description(name),
            }
        )
    return rows


def _reports() -> list[dict[str, Any]]:
    from regbench import catalog

    return [
        {"name": name.replace("_", "-"), "what": catalog.entry("reports", name).summary}
        for name in catalog.names("reports")
    ]


def _address(reference: str) -> str:
    """The link in a reference."""
    return next((word.rstrip(";,") for word in reference.split() if word.startswith("http")), "")


def _short(paper: str) -> str:
    """The short form of a paper's reference for a table.

    >>> _short("https://arxiv.org/abs/2502.02996"), _short("https://doi.org/10.24432/C5W894")
    ('arXiv:2502.02996', 'doi:10.24432/C5W894')
    >>> _short("https://www.cs.toronto.edu/~delve/desc.html"), _short("Legendre (1805), Nouvelles méthodes")
    ('cs.toronto.edu', 'Legendre (1805)')
    """
    if found := re.fullmatch(r"https://(?:(arxiv)\.org/abs|(doi)\.org)/(.+)", paper):
        return f"{'arXiv' if found[1] else 'doi'}:{found[3]}"
    if found := re.match(r"https?://(?:www\.)?([^/]+)", paper):
        return found[1]
    return re.split(r"(?<=\)),", paper)[0]
