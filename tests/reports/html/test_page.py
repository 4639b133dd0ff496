"""The HTML page: the numbers of the reports, nothing from outside, nothing of a name that runs, and bounded size."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from regbench import reports
from regbench.errors import NotInstalled
from regbench.reports import Options, html
from regbench.reports.html import library, lines
from regbench.reports.html.inputs import MOST_EPOCHS
from tests.made.pages import curves, inputs


class Read(HTMLParser):
    """The elements of a page by name, with attributes, and the text of styles and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"style": [], "script": []}
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag if tag in self.texts else ""
        if self.inside:
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[self.inside][-1] += data


@pytest.fixture(scope="module")
def page() -> str:
    return html.render(html.compute(inputs(), Options(benchmark="made")))


@pytest.fixture(scope="module")
def read(page: str) -> Read:
    return Read(page)


def test_the_table_has_the_numbers_of_the_normalised_report(read: Read) -> None:
    given = inputs()
    shown = [float(own["data-value"] or "nan") for _, own in read.elements if "data-value" in own]
    expected = set()
    for metric in ("rmse", "mae"):
        numbers = reports.load("normalized").compute(given.cells, Options(metric=metric))
        expected |= {*numbers.normalized.cells["ratio"].dropna(), *numbers.normalized.means["geometric"].dropna()}
    assert expected <= set(shown)
    cells = [own for name, own in read.elements if own.get("class") == "cell"]
    assert len(cells) == 2 * len(given.origins.cells)
    assert all(0 <= int(own["data-cell"] or -1) < len(given.origins.cells) for own in cells)


def test_cells_carry_the_marks_and_the_decimals_of_the_normalised_report() -> None:
    given, options = inputs(), Options(benchmark="made", digits=4)
    report = reports.load("normalized")
    table = report.table(report.compute(given.cells, replace(options, metric="rmse")))
    expected = sorted(cell.partition(" ")[0] for row in table.rows for cell in row[table.index :] if "±" in cell)
    grid = html.compute(given, options).grid
    cells = [cell for row in grid.rows for cell in row.cells[:: len(grid.metrics)] if cell and cell.spread]
    assert sorted(cell.marks + cell.shown for cell in cells) == expected
    assert any(cell.said == "not separable from the lowest" for cell in cells)


def test_every_section_has_something_to_show(page: str, read: Read) -> None:
    assert "Not here" not in page
    data = json.loads(read.texts["script"][0])
    named = {name.partition("-")[0] for name in data["charts"]}
    assert named == {"figure3", "figure4", "curves", "sweep", "coverage", "ranks", "rates"}
    assert all(chart["spec"]["width"] == "container" for chart in data["charts"].values())


def test_the_same_numbers_give_the_same_bytes(page: str) -> None:
    assert html.render(html.compute(inputs(), Options(benchmark="made"))) == page


def test_the_policy_allows_only_what_stands_in_the_page(page: str, read: Read) -> None:
    policy = next(own["content"] for name, own in read.elements if own.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    _, *executed = read.texts["script"]
    for text in (*read.texts["style"], *executed):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not [own for _, own in read.elements for name in own if name.startswith("on") or name == "style"]


def test_nothing_is_fetched(read: Read) -> None:
    addresses = [own[name] or "" for _, own in read.elements for name in ("src", "href", "action") if name in own]
    assert all(each.startswith("#") or each == "data:," for each in addresses)
    _, library_text, script = read.texts["script"]
    assert "http" not in script
    assert not re.search(r"@import|url\(", read.texts["style"][0])
    assert "BSD-3-Clause" in library_text


def test_it_can_be_read_without_seeing_it(read: Read) -> None:
    names = [name for name, _ in read.elements]
    assert {"header", "main", "nav", "footer", "h1", "caption"} <= set(names)
    assert dict(read.elements)["html"] == {"lang": "en"}
    assert next(own for name, own in read.elements if name == "a")["href"] == "#results"
    assert all(own.get("scope") for name, own in read.elements if name == "th")
    charts = [own for _, own in read.elements if own.get("class") == "chart"]
    assert charts
    assert all(own["role"] == "img" and own["aria-label"] for own in charts)
    ids = [own["id"] for _, own in read.elements if "id" in own]
    assert len(ids) == len(set(ids))


def test_what_is_not_there_is_said_with_the_way_to_it() -> None:
    given = replace(inputs(), curves=None, swept=None, findings=None, why={"swept": "no sweep: `regbench run x`"})
    text = html.render(html.compute(given, Options(benchmark="made")))
    assert "Not here: no sweep: <code>regbench run x</code>." in text
    assert text.count("Not here") == 3


def test_long_curves_are_thinned_and_the_page_says_so() -> None:
    charts, notes = lines.of(curves(epochs=3000, seeds=2), Options())
    epochs = [each for chart in charts for each in chart.values["epoch"]]
    assert len(set(epochs)) <= MOST_EPOCHS + 1
    assert {min(epochs), max(epochs)} == {1, 3000}
    assert any(note.startswith("thinned:") and "3,000" in note for note in notes)
    assert not any(note.startswith("thinned") for note in lines.of(curves(epochs=50), Options())[1])


def test_without_the_package_of_the_charts_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "PACKAGE", "a-package-that-nobody-has")
    with pytest.raises(NotInstalled, match=r"pip install 'regbench\[html\]'") as refused:
        library.bundle()
    assert refused.value.exit_code == 7
