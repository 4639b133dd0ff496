"""How methods, their parts and benchmarks are written: what is read is what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbench import catalog, variants
from regbench.config import parse_variant
from regbench.errors import UsageError, WrongValueError
from regbench.variants import Part

WORD = st.from_regex(r"[A-Za-z_][\w.-]{0,8}", fullmatch=True)
TEXT = st.text(st.characters(exclude_characters="[],", exclude_categories=("C", "Z")), min_size=1)
PARTS = st.builds(Part, WORD, st.lists(st.tuples(WORD, TEXT), max_size=4).map(tuple))
NUMBER = st.floats(-1e9, 1e9).map(lambda number: float(f"{number:.12g}"))


@given(st.lists(PARTS, min_size=1, max_size=3).map(tuple))
def test_a_method_with_its_parts_is_read_as_it_was_written(parts):
    assert variants.read("+".join(map(str, parts))) == parts


@given(PARTS)
def test_blanks_around_names_and_values_do_not_matter(part):
    inside = " , ".join(f" {key} = {value} " for key, value in part.settings)
    assert variants.read_part(f" {part.name} [ {inside} ] ") == part


@given(data=st.data(), method=st.sampled_from(catalog.names("methods")))
def test_a_label_gives_back_what_differs_from_the_defaults(data, method):
    usual = catalog.entry("methods", method).hparams
    given_ = {name: data.draw(NUMBER) for name in usual}
    label = variants.label(method, given_, {})
    assert usual | variants.settings(label) == given_
    assert variants.parse(label).label == label


@given(data=st.data(), method=st.sampled_from(catalog.names("methods")))
def test_config_makes_of_a_label_the_variant_that_it_is_of(data, method):
    usual = catalog.entry("methods", method).hparams
    given_ = {name: abs(data.draw(NUMBER)) / 2 + 0.5 for name in usual}  # below the largest
    given_ = {name: float(f"{number:.12g}") for name, number in given_.items()}
    variant = parse_variant(variants.label(method, given_, {}))
    assert dict(variant.hparams) == given_
    assert parse_variant(variant.label) == variant


def test_a_plus_inside_a_number_or_a_benchmarks_name_adds_nothing():
    assert variants.read("end2end[alpha=1e+3]") == (Part("end2end", (("alpha", "1e+3"),)),)
    assert variants.read_part("mine+yours[epochs=3]") == Part("mine+yours", (("epochs", "3"),))


def test_a_setting_is_taken_out_of_the_part_that_has_it():
    assert variants.without("soft_binning[lambda_sigma=1]+rot[gamma=1]", "lambda_sigma") == "soft_binning+rot[gamma=1]"
    assert variants.without("lsq", "lambda_sigma") == "lsq"


@pytest.mark.parametrize("text", ["", "[a=1]", "lsq[a=1", "lsq[a=[1]]", "lsq]", "lsq+", "+lsq", "lsq[a]", "lsq[a=]"])
def test_what_is_written_otherwise_is_refused_in_one_line(text):
    with pytest.raises(WrongValueError, match=r"is not written as|needs a value"):
        variants.read(text)
    with pytest.raises(UsageError):
        variants.parse(text)


def test_a_part_that_is_not_there_is_refused_with_the_nearest_one():
    with pytest.raises(UsageError, match=r"no regularizer or wrapper called 'rott'.*rot"):
        parse_variant("lsq+rott[gamma=1]")
