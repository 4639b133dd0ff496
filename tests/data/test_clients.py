import time

import pytest

from regbench.data.clients import Address, ask
from regbench.data.raw import Refused
from tests.data.answers import openml_description, uci_answer


def test_openml_refuses_what_is_not_arff(server):
    server.says("/api/v1/xml/data/44136", openml_description("https://example.org/a", "0" * 32, form="sparse_arff"))
    with pytest.raises(Refused, match="sparse_arff, not ARFF"):
        ask("openml", "44136", server.url("/api/v1/xml"))


def test_a_client_that_waits_for_ever_is_given_up(server):
    server.says("/api/dataset", lambda _: time.sleep(3))
    with pytest.raises(Refused, match=r"no answer within 1\.5 s"):
        ask("ucimlrepo", "186", server.url("/api/dataset"), seconds=1.5)


def test_ucimlrepo_tells_the_address_and_loads_nothing(server):
    server.says("/api/dataset", uci_answer(server.url("/static/data.csv")))
    assert ask("ucimlrepo", "186", server.url("/api/dataset")) == Address(server.url("/static/data.csv"))
    assert server.requests == ["/api/dataset"]


def test_ucimlrepo_refuses_a_dataset_without_a_file(server):
    server.says("/api/dataset", uci_answer(None))
    with pytest.raises(Refused, match="DatasetNotFoundError"):
        ask("ucimlrepo", "186", server.url("/api/dataset"))


def test_medmnist_tells_what_our_file_of_retinamnist_says(tmp_path, monkeypatch):
    from regbench.data import Address as Fixed
    from regbench.datasets.retinamnist import DATASET

    monkeypatch.setenv("HOME", str(tmp_path))
    found = ask("medmnist", "retinamnist")
    (ours,) = (source for source in DATASET.sources if isinstance(source, Fixed))
    assert (found.url, found.checksum) == (ours.url, ours.checksum)
    assert not (tmp_path / ".medmnist").exists()
