"""In what two compared methods were not trained alike."""

from typing import TYPE_CHECKING

from regbench import kinds
from regbench.analysis import order
from regbench.analysis.pairing import datasets_of

if TYPE_CHECKING:
    from pandas import DataFrame


def trained_unlike(left: "DataFrame", right: "DataFrame") -> list[str]:
    """How the training of A and B differed; nothing for reference models, which are not trained by us."""
    if any(kinds.is_reference(str(part["method"].iloc[0])) for part in (left, right)):
        return []
    columns = [column for column in ("protocol", "backbone") if column in left]
    unlike: dict[str, list[str]] = {}  # the difference in words -> datasets
    trained = [part[["dataset", *columns]].drop_duplicates() for part in (left, right)]
    for dataset in datasets_of(left, right):
        protocols = [of.loc[of["dataset"] == dataset, columns].values.tolist() for of in trained]
        single = all(len(protocol) == 1 for protocol in protocols)
        if single and protocols[0] != protocols[1]:
            parts = (part[part["dataset"] == dataset] for part in (left, right))
            unlike.setdefault(_unlike(*parts), []).append(order.alias(dataset))
    return [f"{' '.join(names)}: {said}" for said, names in unlike.items()]


def _unlike(left: "DataFrame", right: "DataFrame") -> str:
    """The settings that were chosen separately for each of the two."""
    mine, theirs = (
        next((values for values in part["swept"] if values), {}) if "swept" in part else {} for part in (left, right)
    )
    fields = sorted(name for name in mine.keys() & theirs.keys() if mine[name] != theirs[name])
    if not fields:
        return "the two were trained under different protocols or backbones"
    return f"the two were trained with different {', '.join(fields)}, chosen separately on validation rows"
