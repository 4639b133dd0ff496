"""The folders of data and the use of the network: three environment variables, read when they are needed."""

from pathlib import Path

from regbench import settings
from regbench.errors import UsageError


def cache_folder() -> Path:
    """The folder for downloads and checked tables: REGBENCH_CACHE, or the user's cache folder."""
    if chosen := settings.folder(settings.CACHE):
        return chosen
    import platformdirs

    return platformdirs.user_cache_path("regbench", appauthor=False)


def mirror() -> Path | None:
    """The folder of local data files, REGBENCH_DATA; None if it is not set."""
    folder = settings.folder(settings.DATA)
    if folder is not None and not folder.is_dir():
        raise UsageError(f"REGBENCH_DATA={folder}: there is no such folder; correct it or unset it")
    return folder


def offline() -> bool:
    """Whether the network must not be used: REGBENCH_OFFLINE is 1."""
    return settings.offline()
