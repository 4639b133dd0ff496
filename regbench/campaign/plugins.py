"""A user's single file: what it defines, and how a row with it is written."""

from pathlib import Path
from typing import NamedTuple

from regbench import catalog, roots
from regbench.errors import RegbenchError, UsageError


class Defined(NamedTuple):
    """The kind and the name of what a file defines."""

    kind: str
    name: str

    def label(self, base: str) -> str:
        """The label of a row with it; a part is added to the method `base`."""
        return f"{base}+{self.name}" if self.kind in catalog.PARTS else self.name


def defined(file: Path | str, source: str, kinds: tuple[str, ...]) -> Defined:
    """Add a file to the catalog, and say what it defines.

    Args:
        file: a Python file.
        source: where the user named it, for messages.
        kinds: what it may define.

    Raises:
        UsageError: there is no such file, it cannot be read, or it defines none of these.
    """
    path = Path(file)
    if path.suffix != ".py" or path.is_dir():
        raise UsageError(f"{source} {file}: name a Python file; `regbench new method my_loss` writes one to start from")
    if not path.stem.isidentifier():
        raise UsageError(
            f"{source} {file}: the name of the file is that of what it defines; use letters and underscores"
        )
    roots.add([path], source=source)
    name, real = path.stem, path.resolve()
    for kind in kinds:
        if name in catalog.names(kind) and catalog.path_of(kind, name).resolve() == real:
            return Defined(kind, name)
    for kind in kinds:
        catalog.check(kind, name)
    objects = ", ".join(f"`{catalog.OBJECTS[kind]} = ...`" for kind in kinds)
    also = f" and no `{catalog.CRITERION}(prediction, target)`" if "methods" in kinds else ""
    raise UsageError(f"{file}: defines none of {objects}{also} at its top level")


def loaded(of: Defined) -> object:
    """The object; `UsageError` with the line of the file if it cannot be made."""
    path = catalog.path_of(of.kind, of.name)
    try:
        return catalog.load(of.kind, of.name)
    except RegbenchError:
        raise
    except Exception as error:  # of any kind: it is the user's code that runs
        line, trace = None, error.__traceback__
        while trace is not None:
            line = trace.tb_lineno if Path(trace.tb_frame.f_code.co_filename) == path else line
            trace = trace.tb_next
        where = f"{path}, line {line}" if line else str(path)
        raise UsageError(f"{where}: {type(error).__name__}: {error}") from None
