"""How a worker keeps and loses its claims."""

import time

from regbench.runner.work.leases import held
from regbench.store import Store
from tests.store.conftest import job, labelled, take


def test_a_lease_does_not_run_out_while_its_jobs_are_trained_however_long_an_epoch_takes(tmp_path):
    with Store.open(tmp_path / "regbench.db") as store:
        store.add_benchmark("small", {}, labelled(job()))
        claims = take(store, job(), owner="one", lease_s=0.6)
        with held(store, claims, 0.6):
            time.sleep(1.2)
            assert take(store, job(), owner="two") == []
        time.sleep(0.7)
        assert len(take(store, job(), owner="two")) == 1
