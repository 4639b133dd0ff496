"""What a user adds to a benchmark on the command line: tables, and datasets, methods, k and seeds that it lacks.

The name of the variant says all of it, and is read back: `smoke[dataset=cpu_act,method=huber[beta=2],seed=2-27]`.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from regbench import variants
from regbench.config.amounts import whole_numbers
from regbench.config.methods import read_method
from regbench.config.names import resolve
from regbench.config.spec import Spec
from regbench.errors import UsageError, WrongValueError

AD_HOC = "ad-hoc"  # a benchmark of nothing but what the command line adds
ADDED = ("dataset", "method", "k", "seed")  # in the name of a variant, as the options are called


@dataclass(frozen=True)
class Own:
    """What a user adds to a benchmark: tables that replace its datasets, and more of what its grid is made of.

    tables: the names of their datasets in the catalog.
    methods: rows, as variants are written.
    """

    tables: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    k: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()

    def __add__(self, other: "Own") -> "Own":
        """Both together, each value once."""
        return Own(
            tuple(dict.fromkeys((*self.tables, *other.tables))),
            tuple(dict.fromkeys((*self.datasets, *other.datasets))),
            tuple(dict.fromkeys((*self.methods, *other.methods))),
            tuple(dict.fromkeys((*self.k, *other.k))),
            tuple(dict.fromkeys((*self.seeds, *other.seeds))),
        )

    def without_seeds(self) -> "Own":
        """The same for the sweeps of a benchmark, which have seeds of their own."""
        return Own(self.tables, self.datasets, self.methods, self.k)


NOTHING = Own()


def read_own(settings: Iterable[tuple[str, str]]) -> Own:
    """The additions that the name of a variant says; other keys are ignored.

    >>> read_own([("dataset", "CA"), ("seed", "2-4"), ("epochs", "3")])
    Own(tables=(), datasets=('cpu_act',), methods=(), k=(), seeds=(2, 3, 4))
    """
    given = [(key, value) for key, value in settings if key in ADDED]
    own = Own()
    for key, value in given:
        match key:
            case "dataset":
                own += Own(datasets=(resolve("datasets", value),))
            case "method":
                own += Own(methods=(value,))
            case "k":
                own += Own(k=tuple(whole_numbers(value, "k", "k=")))
            case _:
                own += Own(seeds=tuple(whole_numbers(value, "seed", "seed=")))
    return own


def written(numbers: Sequence[int]) -> list[str]:
    """Whole numbers with the runs among them as ranges.

    >>> written([2, 3, 4, 9])
    ['2-4', '9']
    """
    runs = itertools.groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    parts = [[number for _, number in run] for _, run in runs]
    return [f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts]


def with_own(name: str, spec: Spec, own: Own) -> tuple[str, Spec]:
    """The name and entry of a benchmark with what the user adds; what it has already changes nothing."""
    named: list[tuple[str, Any]] = []
    update: dict[str, Any] = {}
    if own.tables:
        named += [("data", table) for table in own.tables]
        update["datasets"] = list(own.tables)
    if datasets := [dataset for dataset in own.datasets if dataset not in spec.datasets]:
        named += [("dataset", dataset) for dataset in datasets]
        update["datasets"] = [*update.get("datasets", spec.datasets), *datasets]
    if methods := _new_methods(spec, own.methods):
        named += [("method", row.label) for row in methods]
        update["methods"] = [*spec.methods, tuple(methods)]
    if k := [bins for bins in own.k if bins not in spec.k]:
        named += [("k", text) for text in written(k)]
        update["k"] = [*spec.k, *k]
    if seeds := [seed for seed in own.seeds if seed not in spec.seeds]:
        named += [("seed", text) for text in written(seeds)]
        update["seeds"] = [*spec.seeds, *seeds]
    if not named:
        return name, spec
    made = spec.model_copy(update=update)
    if not made.k and any(row.uses_k for row in made.variants):
        made = made.model_copy(update={"k": [variants.DEFAULT_K]})
    before = variants.read_part(name)
    return variants.write(before.name, [*dict.fromkeys(named), *before.settings]), made


def ad_hoc(own: Own) -> Spec:
    """The entry that everything is added to; its seeds are the usual ones unless the user names some."""
    usual = {"seeds": []} if own.seeds else {}
    return Spec(description="What the command line asked for.").model_copy(update=usual)


def check_ad_hoc(spec: Spec) -> None:
    """Refuse an ad-hoc benchmark without a dataset or a method."""
    if not spec.datasets or not spec.variants:
        raise UsageError(f"{AD_HOC}: name a dataset and a method, such as --dataset CA --method lsq")


def _new_methods(spec: Spec, labels: Iterable[str]) -> list[Any]:
    try:
        rows = [row for label in labels for row in read_method(label)]
    except WrongValueError as error:
        raise UsageError(f"--method: {error}") from None
    return [row for row in dict.fromkeys(rows) if row not in spec.variants]
