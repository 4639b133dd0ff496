"""A database that is deleted, moved or replaced while it is open: nothing that was written is lost in silence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from regbench.errors import InfrastructureError, PassingError
from regbench.store import EpochRows, Patience, Store
from tests.store.conftest import job, labelled, take


def delete(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def delete_alone(path: Path) -> None:
    path.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def move_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))


@pytest.mark.parametrize("remove", [delete, delete_alone, move, move_folder])
def test_it_is_put_back_at_the_next_write_and_for_all_that_have_it_open(
    tmp_path: Path, remove: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "results" / "regbench.db"
    jobs = [job(seed=0), job(seed=1)]
    with Store.open(path) as one, Store.open(path, existing=True) as two:
        one.add_benchmark("small", {}, labelled(*jobs))
        claims = [take(store, each, owner=each.key)[0] for store, each in zip([one, two], jobs, strict=True)]
        remove(path)
        for store, claim in zip([one, two], claims, strict=True):
            assert store.write([EpochRows(claim.run_id, 1, {"val/rmse": 0.5})], claims=[claim]) == set()
    with Store.open(path, read_only=True) as after:
        assert after.trained({each.key: "c0" for each in jobs}) == {each.key: 1 for each in jobs}
    assert capsys.readouterr().err.count("it was put back, nothing is lost") == 1
    assert [each.name for each in path.parent.iterdir() if "part" in each.name] == []


def test_a_reader_of_a_run_puts_it_back_too(tmp_path: Path):
    path = tmp_path / "regbench.db"
    with Store.open(path) as store:
        delete(path)
        assert store.owners() == set()
        assert path.exists()


def test_another_database_in_its_place_is_left_alone_and_what_was_written_is_kept_beside_it(tmp_path: Path):
    path, other = tmp_path / "regbench.db", tmp_path / "other.db"
    Store.open(other).close()
    with Store.open(path) as store:
        store.add_benchmark("small", {}, labelled(job()))
        take(store, job())
        other.replace(path)
        with pytest.raises(InfrastructureError, match=r"another file took its place .* is in .*rescued"):
            store.owners()
    [rescued] = tmp_path.glob("*.rescued-*")
    with Store.open(rescued, read_only=True) as kept:
        assert kept.trained({job().key: "c0"}) == {job().key: 0}


def test_a_worker_makes_no_new_database(tmp_path: Path):
    with pytest.raises(PassingError, match="deleted or moved"):
        Store.open(tmp_path / "regbench.db", patience=Patience(), existing=True)
    assert list(tmp_path.iterdir()) == []
