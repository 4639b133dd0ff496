"""Tables of the user's own as datasets of a benchmark: each known by its file, target and digest."""

from pathlib import Path

import pytest

from regbench import catalog, config, roots
from regbench.campaign import tables
from regbench.campaign.choosing import Wanted, choose
from regbench.config import TableEntry
from regbench.data.own.coded import prepared as own_prepared
from regbench.errors import RegbenchError, UsageError
from regbench.reading import Preprocess, Reading, as_options, options
from regbench.roots import Added
from regbench.runner.work.inputs import prepared
from tests.made.data_samples import table, write_csv

MIXED = "id,color,size,price\n" + "".join(f"n{n},{'rgb'[n % 3]},{n * n % 17},{n % 5}\n" for n in range(40))
MINE = """
mine:
  datasets:
    - own/house.csv
    - {file: own/mixed.csv, target: [price, size], drop: [id], preprocess: {one_hot: 2}}
    - diamonds
  methods: [lsq]
  seeds: 1
"""


@pytest.fixture
def own(in_tmp: Path) -> Path:
    """A folder with a file of benchmarks that names two tables of its own."""
    (in_tmp / "own").mkdir()
    write_csv(in_tmp / "own" / "house.csv", table(30))
    (in_tmp / "own" / "mixed.csv").write_text(MIXED)
    (in_tmp / "benchmarks.yaml").write_text(MINE)
    return in_tmp


def test_a_grid_may_hold_several_tables_of_the_user_beside_others(own: Path) -> None:
    benchmark = config.load().get("mine")
    first, second, third = (job.dataset for job in benchmark.jobs)
    assert (first.partition("@")[0], second.partition("@")[0], third) == (
        "house.csv:y",
        "mixed.csv:price+size",
        "diamonds",
    )
    assert benchmark.config["datasets"] == [first, second, third]
    assert catalog.entry("datasets", second).arguments["inputs"] == 1
    assert [job.digest.partition(":")[0] for job in benchmark.jobs] == ["sha256", "coded", "sha256"]
    assert config.filter_jobs(benchmark, datasets=["mixed.csv"]).jobs == benchmark.jobs[1:2]


def test_paths_are_as_seen_from_the_file_that_names_them(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [job.dataset for job in config.load().get("mine").jobs]
    monkeypatch.chdir(own / "own")
    assert [job.dataset for job in config.load(Path("../benchmarks.yaml")).get("mine").jobs] == names


def test_a_worker_prepares_a_table_by_the_rules_of_its_job(own: Path) -> None:
    job = config.load().get("mine").jobs[1]
    dataset = catalog.load("datasets", job.dataset)
    data, again = prepared(job), own_prepared(dataset.read(dataset.sources[0].files(), dataset.sources[0].layout, ""))
    assert data.x_train.shape == (32, 1)
    assert data.y_test.shape == (4, 2)
    assert (data.x_train == again.x_train).all()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{file: house.csv, tagret: y}", r"yaml:3, mine.datasets\[0\].tagret: .* did you mean 'target'"),
        ("{target: y}", r"yaml:3, mine.datasets\[0\]: names no file; write \{file: house.csv, target: price\}"),
        ("{file: h.csv, sep: ab}", r"datasets\[0\].sep: must be the character between cells or .*, not 'ab'"),
        ("{file: h.csv, header: maybe}", r"datasets\[0\].header: must be first or none, not 'maybe'"),
        ("{file: h.csv, decimal: ;}", r"datasets\[0\].decimal: must be .* one of point, comma, not ';'"),
        ("{file: h.csv, preprocess: {missing: mean}}", r"preprocess.missing: must be median or drop or refuse"),
        ("{file: h.csv, preprocess: {one_hot: -1}}", r"one_hot: must be a number of levels from 0 to 1,000, not -1"),
        ("{file: h.csv, preprocess: {onehot: 1}}", r"called 'onehot'; did you mean 'one_hot'"),
        ("{file: h.csv, drop: [[a]]}", r"datasets\[0\].drop: must be the name of a column, not \['a'\]"),
        ("none.csv", r"yaml:3, mine.datasets\[0\]: there is no .*none.csv"),
        ("{file: house.csv, target: price}", r"datasets\[0\]: .*house.csv: it has no column 'price' to be the target"),
        ("{file: house.csv, drop: [a]}", r"mine.datasets\[0\]: .*it has no column 'a' to drop"),
        ("housee", r"datasets\[0\]: no dataset called 'housee'"),
        ("[{file: house.csv}, {file: house.csv}]", r"datasets\[1\]: house.csv is already there, as datasets\[0\]"),
        ("{file: house.csv, group: x0}", r"by 'x0', and the split fixed tears them apart; add --set split"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_told_with_its_place(in_tmp: Path, entry: str, message: str) -> None:
    write_csv(in_tmp / "house.csv", table(30))
    listed = entry if entry.startswith("[") else f"[{entry}]"
    (in_tmp / "benchmarks.yaml").write_text(f"\nmine:\n  datasets: {listed}\n  methods: [lsq]\n")
    with pytest.raises(RegbenchError, match=message) as error:
        config.load().get("mine")
    assert "\n" not in str(error.value)


def test_printed_names_of_several_tables_mean_them_again(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [TableEntry("own/house.csv", ("y",)), TableEntry("own/mixed.csv", ("price",))]
    (benchmark,) = choose(Wanted(["smoke"], tables=entries))
    assert benchmark.name.count("data=") == 2
    roots.use(Added())
    monkeypatch.chdir(own / "own")
    (again,) = choose(Wanted([benchmark.name]))
    assert (again.name, again.jobs) == (benchmark.name, benchmark.jobs)


def test_tables_from_python_are_data_frames_and_mappings(own: Path) -> None:
    import pandas as pd

    frame = pd.read_csv("own/mixed.csv")
    found = tables.entries([(frame, "price"), {"file": "own/mixed.csv", "target": "price", "drop": "id"}])
    (benchmark,) = choose(Wanted(["smoke"], methods=["lsq"], seeds=[0], tables=found))
    assert [job.dataset.partition("@")[0] for job in benchmark.jobs] == ["frame.parquet:price", "mixed.csv:price"]
    first, last = (job.digest for job in benchmark.jobs)
    assert first == last  # the text of `id` is another in every row, so that it is left out anyway


@pytest.mark.slow  # importing scikit-learn takes seconds
def test_a_dataset_of_scikit_learn_is_a_table(in_tmp: Path) -> None:
    from sklearn.datasets import load_diabetes, load_linnerud

    found = tables.entries([load_diabetes(), load_diabetes(as_frame=True), load_linnerud()])
    assert [entry.targets for entry in found] == [("target",), ("target",), ("Weight", "Waist", "Pulse")]
    one, same, several = (catalog.entry("datasets", config.add_table(entry)).arguments for entry in found)
    assert one["digest"] == same["digest"]
    assert (several["target"], several["inputs"]) == ("Weight+Waist+Pulse", 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [("house.csv", "data must be a pair such as"), ((3, "y"), "data must be a file, a data frame or a dataset"),
     ({"file": "a.csv", "drp": []}, r"data\['drp'\]: no setting of a table is called 'drp'; did you mean 'drop'")],
)  # fmt: skip
def test_a_wrong_table_from_python_is_one_line(data: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        tables.entries(data)


@pytest.mark.parametrize(
    "reading",
    [
        Reading(),
        Reading(sep="\t", decimal=",", header=False, drop=("a b", "c'd"), group="--drop", keep_index=True),
        Reading(preprocess=Preprocess(one_hot=3, missing="drop", categorical=("shop", "a=b"))),
    ],
)
def test_how_a_table_is_read_is_kept_with_its_path(reading: Reading) -> None:
    for targets in ((), ("y", "z z")):
        text = f"/a --b/house.csv {options(reading, targets)}".strip()
        assert as_options(text) == ("/a --b/house.csv", targets, reading)
