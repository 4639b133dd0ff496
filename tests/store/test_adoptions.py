"""Runs of code that was shown to compute the same count everywhere as runs of the same code."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from regbench.store import Adoption, Store, export, export_adoptions, import_
from regbench.store.adoptions import Codes
from tests.store.conftest import job, labelled, train

ONE, TWO = job(seed=0), job(seed=1)
SAME = Adoption("c0", "c1", "abc", {"numbers": 3, "jobs": []})


def wanted(code: str) -> dict[str, str]:
    return {each.key: code for each in (ONE, TWO)}


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"))))
def test_adoption_is_an_equivalence(pairs):
    codes = Codes(pairs)
    assert all(codes.same(*pair) and codes.same(*reversed(pair)) for pair in pairs)
    for each in "abcdef":
        assert each in codes.alike(each)
        assert all(codes.alike(other) == codes.alike(each) for other in codes.alike(each))
    linked = {each for pair in pairs for each in pair}
    assert all(codes.alike(each) == [each] for each in set("abcdef") - linked)


def test_adopted_runs_are_done_and_others_are_not(store: Store):
    store.add_benchmark("smoke", {"datasets": ["diamonds"]}, labelled(ONE, TWO))
    train(store, ONE)
    assert store.done(wanted("c1")) == set()
    assert set(store.outgrown(wanted("c1"))) == {ONE.key}
    store.adopt([SAME])
    store.adopt([SAME])
    assert store.done(wanted("c1")) == {ONE.key}
    assert store.done(wanted("c2")) == set()
    assert store.outgrown(wanted("c1")) == {}
    assert store.trained(wanted("c1")) == {ONE.key: 3}
    assert set(store.scores(wanted("c1"), "val/rmse")) == {ONE.key}
    assert store.finished_run(ONE.key, "c1").curves["val/rmse"].tolist() == [0.3, 0.1, 0.2]
    assert [each.done for each in store.status(code=wanted("c1"))] == [1]
    assert store.adoptions() == [SAME]


def test_a_cell_may_hold_runs_of_both(store: Store):
    store.add_benchmark("smoke", {"datasets": ["diamonds"]}, labelled(ONE, TWO))
    train(store, ONE, code="c0")
    train(store, TWO, code="c1")
    assert store.cells("smoke")["test_rmse"].notna().tolist() == [False, True]
    store.adopt([SAME])
    frame = store.cells("smoke")
    assert frame["test_rmse"].notna().all()
    assert frame.attrs["left_out"] == []
    assert sorted(frame["code_digest"]) == ["c0", "c1"]


def test_adoptions_travel_with_the_runs_they_are_about(tmp_path: Path):
    with Store.open(tmp_path / "a.db") as store:
        store.add_benchmark("smoke", {"datasets": ["diamonds"]}, labelled(ONE))
        train(store, ONE)
        store.adopt([SAME, Adoption("c1", "c2", "abd"), Adoption("x", "y", "abe")])
        export(store, tmp_path / "out", benchmark="smoke")
    with Store.open(tmp_path / "b.db") as store:
        import_(store, tmp_path / "out")
        assert store.done({ONE.key: "c2"}) == {ONE.key}
        assert [(each.old, each.new, each.commit) for each in store.adoptions()] == [
            ("c0", "c1", "abc"),
            ("c1", "c2", "abd"),
        ]
        assert store.adoptions()[0].evidence == {"numbers": 3, "jobs": []}


def test_adoptions_can_be_added_to_an_export_that_is_there(tmp_path: Path):
    with Store.open(tmp_path / "a.db") as store:
        store.add_benchmark("smoke", {"datasets": ["diamonds"]}, labelled(ONE))
        train(store, ONE)
        export(store, tmp_path / "out")
        before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        store.adopt([SAME, Adoption("x", "y", "abe")])
        assert export_adoptions(store, tmp_path / "out").rows == {"adoptions": 1}
    after = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"adoptions.parquet", "about.json"}
    with Store.open(tmp_path / "b.db") as store:
        import_(store, tmp_path / "out")
        assert store.done({ONE.key: "c1"}) == {ONE.key}
