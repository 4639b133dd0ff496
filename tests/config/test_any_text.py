"""Any text in benchmarks.yaml or --set gives a benchmark or one clear line, quickly."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regbench import config
from regbench.errors import UsageError

ENTRY = "b:\n  datasets: diamonds\n  methods: lsq\n"
BOMB = "\n".join(["a0: &a0 [x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 20))])
BAD = {
    "a control character": "b: \x07",
    "an alias inside itself": "a: &a [*a]",
    "deep nesting": "a: " + "[" * 5000,
    "a date that is none": "a: 2001-99-99",
    "a number that is none": "a: !!int x",
    "a number that is empty": "a: !!int",
    "a binary number that is none": "a: 0b_",
    "an alias bomb": BOMB,
    "too many seeds": ENTRY + "  seeds: 1000000000",
    "a count above 64 bits": ENTRY + "  seeds: 99999999999999999999",
    "a seed above 64 bits": ENTRY + "  seeds: [99999999999999999999]",
    "too many epochs": ENTRY + "  protocol: {epochs: 99999999999999999999}",
    "too many layers": ENTRY + "  backbones: {mlp: {layers: 100000000}}",
    "too many bins": ENTRY + "  k: 99999999999999999999",
    "a huge file": "#" * 2_000_000,
}
WORDS = "b:|seeds: |methods: |lsq|datasets: |diamonds|&a|*a|!!int |!!|0b_|2001-99-99|1e999|k: |protocol: |epochs: |-1|~"
PIECES = [*WORDS.split("|"), *" \n[]{},'\"", "  ", "- ", "? "]
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(path: Path, text: str) -> UsageError | None:
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        known = config.load(path)
        for name in known.own:
            known.get(name)
    except UsageError as error:
        return error
    return None


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_file_is_one_line(tmp_path, what):
    assert check(tmp_path / "benchmarks.yaml", BAD[what]) is not None


@QUICK
@given(text=TEXTS)
def test_any_file_is_read_or_refused_in_one_line(tmp_path, text):
    assert "\n" not in str(check(tmp_path / "benchmarks.yaml", text))


@QUICK
@given(text=TEXTS)
def test_any_value_of_set_is_read_or_refused(text):
    said = ""
    try:
        config.yaml_value(text)
    except UsageError as error:
        said = str(error)
    assert "\n" not in said


@pytest.mark.parametrize("text", ["'", "2001-99-99", "0b_", "!!int x", "&a [*a]", "[" * 5000, "\x07"])
def test_a_wrong_value_of_set_is_refused(text):
    with pytest.raises(UsageError, match="is no value"):
        config.yaml_value(text)
