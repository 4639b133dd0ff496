"""`regbench list`: what there is, one line each."""

from pathlib import Path
from typing import Annotated, Any

import typer

from regbench.cli.options import BenchmarkFile, Json
from regbench.cli.output import columns, emit, emit_json

KINDS = ("methods", "datasets", "benchmarks", "reports", "backbones")


def _complete_kinds(incomplete: str) -> list[str]:
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def list_(
    kind: Annotated[str, typer.Argument(metavar="|".join(KINDS), autocompletion=_complete_kinds)],
    file: BenchmarkFile = None,
    json: Json = False,
) -> None:
    """List methods, datasets, benchmarks, reports or backbones.

    Examples:
      regbench list methods
      regbench list benchmarks
      regbench list datasets --json
    """
    from regbench.config import resolve_among

    kind = resolve_among("kind of thing", kind, KINDS)
    rows = {"benchmarks": lambda: _benchmarks(file), "datasets": _datasets, "reports": _reports}.get(
        kind, lambda: _entries(kind)
    )()
    if json:
        return emit_json("list", {"kind": kind, "rows": rows})
    header = (
        [name for name in rows[0] if name not in {"hparams", "static", "reference", "options"}] if rows else ["name"]
    )
    emit(columns([[row[name] for name in header] for row in rows], header=header))
    return None


def _entries(kind: str) -> list[dict[str, Any]]:
    """Methods and backbones: their defaults, year, paper and first sentence."""
    from regbench import catalog

    rows = []
    for name in catalog.names(kind):
        entry = catalog.entry(kind, name)
        uses_k = {"k": "yes" if entry.arguments["uses_k"] else "no"} if kind == "methods" else {}
        more = {name: entry.arguments[name] for name in ("options", "static") if name in entry.arguments}
        reference = entry.arguments.get("reference", "")
        rows.append(
            {
                "name": name,
                **uses_k,
                "year": entry.year or None,
                "what": entry.summary,
                "paper": _address(reference) or reference,
                "reference": reference,
                "hparams": entry.hparams,
                **more,
            }
        )
    return rows


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


def _benchmarks(file: Path | None) -> list[dict[str, Any]]:
    from regbench import config

    known = config.load(file)
    rows = []
    for name in known.names():
        jobs = known.get(name).jobs
        rows.append(
            {
                "name": name,
                "jobs": len(jobs),
                "datasets": len({job.dataset for job in jobs}),
                "epochs": max(job.protocol.epochs for job in jobs),
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
    """The link in a reference, which is its last word."""
    return next((word.rstrip(";,") for word in reference.split() if word.startswith("http")), "")
