"""`regbench verify --budget` on the command line."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--budget", "soon"], "--budget soon: write a time such as 90s, 30m, 2h or 1h30m"),
        (["--budget", "1h", "--benchmark", "smok"], "no benchmark called 'smok'; did you mean 'smoke'?"),
        (["--budget", "1h", "--from", "out"], "--budget trains into a database: leave out --from"),
    ],
)
def test_a_wrong_budget_is_answered_before_anything_is_trained(
    regbench: Command, words: list[str], message: str
) -> None:
    said = regbench("verify", "bridges", *words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert not Path("results").exists()


def test_a_budget_that_buys_nothing_ends_with_what_more_would(regbench: Command) -> None:
    Path("benchmarks.yaml").write_text("wine:\n  extends: bridges-fixed\n  datasets: [wine_quality]\n")
    said = regbench("verify", "bridges", "--benchmark", "wine", "--budget", "1s", "--devices", "cpu", "--json")
    assert said.code == 0, said.err
    assert f"{len(said.data['claims'])} claims open, none that fits the time" in said.err
    further = said.data["further"]
    assert further["jobs"] == 19 * 5
    assert {each["id"] for each in further["claims"]} == {each["id"] for each in said.data["claims"]}
    assert further["seconds"] > 1
