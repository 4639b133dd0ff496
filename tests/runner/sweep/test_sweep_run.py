"""A benchmark that chooses values, in real processes: its sweep comes first, and nothing is repeated after a kill."""

import pytest

from tests.runner.conftest import kill, kill_run
from tests.runner.work.test_run import FINISHED, finished_once

COMMON = """
  datasets: [diamonds]
  methods: [lsq]
  protocol: {epochs: 20, batch_size: 32, keep_predictions: none}
  backbones: {mlp: {width: 16}}"""
FILE = f"""
tiny-sweep:{COMMON}
  seeds: [1000]
  sweep:
    - learning_rate: [1e-5, 1e-4]
      extend: learning_rate
      extend_limit: 1
tiny:{COMMON}
  seeds: 2
  choose: {{from: tiny-sweep}}
"""


@pytest.mark.slow
def test_a_run_completes_its_sweep_then_trains_what_it_chose_and_goes_on_after_a_kill(project):
    tiny = project(["lsq"])
    (tiny.folder / "benchmarks.yaml").write_text(FILE)
    process = tiny.start()
    tiny.wait_for(FINISHED)
    workers = tiny.workers()
    kill_run(process)
    for worker in workers:
        kill(worker)
    again = tiny.run()
    assert again.returncode == 0, again.stderr
    assert finished_once(tiny)
    assert "2 to choose first" in again.stderr
    rates = tiny.ask("SELECT DISTINCT json_extract(config, '$.protocol.learning_rate') FROM job ORDER BY 1")
    assert rates == [(1e-5,), (1e-4,), (1e-3,)]  # far below the optimum: the sweep went on beyond its edge
    ((chosen, on_edge),) = tiny.ask("SELECT chosen, on_edge FROM choice")
    assert (chosen, on_edge) == ('{"learning_rate":0.001}', '["learning_rate"]')
