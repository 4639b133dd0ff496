"""The Python interface: what the command line does, from a script or a notebook."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import regbench
from regbench.data.canonical import exact_digest as digest
from regbench.errors import NothingMeasured, UsageError
from tests.made.data_samples import table, write_csv

BENCHMARK = """
tiny:
  datasets: [diamonds]
  methods: [lsq, soft_binning]
  k: [5]
  seeds: 2
  protocol: {epochs: 2, batch_size: 32}
  backbones: {mlp: {width: 16}}
"""
SCRIPT = """
import regbench
options = dict(data=("table.csv", "y"), db="own.db", devices="cpu", workers=1, on_event=lambda event: None)
first = regbench.run("tiny", epochs=1, seeds=[0], verify_packing=0.5, **options)
again = regbench.run("tiny", epochs=1, seeds=[0], **options)
print(first)
print(again)
print(first.names, first.failed, first.cells()["test_rmse"].notna().sum())
"""


@pytest.mark.slow
def test_a_script_without_a_guard_trains_looks_and_trains_nothing_twice(in_tmp: Path) -> None:
    write_csv(in_tmp / "table.csv", table(200))
    (in_tmp / "benchmarks.yaml").write_text(BENCHMARK)
    (in_tmp / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=False, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")
    name = f"tiny[data=table.csv:y@{digest(table(200)).removeprefix('sha256:')[:6]},epochs=1]"
    assert done.stdout.splitlines() == [
        f"<Results in own.db; {name}: 2 of 2 jobs finished now, 0 done before, 0 failed>",
        f"<Results in own.db; {name}: 0 of 2 jobs finished now, 2 done before, 0 failed>",
        f"['{name}'] {{}} 2",
    ]
    frame = regbench.load("own.db")
    compared = regbench.compare(frame, "soft_binning", "lsq", k=[5])
    assert compared.sentence
    ratios = regbench.normalise(frame, "lsq").cells.set_index("method")["ratio"]
    assert ratios["lsq"] == 1.0
    assert frame.groupby("method")["test_rmse"].first()["soft_binning"] / frame.groupby("method")["test_rmse"].first()[
        "lsq"
    ] == pytest.approx(ratios["soft_binning"])


def test_a_wrong_name_is_an_error_before_anything_is_made(in_tmp: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'smoke'"):
        regbench.run("smok", devices="cpu")
    assert not (in_tmp / "results").exists()


def test_what_is_not_there_says_how_to_make_it(in_tmp: Path) -> None:
    with pytest.raises(NothingMeasured, match="regbench run smoke"):
        regbench.load()


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = {"torch", "numpy", "pandas", "sqlalchemy", "sklearn", "matplotlib", "scipy", "yaml", "rich", "typer"}
    script = f"import regbench, sys; sys.exit(', '.join(sorted({heavy!r} & set(sys.modules))))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False).stderr == "\n"


def test_help_has_the_words_and_every_function_and_argument() -> None:
    text = regbench.__doc__ or ""
    words = "job run pack backbone method head baseline regularizer protocol engine report"
    assert all(f"\n    {word} " in text for word in words.split())
    for name in regbench.__all__:
        function = getattr(regbench, name)
        said = inspect.getdoc(function) or ""
        assert all(f"{each}:" in said for each in inspect.signature(function).parameters), name
