"""Names that command a terminal, a spreadsheet or a browser are shown as text by every output."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from regbench import config, variants
from regbench.store import EpochRows, Finished, Store
from tests.cli.conftest import Command

DATASET = "=1$<script>\x1b[31m\x07\x9b2J\u202e</script>[a](http://b).csv"
BENCHMARK = "@SUM(1)\x1b]0;owned\x07\x7f"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a finished benchmark of such names; no test changes it."""
    jobs = [replace(job, dataset=DATASET) for job in config.load().get("smoke").jobs if job.method in NAMED]
    path = tmp_path_factory.mktemp("odd") / "own.db"
    with Store.open(path) as store:
        store.add_benchmark(BENCHMARK, {}, [(job, variants.label(job.method, {}, {})) for job in jobs])
        claims = store.claim({job.key: "c" for job in jobs}, owner="t", lease_s=60, environment={}, device="cpu")
        names = ("val/rmse", "val/mae", "test/rmse", "test/mae")
        store.write([EpochRows(claim.run_id, 1, dict.fromkeys(names, 0.1)) for claim in claims], claims=claims)
        store.finish([Finished(claim.run_id, seconds=1.0, epochs=1) for claim in claims], claims=claims)
    return path


NAMED = ("lsq", "hard_binning")
COMMANDS = {
    "status": ["status"],
    "report": ["report"],
    "compare": ["compare", *NAMED],
    "markdown": ["report", "--format", "md"],
    "latex": ["report", "--format", "latex"],
    "csv": ["report", "--format", "csv"],
    "json": ["report", "--json"],
    "status as json": ["status", "--json"],
    "watch": ["watch"],
    "a message": ["report", "-b", "\x1b[2J"],
    "data": ["run", "smoke", "--data", "\x1b[2J.csv", "--target", "\u202ey"],
}


@pytest.mark.parametrize(("what", "colours"), [*((what, "") for what in COMMANDS), ("status", "1"), ("a message", "1")])
def test_no_output_holds_a_character_that_commands(
    regbench: Command, odd: Path, monkeypatch: pytest.MonkeyPatch, what: str, colours: str
) -> None:
    monkeypatch.setenv("FORCE_COLOR", colours)
    said = regbench(*COMMANDS[what], "--db", odd)
    for text in (said.out, said.err):
        assert not UNSEEN.search(re.sub("\033\\[(0|1|2|32|33)m", "", text) if colours else text), text
    assert "u001b" in said.out + said.err


def test_a_spreadsheet_gets_no_formula(regbench: Command, odd: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(regbench("report", "--format", "csv", "--db", odd).out)))
    assert {row["dataset"][:6] for row in rows} == {"'=1$<s"}
    assert {float(row["ratio"]) for row in rows} == {1.0}


def test_markdown_gets_no_html_and_no_link(regbench: Command, odd: Path) -> None:
    text = regbench("report", "--format", "md", "--db", odd).out
    assert "<script>" not in text
    assert "</script>" not in text
    assert "&lt;script>" in text
    assert "](" not in text


def test_json_gives_the_names_as_they_are(regbench: Command, odd: Path) -> None:
    data = regbench("report", "--json", "--db", odd).data
    assert {row["dataset"] for row in data["rows"]} == {DATASET}
    assert json.loads(regbench("report", "--format", "json", "--db", odd).out)["rows"][0]["dataset"] == DATASET


def test_a_figure_is_valid_and_shows_the_name(regbench: Command, odd: Path) -> None:
    assert regbench("report", "figure3", "--out", "figures", "--db", odd).code == 0
    text = Path("figures/bridges_figure3.svg").read_text(encoding="utf-8")
    assert not UNSEEN.search(text)
    root = ElementTree.fromstring(text)
    assert any("=1$<script>\\u001b[31m" in words for words in root.itertext())
