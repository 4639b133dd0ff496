"""Hosts: https only, and a host that could not be reached is not asked again for a minute.

So a machine without network does not wait once per dataset and source.
"""

import time
from urllib.parse import urlsplit

from regbench.data.places import offline
from regbench.data.raw import Refused

FORGET_AFTER = 60.0  # seconds until an unreachable host is asked again
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_unreachable: dict[str, tuple[float, str]] = {}


def secured(url: str) -> str:
    """The address with https instead of http; other schemes are refused."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Refused(f"'{url}' is no https address: {error}") from None
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


def forget_hosts() -> None:
    """Forget which hosts were unreachable, so that every host is asked again."""
    _unreachable.clear()


def out_of_reach(host: str, reason: str) -> Refused:
    """Remember that a host cannot be reached; returns the error to raise."""
    message = f"{host} cannot be reached: {reason}"
    _unreachable[host] = (time.monotonic(), message)
    return Refused(message)


def short(error: Exception) -> str:
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
