import hashlib
import socket
import time

import pytest

from regbench.data import download
from regbench.data.download import Limits
from regbench.data.raw import Refused
from regbench.errors import InfrastructureError

QUICK = Limits(connect=2, read=0.3, total=1.0, attempts=3, pause=0.01)
CONTENT = b"a,b\n1,2\n" * 1000
RIGHT = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


def fetch(url: str, checksum: str | None = RIGHT, limits: Limits = QUICK) -> bytes:
    return download.download(url, name="a.csv", checksum=checksum, limits=limits).content


def short(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    handler.wfile.write(CONTENT[:100])


def silent(handler):
    time.sleep(0.6)


def dripping(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(CONTENT[:4096])
        time.sleep(0.05)


def moved(handler):
    handler.send_response(302)
    handler.send_header("Location", "http://example.org/a.csv")
    handler.end_headers()


def test_a_file_is_fetched_once_and_then_comes_from_the_cache(server):
    url = server.says("/a.csv", CONTENT)
    assert fetch(url) == fetch(url) == CONTENT
    assert server.requests == ["/a.csv"]


@pytest.mark.parametrize(
    "trouble", [503, 429, short, silent, b"something else"], ids=["busy", "limited", "short", "silent", "altered"]
)
def test_what_may_pass_is_tried_again(server, trouble):
    assert fetch(server.says("/a.csv", trouble, CONTENT)) == CONTENT
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (503, r"answered 503 \(3 attempts\)"),
        (short, r"broke off.*\(3 attempts\)"),
        (silent, r"no byte in time \(3 attempts\)"),
        (b"something else", r"gave a file of another sha256 checksum \(3 attempts\)"),
    ],
    ids=["busy", "truncated", "silent", "altered"],
)
def test_what_does_not_pass_is_refused_after_the_last_attempt(server, trouble, message):
    with pytest.raises(Refused, match=message):
        fetch(server.says("/a.csv", trouble))
    assert len(server.requests) == 3


def test_a_file_that_is_not_there_is_not_asked_for_again(server):
    with pytest.raises(Refused, match="answered 404 Not Found"):
        fetch(server.url("/nothing"))
    assert len(server.requests) == 1


def test_a_transfer_that_goes_on_for_ever_is_ended(server):
    with pytest.raises(Refused, match=r"took longer than 0\.2 s"):
        fetch(server.says("/a.csv", dripping), limits=Limits(2, 1, total=0.2, attempts=1))


def test_a_refused_download_leaves_nothing_in_the_cache(server, tmp_path):
    with pytest.raises(Refused):
        fetch(server.says("/a.csv", b"something else"))
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_damaged_copy_in_the_cache_is_fetched_again(server, tmp_path):
    url = server.says("/a.csv", CONTENT)
    fetch(url, None)
    (kept,) = (tmp_path / "cache" / "downloads").glob("*.csv")
    kept.write_bytes(CONTENT[:-1])
    assert fetch(url, None) == CONTENT
    assert len(server.requests) == 2


def test_offline_nothing_is_asked(server, monkeypatch):
    monkeypatch.setenv("REGBENCH_OFFLINE", "1")
    with pytest.raises(Refused, match="REGBENCH_OFFLINE is set"):
        fetch(server.says("/a.csv", CONTENT))
    assert server.requests == []


def test_a_host_out_of_reach_is_asked_once_a_minute():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/a.csv"
    with pytest.raises(Refused, match="cannot be reached: connection refused"):
        fetch(url)
    began = time.monotonic()
    with pytest.raises(Refused, match="cannot be reached"):
        fetch(url, limits=Limits(pause=60))
    with pytest.raises(Refused, match="cannot be reached"):
        download.probe(url)
    assert time.monotonic() - began < 1


def test_only_https_leaves_this_machine(server):
    assert download.secured("http://example.org/a") == "https://example.org/a"
    for url in ("ftp://example.org/a", "file:///etc/passwd", "https:/oops"):
        with pytest.raises(Refused, match="no https address"):
            download.secured(url)


def test_a_redirect_is_followed(server):
    def elsewhere(handler):
        handler.send_response(301)
        handler.send_header("Location", "/b.csv")
        handler.end_headers()

    server.says("/b.csv", CONTENT)
    assert fetch(server.says("/a.csv", elsewhere)) == CONTENT
    with pytest.raises(Refused, match="sent us on more than 5 times"):
        fetch(server.says("/b.csv", elsewhere), None)


def test_a_redirect_to_an_open_address_is_not_followed(server):
    with pytest.raises(Refused, match="without https"):
        fetch(server.says("/a.csv", moved))


def test_a_cache_that_cannot_be_written_is_one_line_with_the_remedy(server, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("REGBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(InfrastructureError, match=r"cannot write .*set REGBENCH_CACHE"):
        fetch(server.says("/a.csv", CONTENT))
