"""The state of every widget is in the address, which links, Back and Forward set."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from browser import Tab
from charlab.report.evidence import Evidence
from charlab.report.page.claims import linked
from charlab.report.saying import said
from charlab.report.takeaways import TAKEAWAYS
from firefox import Page
from made_page import HOSTILE, PANELS, letters, made_document, no_complaint
from made_reports import MadeReports
from made_results import made_params

STATES = {
    "write": ("prompt=abc&t=1.5&k=3&seed=7&nets=n0,ngram", "t=0.5", "t"),
    "score": ("net=n2&text=abcabc", "text=abcabc", "net"),
    "game": ("from=450", "from=900", "from"),
    "time": ("at=2", "at=1", "at"),
    "remember": ("net=n1&layer=1&unit=5&at=9&text=abc abc abc", "unit=6", "unit"),
    "cell": ("net=n1&layer=1&unit=7&at=3&text=abc abc", "at=4", "at"),
    "train": ("cell=gru&rate=0.03&clip=0&optimizer=sgd", "rate=0.1", "rate"),
}
"""Settings of each widget; others; and the name of one that differs."""


def setting(tab: Page, name: str) -> str | None:
    """Return a setting in the address."""
    value: str | None = tab.evaluate(
        f"new URLSearchParams(location.hash.split('?')[1] || '').get('{name}')"
    )
    return value


@pytest.mark.parametrize("name", PANELS)
def test_a_tab_writes_the_settings_that_its_widget_was_given(
    tab: Tab, path: Path, name: str
) -> None:
    """Opened by an address, left and come back to, a widget has the same settings."""
    given = dict(pair.split("=") for pair in STATES[name][0].split("&"))
    tab.open(path, f"#live/{name}?{quote(STATES[name][0], safe='=&,')}")
    tab.until(f"!document.getElementById('panel-{name}').hidden")
    other = "score" if name == "write" else "write"
    for opened in (other, name):
        tab.evaluate(f"document.getElementById('tab-{opened}').click()")
    tab.until("location.hash.includes('?')")
    assert {key: setting(tab, key) for key in given} == given
    no_complaint(tab, path)


@pytest.mark.parametrize("name", PANELS)
def test_back_and_forward_restore_a_widget(web: Page, path: Path, name: str) -> None:
    """The widget itself is checked by what it writes to the address after its tab is clicked."""
    first, second, key = STATES[name]
    web.open(path, f"#live/{name}?{first}")
    web.evaluate(f"location.hash = '#live/{name}?{second}'")
    web.until("history.state === 'live'")
    for step in ("back", "forward", "back"):
        before = web.evaluate("location.hash")
        web.evaluate(f"history.{step}()")
        web.until(f"location.hash !== {before!r}")
    wanted = dict(pair.split("=") for pair in first.split("&")).get(key)
    web.until(f"document.querySelectorAll('#panel-{name} > *').length")
    web.evaluate(f"document.getElementById('tab-{name}').click()")
    web.until("location.hash.includes('?')")
    assert setting(web, key) == wanted
    no_complaint(web, path)


def test_a_claim_sets_the_widget_and_back_returns_to_the_claim(web: Page, path: Path) -> None:
    """The page scrolls to the widget, which gets the focus, and back to the same place."""
    web.emulate(1280, 700)
    web.open(path)
    claim = "document.querySelector('main p a[href^=\"#live/\"]')"
    web.evaluate(f"{claim}.scrollIntoView({{ behavior: 'instant' }})")
    assert web.evaluate("scrollY") > 1000
    for _ in range(2):  # the second click is on a link with the address of the page
        web.evaluate(f"{claim}.click()")
        web.until("document.getElementById('live').getBoundingClientRect().top > -5")
        assert web.evaluate("document.activeElement.id") == "panel-write"
        assert (
            web.evaluate("document.querySelector('#panel-write input[type=range]').value") == "0.3"
        )
        assert web.evaluate("document.querySelectorAll('#panel-write .column').length") == 2
        web.evaluate(f"{claim}.scrollIntoView({{ behavior: 'instant' }})")
    web.until("document.querySelector('#panel-write button.main').textContent === 'Go on'")
    web.evaluate("history.back()")
    web.until("location.hash === ''")
    # The widget's height has changed, but the claim is in sight.
    place = f"{claim}.getBoundingClientRect().top"
    web.until(f"{place} > -20 && {place} < innerHeight - 20")
    no_complaint(web, path)


VALUES = (HOSTILE, "NaN", "1e999", "-1", "%", "%E0%A4%A", "\ud83d", "x" * 9_000, "__proto__", "")
KEYS = (
    *("prompt", "t", "k", "seed", "nets", "text", "net", "from", "at", "layer"),
    *("unit", "cell", "rate", "clip", "optimizer"),
)


@pytest.mark.parametrize("name", PANELS)
def test_a_hostile_address_is_harmless(tab: Tab, path: Path, name: str) -> None:
    """Every setting gets values that it cannot have; the widget works all the same."""
    for shift in (0, 3, 7):
        values = [VALUES[(at + shift) % len(VALUES)] for at in range(len(KEYS))]
        quoted = [quote(value, safe="%", errors="replace") for value in values]
        settings = "&".join(map("=".join, zip(KEYS, quoted, strict=True)))
        tab.open(path, f"#live/{name}?{settings}")
        tab.until(f"document.querySelectorAll('#panel-{name} > *').length > 2")
        if name == "train":
            tab.evaluate("document.querySelector('#panel-train button.main').click()")
            tab.until("/nats|Broken/.test(document.querySelector('.progress').textContent)")
        elif name in ("write", "game", "time"):
            tab.until(f"{letters(name)} > 20")
        lists = f"[...document.querySelectorAll('#panel-{name} select')]"
        assert tab.evaluate(f"{lists}.every(({{ selectedIndex }}) => selectedIndex >= 0)")
    no_complaint(tab, path)


@pytest.mark.parametrize("fragment", ["#live/constructor", "#live/nothing?t=1", "#live/", "#one"])
def test_an_unknown_widget_leaves_the_first(tab: Tab, path: Path, fragment: str) -> None:
    """No name of a JavaScript object is a widget."""
    tab.open(path, fragment)
    tab.until(f"{letters('write')} > 70")
    no_complaint(tab, path)


def test_takeaways_are_links_on_the_page_only(tmp_path: Path) -> None:
    """A topic with a widget is a link, its sentence unchanged; without widgets there are none."""
    evidence = Evidence(MadeReports(tmp_path).results(made_params([1, 2])))
    sentences = {one.topic: one.sentence for one in said(evidence, TAKEAWAYS)}
    text = "\n\n".join(f"- **{topic}.** {words} (1.2)" for topic, words in sentences.items())
    document = made_document()
    got = linked(text, evidence, document)
    model = sentences["The model"]
    assert f"[{model}](#live/write?nets=n0,ngram)" in got
    assert f"[{sentences['Size']}](#live/write?nets=n0,n0)" in got
    assert f"**Dropout.** {sentences['Dropout']} (1.2)" in got  # no widget shows it
    assert linked(text, evidence, None) == text
    # Without an LSTM there is nothing to compare.
    document["networks"] = [one for one in document["networks"] if one.get("cell") != "lstm"]
    assert f"**Size.** {sentences['Size']} (1.2)" in linked(text, evidence, document)
