"""A method in a user's folder works like one of ours, in real processes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner.conftest import kill, kill_run

OWN = '''"""The fourth power of the error."""

from regbench.types import Method, Params

from .weights import FACTOR

METHOD = Method(
    outputs=lambda _k, m: m,
    init=lambda *_: Params(),
    loss=lambda _params, batch, _hparams: FACTOR * (batch.y - batch.prediction).pow(4).sum(-1),
    predict=lambda _params, outputs: outputs,
    uses_k=False,
    reference="Ours (2026)",
)
'''
CURVES = """
    SELECT j.method, j.seed, m.name, m.epoch, m.value
    FROM metric m JOIN run r ON r.id = m.run_id JOIN job j ON j.id = r.job_id
    WHERE r.status = 'finished' AND m.name NOT LIKE '%seconds%' ORDER BY 1, 2, 3, 4
"""


def write(folder: Path, text: str = OWN, factor: str = "FACTOR = 2") -> Path:
    """A folder of plug-ins: one method and the module it imports."""
    folder.mkdir(exist_ok=True)
    (folder / "weights.py").write_text(factor)
    (folder / "quartic.py").write_text(text)
    return folder


@pytest.mark.slow
def test_a_method_of_ones_own_is_packed_with_ours_reported_and_stale_when_its_loss_changes(project, tmp_path):
    folder = str(write(tmp_path / "mine"))
    tiny = project(["lsq", "quartic"])
    first = tiny.run("--plugins", folder)
    assert first.returncode == 0, first.stderr
    assert f"{folder}: used for the first time" in first.stderr
    assert len(tiny.ask("SELECT DISTINCT pack FROM run")) == 1
    again = tiny.run("--plugins", folder)
    assert "used for the first time" not in again.stderr
    assert "0 jobs finished, 2 done before" in again.stdout
    report = [sys.executable, "-m", "regbench", "report", "--db", str(tiny.db)]
    assert "quartic" in subprocess.run(report, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    write(tmp_path / "mine", f"# a word\n{OWN.replace('fourth power', 'power of four')}")
    assert "0 jobs finished, 2 done before" in tiny.run("--plugins", folder).stdout
    write(tmp_path / "mine", factor="FACTOR = 3")
    assert "1 job finished, 1 done before" in tiny.run("--plugins", folder).stdout
    write(tmp_path / "mine", OWN.replace("pow(4)", "pow(6)"))
    assert "1 job finished, 1 done before" in tiny.run("--plugins", folder).stdout


@pytest.mark.slow
def test_a_method_of_ones_own_goes_on_after_kill_9_bit_for_bit(project, tmp_path, monkeypatch):
    monkeypatch.setenv("REGBENCH_WRITE_EVERY", "0.05")
    monkeypatch.setenv("REGBENCH_PLUGINS", str(write(tmp_path / "mine")))
    tiny = project(["lsq", "quartic"], epochs=150, rows=2000)
    process = tiny.start()
    tiny.wait_for("SELECT COUNT(*) FROM checkpoint")
    workers = tiny.workers()
    kill_run(process)
    for worker in workers:
        kill(worker)
    assert tiny.run().returncode == 0
    assert tiny.ask("SELECT COUNT(*) FROM run WHERE resumed IS NOT NULL") == [(2,)]
    resumed = tiny.ask(CURVES)
    tiny.db.rename(tmp_path / "resumed.db")
    assert tiny.run().returncode == 0
    assert tiny.ask(CURVES) == resumed


@pytest.mark.slow
def test_a_file_named_as_a_method_joins_the_benchmark(project, tmp_path):
    write(tmp_path / "mine")
    tiny = project(["lsq"])
    said = tiny.run("--method", str(tmp_path / "mine" / "quartic.py"))
    assert said.returncode == 0, said.stderr
    assert re.search(r"tiny\[data=table.csv:y@\w{6},method=quartic\]: 1 job finished", said.stdout)
    assert "1 job finished, 0 done before" in tiny.run("--method", "lsq").stdout
    missing = tiny.run("--method", str(tmp_path / "mine" / "weights.py"))
    assert missing.returncode == 2
    assert "weights.py: the file defines no METHOD and no BASELINE" in missing.stderr
