"""The code digest of a result: a hash of all definitions that a job depends on, and of nothing else.

From a few entry points (a method, a backbone, the training loop) all referenced definitions are followed, in regbench
and in users' plug-ins. Comments, docstrings, annotations, formatting, error messages, labels, bounds and unused
definitions do not count, so a result stays valid until something it depends on changes.
The digest is the same under every version of Python.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache

from regbench import roots
from regbench.fingerprint.difference import Difference, difference
from regbench.fingerprint.modules import Code
from regbench.fingerprint.reach import Start, has, reach

__all__ = ["Code", "Difference", "Start", "difference", "digest", "digest_of", "has", "present", "reach"]

Library = tuple[str, str]  # name and version of a distribution


def digest(starts: Sequence[Start], libraries: Sequence[Library] = ()) -> str:
    """A digest, 16 hexadecimal digits, of all code reachable from `starts` and of the versions of libraries.

    Raises:
        LookupError: a start does not exist.
    """
    folders = tuple(_folders().items())
    return _digest(folders, tuple(starts), tuple(libraries), roots.generation())


def present() -> Code:
    """The code of this process: regbench's own, and that of plug-ins."""
    return Code(_folders())


def _folders() -> dict[str, str]:
    return {root.package: str(root.folder) for root in roots.roots()}


@cache
def _digest(
    folders: tuple[tuple[str, str], ...], starts: tuple[Start, ...], libraries: tuple[Library, ...], _generation: int
) -> str:
    code = Code(dict(folders))
    return digest_of(code, reach(code, starts), libraries)


def digest_of(code: Code, found: Mapping[Start, str], libraries: Sequence[Library] = ()) -> str:
    """The digest of definitions that `reach` found in some code, and of the versions of libraries."""
    lines = [f"{code.neutral(module)}:{name}:{text}" for (module, name), text in found.items()]
    lines += [f"{name}=={version}" for name, version in libraries]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]
