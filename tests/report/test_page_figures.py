"""On the page the figures name their values, and folded parts open on paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser import Tab, running
from charlab.plots import registry
from charlab.report.html import page
from charlab.report.numbers import Quantity
from charlab.report.page.build import build
from charlab.report.render import _environment
from figure_data import DATA

TEXT = f"""# Title

![Loss: A 2.000.](figures/comparison.svg)

*A caption.*

<!-- made by: compare → metrics/seeds.csv; params study.seeds -->

> A loss of **{Quantity(2, "mean(col('seeds', '*_bpc*'))").bits}**.

<details><summary>Table</summary>

| first | last |
|:---|---:|
| 1 | <i id="last">2</i> |

</details>

<table class="samples"><tr><td>{"word " * 99}</td><td>{"x" * 400}</td><td>a b</td></tr></table>
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """Return a page with one figure in a browser."""
    svg = registry.draw("comparison", DATA["comparison"])
    assert svg is not None
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(page(TEXT, {"comparison": svg}, _environment(), build(None)), encoding="utf-8")
    with running() as browser:
        shown = browser.tab()
        shown.emulate(1280, 900)
        shown.open(path)
        yield shown
        assert shown.complaints == []


def texts(tab: Tab, selector: str) -> list[str]:
    """Return the texts of some elements."""
    found = f"[...document.querySelectorAll({selector!r})].map((one) => one.textContent)"
    return list(tab.evaluate(found))


def value(tab: Tab) -> list[str]:
    """Return the lines that name a value."""
    return texts(tab, "#value span")


def test_keys_and_pointer_name_the_values(tab: Tab) -> None:
    """The arrow keys go from value to value; the pointer finds the nearest."""
    tab.evaluate("document.querySelector('svg.picture').focus()")
    tab.press("ArrowRight")
    first = ["a seed", "test loss, bits per character (less is better): 2", "the a"]
    assert value(tab) == first
    tab.press("ArrowRight")
    assert value(tab)[1].endswith(": 2.100")
    ring = "document.querySelector('.ring').getBoundingClientRect()"
    place = tab.evaluate(f"(() => {{ const r = {ring}; return [r.x + 6, r.y + 6]; }})()")
    note = "document.getElementById('value').getBoundingClientRect()"
    assert 0 < place[1] - tab.evaluate(f"{note}.bottom") < 30
    assert 0 < tab.evaluate(f"{note}.left") - place[0] < 30
    tab.press("ArrowDown")
    assert value(tab)[0] == "mean of the seeds"
    tab.press("Escape")
    assert value(tab) == []
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    tab.until("document.querySelector('#value span')")
    assert value(tab)[1].endswith(": 2.100")


def test_letters_of_a_figure_are_text(tab: Tab) -> None:
    """They can be found and copied, and are as wide as planned."""
    words = tab.evaluate(
        "[...document.querySelectorAll('svg.picture text')].map((t) => t.textContent)"
    )
    assert {"the a", "2.333", "Cells"} <= set(words)
    assert tab.evaluate("document.querySelector('svg.picture').getAttribute('aria-label')") == (
        "Loss: A 2.000."
    )


def test_figures_and_numbers_say_where_they_come_from(tab: Tab) -> None:
    """Folded below the figure; as the title of the number."""
    (origin,) = texts(tab, "details.origin")
    assert origin == "Made bycompare → metrics/seeds.csv; params study.seeds"
    number = tab.evaluate("[...document.querySelectorAll('main span[title]')].map((s) => s.title)")
    assert number == ["bits(mean(col('seeds', '*_bpc*')))"]
    assert texts(tab, "main span[title]") == ["2.000"]


def test_paper_has_every_column(tab: Tab) -> None:
    """A folded table is open, also before any script hears of the printing."""
    height = "document.getElementById('last').getClientRects().length"
    assert tab.evaluate(height) == 0 or tab.evaluate("!document.querySelector('main details').open")
    tab.call("Emulation.setEmulatedMedia", media="print")
    tab.until("document.getElementById('last').getBoundingClientRect().height > 0")
    tab.call("Emulation.setEmulatedMedia", media="")


def test_paper_cuts_no_figure_and_gives_each_sample_its_width(tab: Tab) -> None:
    """On a page so low that a figure as wide as it would be higher."""
    tab.emulate(1280, 200)
    tab.call("Emulation.setEmulatedMedia", media="print")
    height = "document.querySelector('.picture').getBoundingClientRect().height"
    assert 0 < tab.evaluate(height) < 200
    cells = "[...document.querySelectorAll('.samples td')]"
    widths = tab.evaluate(f"{cells}.map((cell) => cell.getBoundingClientRect().width)")
    assert len(widths) == 3
    assert max(widths) - min(widths) < 2
    tab.call("Emulation.setEmulatedMedia", media="")
    tab.emulate(1280, 900)
