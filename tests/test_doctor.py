"""The doctor reports problems of a machine, and how to fix them."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from regbench import doctor, roots
from regbench.doctor import Finding, added


def test_every_check_gives_a_finding_and_none_raises(in_tmp: Path, generated_tables: None) -> None:
    findings = doctor.examine(db="results/regbench.db")
    assert [each.name for each in findings] == [
        "versions", "processors", "load", "threads", "devices", "ray", "number format",
        "compiled code", "disk", "file system", "database", "cache", "data", "benchmarks", "published", "plug-ins",
        "gate", "extras",
    ]  # fmt: skip
    assert all(each.found for each in findings)
    assert all(each.remedy for each in findings if not each.ok)
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("variable", "value"), [("NVIDIA_TF32_OVERRIDE", "1"), ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1")]
)
def test_tf32_that_is_forced_on_is_found(variable: str, value: str) -> None:
    found = doctor.number_format({variable: value})
    assert not found.ok
    assert variable in found.remedy
    assert doctor.number_format({variable: "0"}).ok


def test_ray_is_missed_only_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert doctor.ray().ok
    asked = doctor.ray(wanted=True, address="auto")
    assert (asked.ok, asked.remedy) == (False, "pip install 'regbench[ray]'")


def test_a_number_of_threads_that_is_none_is_found() -> None:
    assert not doctor.threads({"OMP_NUM_THREADS": "many"}).ok
    assert doctor.threads({"OMP_NUM_THREADS": "4"}).ok


def test_whether_compiled_code_is_used_is_told_and_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGBENCH_NATIVE", "0")
    assert doctor.compiled_code() == Finding("compiled code", ok=True, found="not used: REGBENCH_NATIVE is 0")
    monkeypatch.delenv("REGBENCH_NATIVE")
    assert doctor.compiled_code().found.startswith(("used", "not used: "))


def test_a_full_disk_is_found(in_tmp: Path) -> None:
    found = doctor.disk(in_tmp / "results" / "regbench.db", room=lambda _: 10)
    assert not found.ok
    assert found.found == f"0.0 GiB free in {in_tmp}"
    assert doctor.disk(in_tmp / "regbench.db", room=lambda _: 2**40).ok


def test_a_file_that_is_no_database_is_found(in_tmp: Path) -> None:
    Path("notes.txt").write_text("these are my notes, not a database, and they are long enough to be looked at")
    found = doctor.database("notes.txt")
    assert not found.ok
    assert "it is not a database" in found.remedy


def test_a_file_that_is_given_by_its_address_is_no_server(in_tmp: Path, generated_tables: None) -> None:
    found = {finding.name: finding for finding in doctor.examine(db="sqlite:///regbench.db")}
    assert "server" not in found["file system"].found
    assert found["database"].found == "none yet; `regbench run` makes sqlite:///regbench.db"
    assert not Path("regbench.db").exists()


def test_a_wrong_benchmarks_file_is_found(in_tmp: Path) -> None:
    Path("benchmarks.yaml").write_text("mine: {extends: smok}\n")
    found = doctor.benchmarks(None)
    assert not found.ok
    assert "did you mean 'smoke'?" in found.remedy


def test_a_mirror_that_is_not_there_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REGBENCH_DATA", str(tmp_path / "none"))
    assert "there is no such folder" in doctor.data().remedy


def test_data_that_is_neither_here_nor_to_be_fetched_is_found(
    monkeypatch: pytest.MonkeyPatch, generated_tables: None
) -> None:
    monkeypatch.delenv("REGBENCH_DATA", raising=False)
    assert not doctor.data().ok  # tests are offline and start with an empty cache
    monkeypatch.setenv("REGBENCH_OFFLINE", "0")
    assert doctor.data().ok


def test_a_check_that_breaks_is_itself_a_finding() -> None:
    def broken() -> Finding:
        raise PermissionError("not for you")

    assert doctor.safely("test", broken) == Finding(
        "test", ok=False, found="PermissionError: not for you", remedy="look into this error first"
    )


def test_plugins_and_their_broken_files_are_told(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert added.plugins() == Finding("plug-ins", ok=True, found="none")
    folder = in_tmp / "methods"
    folder.mkdir()
    (folder / "mine.py").write_text('"""A loss."""\n\n\ndef criterion(prediction, target):\n    return prediction\n')
    monkeypatch.setenv("REGBENCH_PLUGINS", str(in_tmp))
    roots.forget()
    assert added.plugins() == Finding("plug-ins", ok=True, found=f"method mine in {in_tmp}")
    (folder / "torn.py").write_text("METHOD = (")
    roots.forget()
    found = added.plugins()
    assert not found.ok
    assert "torn.py" in found.remedy
    monkeypatch.setenv("REGBENCH_PLUGINS", str(in_tmp / "nowhere"))
    roots.forget()
    assert "there is no such folder" in added.plugins().remedy


def test_the_lock_file_of_a_gate_is_read(in_tmp: Path) -> None:
    assert "`regbench bless` writes one" in added.gate(Path("regbench.lock.yaml")).found
    own = Path(__file__).parents[1] / ".ci" / "gate" / "regbench.lock.yaml"
    assert "cells of own-gate[data=diabetes.csv" in added.gate(own).found
    Path("regbench.lock.yaml").write_text("cells: 3")
    found = added.gate(Path("regbench.lock.yaml"))
    assert not found.ok
    assert "regbench.lock.yaml" in found.remedy


def test_extras_are_told_with_what_they_are_for() -> None:
    found = added.extras()
    assert found.ok
    assert "dev" not in found.found
    declared = set(metadata.metadata("regbench").get_all("Provides-Extra") or []) - added.DEVELOPERS
    assert declared
    assert declared <= set(re.findall(r"\w+", found.found))
    assert declared <= set(added.PURPOSE)


def test_published_results_are_told() -> None:
    assert added.published().found.endswith("published")
