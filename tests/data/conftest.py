"""A cache of its own for every test, no mirror, and a server on this machine that does as it is told."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from regbench.data import hosts

Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def own_places(monkeypatch, tmp_path):
    monkeypatch.setenv("REGBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REGBENCH_DATA", raising=False)
    monkeypatch.delenv("REGBENCH_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    hosts.forget_hosts()


class Server:
    """Answers on 127.0.0.1: to each path a list of answers, the last of which is repeated."""

    def __init__(self, address: str):
        self.address = address
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[str] = []

    def url(self, path: str) -> str:
        return f"{self.address}{path}"

    def says(self, path: str, *answers: bytes | int | Answer) -> str:
        """Set the answers to a path; bytes are content, a number is a status."""
        self.answers[path] = [_answer(each) for each in answers]
        return self.url(path)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        if handler.command == "GET":
            self.requests.append(path)
        queue = self.answers.get(path, [_answer(404)])
        (queue.pop(0) if len(queue) > 1 and handler.command == "GET" else queue[0])(handler)


def _answer(what: bytes | int | Answer) -> Answer:
    if callable(what):
        return what

    def reply(handler: BaseHTTPRequestHandler) -> None:
        content = what if isinstance(what, bytes) else b"no"
        handler.send_response(200 if isinstance(what, bytes) else what)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(content)

    return reply


@pytest.fixture
def server() -> Iterator[Server]:
    held: list[Server] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held[0].answer(self)

        def do_HEAD(self) -> None:
            held[0].answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    held.append(Server(f"http://127.0.0.1:{running.server_port}"))
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield held[0]
    running.shutdown()
    running.server_close()
    thread.join()
