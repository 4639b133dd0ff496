"""Tables of the user's own on the command line: what is asked for, what is understood, and one grid of several."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from regbench import config
from regbench.campaign.choosing import Wanted, choose
from regbench.cli import plans
from regbench.cli.asked import Filters, OwnData, wanted
from regbench.errors import UsageError
from regbench.reading import Preprocess
from tests.cli.conftest import Command
from tests.made.data_samples import csv_text, table

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def house(in_tmp: Path) -> Path:
    """Two hundred houses as a spreadsheet in Germany writes them, with gaps in the sizes."""
    rows = [
        f"{row + 1000};{'' if row % 12 == 5 else f'{40 + row * 37 % 90},5'};{('red', 'green', 'blue')[row % 3]};"
        f"{row % 28 + 1}.{row % 11 + 1}.{1950 + row % 50};{100 + row * 37 % 90 + 10 * (row % 3)},25"
        for row in range(200)
    ]
    (in_tmp / "house.csv").write_text("\n".join(["id;size;color;built;price", *rows]))
    return in_tmp / "house.csv"


def asked(files: Sequence[Path], targets: Sequence[str], **reading: Any) -> Wanted:
    own = OwnData(files, targets, reading)
    return wanted(["smoke"], Filters(None, None, None, None), {}, own, file=None, db="")


def test_the_readme_shows_the_line_that_is_said_before_training(house: Path) -> None:
    (benchmark,) = choose(asked([Path("house.csv")], ["price"], drop=["id"]))
    [said] = map(plans.about_table, plans.own_tables(benchmark.jobs))
    assert said in README.read_text(encoding="utf-8")


def test_the_readme_shows_a_grid_that_can_be_read(in_tmp: Path) -> None:
    _, found, rest = README.read_text(encoding="utf-8").partition("```yaml\nmine:\n  extends: smoke\n")
    Path("benchmarks.yaml").write_text("mine:\n  extends: smoke\n" + rest.partition("```")[0])
    assert found
    datasets = config.load().specs["mine"].datasets
    assert [entry.targets for entry in datasets] == [(), ("price",), ("sales", "visits"), ()]
    assert datasets[2].reading.preprocess == Preprocess(one_hot=8, missing="drop", categorical=("shop",))


def test_targets_are_of_an_only_file_or_one_for_each(house: Path) -> None:
    file, other = Path("a.csv"), Path("b.csv")
    assert [entry.targets for entry in asked([file], ["y", "z"]).tables] == [("y", "z")]
    assert [entry.targets for entry in asked([file, other], ["y", "z"]).tables] == [("y",), ("z",)]
    assert [entry.targets for entry in asked([file, other], ["y"]).tables] == [("y",), ("y",)]
    with pytest.raises(UsageError, match="2 --data and 3 --target: give one target for all files"):
        asked([file, other], ["x", "y", "z"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "y"], "--target is about a table of your own; name it with --data FILE --target COLUMN"),
        (["--sep", ";"], "--sep is about a table of your own"),
        (["--data", "house.csv"], "--data FILE and --target COLUMN go together"),
        (
            ["--data", "house.csv", "--target", "price", "--sep", "ab"],
            "--sep: must be the character between cells or one",
        ),
        (["--data", "house.csv", "--target", "price", "--preprocess", "one_hot"], "--preprocess: write KEY=VALUE"),
        (["--data", "house.csv", "--target", "price", "--drop", "ID"], "no column 'ID' to drop; did you mean 'id'?"),
        (
            ["--data", "house.csv", "--target", "price", "--group", "color", "--set", "split=fixed"],
            "the split fixed tears them apart; add --set split=grouped",
        ),
    ],
)
def test_a_wrong_option_is_one_line(regbench: Command, house: Path, words: list[str], message: str) -> None:
    said = regbench("plan", "smoke", *words)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert message in said.err


def test_groups_make_the_split_grouped(house: Path) -> None:
    (benchmark,) = choose(asked([house], ["price"], group="color", drop=["id"]))
    assert {job.protocol.split for job in benchmark.jobs} == {"grouped"}
    assert "split=grouped" in benchmark.name


def test_a_table_that_is_not_here_does_not_hide_the_benchmarks(regbench: Command, in_tmp: Path) -> None:
    Path("benchmarks.yaml").write_text("mine:\n  extends: smoke\n  datasets: [none.csv]\n")
    rows = {row["name"]: row for row in regbench("list", "benchmarks", "--json").data["rows"]}
    assert rows["smoke"]["jobs"] > 0
    assert rows["mine"]["jobs"] is None
    assert "benchmarks.yaml:3, mine.datasets[0]: there is no" in rows["mine"]["what"]
    assert "none.csv" in regbench("list", "benchmarks").out


@pytest.mark.slow
def test_several_tables_are_one_grid_with_one_mean_and_one_verdict(regbench: Command, house: Path) -> None:
    Path("other.csv").write_text(csv_text(table(120)))
    Path("benchmarks.yaml").write_text(
        "mine:\n  datasets: [other.csv, {file: house.csv, target: price, drop: [id]}, "
        "{file: house.csv, target: [price, size], drop: [id], preprocess: {one_hot: 0}}]\n"
        "  methods: [lsq, l1, ridge]\n  seeds: 2\n  protocol: {epochs: 2}\n"
    )
    words = ["run", "mine", "--devices", "cpu", "--workers", 1]
    said = regbench(*words)
    assert said.code == 0, said.err
    assert said.out.startswith("mine: 15 jobs finished")
    assert regbench(*words).out.startswith("mine: 0 jobs finished, 15 done before")
    rows = regbench("report", "-b", "mine", "--json").data["rows"]
    names = sorted({row["dataset"].partition("@")[0] for row in rows})
    assert names == ["house.csv:price", "house.csv:price+size", "other.csv:y"]
    for command in (["compare", "l1", "lsq", "-b", "mine"], ["stale", "-b", "mine"], ["status", "mine"]):
        assert regbench(*command).code == 0
    found = regbench("compare", "l1", "lsq", "-b", "mine", "--json").data
    assert len(found["datasets"]) == 3
    assert regbench("stale", "-b", "mine", "--json").data["groups"] == []
    name = next(row["dataset"] for row in rows if "+" in row["dataset"])
    again = regbench("plan", f"smoke[data={name}]", "--method", "lsq", "--devices", "cpu", "--json").data[0]
    assert [each["name"] for each in again["tables"]] == [name]
