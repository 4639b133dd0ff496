"""A large SQLite database of finished runs, made by SQL within seconds: shows how the time of queries grows."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from regbench.job import Job, Protocol
from regbench.store import Store

METHODS = ("lsq", "hard_binning", "soft_binning", "end2end")
NAMES = ("train/loss", "seconds", "val/rmse", "val/mae", "test/rmse", "test/mae")
FILL = f"""
PRAGMA synchronous = OFF;
CREATE TEMP TABLE number AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :jobs)
  SELECT i FROM n;
CREATE TEMP TABLE epoch AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :epochs)
  SELECT i FROM n;
CREATE TEMP TABLE name AS SELECT value FROM json_each('{json.dumps(NAMES)}');
CREATE TEMP TABLE method AS SELECT key AS i, value FROM json_each('{json.dumps(METHODS)}');
INSERT INTO benchmark VALUES ('large', '{{}}', 0, 1);
INSERT INTO environment VALUES (1, 'e', '{{"processor": "p"}}');
INSERT INTO job (id, key, config, dataset, digest, method, variant, backbone, k, seed, epochs, protocol, lease_token)
  SELECT n.i + 1, printf('%032x', n.i), :config, 'd' || (n.i / 4 % 8), 'sha256:d', m.value, m.value, 'mlp', 25,
         n.i / 32, :epochs, 'p', 1 FROM number n JOIN method m ON m.i = n.i % 4;
INSERT INTO benchmark_job (benchmark, job_id, variant, row, position)
  SELECT 'large', id, variant, variant, id FROM job;
INSERT INTO run (id, uuid, job_id, attempt, status, code_digest, environment_id, device, pack, lease_token, started,
                 finished, seconds, epochs)
  SELECT id, key, id, 1, 'finished', 'c', 1, 'cpu', 'p', 1, id, id + 1, 1.0, :epochs FROM job;
INSERT INTO metric SELECT r.id, n.value, e.i, ((r.id * 7919 + e.i * 104729) % 10007) / 10007.0
  FROM run r CROSS JOIN name n CROSS JOIN epoch e ORDER BY 1, 2, 3;
"""


def make(path: Path, *, jobs: int, epochs: int) -> None:
    """Write a benchmark `large`: jobs of four methods on eight datasets, a finished run each, six numbers an epoch."""
    with Store.open(path):
        pass  # makes the tables
    protocol = Protocol(batch_size=256, weight_decay=1e-4, dropout=0.3, epochs=epochs)
    job = Job(dataset="d", digest="sha256:d", method="lsq", seed=0, protocol=protocol)
    values = {"jobs": jobs, "epochs": epochs, "config": json.dumps(job.config())}
    with closing(sqlite3.connect(path)) as connection:
        for statement in FILL.split(";")[:-1]:
            connection.execute(statement, {name: value for name, value in values.items() if f":{name}" in statement})
        connection.commit()
