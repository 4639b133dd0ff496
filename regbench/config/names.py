"""Names as users type them: dashes equal underscores, aliases count, and a typo is answered with the nearest name."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from regbench import catalog
from regbench.errors import UsageError, WrongValueError, did_you_mean


def resolve(kind: str, name: str) -> str:
    """The full name of a dataset, backbone or report; `UsageError` with the nearest one where there is none.

    >>> resolve("datasets", "wine-quality")
    'wine_quality'
    """
    underscored = name.strip().replace("-", "_")
    return catalog.resolve(kind, underscored if underscored in catalog.names(kind) else name.strip())


def resolve_row(name: str) -> str:
    """The method or baseline that a name means; `UsageError` with the nearest of both where it means neither.

    >>> resolve_row("soft-binning"), resolve_row("train-mean")
    ('soft_binning', 'train_mean')
    """
    underscored = name.strip().replace("-", "_")
    if underscored not in (known := catalog.rows()):
        for kind in catalog.ROWS:
            catalog.check(kind, underscored)
        raise UsageError(f"no method called '{name}'{did_you_mean(name, known)}")
    return underscored


def resolve_part(name: str) -> str:
    """The wrapper or regularizer that a name means; `UsageError` with the nearest one where it means none."""
    underscored = name.strip().replace("-", "_")
    if underscored not in (known := catalog.parts()):
        for kind in catalog.PARTS:
            catalog.check(kind, underscored)
        raise UsageError(f"no regularizer or wrapper called '{name.strip()}'{did_you_mean(name, known)}")
    return underscored


@contextmanager
def at(*place: str | int) -> Iterator[None]:
    """Names are resolved as part of a value that is read: one that is wrong is a `WrongValueError` at this place."""
    try:
        yield
    except UsageError as error:
        raise WrongValueError(str(error), *place) from None


def resolve_among(kind: str, name: str, known: Iterable[str]) -> str:
    """The one of `known` that `name` means; dashes equal underscores, where this leaves no doubt.

    >>> resolve_among("benchmark", "a_b", ["a_b", "a-b"])
    'a_b'
    >>> resolve_among("benchmark", "bridges_fixed", ["smoke", "bridges-fixed"])
    'bridges-fixed'
    """
    known = list(known)
    if name in known:
        return name
    spelled = {spelling.replace("-", "_"): spelling for spelling in known}
    if (found := spelled.get(name.strip().replace("-", "_"))) is None:
        raise UsageError(f"no {kind} called '{name}'{did_you_mean(name, list(spelled.values()))}")
    return found
