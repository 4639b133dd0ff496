"""Names of methods as users write them: `soft_binning`, `soft_binning[lambda_sigma=1]`, `end2end[k=5]`."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regbench import catalog
from regbench.analysis import order
from regbench.errors import NothingMeasured, UsageError, did_you_mean

if TYPE_CHECKING:
    from pandas import DataFrame

PARTS = re.compile(r"\+(?![^\[]*\])")  # between a method and what is added to it
DEFAULT_K = 25  # of a bare name; the largest k of the first paper, and the one its figures show


@dataclass(frozen=True)
class Variant:
    """A method with what differs from its defaults, as the store labels it, and the k a user asked for."""

    method: str
    label: str
    k: int | None = None

    @property
    def spelled(self) -> str:
        """How captions name it."""
        return self.label if self.k is None else f"{self.label} at k = {self.k}"


def parse(text: str) -> Variant:
    """A variant from its name; dashes in names, settings equal to the defaults and their order do not matter.

    >>> parse("soft_binning[lambda_sigma=1.0,k=5]")
    Variant(method='soft_binning', label='soft_binning[lambda_sigma=1]', k=5)
    """
    parts, k = [], None
    for part in PARTS.split(text.strip()):
        found = re.fullmatch(r"\s*([\w-]+)\s*(?:\[(.*)\])?\s*", part)
        if found is None:
            raise UsageError(f"'{text}' is not a method's name; write it like soft_binning[lambda_sigma=1]")
        settings = _settings(text, found[2])
        k = int(settings.pop("k")) if "k" in settings else k  # type: ignore[call-overload]
        parts.append(_label(_underscored(found[1]), settings))
    return Variant(parts[0].partition("[")[0], "+".join(parts), k)


def without(variant: str, setting: str) -> str:
    """A variant's name less one setting that is shown elsewhere.

    >>> without("soft_binning[alpha=2,lambda_sigma=1]", "lambda_sigma")
    'soft_binning[alpha=2]'
    """
    kept = re.sub(rf"(?<=[\[,]){setting}=[^,\]]*,?", "", variant)
    return kept.replace(",]", "]").replace("[]", "")


def settings(variant: str) -> dict[str, object]:
    """The values that a variant's name gives to its method, numbers as numbers.

    >>> settings("end2end[alpha=-0.1,targets=uniform]"), settings("lsq+rot[gamma=1]")
    ({'alpha': -0.1, 'targets': 'uniform'}, {})
    """
    return _settings(variant, PARTS.split(variant)[0].partition("[")[2].rstrip("]"))


def check_method(name: str, frame: "DataFrame") -> None:
    """Refuse a method or baseline that neither the catalog nor the frame knows."""
    known = sorted({*catalog.rows(), *frame["method"]}, key=order.method_key)
    if name not in known:
        raise UsageError(f"no method called '{name}'{did_you_mean(name, known)}")


def pick(frame: "DataFrame", name: str, *, k: int | None = None) -> "DataFrame":
    """The rows of one variant at one k: the default variant at k = 25 of a bare name; a method may ignore k."""
    wanted = parse(name)
    where = _benchmark(frame)
    if name.strip() not in set(frame["variant"]):
        check_method(wanted.method, frame)
    rows = frame[frame["method"] == wanted.method]
    if rows.empty:
        raise NothingMeasured(f"{where} has no {wanted.method}; it has {_listing(frame['method'])}")
    labels = set(rows["variant"])
    exact = name.strip() if name.strip() in labels else wanted.label
    if exact not in labels:
        raise UsageError(f"{where} has no variant '{exact}'{did_you_mean(exact, sorted(labels))}")
    rows = rows[rows["variant"] == exact]
    at = wanted.k or k or DEFAULT_K
    chosen = rows[rows["k"].isna() | (rows["k"] == at)]
    if chosen.empty:
        has = ", ".join(str(each) for each in sorted({int(each) for each in rows["k"].dropna()}))
        raise UsageError(f"{where} has no {exact} at k = {at}; it has k = {has}: choose one with --k or {exact}[k=…]")
    return chosen


def _settings(text: str, inside: str | None) -> dict[str, object]:
    pairs = [pair.partition("=") for pair in (inside or "").split(",") if pair.strip()]
    for name, equals, value in pairs:
        if not (name.strip() and equals and value.strip()):
            raise UsageError(f"'{text}': '{name}' needs a value, as in soft_binning[lambda_sigma=1]")
        if name.strip() == "k" and not value.strip().isdigit():
            raise UsageError(f"'{text}': k must be a whole number, not '{value.strip()}'")
    return {_underscored(name): _value(value.strip()) for name, _, value in pairs}


def _underscored(name: str) -> str:
    return name.strip().replace("-", "_")


def _value(text: str) -> object:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return float(text)
    except ValueError:
        return text


def _label(method: str, settings: dict[str, object]) -> str:
    if method in catalog.rows():
        return catalog.label(method, settings, {})
    inside = ",".join(
        f"{key}={value:.12g}" if isinstance(value, float) else f"{key}={value}"
        for key, value in sorted(settings.items())
    )
    return f"{method}[{inside}]" if inside else method


def _benchmark(frame: "DataFrame") -> str:
    names = set(frame["benchmark"].dropna()) if "benchmark" in frame else set()
    return f"benchmark {names.pop()}" if len(names) == 1 else "the benchmark"


def _listing(names: "object") -> str:
    return ", ".join(sorted(set(names), key=order.method_key)) or "nothing"  # type: ignore[call-overload]
