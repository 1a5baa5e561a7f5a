"""On the page the letters of a picture are text, as wide as their outlines."""

from __future__ import annotations

import re

import pytest

from charlab.plots import registry
from charlab.report.letters import with_text
from figure_data import DATA


@pytest.mark.parametrize("name", ["comparison", "colored_text", "next_char"])
def test_outlines_become_text(name: str) -> None:
    """Each line of letters once, upright, and no outline is left."""
    svg = (registry.draw(name, DATA[name]) or b"").decode()
    page = with_text(svg)
    assert not re.search(r'href="#[sbm][0-9a-f]{1,4}"', page)
    assert len(page) < 0.6 * len(svg) or name == "colored_text"
    assert "scale(0.11 -0.11)" not in page
    words = {"comparison": "the a", "colored_text": "Unit 3 of layer 1: inside quotes"}
    assert f">{words.get(name, 'next character')}</text>" in page


def test_a_line_has_the_width_of_its_outlines() -> None:
    """In hundredths of the size of the font: two digits of 63.6 each."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg"><g style="fill:currentColor" '
        'transform="translate(1 2) rotate(-90) scale(0.11 -0.11)"><defs><path id="s15" d="m0 0"/>'
        '</defs><use href="#s15"/><use href="#s14" x="63.62"/></g>'
        '<g transform="translate(1 2) scale(0.11 -0.11)"><use href="#b15"/></g></svg>'
    )
    assert with_text(svg) == (
        '<svg xmlns="http://www.w3.org/2000/svg"><text transform="translate(1 2) rotate(-90) '
        'scale(0.11)" textLength="127">21</text>'
        '<text transform="translate(1 2) scale(0.11)" class="b">2</text></svg>'
    )


def test_other_groups_stay() -> None:
    """Markers are no letters, although their ids may begin like those of letters."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg"><g transform="scale(2)">'
        '<use x="1" y="2" href="#s15"/></g><g transform="scale(2)"><use href="#mefe008fd07"/></g>'
        "</svg>"
    )
    assert with_text(svg) == svg


def test_a_line_that_stays_keeps_its_outlines() -> None:
    """A power of ten stays outlined; what a line before it defined is not lost with that line."""
    power = (
        '<g transform="translate(1 2) scale(0.11 -0.11)"><use transform="translate(0 .75)" '
        'href="#s14"/><use transform="translate(63 39) scale(0.7)" href="#s15"/></g>'
    )
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg"><g transform="scale(0.11 -0.11)"><defs>'
        '<path id="s14" d="m0 0"/><path id="s15" d="m1 1"/></defs><use href="#s14"/></g>'
        f"{power}</svg>"
    )
    assert with_text(svg) == (
        '<svg xmlns="http://www.w3.org/2000/svg"><defs><path id="s14" d="m0 0"/>'
        '<path id="s15" d="m1 1"/></defs><text transform="scale(0.11)">1</text>'
        f"{power}</svg>"
    )


@pytest.mark.parametrize("name", DATA)
def test_no_outline_is_used_without_its_shape(name: str) -> None:
    """Of every figure."""
    page = with_text((registry.draw(name, DATA[name]) or b"<svg/>").decode())
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r' id="([^"]+)"', page))
