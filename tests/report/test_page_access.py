"""The page can be used by keyboard and screen reader, and rests when nothing happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from browser import Tab, running
from made_page import PANELS, letters, no_complaint, write_page


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page of made-up networks."""
    return write_page(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    """Return an empty page."""
    with running() as browser:
        yield browser.tab()


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the source of axe-core, the rules of accessibility; skip without, but not in CI."""
    try:
        return (resources.files("axe_core_python") / "axe.min.js").read_text("utf-8")
    except ModuleNotFoundError:
        if os.environ.get("CI"):
            pytest.fail("CI has no axe-core-python; pip install -e '.[dev]' installs it")
        pytest.skip("axe-core-python is not installed (pip install -e '.[dev]')")


VIOLATIONS = """axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" ")}`))"""


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_violation(tab: Tab, path: Path, axe: str, dark: bool) -> None:
    """With each widget open and used, in both themes."""
    tab.emulate(1280 if dark else 390, 900, dark=dark)
    tab.open(path)
    tab.evaluate(f"{axe};0")
    for name in PANELS:
        tab.evaluate(f"document.getElementById('tab-{name}').click()")
        if name == "train":
            tab.evaluate("document.querySelector('#panel-train button.main').click()")
            tab.until("document.querySelector('#panel-train .letters').textContent")
            tab.evaluate("document.querySelector('#panel-train button.main').click()")
        else:
            tab.until(f"{letters(name)} > 20")
            tab.evaluate(f"document.querySelectorAll('#panel-{name} .letter')[9].click()")
        assert tab.evaluate(VIOLATIONS) == [], name
    no_complaint(tab, path)


def test_axe_would_find_a_violation(tab: Tab, path: Path, axe: str) -> None:
    """A control without a name is one."""
    tab.open(path)
    tab.evaluate(f"{axe};document.querySelector('main').append(document.createElement('input'))")
    assert any(line.startswith("label:") for line in tab.evaluate(VIOLATIONS))


def test_every_control_is_reached_by_the_tab_key(tab: Tab, path: Path) -> None:
    """Once around a panel: its tab, then each control in order, and out of it again."""
    tab.open(path, "#live/remember")
    tab.until(f"{letters('remember')} > 20")
    tab.evaluate("document.getElementById('tab-remember').focus()")
    reached = []
    for _ in range(7):
        tab.press("Tab")
        reached.append(
            tab.evaluate("document.activeElement.closest('#panel-remember, details')?.id")
        )
    assert reached[:6] == ["panel-remember"] * 6
    assert reached[6] != "panel-remember"
    for key, name in (("End", "train"), ("Home", "write"), ("ArrowLeft", "train")):
        tab.evaluate("document.querySelector('[role=tab][aria-selected=true]').focus()")
        tab.press(key)
        assert tab.evaluate("document.activeElement.id") == f"tab-{name}"
    no_complaint(tab, path)


def test_arrow_keys_say_the_letter_and_hovering_is_silent(tab: Tab, path: Path) -> None:
    """A screen reader hears one short sentence per key, and nothing from a pointer."""
    tab.open(path, "#live/score")
    tab.until(f"{letters('score')} > 200")
    tab.evaluate("document.querySelectorAll('#panel-score .letter')[30].click()")
    assert tab.evaluate("document.getElementById('live-said').textContent") == ""
    tab.evaluate("document.querySelector('#panel-score .letters').focus()")
    tab.press("ArrowRight")
    said = tab.evaluate("document.getElementById('live-said').textContent")
    assert "bit" in said
    assert len(said) < 40


WATCH = """window.changes = 0; window.long = [];
for (const region of document.querySelectorAll("[role=status], [aria-live]")) {
  new MutationObserver(() => { window.changes += 1; }).observe(region, { childList: true, characterData: true, subtree: true });
}
new PerformanceObserver((list) => window.long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
0"""


def test_training_does_not_flood_a_screen_reader(tab: Tab, path: Path) -> None:
    """Its numbers change several times a second; they are said every fifteen seconds."""
    tab.open(path, "#live/train")
    tab.evaluate(WATCH)
    tab.evaluate("document.querySelector('#panel-train button.main').click()")
    tab.until("parseInt(document.querySelector('.progress').textContent) >= 3")
    tab.evaluate("document.querySelector('#panel-train button.main').click()")
    assert tab.evaluate("window.changes") <= 1


def test_an_idle_page_does_nothing(tab: Tab, path: Path) -> None:
    """After the first text is written no timer runs, and nothing in the page changes."""
    tab.emulate(1280, 900)
    tab.open(path)
    tab.until("document.querySelector('#panel-write button.main').textContent === 'Go on'")
    tab.evaluate(
        "window.edits = 0; new MutationObserver(() => { window.edits += 1; })"
        ".observe(document, { subtree: true, childList: true, attributes: true, characterData: true }); 0"
    )
    tab.evaluate(WATCH)
    busy = "performance.now()"
    start = tab.evaluate(busy)
    tab.until(f"{busy} > {start + 1500}")
    assert tab.evaluate("window.edits") == 0
    assert tab.evaluate("window.changes") == 0


def test_reduced_motion_writes_at_once(tab: Tab, path: Path) -> None:
    """No letter appears after another, and links do not scroll smoothly."""
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    tab.call("Emulation.setEmulatedMedia", features=features)
    tab.open(path)
    assert (
        tab.evaluate("[...document.querySelectorAll('#panel-write select')].at(-1).value")
        == "100000"
    )
    assert tab.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    tab.call("Emulation.setEmulatedMedia", features=[])
