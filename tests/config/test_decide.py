"""The metric that decides which epoch counts, from a file or the command line."""

import pytest

from regbench import config
from regbench.errors import UsageError


def written(tmp_path, text):
    (tmp_path / "benchmarks.yaml").write_text(text)
    return config.load(tmp_path / "benchmarks.yaml")


def test_any_metric_with_a_direction_decides_and_its_name_alone_will_do(tmp_path):
    for given in ("val/mae", "MAE", "mae"):
        jobs = written(tmp_path, f"b: {{extends: smoke, protocol: {{decide: {given}}}}}").get("b").jobs
        assert {job.protocol.decide for job in jobs} == {"val/mae"}
    assert config.load().get("smoke[decide=val/r2]").name == "smoke[decide=val/r2]"
    assert config.load().get("smoke[decide=val/rmse]").jobs[0].key == config.load().get("smoke").jobs[0].key


@pytest.mark.parametrize("given", ["val/coverage", "test/rmse", "val/rsme"])
def test_what_has_no_direction_or_is_not_of_validation_rows_decides_nothing(tmp_path, given):
    with pytest.raises(UsageError, match=rf"benchmarks.yaml:1, b.protocol.decide: no validation metric .* '{given}'"):
        written(tmp_path, f"b: {{extends: smoke, protocol: {{decide: {given}}}}}")


def test_a_score_decides_only_where_every_row_has_it(tmp_path):
    text = "b: {datasets: DM, methods: [%s], k: 5, protocol: {decide: crps}}"
    assert written(tmp_path, text % "hl_gauss, pinball, ridge").get("b").jobs
    with pytest.raises(UsageError, match=r"val/crps cannot decide which epoch of lsq counts"):
        written(tmp_path, text % "hl_gauss, lsq")
    with pytest.raises(UsageError, match=r"smoke\[decide=val/crps\], protocol decide: val/crps cannot decide"):
        config.load().get("smoke[decide=crps]")
