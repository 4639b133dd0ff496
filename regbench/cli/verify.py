"""`regbench verify PAPER`: what a paper claims, against its own tables and against our runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from regbench.cli import options
from regbench.cli.output import emit, emit_json, width
from regbench.cli.reading import cells_only, is_there, reading, stored_benchmark
from regbench.cli.report import Format

if TYPE_CHECKING:
    from pathlib import Path

    from regbench.analysis.claims import Findings
    from regbench.papers.claims import Paper


def _complete_papers(incomplete: str) -> list[str]:
    from regbench.papers import claims

    return [name for name in claims.names() if name.startswith(incomplete)]


def verify(
    paper: Annotated[str, typer.Argument(metavar="PAPER", autocompletion=_complete_papers)],
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="ID", help="Only this claim, with the cells that decide it; may be repeated."),
    ] = None,
    benchmark: options.Benchmark = None,
    format_: Format = "table",
    from_: options.Folder = None,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Say of each claim of a paper whether it holds, fails or cannot be decided.

    By the paper's own table, whose rounded cells are intervals, and by our runs, in RMSE and in MAE, with the cells
    that decide it. It exits with 0 whatever it finds: a claim that fails is a result.

    Examples:
      regbench verify bridges
      regbench verify bridges --claim end2end-best
      regbench verify bridges --from results/published/bridges --json
    """
    from regbench import reports
    from regbench.papers import claims

    known = claims.load(paper)
    findings, name = _findings(known, db, from_, benchmark, claim or [])
    if json:
        return emit_json("verify", reports.claims_data(findings, name), findings.notes)
    shown = width() if format_ == "table" else None
    return emit(reports.show_claims(findings, name, format=format_, width=shown, detailed=bool(claim)))


def _findings(
    paper: "Paper", db: str, folder: "Path | None", benchmark: str | None, only: list[str]
) -> "tuple[Findings, str | None]":
    """The verdicts, and the benchmark whose runs they rest on; none where there is no database yet."""
    from regbench.analysis.claims import verify

    if benchmark is None and folder is None and not is_there(db):
        return verify(paper, only=only), None
    with reading(db, folder, cells_only() if folder else None) as store:
        name = stored_benchmark(store, benchmark) or _usual(paper, [str(each) for each in store.benchmarks()["name"]])
        frame = None if name is None else store.cells(name)
    return verify(paper, frame, only=only), name


def _usual(paper: "Paper", stored: list[str]) -> str | None:
    """The paper's own benchmark, or else the one that was run last."""
    return next((each for each in (*paper.benchmarks, *stored) if each in stored), None)
