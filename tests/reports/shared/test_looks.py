"""Colours and labels come from the files of the methods, and nowhere else are methods listed."""

import ast
from pathlib import Path

import pytest

import regbench
from regbench import catalog
from regbench.analysis import order
from regbench.reports.shared import looks
from regbench.reports.text import symbols

PACKAGE = Path(regbench.__file__).parent
OF_A_PAPER = ("bridges", "tightness", "claims", "published.py")  # what a paper shows is a list of its own
DEFAULTS = {"lsq"}  # what errors are divided by unless a user says otherwise


@pytest.mark.parametrize("name", catalog.rows())
def test_every_method_says_its_own_label_and_colour(name):
    said = catalog.row(name).arguments
    assert looks.label(name) == said["label"]
    assert looks.colour(name) == said["colour"]


def test_no_two_methods_look_alike():
    found = looks.colours((name, name) for name in catalog.rows())
    assert len(set(found.values())) == len(catalog.rows())


def test_a_method_without_a_colour_has_one_that_depends_on_its_name_alone():
    assert looks.colour("mine") in looks.SPARE
    assert looks.colours([("mine", "mine"), ("theirs", "theirs")])["mine", "mine"] == looks.colour("mine")
    assert looks.label("mine", "mine[width=3]") == "mine [width=3]"


def test_variants_of_a_method_are_told_apart_by_shade():
    lines = [("soft_binning", "soft_binning"), ("soft_binning", "soft_binning[lambda_sigma=1]"), ("mine", "mine")]
    assert len(set(looks.colours(lines).values())) == 3
    assert looks.colours(lines)[lines[0]] == looks.colour("soft_binning")


def test_shades_of_one_method_are_told_apart():
    assert len(set(looks.shades("soft_binning", 4))) == 4
    assert looks.shades("soft_binning", 1) != []


def test_a_setting_has_one_symbol_whatever_method_it_is_of():
    found = {}
    for method in catalog.names("methods"):
        for name in catalog.entry("methods", method).hparams:
            found.setdefault(name, set()).add(catalog.entry("methods", method).symbols.get(name))
    assert [name for name, known in found.items() if len(known) > 1] == []
    assert symbols.mathematics("lambda_kl") == r"$\lambda_{\mathrm{KL}}$"


def test_reference_models_stand_from_the_least_to_the_most():
    baselines = sorted(catalog.names("baselines"), key=order.method_key)
    assert (baselines[0], baselines[-1]) == ("train_mean", "tabm_pytabkit")
    places = [catalog.entry("baselines", name).arguments["place"] for name in baselines]
    assert len(set(places)) == len(places)


def test_methods_are_listed_nowhere_but_in_their_folder():
    names = set(catalog.rows()) - DEFAULTS
    for room in ("reports", "analysis"):
        for path in (PACKAGE / room).rglob("*.py"):
            if not set(path.relative_to(PACKAGE / room).parts) & set(OF_A_PAPER):
                tree = ast.parse(path.read_text(encoding="utf-8"))
                spelled = {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)} & names
                assert not spelled, f"{path} names {', '.join(spelled)}: a second list of methods"
