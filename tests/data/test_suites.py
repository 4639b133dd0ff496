"""Suites of OpenML from a server on this machine: what they expand to, once and again, and what of them is left out."""

import hashlib
import json
from pathlib import Path

import pytest

from regbench import config, roots
from regbench.data import sources, suites
from regbench.data.own.table import forget
from regbench.errors import DataUnavailable, RegbenchError, UsageError
from regbench.reading import USUAL
from tests.data import answers
from tests.data.conftest import Server
from tests.made.data_samples import table, write_arff

API = "/api/v1/xml"
TASKS = [(361072, 44132, "one"), (361074, 44134, "labels"), (361075, 44135, "gone")]
LABELS = {361074}
MINE = "mine:\n  datasets: [openml-suite:336]\n  methods: [lsq]\n  seeds: 1\n"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder with a benchmark of a suite, and nothing known of other tests."""
    monkeypatch.chdir(tmp_path)
    Path("benchmarks.yaml").write_text(MINE)
    roots.use(roots.Added())
    forget()


@pytest.fixture
def openml(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    """An OpenML with a suite of three tasks: a regression, a classification, and one whose dataset is not there."""
    monkeypatch.setattr(sources, "OPENML_SERVER", server.url(API))
    listed = ",".join(str(task) for task, _, _ in TASKS)
    content = write_arff(tmp_path / "44132.arff", table(30)).read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    server.says(API, b"openml")
    server.says(f"{API}/study/336", answers.openml_suite(336, TASKS))
    server.says(f"{API}/estimationprocedure/list", answers.PROCEDURES.encode())
    server.says(f"{API}/task/list/task_id/{listed}/limit/10000/offset/0", answers.openml_tasks(TASKS, "y", LABELS))
    server.says(f"{API}/data/44132", answers.openml_description(server.says("/44132.arff", content), md5))
    return server


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Path:
    """No network, but a kept list of two regressions with the file of each; returns their folder."""
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    folder = suites.place_of(336).parent
    folder.mkdir(parents=True)
    members = []
    for task, dataset in enumerate((44132, 44133)):
        write_arff(folder / f"openml-{dataset}.arff", table(30, seed=task))
        members.append(suites.Member(task, dataset, f"name{task}", "y", suites.REGRESSION))
    suites.keep(336, tuple(members))
    return folder


def test_a_suite_is_its_regressions_once_and_again_without_the_network(
    openml: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = config.load().get("mine")
    (job,) = first.jobs
    assert job.dataset.partition("@")[0] == "openml-44132:y"
    left_out, blocked = first.notes
    assert left_out == "left out of openml-suite:336: task 361074 (labels), Supervised Classification, no regression"
    assert blocked.startswith("blocked: gone of openml-suite:336: openml:44135 cannot be had: ")
    assert "\n" not in blocked
    kept = json.loads(suites.place_of(336).read_text())["members"]
    assert [(each["task"], each["dataset"], each["digest"]) for each in kept] == [  # in the suite's own order
        (361072, 44132, job.digest),
        (361074, 44134, ""),
        (361075, 44135, ""),
    ]
    asked = len(openml.requests)
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    roots.use(roots.Added())
    forget()
    again = config.load().get("mine")
    assert again.jobs == first.jobs
    assert [note.partition("had")[0] for note in again.notes] == [note.partition("had")[0] for note in first.notes]
    assert len(openml.requests) == asked


def test_a_dataset_with_other_numbers_than_at_first_is_blocked_and_listed(offline: Path) -> None:
    first = config.load().get("mine")
    assert [job.dataset.partition("@")[0] for job in first.jobs] == ["openml-44132:y", "openml-44133:y"]
    assert first.notes == ()
    write_arff(offline / "openml-44133.arff", table(30, seed=9))
    forget()
    found = config.load().get("mine")
    assert found.jobs == first.jobs[:1]
    (note,) = found.notes
    assert "openml:44133 has other numbers than when openml-suite:336 was first expanded" in note


def test_a_dataset_that_cannot_be_read_is_blocked_and_all_of_them_are_an_error(offline: Path) -> None:
    (offline / "openml-44132.arff").write_text("no ARFF")
    found = config.load().get("mine")
    assert [job.dataset.partition("@")[0] for job in found.jobs] == ["openml-44133:y"]
    assert found.notes[0].startswith("blocked: name0 of openml-suite:336: openml:44132: ")
    (offline / "openml-44133.arff").unlink()
    forget()
    with pytest.raises(
        DataUnavailable, match=r"none of its 2 datasets can be used; blocked: name0 .*; blocked: name1 "
    ):
        config.load().get("mine")


def test_without_network_and_list_it_is_one_line_and_exit_code_7(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    with pytest.raises(
        RegbenchError,
        match=r"yaml:2, mine.datasets\[0\]: openml-suite:336 cannot be had: REGBENCH_OFFLINE is set.*bring .* here",
    ) as error:
        config.load().get("mine")
    assert error.value.exit_code == 7
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", ["[]", "{", '{"format": "regbench suite 1", "members": [{"task": 1}]}'])
def test_a_damaged_list_says_what_to_do(content: str) -> None:
    suites.place_of(336).parent.mkdir(parents=True)
    suites.place_of(336).write_text(content)
    with pytest.raises(DataUnavailable, match=r"suite-336\.json is no list of a suite, or damaged; remove it"):
        config.load().get("mine")


def test_a_suite_is_no_table_of_one_target() -> None:
    with pytest.raises(UsageError, match=r"openml-suite:336 is a list of datasets.*datasets: \[openml-suite:336\]"):
        config.own_table("openml-suite:336", ["y"], USUAL)
