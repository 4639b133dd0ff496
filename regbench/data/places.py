"""The folders of data and the use of the network: three environment variables, read when they are needed."""

import os
from pathlib import Path

from regbench.errors import UsageError


def cache_folder() -> Path:
    """The folder for downloads and checked tables: REGBENCH_CACHE, or the user's cache folder."""
    if chosen := os.environ.get("REGBENCH_CACHE"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("regbench", appauthor=False)


def mirror() -> Path | None:
    """The folder of local data files, REGBENCH_DATA; None if it is not set."""
    chosen = os.environ.get("REGBENCH_DATA")
    if not chosen:
        return None
    folder = Path(chosen).expanduser()
    if not folder.is_dir():
        raise UsageError(f"REGBENCH_DATA={chosen}: there is no such folder; correct it or unset it")
    return folder


def offline() -> bool:
    """Whether the network must not be used: REGBENCH_OFFLINE is set and not 0."""
    return os.environ.get("REGBENCH_OFFLINE", "0").lower() not in ("", "0", "false", "no")
