"""Test rows whose inputs a training row has too: there, what a model remembers counts as what it predicts."""

from collections.abc import Iterable

from regbench import catalog
from regbench.analysis import order


def share(dataset: str) -> float:
    """The share of the test rows of the fixed split whose inputs a training row has too; 0 if that is not known."""
    if dataset not in catalog.names("datasets"):
        return 0.0
    said = catalog.entry("datasets", dataset).arguments
    _, seen = said.get("seen", (0, 0))
    return seen / said["sizes"][2]


def note(datasets: Iterable[str]) -> tuple[str, ...]:
    """One line on the datasets with such rows; nothing if none has any."""
    shares = {name: share(name) for name in sorted(set(datasets), key=order.dataset_key)}
    found = [f"{order.alias(name)} {of:.1%}".replace("%", " %") for name, of in shares.items() if of]
    if not found:
        return ()
    said = ", ".join(found)
    return (f"test rows whose inputs a training row has too, on the fixed split: {said}; see `--rows unseen`",)
