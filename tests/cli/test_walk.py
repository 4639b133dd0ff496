"""A researcher's walk: a new file, its check, a trial beside published rows, and a LaTeX table."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.made.data_samples import table, write_csv

TINY = """
tiny:
  datasets: [diamonds]
  methods: [lsq, soft_binning]
  k: [5]
  seeds: 3
  protocol: {epochs: 5, batch_size: 32}
  backbones: {mlp: {width: 16}}
"""
OWN = ["--data", "table.csv", "--target", "y"]
TABLE = "tiny[data=table.csv:y]"
ONE = ["--devices", "cpu", "--workers", "1"]


def regbench(folder: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    said = subprocess.run(
        [sys.executable, "-m", "regbench", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == code, said.stderr
    return said


def trained(folder: Path) -> set[tuple[str, int]]:
    with closing(sqlite3.connect(folder / "results" / "regbench.db")) as database:
        query = "SELECT j.method, COUNT(*) FROM run r JOIN job j ON j.id = r.job_id GROUP BY j.method"
        return {(str(method), int(count)) for method, count in database.execute(query)}


@pytest.mark.slow
def test_from_a_new_file_to_a_table_in_latex_in_which_only_its_row_was_trained(tmp_path):
    write_csv(tmp_path / "table.csv", table(200))
    (tmp_path / "benchmarks.yaml").write_text(TINY)
    regbench(tmp_path, "run", "tiny", *OWN, *ONE)
    regbench(tmp_path, "db", "export", "shared/tiny")
    shutil.rmtree(tmp_path / "results")

    made = regbench(tmp_path, "new", "method", "my_loss")
    file = made.stdout.strip()
    assert f"check-plugin {file}" in made.stderr
    checked = regbench(tmp_path, "check-plugin", file)
    assert "promises kept" in checked.stderr
    assert f"try {file}" in checked.stderr

    beside = ["try", file, TABLE, "--with", "shared"]
    page = regbench(tmp_path, *beside, *ONE)
    assert trained(tmp_path) == {("my_loss", 3)}
    assert "Test RMSE of my_loss against lsq, paired by seed." in page.stdout
    assert "What the data can show: 1 dataset, 3 seeds" in page.stdout
    assert "runs of soft_binning: 3 from shared/tiny" in page.stdout
    assert r"my\_loss &" in page.stdout
    assert page.stdout.rstrip().splitlines()[-1].startswith("again: ")

    latex = regbench(tmp_path, *beside, *ONE, "--format", "latex").stdout
    assert latex.count(r"\begin{tabular}") == 1
    rows = [line.split("&")[0].strip() for line in latex.splitlines() if "&" in line][1:]
    assert {row.split()[0] for row in rows} == {"lsq", r"soft\_binning", r"my\_loss"}
    assert trained(tmp_path) == {("my_loss", 3)}
