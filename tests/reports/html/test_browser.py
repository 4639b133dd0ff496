"""The page in a real browser, without a window: it draws, sorts, filters and explains, and runs nothing foreign."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regbench.cli.main import main
from regbench.reports import Options, html
from tests.made.pages import hostile, inputs

pytestmark = pytest.mark.slow

WIDTHS = (360, 768, 1280)
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip
OVER = """return [...document.querySelectorAll("body *")].filter((each) => !each.closest(".scroll, .skip, dialog")
  && each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 80))"""
PAINTED = """const [canvas] = arguments;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value > 0)"""


class Page:
    """A page that is open in the browser."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, *, width: int = 1280, dark: bool = False) -> None:
        """Open it at a width, with the colours that the system asks for, and draw every chart."""
        theme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": theme})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get_log("performance")  # of the page before
        self.driver.get(path.as_uri())
        self.run("dispatchEvent(new Event('beforeprint'))")
        self.wait("return document.querySelectorAll('.chart:not(.drawn)').length === 0")

    def run(self, script: str, *given: Any) -> Any:
        return self.driver.execute_script(script, *given)

    def wait(self, script: str) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 20).until(lambda driver: driver.execute_script(script))

    def find(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)

    def press(self, *keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(*keys)

    def column(self, place: int) -> list[str]:
        """The values of a column of the visible rows, in their order."""
        script = (
            "return [...document.querySelectorAll('#grid tbody tr:not([hidden])')].map((row) => row.cells[arguments[0]]"
        )
        return self.run(f"{script}.dataset.value ?? row.cells[arguments[0]].textContent.trim())", place)

    def complaints(self) -> list[str]:
        """What the console said since the last time."""
        return [said["message"] for said in self.driver.get_log("browser")]

    def requests(self) -> set[str]:
        """The addresses that the page asked for, other than pictures that stand in it."""
        said = [json.loads(each["message"])["message"] for each in self.driver.get_log("performance")]
        asked = [each["params"] for each in said if each["method"] == "Network.requestWillBeSent"]
        own = {each["request"]["url"] for each in asked if each.get("documentURL", "").startswith("file:")}
        return {address for address in own if not address.startswith("data:")}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser for all tests."""
    driver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("no chromium with chromedriver here; Debian's packages are chromium and chromium-driver")
    options = driver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = driver.Chrome(options=options, service=driver.ChromeService(chromedriver))
    try:
        yield Page(opened)
    finally:
        opened.quit()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with something in every section."""
    path = tmp_path_factory.mktemp("pages") / "page.html"
    path.write_bytes(html.render(html.compute(inputs(), Options(benchmark="made"))).encode())
    return path


def test_it_draws_everything_and_asks_nobody(browser: Page, whole: Path) -> None:
    for width in WIDTHS:
        for dark in (False, True):
            browser.open(whole, width=width, dark=dark)
            canvases = browser.find(".chart canvas")
            assert len(canvases) == len(browser.find(".chart"))
            assert all(browser.run(PAINTED, canvas) for canvas in canvases if canvas.is_displayed())
            assert browser.run(OVER) == []
            assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
            light = browser.run("return getComputedStyle(document.body).backgroundColor")
            assert (light == "rgb(255, 255, 255)") == (not dark)
            assert len(browser.driver.get_screenshot_as_png()) > 10_000
            assert browser.requests() == {whole.as_uri()}
    assert browser.complaints() == []


def test_the_table_is_sorted_and_filtered_by_keyboard_too(browser: Page, whole: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(whole)
    browser.press(Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "results"
    heading = browser.find("#grid thead tr:last-child th button")[0]
    browser.run("arguments[0].focus()", heading)
    before = browser.column(3)
    for key, direction, order in ((Keys.ENTER, "ascending", 1), (Keys.SPACE, "descending", -1)):
        browser.press(key)
        assert browser.run("return arguments[0].closest('th').getAttribute('aria-sort')", heading) == direction
        values = [float(value) for value in browser.column(3)]
        assert values == sorted(values, reverse=order < 0)
    browser.press(Keys.ENTER)
    assert browser.column(3) == before
    assert browser.find("[aria-sort]") == []
    browser.find("#filter")[0].send_keys("BINNING soft")
    assert set(browser.column(0)) == {"soft_binning"}
    assert f"6 of {len(before)} rows" in browser.find("#count")[0].text
    browser.find("#filter-k option[value='5']")[0].click()
    assert set(browser.column(1)) == {"5"}
    browser.find("#filter-metric option[value='mae']")[0].click()
    assert not any(each.is_displayed() for each in browser.find("#grid [data-metric='rmse']"))


def test_a_cell_says_where_it_comes_from_and_escape_closes_it(browser: Page, whole: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(whole)
    cell = browser.find("#grid button.cell")[0]
    browser.run("arguments[0].focus()", cell)
    browser.press(Keys.ENTER)
    dialog = browser.find("#origin")[0]
    assert dialog.is_displayed()
    assert "finished" in dialog.text
    assert "regbench why lsq" in dialog.text
    assert browser.run("return document.querySelector('#origin').contains(document.activeElement)")
    browser.press(Keys.ESCAPE)
    assert not dialog.is_displayed()
    assert browser.run("return document.activeElement === arguments[0]", cell)  # where one was


def test_an_epoch_under_the_pointer_shows_its_values(browser: Page, whole: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    browser.open(whole)
    canvas = browser.find("#curves-0 canvas")[0]
    browser.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", canvas)
    ActionChains(browser.driver).move_to_element(canvas).pause(0.2).move_by_offset(9, 3).perform()
    browser.wait("return !document.querySelector('#tip').hidden")
    assert re.match(r"epoch \d", browser.find("#tip")[0].text)
    assert "least squares" in browser.find("#tip")[0].text


def test_the_legend_and_the_switch_of_colours_work(browser: Page, whole: Path) -> None:
    browser.open(whole)
    button = browser.find(".legend button")[0]
    browser.run("arguments[0].click()", button)
    assert button.get_attribute("aria-pressed") == "false"
    browser.run("arguments[0].click()", browser.find("[data-theme='dark']")[0])
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    browser.wait("return document.querySelectorAll('.chart:not(.drawn)').length === 0")
    assert browser.complaints() == []


def test_no_text_of_a_user_runs(browser: Page, tmp_path: Path) -> None:
    db, path = tmp_path / "hostile.db", tmp_path / "hostile.html"
    hostile(db)
    assert main(["report", "html", "--db", str(db), "-o", str(path)]) == 0
    browser.open(path)
    for cell in browser.find("#grid button.cell"):
        browser.run("arguments[0].click(); document.querySelector('#origin').close()", cell)
    browser.run("arguments[0].click()", browser.find("#grid button.cell")[0])
    assert "window.ran='error'" in browser.find("#origin")[0].text  # it is there, as text
    assert browser.run("return window.ran") is None
    assert browser.find("img") == []
    assert len(browser.find("script")) == 3
    assert "49" not in browser.find("h1")[0].text
    assert browser.complaints() == []
    assert browser.requests() == {path.as_uri()}
