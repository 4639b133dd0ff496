"""The outcome of a gate as JUnit XML, which CI systems show as tests: one test case for each cell."""

from pathlib import Path
from xml.etree import ElementTree as Xml

from regbench.analysis.gate import OPEN, REGRESSED
from regbench.campaign.gate.outcome import CellOutcome, Outcome
from regbench.cli.gating.words import HEADER, row
from regbench.errors import InfrastructureError, RegbenchError
from regbench.visible import visible


def of_outcome(outcome: Outcome, *, strict: bool) -> Xml.ElementTree:
    """A test case for each cell; regressed ones fail, inconclusive ones are skipped, or fail with `strict`."""
    cases = [_case(cell, outcome, strict=strict) for cell in outcome.cells]
    return _suite(outcome.benchmark, cases, outcome.seconds)


def of_error(error: RegbenchError) -> Xml.ElementTree:
    """One test case with an error, for a gate that came to no verdict."""
    case = Xml.Element("testcase", classname="regbench.gate", name="gate")
    message = visible(str(error))
    Xml.SubElement(case, "error", message=message, type=type(error).__name__)
    return _suite("gate", [case], 0.0)


def write(tree: Xml.ElementTree, path: Path) -> None:
    """Write the XML; `InfrastructureError` where that is impossible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tree.write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise InfrastructureError(f"--junit {path}: cannot be written: {error.strerror}") from None


def _case(cell: CellOutcome, outcome: Outcome, *, strict: bool) -> Xml.Element:
    dataset, _, rest = cell.cell.partition(" ")
    case = Xml.Element("testcase", classname=f"regbench.gate.{visible(dataset)}", name=visible(rest))
    said = "; ".join(f"{name} {value}" for name, value in zip(HEADER[1:], row(cell, outcome.unit)[1:], strict=True))
    if cell.verdict == REGRESSED or (strict and cell.verdict == OPEN):
        Xml.SubElement(case, "failure", message=said, type=cell.verdict)
    elif cell.verdict == OPEN:
        Xml.SubElement(case, "skipped", message=said)
    Xml.SubElement(case, "system-out").text = said
    return case


def _suite(name: str, cases: list[Xml.Element], seconds: float) -> Xml.ElementTree:
    count = {kind: str(sum(case.find(kind) is not None for case in cases)) for kind in ("failure", "error", "skipped")}
    attributes = {"failures": count["failure"], "errors": count["error"], "skipped": count["skipped"]}
    attributes |= {"tests": str(len(cases)), "time": f"{seconds:.3f}"}
    top = Xml.Element("testsuites", attributes)
    suite = Xml.SubElement(top, "testsuite", {"name": f"regbench gate {visible(name)}", **attributes})
    suite.extend(cases)
    Xml.indent(top)
    return Xml.ElementTree(top)
