"""The second paper's tables: ours beside the paper's, matched by parts, with N, and no silent means."""

import csv
import io
import json

import numpy as np
import pytest

from regbench import reports
from regbench.errors import UsageError
from regbench.papers import tightness
from regbench.reports import Beside, Options
from tests.made.cells import frame
from tests.made.tightness import CIRCLE, MAMMOTH, TORUS, WEIGHTED, ablation, beside, coordinates, features, job

every_table = pytest.mark.parametrize("number", range(1, 7))
PRINTED = (tightness.table1, tightness.table2, tightness.table3, tightness.table4, tightness.table5, tightness.table6)
NAN = float("nan")


def made(name: str, given: Beside, **options):
    report = reports.load(f"tightness-{name}")
    return report, report.compute(given, Options(**options))


def grids(name: str, given: Beside, **options) -> list[dict[str, dict[str, str]]]:
    """Each grid's text: first column → header → cell."""
    report, numbers = made(name, given, **options)
    table = report.table(numbers)
    return [{line[0]: dict(zip(part.header, line, strict=True)) for line in part.rows} for part in (table, *table.more)]


def notes(name: str, given: Beside) -> str:
    report, numbers = made(name, given)
    table = report.table(numbers)
    return "\n".join((table.caption, *table.notes))


def of(*jobs) -> Beside:
    return Beside({"tightness-coordinates": frame(jobs)})


@every_table
def test_without_any_run_a_table_has_the_papers_numbers_and_says_what_was_not_run(number):
    report, numbers = made(f"table{number}", Beside())
    rows = report.frames(numbers)["rows"]
    assert sorted(rows["paper_mean"].dropna()) == sorted(cell.mean.value for cell in PRINTED[number - 1]())
    said = reports.show(report, numbers)
    assert "not run" in said or "not measured" in said
    json.loads(reports.show(report, numbers, format="json"), parse_constant=pytest.fail)


@every_table
def test_every_printed_number_is_shown_with_its_digits(number):
    report, numbers = made(f"table{number}", Beside())
    said = reports.show(report, numbers, format="md")
    for cell in PRINTED[number - 1]():
        assert f"{cell.mean.value:.{cell.mean.decimals}f}" in said


def test_a_table_is_found_by_its_name_and_a_misspelt_one_is_answered_with_the_nearest():
    assert reports.find("tightness-table3") == "tightness_table3"
    assert reports.find("table3") == "bridges_table3"  # the first paper's, as before
    with pytest.raises(UsageError, match="did you mean 'tightness-table3'"):
        reports.find("tightness-tabel3")


def test_the_json_of_table_3_has_a_row_per_cell():
    data = reports.data(*made("table3", beside()))
    rows = {(row["dataset"], row["method"]): row for row in data["rows"]}
    assert len(rows) == len(data["rows"]) == 8 * 3 + 2 * 3
    runs = coordinates()
    for dataset in (CIRCLE, TORUS, MAMMOTH):
        squares = runs[(runs["dataset"] == dataset) & (runs["variant"] == "lsq")]["test_rmse"] ** 2
        row = rows[dataset, "lsq"]
        assert row["n"] == 3
        assert row["mse_mean"] == pytest.approx(squares.mean())  # of squares, not the square of the mean
        assert row["mse_std"] == pytest.approx(squares.std(ddof=1))
    assert (rows[TORUS, "lsq"]["paper_mean"], rows[TORUS, "lsq"]["paper_std"]) == (3.01, 0.11)
    assert rows[CIRCLE, "lsq+multi_target"]["mse_mean"] is None
    assert rows[CIRCLE, "lsq+multi_target"]["n"] == 0
    assert rows[CIRCLE, "ols"]["paper_mean"] is None


def test_rows_are_matched_by_their_parts_and_their_settings_are_shown():
    rows = {(row["dataset"], row["method"]): row for row in reports.data(*made("table3", beside()))["rows"]}
    assert rows[MAMMOTH, "lsq+rot"]["variant"] == WEIGHTED["lsq+rot"]
    assert (rows[MAMMOTH, "lsq+rot"]["n"], rows[MAMMOTH, "lsq+rot"]["paper_mean"]) == (3, 87)
    (grid,) = grids("table3", beside())
    assert grid["+ L_ot"]["settings"] == "MAM: gamma=0.02, weight=10000"
    assert grid["+ L_ot"]["MAM, paper"] == "87 ± 26"
    assert grid["Baseline"]["settings"] == ""
    assert "rot[weight=10,gamma=0.01,variant=through,points=100]" in notes("table3", beside())


def test_each_of_several_variants_has_a_row_of_its_own_and_the_papers_number_stands_once():
    given = of(*[job(CIRCLE, v, s, 0.1 + s) for v in ("lsq+rot", "lsq+rot[gamma=0.1]") for s in range(2)])
    rows = [row for row in reports.data(*made("table3", given))["rows"] if row["dataset"] == CIRCLE]
    own = [(row["variant"], row["n"], row["paper_mean"]) for row in rows if row["method"] == "lsq+rot"]
    assert own == [("lsq+rot", 2, 0.01), ("lsq+rot[gamma=0.1]", 2, None)]
    report, numbers = made("table3", given)
    lines = [line for line in report.table(numbers).rows if line[0] == "+ L_ot"]
    assert ["gamma=0.1" in line[1] for line in lines if line[1]] == [True]


def test_a_cell_without_all_its_seeds_says_so_and_takes_part_in_no_contest():
    given = of(
        *[job(CIRCLE, "lsq", seed, 2.0) for seed in range(3)],
        *[job(CIRCLE, "lsq+rot", seed, error) for seed, error in enumerate([1.0, None, NAN])],
        *[job(CIRCLE, "lsq+ph_reg", seed, NAN) for seed in range(3)],
        *[job(CIRCLE, "lsq+multi_target", seed, None) for seed in range(3)],
    )
    (grid,) = grids("table3", given)
    cells = {name: line["CIR"] for name, line in grid.items()}
    assert cells["Baseline"] == "*4.00 ± 0.0"
    assert cells["+ L_ot"] == "1.00 (1/3)"
    assert (cells["+ PH-Reg"], cells["+ MT"], cells["+ OE"]) == ("div (0/3)", "– (0/3)", "not run")
    said = notes("table3", given)
    assert "N = 3 per cell unless (n/planned) says otherwise" in said
    assert "4 runs diverged, and so in no mean" in said
    assert "`regbench run tightness-coordinates` would train it" in said


def test_the_linear_row_and_the_constant_stand_below_a_rule_and_take_no_mark():
    report, numbers = made("table3", beside())
    table = report.table(numbers)
    assert table.rules == (8,)
    assert {line[0] for line in table.rows[8:]} == {"ols", "train_mean"}
    assert not any(cell.startswith("*") for line in table.rows[8:] for cell in line)
    assert "e-" in dict(zip(table.header, next(line for line in table.rows if line[0] == "ols"), strict=True))["CIR"]


@pytest.mark.parametrize(
    "said",
    [
        "the data are drawn once",
        "SYNTHETIC",
        "the paper gives no λ, γ and M for the coordinate task",
        "from the features themselves",
        "variance of the test labels, the mean over coordinates: CIR 0.333",
        "N = 3 per cell",
        "the paper has N = 10",
    ],
)
def test_what_a_reader_of_table_3_must_know_is_said(said):
    assert said in notes("table3", beside())


def test_the_spread_over_draws_of_the_data_is_said_where_it_was_run():
    draws = [
        job(name, "lsq", seed, error) for name, error in [(CIRCLE, 0.3), (f"{CIRCLE}_2", 0.5)] for seed in range(2)
    ]
    given = Beside({"tightness-draws": frame(draws)})
    report, numbers = made("table3", given)
    assert report.data is not None
    (row,) = report.data(numbers)["draws"]
    assert (row["draws"], row["seeds"]) == (2, "2")
    assert row["mse_mean"] == pytest.approx((0.09 + 0.25) / 2)
    assert row["mse_std"] == pytest.approx(np.std([0.09, 0.25], ddof=1))
    assert "on circles is lsq 0.170 ± 0.11 (2 draws, N = 2)" in notes("table3", given)


def test_only_what_was_asked_for_is_left_and_a_wrong_name_is_answered():
    rows = reports.data(*made("table3", beside(), datasets=("tor",), methods=("lsq+rot", "ols")))["rows"]
    assert [(row["dataset"], row["method"]) for row in rows] == [(TORUS, "lsq+rot"), (TORUS, "ols")]
    with pytest.raises(UsageError, match="no method called 'lsq\\+rott' in this table; did you mean 'lsq\\+rot'"):
        made("table3", beside(), methods=("lsq+rott",))
    with pytest.raises(UsageError, match="no dataset called 'TORS' in this table; did you mean 'TOR'"):
        made("table3", beside(), datasets=("tors",))


def test_shots_of_ours_stand_above_the_papers():
    jobs = [job("agedb", "lsq", seed, 9.0, test_mae=7.8, **{"test_many/mae": 6.8 + seed}) for seed in range(2)]
    ours, paper = grids("table1", Beside({"tightness-agedb": frame(jobs)}))
    assert (ours["Baseline"]["ALL"], ours["Baseline"]["Many"]) == ("*7.80 ± 0.0", "*7.30 ± 0.71")
    assert (ours["Baseline"]["Few"], ours["+ MT"]["ALL"]) == ("–", "not run")
    assert paper["+ MT + L_ot"]["Few"] == "*11.86 ± 0.24"


def test_higher_is_better_for_delta1():
    _, paper = grids("table2", Beside())
    assert [name for name, line in paper.items() if line["δ1 ALL"].startswith("*")] == ["+ MT"]
    assert [name for name, line in paper.items() if line["RMSE ALL"].startswith("*")] == ["+ MT + L_ot"]
    assert "is not the one that its many, median and few pixels add up to" in notes("table2", Beside())


def test_metrics_of_features_are_those_of_the_last_epoch_that_measured_them():
    report, numbers = made("table4", beside())
    own = report.frames(numbers)["features"]
    assert [*dict.fromkeys(zip(own["dataset"], own["variant"], strict=True))] == [
        (MAMMOTH, "lsq"), (MAMMOTH, WEIGHTED["lsq+rot"]), (TORUS, "lsq"),
    ]  # fmt: skip
    assert set(own["epoch"]) == {"100"}
    volume = own[(own["metric"] == "volume_euclidean") & (own["dataset"] == TORUS)].iloc[0]
    assert (volume["n"], volume["n_expected"]) == (3, 3)
    assert volume["mean"] == pytest.approx(7.0 + 0.01 + 0.1)
    fewer = features().query("seed > 0 or dataset != @TORUS", local_dict={"TORUS": TORUS})
    said = reports.show(*made("table4", Beside(beside().cells, fewer)))
    assert "(2/3)" in said
    assert "after epoch 100" in said


def test_the_ablation_changes_one_setting_at_a_time_with_the_default_among_its_values():
    paper, ours = grids("table5", beside())
    assert list(ours) == [
        "Baseline", "+ L_ot λ = 1", "+ L_ot λ = 10", "+ L_ot λ = 100", "+ L_ot γ = 0.01", "+ L_ot γ = 0.1",
        "+ L_ot variant = gap", "+ MT M = 2", "+ MT M = 8", "+ MT M = 16", "+ MT extra = noise",
    ]  # fmt: skip
    assert ours["+ L_ot λ = 10"]["CIR"] == ours["+ L_ot γ = 0.01"]["CIR"] != ours["+ L_ot λ = 100"]["CIR"]
    assert list(paper)[:9] == [
        "Baseline", *(f"+ L_ot λ = {each}" for each in (1, 10, 100, 1000)),
        *(f"+ L_ot γ = {each}" for each in ("0.1", 1, 10)), "+ MT M = 2",
    ]  # fmt: skip
    assert len(paper) == 14
    assert paper["+ L_ot γ = 0.1"]["ALL"] == paper["+ L_ot λ = 100"]["ALL"] == "*7.36 ± 0.08"
    rows = reports.data(*made("table5", beside()))["coordinates"]
    runs = ablation()
    squares = runs[(runs["dataset"] == TORUS) & (runs["variant"] == "lsq+rot[weight=1]")]["test_rmse"] ** 2
    (row,) = (row for row in rows if (row["dataset"], row["variant"]) == (TORUS, "lsq+rot[weight=1]"))
    assert (row["n"], row["mse_mean"]) == (2, pytest.approx(squares.mean()))


def test_costs_are_those_of_the_file_beside_the_runs():
    _, ours = grids("table6", beside())
    assert ours["+ L_ot"] == {"method": "+ L_ot", "ms": "1.25", "peak memory, MB": "3"}
    _, none = grids("table6", Beside())
    assert none == {"all": {"method": "all", "cost": "not measured"}}
    with pytest.raises(UsageError, match=r"cost\.json: must have a list of records"):
        made("table6", Beside(cost={"rows": 3}))


def test_the_csv_of_table_3_reads_back():
    lines = list(csv.DictReader(io.StringIO(reports.show(*made("table3", beside()), format="csv"))))
    assert len(lines) == 30
    assert {"dataset", "method", "n", "mse_mean", "mse_std", "paper_mean", "paper_std"} <= set(lines[0])


def test_the_order_of_the_frame_does_not_matter():
    runs = coordinates()
    shuffled = runs.sample(frac=1, random_state=1).reset_index(drop=True)
    one, other = (reports.data(*made("table3", Beside({"tightness-coordinates": each}))) for each in (runs, shuffled))
    assert one == other
