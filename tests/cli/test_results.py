"""The published results of the first paper are complete and plausible, and the README agrees with the files."""

from collections.abc import Iterator
from itertools import product, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from regbench import catalog, compare, kinds, load, reports
from regbench.analysis.published import bridges_cells
from regbench.cli.sources import Source
from regbench.reports import Options
from regbench.reports.bridges.metric_problem import nearer
from regbench.reports.text.look import Look

FOLDER = Path(__file__).parents[2] / "results" / "published" / "bridges"
HIGHEST = {"CA": 0.030, "EL": 0.034, "AE": 0.047, "BS": 0.115, "SC": 0.080, "WN": 0.125}  # least squares
BOOSTED = {"AE": 0.044, "WN": 0.108, "SC": 0.052, "DM": 0.057}  # histogram gradient boosting is near

Cells = dict[tuple[str, str, int | None], dict]


def aliases() -> dict[str, str]:
    """The short name of each dataset, or its name."""
    found = {name: catalog.entry("datasets", name).arguments.get("alias") for name in catalog.names("datasets")}
    return {name: str(alias or name) for name, alias in found.items()}


class Published:
    """The published runs, read once for all tests: that takes seconds."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def data(self, name: str, benchmark: str) -> dict[str, Any]:
        """A report of a benchmark as plain data."""
        report = reports.load(name)
        found = self.source.find(report, name, benchmark=benchmark, metric="rmse", units="scaled")
        return reports.data(report, report.compute(found.frame, Options(benchmark=found.benchmark)))

    def cells(self, benchmark: str) -> Cells:
        """The rows of the paper's table by dataset, variant and k."""
        alias = aliases()
        rows = self.data("bridges_table2", benchmark)["rows"]
        return {(alias[row["dataset"]], row["variant"], row["k"]): row for row in rows}


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    with Source("none.db", FOLDER) as source:
        yield Published(source)


def said(heading: str) -> dict[str, list[str]]:
    """The first table of the README below a heading: first column → the others."""
    below = (FOLDER / "README.md").read_text(encoding="utf-8").partition(heading)[2].splitlines()
    start = next(number for number, line in enumerate(below) if line.startswith("|"))
    table = takewhile(lambda line: line.startswith("|"), below[start + 2 :])
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {first.strip("`"): others for first, *others in rows}


@pytest.mark.parametrize("benchmark", ["bridges", "bridges-fixed"])
def test_every_cell_of_the_papers_table_has_its_five_seeds_and_lies_where_it_must(
    published: Published, benchmark: str
) -> None:
    cells = published.cells(benchmark)
    own = {place: row for place, row in cells.items() if not row["reference"]}
    assert len(own) == len(bridges_cells()) == 8 * 19
    assert {(row["n"], row["n_expected"], row["diverged"]) for row in own.values()} == {(5, 5, 0)}
    assert {place for place, row in own.items() if row["paper"] is None} == set()
    lsq = {dataset: cells[dataset, "lsq", None]["rmse_mean"] for dataset in HIGHEST}
    assert {dataset: error for dataset, error in lsq.items() if error > HIGHEST[dataset]} == {}
    for dataset in ("AE", "EL", "CA", "BS"):
        assert cells[dataset, "soft_binning", 25]["rmse_mean"] <= 1.03 * lsq[dataset]
    for dataset, error in BOOSTED.items():
        assert cells[dataset, "hist_gradient_boosting", None]["rmse_mean"] == pytest.approx(error, rel=0.05)


def test_the_readme_has_the_verdicts_that_the_files_give(published: Published) -> None:
    found = published.data("claims", "bridges")["claims"]
    verdicts = {each["id"]: [each["paper"], each["ours_rmse"], each["ours_mae"]] for each in found}
    assert said("### Each claim") == verdicts


def test_the_readme_counts_the_cells_that_are_nearer_to_the_mae(published: Published) -> None:
    cells = pd.DataFrame([row for row in published.cells("bridges").values() if row["paper"] is not None])
    relative, absolute = nearer(cells)
    words = f"{relative} are nearer to our MAE than to our RMSE by relative distance, {absolute} by absolute."
    assert f"Of {len(cells)} cells {words}" in " ".join((FOLDER / "README.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("heading", "benchmark"), [("## What came of it", "bridges"), ("## Comparison at equal tuning", "bridges-tuned")]
)
def test_the_readme_has_the_errors_that_the_files_have(published: Published, heading: str, benchmark: str) -> None:
    cells, table = published.cells(benchmark), said(heading)
    assert len(table) >= 6
    for variant, shown in table.items():
        k = None if kinds.is_reference(variant) or variant == "lsq" else 25
        for dataset, error in zip(("WN", "AE", "BS", "SC", "EL", "CA", "DM", "RM"), shown, strict=False):
            if (dataset, variant, k) in cells and error != "–":
                row = cells[dataset, variant, k]
                spread = "" if row["rmse_std"] is None else f" ± {row['rmse_std']:.4f}"
                assert error == f"{row['rmse_mean']:.4f}{spread}", (variant, dataset)


def test_the_table_in_the_main_readme_is_the_one_that_the_command_prints(published: Published) -> None:
    report = reports.load("normalized")
    found = published.source.find(report, "normalized", benchmark="bridges", metric="rmse", units="scaled")
    look = Look(columns=("CA", "DM", "mean", "rank", "tried"))
    numbers = report.compute(found.frame, Options(benchmark="bridges", k=(25,), columns=look.columns))
    printed = reports.show(report, numbers, look=look).splitlines()
    start = next(number for number, line in enumerate(printed) if line.startswith("method"))
    grid = "\n".join(line.rstrip() for line in printed[start : printed.index("", start)])
    assert f"{grid}\n```" in (FOLDER.parents[2] / "README.md").read_text(encoding="utf-8")


TIGHTNESS = FOLDER.parent / "tightness"
PARTS = ("", "+rot", "+ranksim", "+multi_target")


def cross_rows() -> list[str]:
    """The cross table of the second paper's README: methods × parts, geometric means of ratios to least squares."""
    with Source("none.db", TIGHTNESS) as source:
        means = Published(source).data("normalized", "tightness-cross")["means"]
    of = {row["variant"]: f"{row['geometric']:.3f}" for row in means}
    methods = [variant for variant in of if "+" not in variant]
    assert len(of) == len(methods) * len(PARTS) == 24
    return [f"| `{method}` | {' | '.join(of[f'{method}{part}'] for part in PARTS)} |" for method in methods]


def test_the_readme_has_the_cross_table_of_methods_and_regularizers() -> None:
    readme = (TIGHTNESS / "README.md").read_text(encoding="utf-8")
    assert [row for row in cross_rows() if row not in readme] == []


AGAIN = FOLDER.parent / "bridges-again"
ON_ROWS = {"rmse": "all", "unseen/rmse": "unseen"}  # metric: test rows
PAIRS = (("lsq", "soft_binning"), ("lsq", "end2end"), ("hard_binning", "soft_binning"), ("soft_binning", "end2end"))


def rows_of_both() -> list[str]:
    """How much higher the error of one method is than that of another, on all test rows and on unseen ones."""
    report, rows, alias = reports.load("normalized"), [], aliases()
    for (a, b), (metric, words) in product(PAIRS, ON_ROWS.items()):
        with Source("none.db", AGAIN) as source:
            cells = source.find(report, "normalized", benchmark="bridges-fixed", metric=metric, units="scaled").frame
        found = compare(cells, a, b, metric=metric, k=[25])
        of = {alias[each.dataset]: each for each in found.datasets}
        shown = [f"{of[name].percent:+.2f}" for name in ("WN", "BS", "SC", "DM")]
        over = found.overall
        shown.append(
            f"{over.percent:+.2f} ({over.low:+.2f} to {over.high:+.2f}), {found.verdict.replace('B ', f'`{b}` ')}"
        )
        rows.append(f"| `{a}` over `{b}` | {words} | {' | '.join(shown)} |")
    return rows


def test_the_readme_has_the_verdicts_on_all_and_on_unseen_rows() -> None:
    rows, readme = rows_of_both(), (AGAIN / "README.md").read_text(encoding="utf-8")
    assert len(rows) == 8
    assert [row for row in rows if row not in readme] == []


def test_the_grid_trained_again_has_the_same_numbers_but_for_the_first_stage() -> None:
    first, again = (load(folder, "bridges-fixed") for folder in (FOLDER / "fixed", AGAIN))
    both = first.merge(again, on=["dataset", "variant", "k", "seed"], suffixes=("", "_again"))
    assert len(both) == len(first) == 760
    same, has_stage = both["test_rmse"] == both["test_rmse_again"], both["method"] == "pretrained_encoder"
    assert same[~has_stage].all()
    assert (has_stage.sum(), same[has_stage].sum()) == (120, 20)
    means = both[has_stage].groupby(["dataset", "k"])[["test_rmse", "test_rmse_again"]].mean()
    assert (means["test_rmse_again"] / means["test_rmse"] - 1).abs().max().round(4) == 0.0052


IMBALANCED = FOLDER.parent / "imbalanced"
BY_SHOTS = ("rmse", "mae", "many/mae", "median/mae", "few/mae")


def imbalanced_rows() -> list[str]:
    """Errors of each method by shots, as geometric means over datasets of the ratio to least squares."""
    with Source("none.db", IMBALANCED) as source:
        report = reports.load("shots")
        found = source.find(report, "shots", benchmark="imbalanced", metric="rmse", units="scaled").frame
    found = found[~found["method"].map(kinds.is_reference)]
    assert found.groupby(["variant", "dataset"]).size().eq(3).all()
    means = found.groupby(["variant", "dataset"], sort=False)[[f"test_{name}" for name in BY_SHOTS]].mean()
    ratios = {
        variant: np.exp(np.log(of / means.loc["lsq"]).mean()) for variant, of in means.groupby("variant", sort=False)
    }
    return [f"| `{variant}` | {' | '.join(f'{each:.3f}' for each in of)} |" for variant, of in ratios.items()]


def test_the_readme_has_the_errors_of_imbalanced_regression_by_shots() -> None:
    readme = (IMBALANCED / "README.md").read_text(encoding="utf-8")
    rows = imbalanced_rows()
    assert len(rows) == 12
    assert [row for row in rows if row not in readme] == []


BROAD = FOLDER.parent / "broad"
AGAINST_LSQ = ("lsq_softmax", "hard_binning", "soft_binning", "pretrained_encoder", "end2end")


def broad_rows() -> list[str]:
    """How much lower the errors of each method are than those of least squares, by RMSE and by MAE, over 27 tables."""
    cells, rows = load(BROAD, "broad"), []
    for method in AGAINST_LSQ:
        found = {metric: compare(cells, method, "lsq", metric=metric) for metric in ("rmse", "mae")}
        assert all(len(each.datasets) == 27 for each in found.values())
        shown = [
            f"{each.overall.percent:+.2f} ({each.overall.low:+.2f} to {each.overall.high:+.2f}), "
            f"{sum(one.percent < 0 for one in each.datasets)} of 27"
            for each in found.values()
        ]
        rows.append(f"| `{method}` | {' | '.join(shown)} |")
    return rows


def subset_rows() -> list[str]:
    """The same of `end2end` on fewer tables: without synthetic ones, and without the one that decides most."""
    cells = load(BROAD, "broad")
    synthetic = cells["dataset"].map(lambda name: bool(catalog.entry("datasets", str(name)).arguments.get("synthetic")))
    real = cells[~synthetic]
    subsets = {"real": real, "real, without brazilian_houses": real[real["dataset"] != "brazilian_houses"]}
    rows = []
    for words, given in subsets.items():
        found = [compare(given, "end2end", "lsq", metric=metric) for metric in ("rmse", "mae")]
        shown = [f"{each.overall.percent:+.2f} ({each.overall.low:+.2f} to {each.overall.high:+.2f})" for each in found]
        rows.append(f"| {len(found[0].datasets)}, {words} | {' | '.join(shown)} |")
    return rows


def test_the_readme_has_the_verdicts_on_27_tables_and_on_fewer() -> None:
    readme = (BROAD / "README.md").read_text(encoding="utf-8")
    assert [row for row in [*broad_rows(), *subset_rows()] if row not in readme] == []


def test_the_readme_has_the_table_of_27_tables() -> None:
    readme = (BROAD / "README.md").read_text(encoding="utf-8")
    with Source("none.db", BROAD) as source:
        means = Published(source).data("normalized", "broad")["means"]
    rows = [f"| `{row['variant']}` | {row['geometric']:.3f} | {row['rank']} |" for row in means]
    assert len(rows) == 15
    assert [row for row in rows if row not in readme] == []


BOTH = {"fixed": "", "a split for each seed": "-per-seed"}
ON_BOTH = ("WN", "AE", "EL", "CA")


def split_rows() -> list[str]:
    """How much higher the error of least squares is than that of soft binning, on one split and on one per seed."""
    import regbench

    rows, alias = [], aliases()
    for (words, split), grid in product(BOTH.items(), ("bridges-fixed", "bridges")):
        benchmark = f"{grid}{split}"
        frame = regbench.load(FOLDER, benchmark)
        found = regbench.compare(frame[frame["dataset"].map(alias).isin(ON_BOTH)], "lsq", "soft_binning", k=[25])
        of = {alias[each.dataset]: each for each in found.datasets}
        shown = [f"{of[name].percent:+.2f} ({of[name].all_low:+.2f} to {of[name].all_high:+.2f})" for name in ON_BOTH]
        over = found.overall
        shown.append(f"{over.percent:+.2f} ({over.low:+.2f} to {over.high:+.2f})")
        rows.append(f"| `{benchmark}` | {words} | {' | '.join(shown)} |")
    return rows


def test_the_readme_has_the_verdicts_on_one_split_and_on_one_for_each_seed() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [row for row in split_rows() if row not in readme] == []
