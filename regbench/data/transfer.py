"""Transfers: one file over the network, with time limits, retries with back-off, redirects and checks of the answer."""

import hashlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from regbench.data.hosts import out_of_reach, require_network, secured, short
from regbench.data.raw import LARGEST_FILE, Refused

if TYPE_CHECKING:
    import requests

CHUNK = 1 << 12  # bytes
HEADERS = {
    "User-Agent": "regbench",
    "Accept-Encoding": "identity",
}  # no compression, so that lengths and checksums are those of the file
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})  # status codes of temporary errors
LONGEST_WAIT = 30.0  # seconds; a server's Retry-After is cut to this
MOST_REDIRECTS = 5
MOST_DIGITS = 15  # of a length in bytes

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """How long to try; all times in seconds."""

    connect: float = 10.0
    read: float = 30.0  # without receiving a byte
    total: float = 600.0  # for all attempts together, however the bytes come in
    attempts: int = 4
    pause: float = 1.0  # before the second attempt, doubled before each further one


LIMITS = Limits()


class _TryAgain(Exception):
    """This attempt failed, but the next one may succeed."""

    def __init__(self, reason: str, wait: float = 0.0):
        super().__init__(reason)
        self.wait = wait


def fetch(url: str, checksum: str | None, limits: Limits = LIMITS) -> bytes:
    """The content at an address, with the right checksum if there is one; raises `Refused` after the last attempt."""
    pause, end = limits.pause, time.monotonic() + limits.total
    for attempt in range(1, limits.attempts + 1):
        try:
            return _within(end, urlsplit(url).netloc, limits.total, lambda: _attempt(url, checksum, limits))
        except _TryAgain as error:
            wait = min(max(pause, error.wait), LONGEST_WAIT)
            if attempt == limits.attempts or time.monotonic() + wait > end:
                raise Refused(f"{error} ({attempt} attempt{'s' * (attempt > 1)})") from None
            time.sleep(wait)
            pause *= 2
    raise AssertionError("at least one attempt")


def probe(url: str, limits: Limits = LIMITS) -> None:
    """Raise `Refused` if the host does not answer at all: cheaper than starting a client to find out."""
    import requests

    require_network(url)
    host, seconds = urlsplit(url).netloc, limits.connect + limits.read
    times = (limits.connect, limits.read)
    try:
        _within(
            time.monotonic() + seconds,
            host,
            seconds,
            lambda: requests.head(url, headers=HEADERS, timeout=times, allow_redirects=False),
        )
    except (*_network_errors(), ValueError) as error:
        raise out_of_reach(host, short(error)) from None


def matches(content: bytes, checksum: str) -> bool:
    """Whether the content has this checksum, `md5:...` or `sha256:...`.

    >>> matches(b"", "md5:d41d8cd98f00b204e9800998ecf8427e")
    True
    """
    algorithm, _, expected = checksum.partition(":")
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest() == expected.lower()


def _within(end: float, host: str, seconds: float, work: Callable[[], T]) -> T:
    """The result of some work, or `Refused` at the end of its time.

    It is done by a thread, because a server that sends a byte now and then keeps every call of the network waiting,
    within its own time limits, for as long as it likes. The thread is abandoned, and does not keep the process alive.
    """
    results: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put((work(), None))
        except BaseException as error:
            results.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = results.get(timeout=max(0.0, end - time.monotonic()))
    except queue.Empty:
        raise Refused(f"{host} took longer than {seconds:g} s") from None
    if error is not None:
        raise error
    return result


def _attempt(url: str, checksum: str | None, limits: Limits) -> bytes:
    """One request, with its redirects: the whole content, within the limits and with the right checksum."""
    import requests

    host = urlsplit(url).netloc
    try:
        for _ in range(MOST_REDIRECTS):
            with _get(url, limits) as response:
                if not response.is_redirect:
                    _check_status(host, response)
                    content = _body(host, response, limits)
                    break
                url = _next_address(url, response)
                host = urlsplit(url).netloc
        else:
            raise Refused(f"{host} sent us on more than {MOST_REDIRECTS} times")
    except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.SSLError) as error:
        raise out_of_reach(host, short(error)) from None
    except requests.exceptions.ConnectionError as error:
        if "NameResolutionError" in str(error) or "NewConnectionError" in str(error):
            raise out_of_reach(host, short(error)) from None
        raise _TryAgain(f"{host}: {short(error)}") from None
    except ValueError as error:  # of requests and of what it calls, such as `Location: http://[::1`
        raise Refused(f"{host} answered with a wrong address or header: {short(error)}") from None
    except _network_errors() as error:
        raise _TryAgain(f"{host}: {short(error)}") from None
    if checksum and not matches(content, checksum):
        raise _TryAgain(f"{host} gave a file of another {checksum.partition(':')[0]} checksum")
    return content


def _network_errors() -> tuple[type[Exception], ...]:
    import http.client

    import requests
    import urllib3

    return (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException)


def _get(url: str, limits: Limits) -> "requests.Response":
    import requests

    return requests.get(url, stream=True, headers=HEADERS, timeout=(limits.connect, limits.read), allow_redirects=False)


def _next_address(url: str, response: "requests.Response") -> str:
    """The address a redirect leads to; it must use https too."""
    found = urljoin(url, response.headers["Location"])
    if secured(found) != found:
        raise Refused(f"{urlsplit(url).netloc} sent us on to an address without https")
    return found


def _check_status(host: str, response: "requests.Response") -> None:
    if response.status_code in RETRIED:
        wait = response.headers.get("Retry-After", "")
        raise _TryAgain(f"{host} answered {response.status_code}", float(wait) if wait.isdecimal() else 0.0)
    if response.status_code != 200:
        raise Refused(f"{host} answered {response.status_code} {response.reason}".rstrip())


def _body(host: str, response: "requests.Response", limits: Limits) -> bytes:
    """The whole content; its length must be the one the server announced."""
    end = time.monotonic() + limits.total
    promised = response.headers.get("Content-Length", "").strip()
    told = promised.isascii() and promised.isdigit() and not response.headers.get("Content-Encoding")
    if told and (len(promised) > MOST_DIGITS or int(promised) > LARGEST_FILE):
        raise Refused(
            f"{host} announces {promised[:MOST_DIGITS]} bytes or more; at most {LARGEST_FILE >> 20} MB are read"
        )
    content = bytearray()
    for chunk in response.iter_content(CHUNK):
        content += chunk
        if len(content) > LARGEST_FILE:
            raise Refused(f"{host} sent more than {LARGEST_FILE >> 20} MB")
        if time.monotonic() > end:  # nobody waits for it any more
            raise Refused(f"{host} took longer than {limits.total:g} s")
    if told and len(content) != int(promised):
        raise _TryAgain(f"{host} broke off after {len(content)} of {promised} bytes")
    return bytes(content)
