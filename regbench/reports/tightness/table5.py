"""Table 5 of "Improving Deep Regression with Tightness": the ablation over λ, γ and M, with ours on coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from regbench import catalog, kinds, variants
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.papers import tightness
from regbench.papers.tightness import METHODS, SETTINGS
from regbench.reports.report import Beside, Options, Report, Table
from regbench.reports.shared import tables
from regbench.reports.text import words
from regbench.reports.tightness import cells
from regbench.reports.tightness.table1 import COLUMNS

OURS = "tightness-ablation"
PARTS = ("rot", "multi_target")  # in the order of the paper's rows


@dataclass(frozen=True)
class Numbers(cells.Numbers):
    """The paper's cells; and ours on the coordinate tasks, one row per line of the table and dataset."""

    ours: pd.DataFrame


def compute(given: Beside, options: Options) -> Numbers:
    """The paper's MAE on AgeDB-DIR, and below our mean squared errors of coordinates, one setting changed at a time."""
    rows = cells.beside(tightness.table5(), cells.measured(None, {}))
    frame = given.cells.get(OURS)
    ours = cells.measured(frame, {"mse": "rmse"}, power=2)
    ours = ours.assign(column=ours["dataset"])
    if options.methods or options.datasets:
        ours = cells.chosen(ours.assign(method=ours["variant"].map(tightness.parts)), options, set(ours["dataset"]))
    lines = _lines(list(dict.fromkeys(ours["variant"])))
    placed = [{"line": name, **row} for name, label in lines for row in records(ours[ours["variant"] == label])]
    made = pd.DataFrame(placed, columns=["line", *ours.columns])
    notes = (
        "the paper changes one setting at a time, with λ = 100, γ = 0.1 and M = 8 otherwise; so do ours, from our own "
        "defaults",
        *cells.defaults(ours),
        *words.synthetic(frame if frame is not None else pd.DataFrame(), dict.fromkeys(ours["dataset"])),
        "± of ours is over seeds of the weights alone: the data are drawn once",
        *([f"{cells.NOT_RUN}: `regbench run {OURS}` would train it"] if made.empty else cells.gaps(ours, OURS)),
        *cells.notes_of(frame),
    )
    return Numbers(rows, cells.source(frame, options), notes, made)


def table(numbers: Numbers) -> Table:
    """The paper's grid by shots, and ours by datasets."""
    ours = numbers.ours
    caption = (
        f"Table 5, what λ, γ and M change: mean ± standard deviation over seeds. {cells.seeds(numbers.source, ours)}"
    )
    paper = _grid("The paper's own Table 5, MAE on AgeDB-DIR", numbers.rows, COLUMNS)
    title = "Ours, mean squared error of coordinates on test rows"
    return tables.stacked(caption, [paper, _own(title, ours)], numbers.notes)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The paper's cells, and ours."""
    names = {"mean": "mse_mean", "std": "mse_std"}
    ours = numbers.ours.drop(columns=["column", "method"]).rename(columns=names)
    return {"rows": cells.paper_alone(numbers.rows), "coordinates": ours}


def _grid(title: str, rows: pd.DataFrame, columns: dict[str, str]) -> Table:
    """The paper's rows in its order: the default stands among the values of each setting that is varied."""
    found = {(row["method"], row["column"]): row for row in records(rows)}
    own = list(dict.fromkeys(rows["method"]))
    lines = [
        (name, *(cells.printed(found[label, column]) for column in columns))
        for name, label in _lines(own, {"rot": {"weight": 100.0, "gamma": 0.1}})
    ]
    return Table("", ("method", *columns.values()), tuple(lines), title=title)


def _own(title: str, ours: pd.DataFrame) -> Table:
    datasets = sorted(set(ours["dataset"]), key=order.dataset_key)
    if not datasets:
        return Table("", ("method", "error"), (("all", cells.NOT_RUN),), title=title)
    cell = cells.ours(words.usual_seeds(ours))
    lines, methods = [], []
    for name, group in ours.groupby("line", sort=False):
        found = {row["dataset"]: row for row in records(group.assign(best=False))}
        lines.append((str(name), *(cell(found[each]) if each in found else "" for each in datasets)))
        methods.append(str(group["method"].iloc[0]))
    rules = tables.rule_above_baselines(methods)
    return Table("", ("method", *map(order.alias, datasets)), tuple(lines), rules=rules, title=title)


def _lines(labels: list[str], usual: dict[str, dict[str, Any]] | None = None) -> list[tuple[str, str]]:
    """The lines of the ablation: name and label, for each part the values of each setting, the default among them.

    Args:
        labels: of the rows that there are.
        usual: part → settings that are usual here, where they are not the defaults.
    """
    found = [
        (METHODS.get(label, label), label) for label in labels if "+" not in label and not kinds.is_reference(label)
    ]
    taken = {label for _, label in found}
    for part in PARTS:
        standard = {**catalog.part(part).settings, **(usual or {}).get(part, {})}
        changed = {label: _changed(label, part, standard) for label in labels}
        alone = {label: change for label, change in changed.items() if change is not None and len(change) <= 1}
        found += _values(part, alone, standard)
        taken |= set(alone)
    return found + [(label, label) for label in labels if label not in taken]


def _values(part: str, alone: Mapping[str, Mapping[str, Any]], standard: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The lines of one part, by setting and value; the usual row stands once in each series of numbers."""
    name, found = METHODS[f"lsq+{part}"], []
    varied = dict.fromkeys(setting for change in alone.values() for setting in change)
    settings = sorted(varied, key=lambda name: (SETTINGS.index(name) if name in SETTINGS else len(SETTINGS), name))
    series = [setting for setting in settings if not isinstance(standard[setting], str)]
    if not series:
        found += [(name, label) for label, change in alone.items() if not change]
    for setting in settings:
        rows = [
            (change.get(setting, standard[setting]), label)
            for label, change in alone.items()
            if set(change) == {setting} or (not change and setting in series)
        ]
        rows.sort(key=lambda row: row[0])
        spelled = cells.symbol(part, setting)
        found += [(f"{name} {spelled} = {variants.short(value)}", label) for value, label in rows]
    return found


def _changed(label: str, part: str, standard: dict[str, Any]) -> dict[str, Any] | None:
    """The settings of a label that are not the usual ones; None if it is not least squares with this part alone."""
    if tightness.parts(label) != f"lsq+{part}":
        return None
    written = {key: variants.value(text) for key, text in variants.read(label)[1].settings}
    given = {**catalog.part(part).settings, **written}
    return {key: value for key, value in given.items() if value != standard.get(key)}


REPORT = Report(
    title="Table 5: the ablation over λ, γ and M",
    compute=compute,
    table=table,
    frames=frames,
    needs="beside",
    shows=("tightness-ablation",),
)
