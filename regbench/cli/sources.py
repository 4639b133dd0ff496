"""Read the numbers of a report: from a database or a folder of exports, for one benchmark."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from regbench import metrics, variants
from regbench.campaign.places import is_there, stored_benchmark
from regbench.cli import filling
from regbench.cli.encoders import encoders, features, test_variance
from regbench.cli.reading import cells_only, reading
from regbench.errors import NothingMeasured, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from regbench.analysis.choices import Choices
    from regbench.analysis.claims import Findings
    from regbench.analysis.sweeps import Swept
    from regbench.papers.claims import Claim, Paper
    from regbench.reports import Report
    from regbench.reports.html.inputs import Inputs
    from regbench.store import Part, Store


class Found(NamedTuple):
    """The input of a report, its benchmark, and the ranges of targets if original units are requested."""

    frame: Any
    benchmark: str | None
    ranges: Mapping[str, tuple[Sequence[float], Sequence[float]]]


class Source:
    """A database; or several, or a folder of exports, of which only the needed part is loaded; a context manager.

    beside: "published" or a folder of exports, from which cells without runs are filled.
    """

    def __init__(self, db: Sequence[str], folder: Path | None, beside: str | None = None) -> None:
        self._db, self._folder, self._published = db, folder, beside
        self._opened: dict[Part | None, Store] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if self._folder is not None:
            from regbench import store

            store.exports(self._folder)  # report a wrong folder first
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def find(
        self, report: "Report", name: str, *, benchmark: str | None, metric: str, units: str, gap: bool = False
    ) -> Found:
        """The input of the report of that name; `NothingMeasured` if it does not exist.

        gap: whether cells have the lowest test error of all epochs too.
        """
        if self._published is not None and report.needs != "cells":
            raise UsageError(f"--with: {name.replace('_', '-')} is no table of cells, so published runs cannot fill it")
        if report.needs == "catalog":
            return Found(None, None, {})
        if report.needs == "beside":
            return self._beside(report, benchmark)
        names = [f"val/{metric}", f"test/{metric}", *report.names]
        store = self._store("gap" if gap else report.needs, names)
        chosen = _benchmark(store, report, name, benchmark)
        if (read := READ.get(report.needs)) is not None:
            return Found(read(store, chosen), chosen, {})
        if report.needs == "page":
            inputs = self._page(store, chosen, metric)
            return Found(inputs, chosen, _ranges(store, inputs.cells) if units == "original" else {})
        match report.needs:
            case "curves":
                frame = store.curves(chosen, names=names)
            case "sweeps":
                swept = _swept(store, chosen, metric)
                return Found(swept, chosen, _ranges(store, swept.cells) if units == "original" else {})
            case _:
                frame = _cells(store, chosen, report, metric)
                frame = _with_lowest(store, frame, chosen, metric) if gap else frame
                if self._published is not None:
                    frame = filling.filled_from(self._published, store, chosen, frame)
        return Found(frame, chosen, _ranges(store, frame) if units == "original" else {})

    def _beside(self, report: "Report", asked: str | None) -> Found:
        """What has been run of the benchmarks that a table of a paper shows; `asked` takes the place of the first."""
        from regbench.reports import Beside

        if self._folder is None and not any(map(is_there, self._db)) and asked is None:
            return Found(Beside(), None, {})
        store = self._store("cells", ())
        stored = [str(known) for known in store.benchmarks()["name"]]  # the one run last first
        here = {name: next((known for known in stored if variants.bare(known) == name), None) for name in report.shows}
        here |= {name: name for name in report.shows if name in stored}
        if asked is not None:
            here[report.shows[0]] = stored_benchmark(store, asked)
        cells = {name: store.cells(found, metrics=report.metrics) for name, found in here.items() if found}
        first = here.get(report.shows[0]) if report.shows else None
        of_features = None
        if first and report.names:
            of_features = self._store("curves", report.names).curves(first, names=report.names)
        pairs = {(str(row.dataset), str(row.digest)) for frame in cells.values() for row in frame.itertuples()}
        found = (
            {dataset: test_variance(dataset, digest) for dataset, digest in sorted(pairs)} if report.variances else {}
        )
        variances = {dataset: value for dataset, value in found.items() if value is not None}
        return Found(Beside(cells, of_features, variances, self._cost(report.file)), first, {})

    def _page(self, store: "Store", benchmark: str | None, metric: str) -> "Inputs":
        """What the HTML page shows; curves are read apart, because of a folder other tables leave most epochs out."""
        from regbench.cli.page import gather

        of_curves = self._store("curves", [f"val/{metric}", f"test/{metric}"])
        others = {
            "swept": lambda: _swept(store, benchmark, metric),
            "findings": lambda: _of_its_paper(store, benchmark),
        }
        return gather(store, of_curves, benchmark, metric, others)

    def _cost(self, file: str) -> Any:
        """The content of a file with costs in the folder of results; None if there is none."""
        path = self._folder / file if self._folder is not None and file else None
        if path is None or not path.is_file():
            return None
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(f"{path} cannot be read: {error}") from None

    def _store(self, needs: str, names: Sequence[str]) -> "Store":
        part = (
            _part(needs, names) if self._folder is not None or len(self._db) > 1 else None
        )  # a database is not loaded, so nothing is left out
        if part not in self._opened:
            self._opened[part] = self._stack.enter_context(reading(self._db, self._folder, part))
        return self._opened[part]


def _part(needs: str, names: Sequence[str]) -> "Part":
    """The part of a folder's runs that a kind of frame needs."""
    from regbench import store

    match needs:
        case "curves":
            return store.Part(names=tuple(names), predictions=False, recorded=False)
        case "features":
            return store.Part(every_epoch=False, predictions=False, failures=False)
        case "gap":
            return store.Part(predictions=False, recorded=False, failures=False)
        case "page":  # with runs that failed, which it names
            return store.Part(every_epoch=False, predictions=False, recorded=False)
        case _:
            return cells_only()


def _benchmark(store: "Store", report: "Report", name: str, asked: str | None) -> str | None:
    """The requested benchmark, or the report's own (or its newest variant), or the one run last."""
    if asked is not None:
        return stored_benchmark(store, asked)
    if report.benchmark is None:
        return store.last_benchmark()
    stored = [str(known) for known in store.benchmarks()["name"]]  # the one run last first
    own = [known for known in stored if variants.bare(known) == report.benchmark]
    if report.benchmark in own:
        return report.benchmark
    if not own and not report.or_last:
        raise NothingMeasured(
            f"report {name.replace('_', '-')} shows benchmark {report.benchmark}, which is not here; `regbench run "
            f"{report.benchmark}` trains it, or name another with --benchmark"
        )
    return own[0] if own else store.last_benchmark()


def _choices(store: "Store", benchmark: str | None) -> "Choices":
    """The choices of a benchmark, and the cells of those of its sweeps that are stored here."""
    from regbench.analysis.choices import gather

    made = store.choices(benchmark)
    here = set(store.benchmarks()["name"])
    return gather(made, [store.cells(name) for name in sorted(set(made["source"])) if name in here])


def findings(
    store: "Store", paper: "Paper", benchmark: str, only: Sequence[str] = (), measured: Sequence[str] = metrics.USUAL
) -> "Findings":
    """The claims of a paper, checked against its own tables and the runs of a benchmark."""
    from regbench.analysis.claims import verify
    from regbench.analysis.claims.stored import Stored
    from regbench.analysis.claims.tried import tried
    from regbench.papers.predicates import of_sweep

    chosen = {cell: choice.values for cell, choice in store.chosen(benchmark).items()}
    own = {column.metric for column in paper.columns.values() if column.metric}
    wanted = paper.with_included(only)

    def cells(name: str, asked: str = "") -> "pd.DataFrame":
        """The cells of a benchmark, with the quantities of the claims that name it."""
        stored = [Stored(claim.quantity, claim.per) for claim in wanted if claim.quantity and claim.benchmark == asked]
        names = sorted({number for each in stored for number in each.names})
        return store.cells(name, metrics=sorted(own) or measured, names=names)

    others = {name: cells(here, name) for name, here in _others(store, wanted).items()}
    settings = {of.setting for claim in wanted for of in of_sweep(claim.holds_if)}
    swept = tried(_swept_if_here(store, benchmark), settings) if settings else {}
    return verify(paper, cells(benchmark), chosen=chosen, only=only, measured=measured, others=others, tried=swept)


def _others(store: "Store", claims: "Sequence[Claim]") -> dict[str, str]:
    """The stored benchmark, or the variant of it run last, of each name that claims have."""
    stored = [str(known) for known in store.benchmarks()["name"]]  # the one run last first
    found = {}
    for name in sorted({claim.benchmark for claim in claims} - {""}):
        alike = [known for known in (name, *stored) if known in stored and variants.bare(known) == name]
        found |= {name: alike[0]} if alike else {}
    return found


def _swept_if_here(store: "Store", benchmark: str) -> "Swept | None":
    """The sweeps that a benchmark chooses from; None if there are none, or none of them is here."""
    named = store.config(benchmark).get("choose", {}).get("from", [])
    return _swept(store, benchmark, "rmse") if any(store.config(name) for name in named) else None


def _of_its_paper(store: "Store", benchmark: str | None) -> "Findings":
    """The claims of the paper that a benchmark reproduces."""
    from regbench.papers import claims

    name = (benchmark or "").partition("[")[0]
    for paper in map(claims.load, claims.names()):
        if benchmark and name in paper.benchmarks:
            return findings(store, paper, benchmark)
    raise NothingMeasured(f"benchmark {benchmark} reruns no paper whose claims are known: `regbench verify PAPER`")


def _cells(store: "Store", benchmark: str | None, report: "Report", metric: str) -> "pd.DataFrame":
    """The cells of a benchmark, and those of the report's reference models on the same datasets, if they were run."""
    from regbench.analysis.aggregate import shown_with
    from regbench.analysis.scale import check_recorded

    wanted = list(shown_with(metric))
    if report.by_shot:
        wanted += [f"{shot}/{name}" for name in shown_with(metric) for shot in metrics.SHOTS]
    frame = store.cells(benchmark, metrics=wanted)
    check_recorded(frame, metric)
    if report.reference in {None, benchmark} or report.reference not in set(store.benchmarks()["name"]):
        return frame
    from regbench.analysis.reference import with_reference

    return with_reference(frame, store.cells(report.reference, metrics=wanted))


def _with_lowest(store: "Store", frame: "pd.DataFrame", benchmark: str | None, metric: str) -> "pd.DataFrame":
    """Cells with the lowest test error of all epochs of each run, null where not all of them are stored."""
    from regbench.analysis.gap import COLUMN

    lowest = store.best_by_test(benchmark or "", f"test/{metric}")
    found = frame["run_id"].map(lowest).astype("float64")
    attrs = frame.attrs
    frame = frame.assign(**{COLUMN.format(metric): found})
    frame.attrs = attrs
    return frame


# What a report needs of a benchmark whose numbers have no units of their own, or are read later.
READ = {"choices": _choices, "claims": _of_its_paper, "encoders": encoders, "features": features}


def _swept(store: "Store", benchmark: str | None, metric: str) -> "Swept":
    """The sweep itself if the benchmark is one, otherwise the sweeps it chooses from and its choices."""
    from regbench.analysis.scale import check_recorded
    from regbench.analysis.sweeps import Swept

    entry = store.config(benchmark or "")
    named = entry.get("choose", {}).get("from", [benchmark] if "sweep" in entry else [])
    here = [name for name in named if store.config(name)]
    if not here:
        raise NothingMeasured(f"benchmark {benchmark} is no sweep and chooses from none that is here")
    cells = [store.cells(name, metrics=[metric]) for name in here]
    for frame in cells:
        check_recorded(frame, metric)
    return Swept.of(
        cells,
        store.choices(benchmark) if "choose" in entry else None,
        {name: store.config(name)["sweep"] for name in here},
    )


def _ranges(store: "Store", frame: "pd.DataFrame") -> dict[str, tuple[Sequence[float], Sequence[float]]]:
    """The lowest and highest training target of each dataset, by which targets were scaled."""
    known = store.target_ranges()
    pairs = frame[["dataset", "digest"]].drop_duplicates().itertuples(index=False)
    return {str(dataset): known[digest] for dataset, digest in pairs if digest in known}
