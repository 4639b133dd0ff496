"""On what the page's verdicts rest: benchmark, epoch, split, rows, seeds and budget; and what leaks."""

from collections.abc import Sequence
from typing import Any

from pandas import DataFrame

from regbench import metrics
from regbench.analysis import leaks, order
from regbench.errors import some
from regbench.job import differs_by_seed
from regbench.reports.html.inputs import Inputs
from regbench.reports.report import Options
from regbench.reports.text import words


def facts(inputs: Inputs, cells: DataFrame, options: Options) -> list[tuple[str, str]]:
    """What to know before a number is read, as terms and their descriptions. `cells` are those of the table."""
    frame = inputs.cells
    shown = frame[frame["dataset"].isin(set(cells["dataset"]))]
    splits = tuple(sorted(set(shown["split"]))) if "split" in shown else ()
    found = [
        ("Benchmark", options.benchmark or ""),
        ("Epoch", words.best_epoch(frame.attrs.get("decides", ()))),
        ("Split", words.split(splits)),
        ("Test rows", _rows(inputs, cells, options)),
        ("Seeds", words.seeds_in_figures(cells)),
        ("Budget", _budget(inputs, shown)),
    ]
    return [(term, said) for term, said in found if said]


def warnings(frame: DataFrame, cells: DataFrame) -> list[str]:
    """What leaks, what is synthetic, and what a verdict is conditional on; each a sentence."""
    shown = frame[frame["dataset"].isin(set(cells["dataset"]))]
    splits = set(shown["split"]) if "split" in shown else set()
    here = shown["dataset"][shown["split"] != "grouped"] if splits else shown["dataset"]
    fixed = "All seeds share one split: what is said of a single dataset can change with another split."
    found = [
        *words.synthetic(frame, cells["dataset"]),
        *leaks.note(here),
        *([fixed] if splits and not any(map(differs_by_seed, splits)) else []),
    ]
    return [f"{line[:1].upper()}{line[1:]}".rstrip(".") + "." for line in found]


def _rows(inputs: Inputs, cells: DataFrame, options: Options) -> str:
    datasets: Sequence[str] = sorted(set(cells["dataset"]), key=order.dataset_key)
    sizes = {name: inputs.origins.datasets.get(name, {}).get("sizes") for name in datasets}
    counted = [f"{order.alias(name)} {found[2]:,}" for name, found in sizes.items() if found]
    part = options.metrics[0].partition("/")[0]
    which = f"only those {part} by training" if part in metrics.ROWS else "all"
    return f"{which} ({some(counted, most=12)})" if counted else which


def _budget(inputs: Inputs, shown: DataFrame) -> str:
    epochs = sorted({int(number) for number in shown["epochs"].dropna()}) if "epochs" in shown else []
    trained = f"{_between(epochs)} epochs a run" if epochs else ""
    budget = inputs.origins.budget
    tuned = f"values of a cell chosen among {_between(budget)} configurations" if budget else "values not tuned here"
    return "; ".join(filter(None, [trained, tuned]))


def _between(numbers: Any) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
