import contextlib
import hashlib
import socket
import time

import pytest

from regbench.data import download, hosts, transfer
from regbench.data.raw import Refused
from regbench.data.transfer import Limits
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


def a_byte_now_and_then(handler):
    handler.send_response(200)
    handler.end_headers()
    trickle(handler, CONTENT)


def a_header_now_and_then(handler):
    trickle(handler, b"HTTP/1.0 200 OK\r\n" + b"X-Wait: 1\r\n" * 100)


def trickle(handler, content):
    with contextlib.suppress(OSError):
        for byte in content[:60]:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.05)


@pytest.mark.parametrize("slow", [a_byte_now_and_then, a_header_now_and_then])
def test_the_deadline_holds_for_all_attempts_however_the_bytes_come_in(server, slow):
    url = server.says("/a.csv", 503, slow)
    began = time.monotonic()
    with pytest.raises(Refused, match=r"took longer than 0\.4 s"):
        fetch(url, limits=Limits(2, 0.3, total=0.4, attempts=4, pause=0.01))
    assert time.monotonic() - began < 1


PORTAL = b"<!DOCTYPE html>\n<html><body>Please log in to the network.</body></html>"


def test_the_login_page_of_a_network_is_not_kept(server, tmp_path):
    url = server.says("/a.csv", PORTAL, CONTENT)
    with pytest.raises(Refused, match=r"127.0.0.1:\d+ gave another thing: a.csv is a web page, not a table; fetch"):
        fetch(url, None)
    assert not list((tmp_path / "cache").rglob("*.csv"))
    assert fetch(url, None) == CONTENT


def test_a_login_page_that_an_earlier_version_kept_is_fetched_again(server, tmp_path):
    url = server.says("/a.csv", CONTENT)
    fetch(url, None)
    (kept,) = (tmp_path / "cache" / "downloads").glob("*.csv")
    kept.write_bytes(PORTAL)
    kept.with_name(f"{kept.name}.sha256").write_text(f"sha256:{hashlib.sha256(PORTAL).hexdigest()}\n")
    assert fetch(url, None) == CONTENT


def answering(status, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(CONTENT[:100])

    return answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (answering(302, Location="http://[::1"), "answered with a wrong address or header: Invalid IPv6 URL"),
        (answering(302, Location="https://a..b/c"), r"a\.\.b"),
        (answering(302, Location="https://"), "is no https address"),
        (answering(200, Content_Length="9" * 25), "announces 999999999999999 bytes or more; at most 1024 MB are read"),
        (answering(200, Content_Length="9" * 5000), "announces 999999999999999 bytes or more"),
        (answering(200, Content_Length="2147483648"), "announces 2147483648 bytes or more"),
        (answering(503, Retry_After="²"), r"answered 503 \(3 attempts\)"),
    ],
)
def test_absurd_answers_are_one_line(server, answer, message):
    with pytest.raises(Refused, match=message):
        fetch(server.says("/a.csv", answer))


@pytest.mark.parametrize("length", ["-5", "many", "²"])
def test_a_length_that_is_no_number_does_not_count(server, length):
    with pytest.raises(Refused, match="another sha256 checksum"):
        fetch(server.says("/a.csv", answering(200, Content_Length=length)))


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
        transfer.probe(url)
    assert time.monotonic() - began < 1


def test_only_https_leaves_this_machine(server):
    assert hosts.secured("http://example.org/a") == "https://example.org/a"
    for url in ("ftp://example.org/a", "file:///etc/passwd", "https:/oops"):
        with pytest.raises(Refused, match="no https address"):
            hosts.secured(url)


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
