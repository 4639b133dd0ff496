"""Results of other tools: what is stored, what is measured here, and that they never look as if trained here."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from regbench import catalog
from regbench.campaign.imports import import_results
from regbench.campaign.imports.rows import Sheet
from regbench.campaign.why import why
from regbench.errors import UsageError
from regbench.job import Job, Protocol
from regbench.kinds.imported import is_imported
from regbench.runner.present import Present
from regbench.runner.work.inputs import prepared
from regbench.store import Store

CRESCENT = "synthetic_crescent"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "regbench.db")


def job(dataset: str) -> Job:
    """A job on a dataset of the catalog."""
    digest = catalog.entry("datasets", dataset).arguments["digest"]
    return Job(dataset, digest, "lsq", 0, Protocol(batch_size=1, weight_decay=0.0, dropout=0.0))


def write(folder: Path, text: str, name: str = "theirs.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_epoch_is_chosen_as_for_ours(tmp_path: Path, store: Store) -> None:
    rows = "d,Net,0,1,5,6\nd,Net,0,2,3,4\nd,Net,0,3,4,1\nd,Net,1,1,nan,nan\n"
    path = write(tmp_path, f"dataset,method,seed,epoch,val/rmse,test_rmse\n{rows}")
    found = import_results(store, path)
    assert (found.benchmark, found.runs) == ("theirs", 2)
    cells = store.cells("theirs")
    assert cells["test_rmse"].tolist()[0] == 4
    assert cells["best_epoch"].tolist()[0] == 2
    assert cells["diverged"].tolist() == [False, True]
    again = import_results(store, path)
    assert (again.runs, again.before) == (0, 2)
    assert len(store.runs()) == 2


def test_without_validation_rows_the_only_epoch_counts(tmp_path: Path, store: Store) -> None:
    import_results(store, write(tmp_path, "dataset;method;test/rmse\nd;My Net;0.5\n"))
    [row] = store.cells("theirs").to_dict("records")
    assert (row["variant"], row["test_rmse"], row["targets"]) == ("My_Net", 0.5, "raw")


def test_imported_results_are_told_from_ours(tmp_path: Path, store: Store) -> None:
    path = write(tmp_path, "dataset,method,test/rmse\nd,Net,0.5\n")
    import_results(store, path)
    imported = Job.from_config(next(iter(store.configs(store.runs()["key"]).values())))
    assert is_imported(imported)
    assert Present.now().lacks_code(imported) == "the results of Net were imported"
    assert store.cells().attrs["left_out"][0].startswith("imported, not trained here: Net (theirs.csv, 20")
    [run] = why(store, "Net").accepted
    assert run.device == "imported"
    assert run.environment["imported"]["file"] == str(path)
    assert set(run.environment) == {"imported"}


def test_errors_on_our_datasets_are_scaled_as_ours_are(tmp_path: Path, store: Store, house: str) -> None:
    data = prepared(job(house))
    low, high = float(data.y_low[0]), float(data.y_high[0])
    import_results(store, write(tmp_path, f"dataset,method,test/rmse,test/r2\n{house},Net,0.5,0.9\n"))
    [row] = store.cells(metrics=["r2"]).to_dict("records")
    assert row["test_rmse"] == pytest.approx(0.5 / (high - low))
    assert (row["test_r2"], row["targets"], row["digest"]) == (0.9, "scaled", job(house).digest)


def test_errors_of_predictions_are_measured_here(tmp_path: Path, store: Store, house: str) -> None:
    """Against our targets, whose order the rows name; equal quantiles are a point, whose CRPS is the absolute error."""
    data = prepared(job(house))
    low, high = float(data.y_low[0]), float(data.y_high[0])
    error = np.where(np.arange(len(data.y_test)) % 2, 0.1, -0.3)
    prediction = low + (high - low) * (data.y_test[:, 0].astype(float) + error)
    frame = pd.DataFrame({"dataset": house, "method": "Net", "row": range(len(prediction)), "q0.3": prediction})
    frame = frame.assign(**{"q0.7": prediction}).sample(frac=1, random_state=0)
    frame.to_parquet(tmp_path / "quantiles.parquet")
    path = write(tmp_path, f"dataset,method,test/rmse\n{house},Net,0.5\n")
    found = import_results(store, path, predictions=tmp_path / "quantiles.parquet")
    assert any("the file states test/rmse" in note for note in found.notes)
    [row] = store.cells(metrics=["crps"]).to_dict("records")
    expected = {"rmse": math.sqrt(np.mean(error**2)), "mae": np.mean(abs(error)), "crps": np.mean(abs(error))}
    for name, value in expected.items():
        assert row[f"test_{name}"] == pytest.approx(value, rel=1e-5)
    [kept] = store.predictions(int(row["run_id"])).values()
    assert kept[:, 0] == pytest.approx(data.y_test[:, 0] + error, abs=1e-5)


def test_targets_of_other_datasets_stand_in_the_file(tmp_path: Path, store: Store) -> None:
    text = "dataset,method,seed,row,prediction,y\n" + "".join(f"d,Net,0,{row},{row + 2},{row}\n" for row in range(5))
    import_results(store, write(tmp_path, text))
    assert store.cells()["test_rmse"].tolist() == [2.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dataset,methods\nd,Net\n", "theirs.csv: has no column method; did you mean 'methods'?"),
        ("dataset,method,test/rmse\n", "has no rows below its header"),
        ("dataset,method,test/rmse\nd,Net,low\n", "theirs.csv, row 1, test/rmse: 'low' is no number"),
        ("dataset,method,seed,test/rmse\nd,Net,-1,1\n", "row 1, seed: '-1' is no whole number from 0"),
        ("dataset,method,test/rmse\nd,Net,1\nd,Net,2\n", "row 2, seed: d Net seed=0 is there twice; give each row its"),
        (
            "dataset,method,test/rmse\nd,lsq,1\n",
            "'lsq' is a method that is trained here, and these results were not; na",
        ),
        ("dataset,method,val/rmse\nd,Net,1\n", "d Net seed=0 has no error on test rows: a column such as test/rmse"),
        (
            "dataset,method,row,prediction\nd,Net,0,1\n",
            "d is no dataset of the catalog, so its targets must stand in a",
        ),
        ("dataset,method,row,prediction,y\nd,Net,0,1,1\nd,Net,0,1,1\n", "row 2, row: d Net seed=0 has test row 0 a se"),
        (
            f"dataset,method,row,prediction\n{CRESCENT},Net,0,1\n",
            "has targets of several dimensions, and a table of pred",
        ),
        ("dataset,method,test/rmse,test_rmse\nd,Net,1,1\n", "has the column test/rmse twice"),
        ("\x00\x01", "has no rows below its header"),
    ],
)
def test_a_wrong_table_is_one_line(
    tmp_path: Path, store: Store, generated_tables: None, text: str, message: str
) -> None:
    with pytest.raises(UsageError) as error:
        import_results(store, write(tmp_path, text))
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert store.runs().empty


def test_columns_that_are_no_numbers_are_left_aside_and_named(tmp_path: Path, store: Store) -> None:
    found = import_results(store, write(tmp_path, "dataset,method,test/rmse,host\nd,Net,1,a\n"))
    assert "left aside, for they are no numbers of a run: host" in found.notes[0]


def test_every_test_row_is_needed_once(tmp_path: Path, store: Store, house: str) -> None:
    path = write(tmp_path, f"dataset,method,row,prediction\n{house},Net,0,1\n{house},Net,2,1\n")
    with pytest.raises(UsageError, match=r"Net seed=0 has 2 of 10 test rows of house.*; row 1 is missing"):
        import_results(store, path)
    with pytest.raises(UsageError, match=r"row 1, row: house.* has 10 test rows, counted from 0"):
        import_results(store, write(tmp_path, f"dataset,method,row,prediction\n{house},Net,10,1\n"))


def test_a_column_is_what_its_name_says() -> None:
    sheet = Sheet(Path("a.csv"), {name: [""] for name in ("dataset", "method", "test_few/mae", "q0.25", "note")})
    assert sheet.numbers == {"test_few/mae": "test/few/mae"}
    assert sheet.quantiles == {"q0.25": 0.25}
    assert sheet.aside == ["note"]
