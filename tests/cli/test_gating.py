"""What a gate tells: the sentence, the table, JUnit XML, GitHub's summary and annotations, and the workflow."""

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
import yaml

from regbench.campaign.gate.outcome import CONFIRMED, COVERED, PAIRED, REPLAYED, CellOutcome, Outcome
from regbench.cli.gating import github, junit
from regbench.cli.gating.words import sentence, table
from regbench.errors import InfrastructureError
from tests.cli.conftest import Command

SAME = CellOutcome("diamonds lsq", "same", REPLAYED, seeds=1)
FINE = CellOutcome("diamonds two_hot k=25", "ok", PAIRED, 5, -0.31, -1.2, 0.6, 2.1, 0.8, 0, 0.1, 0.0997)
UNSURE = CellOutcome("diamonds end2end k=25", "open", PAIRED, 5, 1.4, -0.7, 3.6, 2.1, 0.06, 0, 0.1, 0.1014)
WORSE = CellOutcome("diamonds soft_binning k=25", "regressed", CONFIRMED, 10, 12.1, 8.0, 16.4, 2.1, 1e-5, 0, 0.1, 0.112)
GONE = CellOutcome("diamonds <x>|&\x1b[31m", "regressed", CONFIRMED, 10, margin=2.1, p=1e-9, lost=10, before=0.1)


def outcome(*cells: CellOutcome, **changes) -> Outcome:
    usual = {"trained": {"replay": 1}, "changed": (), "notes": (), "seconds": 12.3, "unit": "percent"}
    return Outcome("smoke", "test/rmse", cells=cells, commit="2e" * 20, **{**usual, **changes})


@pytest.mark.parametrize(
    ("cells", "said", "code", "strict"),
    [
        ([SAME], "same: 1 cell give the same numbers, bit for bit (1 run replayed)", 0, 0),
        ([SAME, FINE], "ok: no cell is worse by more than its margin (2.10 %)", 0, 0),
        ([FINE, UNSURE], "inconclusive: the seeds of diamonds end2end k=25 can neither show", 0, 5),
        ([UNSURE, WORSE], "regressed: diamonds soft_binning k=25 is worse by 12.10 % (+8.00 % to +16.40 %)", 4, 4),
        ([GONE], "diverges on 10 seeds; it was confirmed on seeds not used before", 4, 4),
    ],
)
def test_the_sentence_and_the_exit_code_are_those_of_the_worst_cell(cells, said, code, strict):
    found = outcome(*cells)
    assert said in sentence(found)
    assert (found.exit_code(strict=False), found.exit_code(strict=True)) == (code, strict)


def test_the_table_has_a_row_for_each_cell():
    covered = CellOutcome("diamonds lsq_softmax k=25", "same", COVERED)
    lines = table(outcome(SAME, covered, FINE, WORSE)).splitlines()
    assert len(lines) == 5
    assert lines[1].split() == ["diamonds", "lsq", "same", "-", "-", "-", "1", "replayed,", "bit", "for", "bit"]
    assert "+12.10 %" in lines[4]


def told(case: Xml.Element, kind: str) -> str:
    """The message of a case that failed, was skipped or has an error."""
    found = case.find(kind)
    return "" if found is None else found.get("message", "")


def strictly(cells: Outcome) -> Xml.Element:
    """The inconclusive case of a strict gate."""
    root = junit.of_outcome(cells, strict=True).getroot()
    assert root is not None
    assert root.get("failures") == "3"
    return root[0][1]


def test_junit_has_a_case_for_each_cell(tmp_path):
    cells = outcome(SAME, UNSURE, WORSE, GONE)
    junit.write(junit.of_outcome(cells, strict=False), tmp_path / "deep" / "gate.xml")
    [suite] = Xml.parse(tmp_path / "deep" / "gate.xml").getroot()
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped", "errors")} == {
        "tests": "4", "failures": "2", "skipped": "1", "errors": "0",
    }  # fmt: skip
    assert [case.get("name") for case in suite][1:3] == ["end2end k=25", "soft_binning k=25"]
    assert "margin 2.10 %" in told(suite[2], "failure")
    assert told(suite[1], "skipped") == told(strictly(cells), "failure")


def test_junit_tells_that_there_is_no_verdict(tmp_path):
    junit.write(junit.of_error(InfrastructureError("no \x00 data")), tmp_path / "gate.xml")
    root = Xml.parse(tmp_path / "gate.xml").getroot()
    assert root.get("errors") == "1"
    assert told(root[0][0], "error") == "no \\u0000 data"


def test_github_gets_a_summary_and_annotations(tmp_path, capsys):
    summary = tmp_path / "summary.md"
    given = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTIONS": "true"}
    github.tell(outcome(UNSURE, GONE), given)
    text = summary.read_text()
    assert text.startswith("### regbench gate: regressed: ")
    assert "&lt;x>\\|&\\u001b[31m" in text
    assert "::error title=regbench gate::regressed: " in capsys.readouterr().err
    github.tell(outcome(UNSURE), given)
    assert "::warning title=regbench gate::inconclusive" in capsys.readouterr().err
    github.tell(outcome(UNSURE), given, strict=True)
    assert "::error" in capsys.readouterr().err
    github.tell(outcome(SAME), {"GITHUB_STEP_SUMMARY": "/nowhere/at/all"})
    assert "cannot be written" in capsys.readouterr().err
    assert summary.read_text().count("### regbench gate") == 3


def test_the_workflow_is_yaml_that_runs_the_gate_on_the_whole_history(regbench: Command):
    said = regbench("gate", "--workflow", "--baseline", "ci/a.lock.yaml")
    assert said.code == 0
    steps = yaml.safe_load(said.out)["jobs"]["gate"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    assert "regbench gate --baseline ci/a.lock.yaml --junit gate.xml" in [step.get("run") for step in steps]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["gate"], 6, "there is no baseline regbench.lock.yaml yet; `regbench bless"),
        (["gate", "--margin", "0"], 2, "--margin 0: write a share above 0"),
        (["bless", "--detect", "two"], 2, "--detect two: write a share above 0"),
        (["bless"], 2, 'say why these results are right: --reason "..."'),
        (["bless", "--reason", "x"], 6, "there is no database results/regbench.db yet"),
        (["bless", "--reason", "x", "--output", "postgresql://a:b@c/d"], 2, "not a path"),
    ],
)
def test_what_is_missing_or_wrong_is_one_line(regbench: Command, words, code, said):
    found = regbench(*words, *(["--devices", "cpu"] if words[0] == "gate" else []))
    assert (found.code, found.out) == (code, "")
    assert said in found.err.splitlines()[-1]


def test_a_gate_without_a_verdict_is_told_to_ci_too(regbench: Command, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    said = regbench("gate", "--junit", "gate.xml", "--devices", "cpu")
    assert said.code == 6
    assert "::error title=regbench gate::no verdict (exit 6): there is no baseline" in said.err
    assert "no verdict, exit 6" in Path("summary.md").read_text()
    assert Xml.parse("gate.xml").getroot().get("errors") == "1"
