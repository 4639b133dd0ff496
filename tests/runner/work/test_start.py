"""The start of a worker: what it imports before it trains."""

import subprocess
import sys

WORKER = """
import sys
from regbench import catalog
from regbench.engines.engine import Place
from regbench.job import Job, Protocol
from regbench.runner.work.task import Task
from regbench.runner.work.worker import run_pack
from regbench.store import Store

data = catalog.load("datasets", "synthetic_crescent")
protocol = Protocol(batch_size=1600, weight_decay=0.0, dropout=0.3, epochs=2)
jobs = tuple(
    Job(dataset="synthetic_crescent", digest=data.digest, method=method, seed=0, k=k, protocol=protocol,
        hparams=tuple(catalog.entry("methods", method).hparams.items()),
        static=tuple(catalog.entry("methods", method).arguments.get("static", {}).items()),
        options=(("layers", 1), ("width", 8)))
    for method, k in (("lsq", None), ("end2end", 4), ("soft_binning", 4))
)
with Store.open("results.db") as store:
    store.add_benchmark("test", {}, [(job, job.method) for job in jobs])
done = run_pack(Task(jobs, "results.db", {job.key: "code" for job in jobs}, "test/0"), Place("cpu", lambda: True))
assert len(done.finished) == 3, done
slow = {"torch._dynamo", "torch._inductor", "sympy", "sklearn", "scipy", "pandas", "pyarrow", "regbench.runner.plan"}
print(*sorted(slow & set(sys.modules)))
"""


def test_a_worker_trains_without_the_packages_that_take_seconds_to_import(in_tmp):
    ran = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == []
