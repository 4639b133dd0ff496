"""Runs on a Ray cluster of two nodes: the driver and a node are killed, and every job ends exactly once."""

import json
import os
from pathlib import Path

import pytest

from tests.made.ray_nodes import ENVIRONMENT, ray_nodes
from tests.runner.conftest import ProjectMaker, kill_run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # most of the time goes into starting processes

PLUGIN = '''"""Squared errors, of a file of the user's with a helper beside it."""

from regbench.methods.lsq import METHOD as LSQ
from regbench.types import Method

from .helper import loss

METHOD = Method(outputs=LSQ.outputs, init=LSQ.init, loss=loss, predict=LSQ.predict, uses_k=False, reference="none")
'''
HELPER = '''"""A helper."""


def loss(_params, batch, _hparams):
    """Half of the squared error (B,)."""
    return 0.5 * (batch.y - batch.prediction).square().sum(-1)
'''

NUMBERS = """SELECT job.key, metric.epoch, metric.name, metric.value FROM metric JOIN run ON run.id = metric.run_id
             JOIN job ON job.id = run.job_id WHERE run.status = 'finished' AND metric.name NOT LIKE '%seconds'
             ORDER BY 1, 2, 3"""
TRAINED = "SELECT count(*) >= {} FROM (SELECT DISTINCT run_id, epoch FROM metric)"


def test_a_killed_driver_and_a_killed_node_lose_and_double_nothing(project: ProjectMaker, tmp_path: Path) -> None:
    """The table and the plug-in reach the nodes with the run, whose numbers are those of the local engine."""
    pytest.importorskip("ray")
    made = project(["lsq", "halved"], seeds=2, epochs=600, rows=1500)  # a node is killed long before the end
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "halved.py").write_text(PLUGIN)
    (plugins / "helper.py").write_text(HELPER)
    made.environment |= {"REGBENCH_PLUGINS": str(plugins), "REGBENCH_WRITE_EVERY": "0.2"}
    assert made.run().returncode == 0
    alone = made.ask(NUMBERS)
    made.db.rename(tmp_path / "local.db")

    made.environment |= ENVIRONMENT
    nodes_own = {"PYTHONPATH": f"{made.package}{os.pathsep}{Path.cwd()}", "REGBENCH_CACHE": str(tmp_path / "node")}
    with ray_nodes(2, nodes_own) as nodes:
        again = ("--engine", "ray", "--address", nodes.address, "--workers", "2", "--json")
        first = made.start(*again)
        made.wait_for(TRAINED.format(8), seconds=200)
        kill_run(first)
        ((before,),) = made.ask("SELECT count(*) FROM (SELECT DISTINCT run_id, epoch FROM metric)")
        second = made.start(*again)
        made.wait_for(TRAINED.format(before + 24), seconds=200)
        nodes.order("kill 1")
        out, err = second.communicate(timeout=200)
    assert second.returncode == 0, err
    assert json.loads(out)["data"][0]["finished"] == 4
    assert "a node of the Ray cluster is lost" in err
    assert "raylet" not in err
    assert made.ask("SELECT count(*), count(DISTINCT job_id) FROM run WHERE status = 'finished'") == [(4, 4)]
    assert made.ask("SELECT count(*) FROM run WHERE status = 'running'") == [(0,)]
    assert made.ask(NUMBERS) == alone


def test_a_cluster_is_started_here_and_stopped_and_ctrl_c_is_told(project: ProjectMaker) -> None:
    pytest.importorskip("ray")
    made = project(["lsq"], seeds=2, epochs=100_000)
    made.environment |= {"REGBENCH_WRITE_EVERY": "0.2"}
    process = made.start("--engine", "ray")
    made.wait_for(TRAINED.format(4), seconds=200)
    process.terminate()
    out, err = process.communicate(timeout=200)
    assert process.returncode == 130, err
    assert out.startswith("tiny")
    assert err.splitlines()[-1].startswith("regbench: interrupted; finished results are kept in ")
    assert made.ask("SELECT DISTINCT status FROM run") == [("interrupted",)]
    assert made.ask("SELECT count(*) FROM job WHERE lease_owner IS NOT NULL") == [(0,)]
