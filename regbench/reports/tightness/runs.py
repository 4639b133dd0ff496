"""Which runs the figures of the second paper show, and how captions and panels name them.

Of each row of a benchmark one run is shown, that of the lowest seed at which most rows have what is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regbench import catalog, variants
from regbench.analysis import directions, order, select
from regbench.analysis.aggregate import null, records
from regbench.errors import NothingMeasured
from regbench.reports.report import Options, Recorded
from regbench.reports.shared import looks
from regbench.reports.text import words

Array = NDArray[np.float64]
PLAIN = "lsq"  # the paper's baseline


@dataclass(frozen=True, eq=False)
class Run:
    """One run and the arrays that it recorded.

    kept: epoch → name → array, of the epochs that have what was asked for.
    """

    dataset: str
    method: str
    variant: str
    k: int | None
    seed: int
    kept: Mapping[int, Mapping[str, Array]]

    @property
    def epochs(self) -> list[int]:
        """The epochs kept, in their order."""
        return sorted(self.kept)

    @property
    def label(self) -> str:
        """How panels name the run: its method, or `+ MT + ROT` where least squares has parts added."""
        parts = variants.read(self.variant)[1:]
        added = " ".join(f"+ {_part(part)}" for part in parts)
        return added if added and self.method == PLAIN else f"{looks.label(self.method)} {added}".strip()

    def about(self) -> dict[str, Any]:
        """The columns of frames that tell runs apart."""
        return {"dataset": self.dataset, "variant": self.variant, "k": self.k, "seed": self.seed}

    def several(self, name: str) -> dict[int, Array]:
        """One array by epoch, in their order."""
        return {epoch: self.kept[epoch][name] for epoch in self.epochs}


def _part(part: variants.Part) -> str:
    known = catalog.part(part.name).arguments if part.name in catalog.parts() else {}
    return str(known.get("label") or part.name)


def shown(given: Recorded, options: Options, name: str, *, least: int = 1) -> list[Run]:
    """The run of each row with arrays of that name at `least` epochs; `NothingMeasured` if there is none."""
    cells = select(given.cells, k=options.k, datasets=options.datasets, methods=options.methods)
    done = cells[cells["run_id"].notna() & ~cells["diverged"].astype(bool)]
    found: dict[int, list[Run]] = {}
    for row in records(done):
        arrays = given.arrays(int(row["run_id"]))
        kept = {epoch: _double(each) for epoch, each in arrays.items() if name in each}
        if len(kept) >= least:
            run = Run(row["dataset"], row["method"], row["variant"], _whole(row["k"]), int(row["seed"]), kept)
            found.setdefault(run.seed, []).append(run)
    if not found:
        raise NothingMeasured(
            f"no finished run here kept its {name} at {least} epoch{'s' * (least > 1)}; "
            "`keep_features` and `keep_weights` of a protocol say when"
        )
    seed = max(sorted(found), key=lambda each: len(found[each]))
    return sorted(found[seed], key=_place)


def _place(run: Run) -> tuple[Any, ...]:
    """Sorts as tables do, a row without parts first and one with several after those with one."""
    parts = len(variants.read(run.variant)) - 1
    return (order.dataset_key(run.dataset), order.method_key(run.method), parts, run.variant, run.k or 0)


def _double(arrays: Mapping[str, Any]) -> dict[str, Array]:
    return {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}


def _whole(k: Any) -> int | None:
    return None if null(k) is None else int(k)


def of_one_dataset(runs: Sequence[Run]) -> list[Run]:
    """The runs of the first dataset alone."""
    return [run for run in runs if run.dataset == runs[0].dataset]


def source(runs: Sequence[Run], options: Options) -> str:
    """The benchmark, the datasets and the seed, for captions."""
    datasets = dict.fromkeys(run.dataset for run in runs)
    named = f"Benchmark {options.benchmark}, " if options.benchmark else ""
    text = f"{named}{', '.join(datasets)}, seed {runs[0].seed}"
    return text[0].upper() + text[1:]


def notes(given: Recorded, runs: Sequence[Run]) -> list[str]:
    """That data are synthetic, and the settings of rows that panels name without them."""
    settings = [run.variant for run in runs if "[" in run.variant]
    shown = f"settings: {', '.join(dict.fromkeys(settings))}"
    return [*words.synthetic(given.cells, [run.dataset for run in runs]), *([shown] if settings else [])]


def colours(targets: Array) -> tuple[Array, str, bool]:
    """What points are coloured by, its name, and whether it is an angle: targets (N, M) -> (N,)."""
    if targets.shape[1] == 1:
        return targets[:, 0], "target", False
    return directions.angles(targets), "angle of the target", True
