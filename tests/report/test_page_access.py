"""The page can be used by keyboard and screen reader, and rests when nothing happens."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import pytest

from browser import Tab
from made_page import PANELS, letters, no_complaint


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the source of axe-core, the rules of accessibility; skip without, but not in CI."""
    try:
        return (resources.files("axe_core_python") / "axe.min.js").read_text("utf-8")
    except ModuleNotFoundError:
        if os.environ.get("CI"):
            pytest.fail("CI has no axe-core-python; pip install -e '.[dev]' installs it")
        pytest.skip("axe-core-python is not installed (pip install -e '.[dev]')")


VIOLATIONS = """((part) => axe.run(part, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)))"""


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_violation(tab: Tab, path: Path, axe: str, dark: bool) -> None:
    """With each widget open and used, in both themes."""
    tab.emulate(1280 if dark else 390, 900, dark=dark)
    tab.open(path)
    tab.evaluate(f"{axe};0")
    assert tab.evaluate(f"{VIOLATIONS}(document)") == []
    for name in PANELS:
        tab.evaluate(f"document.getElementById('tab-{name}').click()")
        if name == "train":
            tab.evaluate("document.querySelector('#panel-train button.main').click()")
            tab.until("document.querySelector('#panel-train .letters').textContent")
            tab.evaluate("document.querySelector('#panel-train button.main').click()")
        else:
            tab.until(f"{letters(name)} > 20")
            tab.evaluate(f"document.querySelectorAll('#panel-{name} .letter')[9].click()")
        assert tab.evaluate(f"{VIOLATIONS}(document.getElementById('live'))") == [], name
    no_complaint(tab, path)


def test_what_is_wider_than_its_box_is_reached_by_keyboard(tab: Tab, path: Path) -> None:
    """So that it can be scrolled; a table that fits is no stop."""
    tab.emulate(1280, 900)
    tab.open(path)
    tab.until("document.querySelector('.part pre').tabIndex === 0")
    assert tab.evaluate("document.querySelector('.part .wide').tabIndex") == -1
    assert tab.evaluate("document.querySelectorAll('.part th').length") == 2


def test_axe_would_find_a_violation(tab: Tab, path: Path, axe: str) -> None:
    """A control without a name is one."""
    tab.open(path)
    tab.evaluate(f"{axe};document.querySelector('main').append(document.createElement('input'))")
    assert any(line.startswith("label:") for line in tab.evaluate(f"{VIOLATIONS}(document)"))


def test_every_control_is_reached_by_the_tab_key(tab: Tab, path: Path) -> None:
    """Once around a panel: its tab, then each control in order, and out of it again."""
    tab.open(path, "#live/remember")
    tab.until(f"{letters('remember')} > 20")
    tab.evaluate("document.getElementById('tab-remember').focus()")
    controls = 'select, input, textarea, button, [tabindex="0"]'
    count = tab.evaluate(
        f"[...document.querySelectorAll('#panel-remember :is({controls})')]"
        ".filter((control) => control.offsetParent).length"
    )
    assert count >= 6
    reached = []
    for _ in range(count + 1):
        tab.press("Tab")
        reached.append(
            tab.evaluate("document.activeElement.closest('#panel-remember, details')?.id")
        )
    assert reached[:count] == ["panel-remember"] * count
    assert reached[count] != "panel-remember"
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


WATCH = """((watched) => {
  window.changes = 0;
  const observer = new MutationObserver(() => { window.changes += 1; });
  const all = { subtree: true, childList: true, attributes: true, characterData: true };
  for (const part of watched) observer.observe(part, all);
})"""
"""Counts changes below some elements."""


def test_training_does_not_flood_a_screen_reader(tab: Tab, path: Path) -> None:
    """Its numbers change several times a second; they are said every fifteen seconds."""
    tab.open(path, "#live/train")
    tab.evaluate(f"{WATCH}(document.querySelectorAll('[role=status], [aria-live]'))")
    tab.evaluate("document.querySelector('#panel-train button.main').click()")
    tab.until("parseInt(document.querySelector('.progress').textContent) >= 3")
    tab.evaluate("document.querySelector('#panel-train button.main').click()")
    assert tab.evaluate("window.changes") <= 1


def test_an_idle_page_does_nothing(tab: Tab, path: Path) -> None:
    """After the first text is written no timer runs, and nothing in the page changes."""
    tab.emulate(1280, 900)
    tab.open(path)
    tab.evaluate("[...document.querySelectorAll('#panel-write select')].at(-1).value = 100000")
    tab.until("document.querySelector('#panel-write button.main').textContent === 'Go on'")
    tab.evaluate(f"{WATCH}([document])")
    busy = "performance.now()"
    start = tab.evaluate(busy)
    tab.until(f"{busy} > {start + 1500}")
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
