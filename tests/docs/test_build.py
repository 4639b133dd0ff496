"""The documentation is built without a warning, and has a page for each part of the catalog."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from regbench import catalog
from tests.docs.shown import ROOT
from tools.docs import places
from tools.docs.catalog import KINDS, page
from tools.docs.formulas import markdown
from tools.docs.places import Place


@pytest.mark.slow  # some fifteen seconds, twice that on a busy machine
@pytest.mark.skipif(not importlib.util.find_spec("sphinx"), reason="the extra `docs` is not installed")
def test_it_is_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for kind in KINDS:
        for name in catalog.names(kind):
            text = (tmp_path / "html" / "catalog" / kind / f"{name}.html").read_text(encoding="utf-8")
            assert "problematic" not in text  # the class that docutils gives to what it could not read
            assert "literalinclude" not in text


def test_a_page_has_formula_settings_source_rows_and_code() -> None:
    rows = (("lsq", "1.000"), ("*end2end", "0.985"))
    text = page(catalog.entry("methods", "end2end"), [Place("heads", "regbench report", ("method", "mean"), rows)])
    assert "λ<sub>KL</sub> KL(ψ‖π)" in text
    assert "| `lambda_kl` | λ<sub>KL</sub> | 1.0 | 0.01 to 10 |" in text
    assert "<https://arxiv.org/abs/2502.02996>" in text
    assert "| \\*end2end | 0.985 |" in text
    assert "{literalinclude} ../../../regbench/methods/end2end.py" in text


def test_rows_of_a_method_or_part_stand_below_the_baseline() -> None:
    rows = tuple((label,) for label in ("lsq", "lsq+rot", "†soft_binning+rot[gamma=1]", "end2end"))
    table = [Place("made", "", ("method",), rows)]
    assert [place.rows for place in places.of("rot", table)] == [
        (("lsq",), ("lsq+rot",), ("†soft_binning+rot[gamma=1]",))
    ]
    assert [place.rows for place in places.of("lsq", table)] == [(("lsq",),)]
    assert places.of("fds", table) == []


def test_formulas_get_their_scripts_and_code_stays() -> None:
    assert markdown("ψ(y)_i ∝ exp(-‖y - c_i‖² / 2σ²)") == "ψ(y)<sub>i</sub> ∝ exp(-‖y - c<sub>i</sub>‖² / 2σ²)"
    assert markdown("L^(1/α) of `lambda_kl` and snake_case") == "L<sup>(1/α)</sup> of `lambda_kl` and snake\\_case"
