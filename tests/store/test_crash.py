"""A writer that is killed in the middle leaves a store that opens, with whole transactions only."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from regbench.store import Store
from tests.store.conftest import job, labelled, take

JOBS, NAMES = 20, 50
WRITE_UNTIL_KILLED = """
import sys
from itertools import count
from regbench.store import EpochRows, Store
url, names, *keys = sys.argv[1:]
with Store.open(url) as store:
    claims = store.claim(dict.fromkeys(keys, "c0"), owner="killed", lease_s=600, environment={}, device="cpu")
    for epoch in count(1):
        values = {f"number {i}": 1 / epoch for i in range(int(names))}
        store.write([EpochRows(claim.run_id, epoch, values) for claim in claims], claims=claims)
        print(epoch, flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.03])
def test_a_killed_writer_leaves_whole_transactions(url: str, delay: float):
    jobs = [job(seed=seed) for seed in range(JOBS)]
    with Store.open(url) as store:
        store.add_benchmark("small", {}, labelled(*jobs))
    command = [sys.executable, "-c", WRITE_UNTIL_KILLED, url, str(NAMES), *[each.key for each in jobs]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        while int(writer.stdout.readline()) < 3:
            pass
        time.sleep(delay)
        os.kill(writer.pid, signal.SIGKILL)
        said = [int(line) for line in writer.stdout.read().split()]
    with Store.open(url) as store, store.reading() as connection:
        query = "SELECT epoch, count(*) AS n FROM metric GROUP BY epoch ORDER BY epoch"
        epochs = {row.epoch: row.n for row in connection.exec_driver_sql(query)}
    assert set(epochs.values()) == {JOBS * NAMES}
    assert list(epochs) == list(range(1, len(epochs) + 1))
    assert len(epochs) >= max(said, default=3)  # what was acknowledged is there
    if "://" not in url:
        with closing(sqlite3.connect(url)) as file:
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Store.open(url) as store:
        store.release({"killed"})
        assert len(take(store, *jobs)) == JOBS
