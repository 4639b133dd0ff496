"""`regbench report html` writes one file, from a database or a folder of exports, and says where."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cli.conftest import Command

TWO = ("report", "html", "--method", "lsq", "--method", "end2end")  # which takes less time than all six


def data(path: Path) -> Any:
    """What the page holds for its scripts."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text(encoding="utf-8"))
    assert found
    return json.loads(found[1])


def test_a_page_is_one_file_and_its_path_is_printed(regbench: Command, filled: Path) -> None:
    said = regbench(*TWO)
    assert (said.code, said.err) == (0, "")
    assert Path(said.out.strip()) == Path("results/report.html")
    assert regbench(*TWO, "-o", "out/page.html").out.strip() == str(Path("out/page.html"))
    assert [each.name for each in Path("out").iterdir()] == ["page.html"]
    assert Path("out/page.html").read_bytes() == Path("results/report.html").read_bytes()


def test_each_cell_has_its_runs_with_what_became_of_them(regbench: Command, filled: Path) -> None:
    regbench("report", "html", "--method", "lsq", "--method", "lsq_softmax")
    cells = {cell["variant"]: cell for cell in data(Path("results/report.html"))["cells"]}
    why = regbench("why", "lsq", "--json").data
    assert [run["numbers"]["test/rmse"] for run in cells["lsq"]["runs"]] == [run["test"] for run in why["runs"]]
    assert {run["epoch"] for run in cells["lsq"]["runs"]} == {2}
    failed = [run for run in cells["lsq_softmax"]["runs"] if run["state"] != "finished"]
    assert [(run["state"], run["error"]) for run in failed] == [
        ("not accepted: failed (user code)", "ValueError: made up")
    ]


def test_a_folder_of_exports_gives_the_same_table_and_says_where_curves_are(regbench: Command, filled: Path) -> None:
    regbench("db", "export", "short", "--distilled")
    regbench("db", "export", "all")
    regbench(*TWO, "-o", "db.html")
    assert regbench(*TWO, "--from", "short", "--db", "none.db", "-o", "short.html").code == 0
    assert regbench(*TWO, "--from", "all", "--db", "none.db", "-o", "all.html").code == 0
    ours, short, whole = (Path(name).read_text(encoding="utf-8") for name in ("db.html", "short.html", "all.html"))
    values = re.compile(r'data-value="([^"]*)"')
    assert values.findall(ours) == values.findall(short) == values.findall(whole) != []
    assert "Not here: only the best and the last epoch" in short
    assert data(Path("db.html"))["charts"]["curves-0"] == data(Path("all.html"))["charts"]["curves-0"]


def test_other_rows_and_other_metrics_are_shown_too(regbench: Command, filled: Path) -> None:
    said = regbench(*TWO, "--metric", "mae", "--normalize", "none", "--output", "folder", "--json")
    assert said.data["files"] == [str(Path("folder/report.html"))]
    text = Path("folder/report.html").read_text(encoding="utf-8")
    assert 'data-metric="mae"' in text
    assert 'data-metric="rmse"' not in text


def test_a_page_needs_no_torch(filled: Path) -> None:
    script = f"import sys; from regbench.cli.main import main; main({[*TWO]!r}); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0
    assert Path("results/report.html").exists()
