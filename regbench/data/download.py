"""Downloads: time limits, retries with back-off, atomic writes and checksums.

A download is kept in the cache folder together with its checksum, and is checked again whenever it is used. A host that
could not be reached is not asked again for a minute, so that a machine without network does not wait once per dataset
and source.
"""

import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from regbench.data.places import cache_folder, offline
from regbench.data.raw import LARGEST_FILE, Raw, Refused
from regbench.errors import InfrastructureError

if TYPE_CHECKING:
    import requests

CHUNK = 1 << 12  # bytes; the time limit is checked after each chunk
HEADERS = {
    "User-Agent": "regbench",
    "Accept-Encoding": "identity",
}  # no compression, so that lengths and checksums are those of the file
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})  # status codes of temporary errors
LONGEST_WAIT = 30.0  # seconds; a server's Retry-After is cut to this
FORGET_AFTER = 60.0  # seconds until an unreachable host is asked again
MOST_REDIRECTS = 5
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_unreachable: dict[str, tuple[float, str]] = {}


@dataclass(frozen=True)
class Limits:
    """How long to try; all times in seconds."""

    connect: float = 10.0
    read: float = 30.0  # without receiving a byte
    total: float = 600.0  # for one attempt
    attempts: int = 4
    pause: float = 1.0  # before the second attempt, doubled before each further one


LIMITS = Limits()


class _TryAgain(Exception):
    """This attempt failed, but the next one may succeed."""

    def __init__(self, reason: str, wait: float = 0.0):
        super().__init__(reason)
        self.wait = wait


def download(url: str, *, name: str, checksum: str | None = None, limits: Limits = LIMITS) -> Raw:
    """The file at `url`, from the cache if an undamaged copy is there.

    Args:
        url: https; http is allowed for the local machine only.
        name: of the file; its suffix determines the format.
        checksum: `md5:...` or `sha256:...`; if None, the checksum of the first download is recorded.
        limits: how long to try.
    """
    secure = secured(url)
    path = _path(secure, name)
    kept = _kept(path, checksum)
    if kept is not None:
        return Raw(name, kept)
    require_network(secure)
    content = _with_retries(secure, checksum, limits)
    _keep(path, content)
    return Raw(name, content)


def secured(url: str) -> str:
    """The address with https instead of http; other schemes are refused."""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return url.replace("http://", "https://", 1)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Refused(f"'{url}' is no https address")
    return url


def require_network(url: str) -> None:
    """Raise `Refused` at once if the network is forbidden or the host is known to be unreachable."""
    if offline():
        raise Refused("REGBENCH_OFFLINE is set, so the network was not asked")
    since, reason = _unreachable.get(urlsplit(url).netloc, (-FORGET_AFTER, ""))
    if time.monotonic() - since < FORGET_AFTER:
        raise Refused(reason)


def probe(url: str, limits: Limits = LIMITS) -> None:
    """Raise `Refused` if the host does not answer at all: cheaper than starting a client to find out."""
    import requests

    require_network(url)
    host = urlsplit(url).netloc
    try:
        requests.head(url, headers=HEADERS, timeout=(limits.connect, limits.read), allow_redirects=False)
    except requests.RequestException as error:
        raise _out_of_reach(host, _short(error)) from None


def forget_hosts() -> None:
    """Forget which hosts were unreachable, so that every host is asked again."""
    _unreachable.clear()


def matches(content: bytes, checksum: str) -> bool:
    """Whether the content has this checksum, `md5:...` or `sha256:...`.

    >>> matches(b"", "md5:d41d8cd98f00b204e9800998ecf8427e")
    True
    """
    algorithm, _, expected = checksum.partition(":")
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest() == expected.lower()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a temporary file beside `path` and rename it, so that nobody ever reads an incomplete file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).chmod(0o644)  # mkstemp's 0600 would make a shared cache unreadable for other users
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or error
        raise InfrastructureError(
            f"cannot write {path.parent}: {reason}; set REGBENCH_CACHE to a folder that can"
        ) from None


def _with_retries(url: str, checksum: str | None, limits: Limits) -> bytes:
    pause = limits.pause
    for attempt in range(1, limits.attempts + 1):
        try:
            return _attempt(url, checksum, limits)
        except _TryAgain as error:
            if attempt == limits.attempts:
                raise Refused(f"{error} ({attempt} attempts)") from None
            time.sleep(min(max(pause, error.wait), LONGEST_WAIT))
            pause *= 2
    raise AssertionError("at least one attempt")


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
        raise _out_of_reach(host, _short(error)) from None
    except requests.exceptions.ConnectionError as error:
        if "NameResolutionError" in str(error) or "NewConnectionError" in str(error):
            raise _out_of_reach(host, _short(error)) from None
        raise _TryAgain(f"{host}: {_short(error)}") from None
    except requests.RequestException as error:
        raise _TryAgain(f"{host}: {_short(error)}") from None
    if checksum and not matches(content, checksum):
        raise _TryAgain(f"{host} gave a file of another {checksum.partition(':')[0]} checksum")
    return content


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
        raise _TryAgain(f"{host} answered {response.status_code}", float(wait) if wait.isdigit() else 0.0)
    if response.status_code != 200:
        raise Refused(f"{host} answered {response.status_code} {response.reason}".rstrip())


def _body(host: str, response: "requests.Response", limits: Limits) -> bytes:
    """The whole content; its length must be the one the server announced."""
    deadline = time.monotonic() + limits.total
    content = bytearray()
    for chunk in response.iter_content(CHUNK):
        content += chunk
        if len(content) > LARGEST_FILE:
            raise Refused(f"{host} sent more than {LARGEST_FILE >> 20} MB")
        if time.monotonic() > deadline:
            raise _TryAgain(f"{host} took longer than {limits.total:g} s")
    promised = response.headers.get("Content-Length", "")
    if promised.isdigit() and not response.headers.get("Content-Encoding") and len(content) != int(promised):
        raise _TryAgain(f"{host} broke off after {len(content)} of {promised} bytes")
    return bytes(content)


def _out_of_reach(host: str, reason: str) -> Refused:
    """Remember that a host cannot be reached; returns the error to raise."""
    message = f"{host} cannot be reached: {reason}"
    _unreachable[host] = (time.monotonic(), message)
    return Refused(message)


def _short(error: Exception) -> str:
    """A network error in a few words."""
    text = str(error)
    known = {
        "NameResolutionError": "its name cannot be resolved",
        "Connection refused": "connection refused",
        "Network is unreachable": "no network",
        "ConnectTimeout": "no answer in time",
        "Read timed out": "no byte in time",
        "ProxyError": "the proxy refused",
        "SSLError": "its certificate cannot be verified",
        "IncompleteRead": "the transfer broke off",
        "Remote end closed": "it closed the connection",
        "Connection reset": "it closed the connection",
    }
    return next(
        (short for sign, short in known.items() if sign in text), text.splitlines()[0][:120] or type(error).__name__
    )


def _path(url: str, name: str) -> Path:
    """The path of a download in the cache; only the last part of `name` is used, so it cannot leave the folder."""
    return cache_folder() / "downloads" / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{Path(name).name}"


def _kept(path: Path, checksum: str | None) -> bytes | None:
    """The content of an earlier download; None if it is missing or damaged."""
    try:
        content = path.read_bytes()
        recorded = _record(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return content if _same(content, recorded) and (checksum is None or matches(content, checksum)) else None


def _same(content: bytes, recorded: str) -> bool:
    return recorded.startswith("sha256:") and matches(content, recorded)


def _keep(path: Path, content: bytes) -> None:
    write_atomically(path, content)
    write_atomically(_record(path), f"sha256:{hashlib.sha256(content).hexdigest()}\n".encode())


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
