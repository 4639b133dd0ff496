"""Downloads: kept in the cache folder together with their checksum, and checked again whenever they are used.

Content that cannot be that of the file, such as the login page of a network, is not kept; nor is a file that turns out
not to hold the dataset.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from urllib.parse import urlsplit

from regbench.data.contents import check_content
from regbench.data.hosts import require_network, secured
from regbench.data.places import cache_folder
from regbench.data.raw import Raw, Refused
from regbench.data.transfer import LIMITS, Limits, fetch, matches
from regbench.errors import InfrastructureError

_renewed: ContextVar[bool] = ContextVar("renewed", default=False)


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
    kept = None if _renewed.get() else _kept(path, name, checksum)
    if kept is not None:
        return Raw(name, kept, path)
    require_network(secure)
    content = fetch(secure, checksum, limits)
    try:
        check_content(name, content)
    except Refused as error:
        raise Refused(f"{urlsplit(secure).netloc} gave another thing: {error}") from None
    _keep(path, content)
    return Raw(name, content, path)


@contextlib.contextmanager
def renewed() -> Iterator[None]:
    """A context in which every file is downloaded again, even if it is in the cache."""
    token = _renewed.set(True)
    try:
        yield
    finally:
        _renewed.reset(token)


def discard(raw: Raw) -> None:
    """Remove a download from the cache, because it does not hold what it should."""
    if raw.kept is not None:
        for path in (raw.kept, _record(raw.kept)):
            with contextlib.suppress(OSError):
                path.unlink()


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


def _path(url: str, name: str) -> Path:
    """The path of a download in the cache; only the last part of `name` is used, so it cannot leave the folder."""
    return cache_folder() / "downloads" / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{Path(name).name}"


def _kept(path: Path, name: str, checksum: str | None) -> bytes | None:
    """The content of an earlier download; None if it is missing, damaged or of another kind."""
    try:
        content = path.read_bytes()
        recorded = _record(path).read_text(encoding="ascii").strip()
        check_content(name, content)
    except (OSError, UnicodeDecodeError, Refused):
        return None
    return content if _same(content, recorded) and (checksum is None or matches(content, checksum)) else None


def _same(content: bytes, recorded: str) -> bool:
    return recorded.startswith("sha256:") and matches(content, recorded)


def _keep(path: Path, content: bytes) -> None:
    write_atomically(path, content)
    write_atomically(_record(path), f"sha256:{hashlib.sha256(content).hexdigest()}\n".encode())


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
