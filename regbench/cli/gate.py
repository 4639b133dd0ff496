"""`regbench gate`: has a change of the code made results worse?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regbench.cli import asked, options
from regbench.cli.bless import FILE
from regbench.cli.output import emit, emit_json, say

if TYPE_CHECKING:
    from regbench.campaign.gate.outcome import Outcome


def gate(
    baseline: Annotated[
        Path,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="The lock file that `regbench bless` wrote.",
            callback=options.checked("check_no_address", "regbench.addresses"),
        ),
    ] = Path(FILE),
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 5 when the seeds cannot tell.")] = False,
    margin: Annotated[
        str | None,
        typer.Option(
            "--margin",
            metavar="SHARE",
            help="A worsening taken for none, such as 1%; by default what the seeds' noise lets the gate find.",
            callback=options.checked("read_margin"),
        ),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML too, a test case for each cell.")
    ] = None,
    show_workflow: Annotated[
        bool, typer.Option("--workflow", help="Print a GitHub Actions workflow that runs this gate, and stop.")
    ] = False,
    devices: options.Devices = None,
    workers: options.Workers = None,
    json: options.Json = False,
) -> int:
    """Train what a lock file names again, and fail if the present code makes it worse.

    In the environment of the file a run of each kind of code is replayed; if all are equal bit for bit, that is the
    answer. Where they differ, or elsewhere, the baseline's commit is trained here too, on the same seeds, and cells
    that look worse are trained on fresh seeds before the gate fails. If nothing changed, it fails with a probability
    of at most 1 %, whatever the number of cells.

    Exits with 0 if nothing is worse, also where the seeds cannot tell (5 with --strict); 4 regressed; 6 no baseline;
    7 no data, no git or a shallow clone; 8 the file contradicts itself or the data. In GitHub Actions it writes a
    summary and annotations.

    Examples:
      regbench gate
      regbench gate --baseline regbench.lock.yaml --strict --junit gate.xml
      regbench gate --margin 1% --workers 2
      regbench gate --workflow
    """
    from regbench.campaign.gate.gate import gate as run
    from regbench.cli.gating import github
    from regbench.cli.gating import junit as xml
    from regbench.cli.gating.workflow import workflow
    from regbench.config.amounts import read_margin
    from regbench.errors import RegbenchError

    if show_workflow:
        emit(workflow(str(baseline)).rstrip("\n"))
        return 0
    try:
        slots = asked.slots(devices, workers)
        share = None if margin is None else read_margin(margin)
        outcome = run(baseline, slots, margin=share, say=lambda text: say(f"regbench: {text}"))
    except RegbenchError as error:
        github.tell_error(error)
        if junit:
            xml.write(xml.of_error(error), junit)
        raise
    _show(outcome, json=json)
    github.tell(outcome, strict=strict)
    if junit:
        xml.write(xml.of_outcome(outcome, strict=strict), junit)
    return outcome.exit_code(strict=strict)


def _show(outcome: "Outcome", *, json: bool) -> None:
    from regbench.analysis.gate import OPEN
    from regbench.cli.gating.words import about, sentence, table

    warnings = [sentence(outcome)] if outcome.verdict == OPEN else []
    if json:
        return emit_json("gate", {**outcome.data(), "sentence": sentence(outcome)}, warnings)
    emit(f"{table(outcome)}\n{sentence(outcome)}")
    for line in about(outcome):
        say(f"note: {line}")
    if warnings:
        say("warning: inconclusive counts as passed; --strict fails, and more seeds or --margin would tell")
    return None
