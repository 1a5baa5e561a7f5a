"""A compact SVG draws the same as the original."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.plots.svg import compact, relative

SIZES = {"M": 2, "L": 2, "Q": 4, "C": 6}
NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"

places = st.floats(-999, 999).map(lambda value: f"{value:.6f}")


@st.composite
def paths(draw: st.DrawFn) -> str:
    """Return a path as matplotlib writes it: absolute commands, one on a line."""
    parts = ["M", draw(places), draw(places)]
    for command in draw(st.lists(st.sampled_from(["L", "Q", "C", "z", "M"]), max_size=8)):
        parts += [command, *(draw(places) for _ in range(SIZES.get(command, 0)))]
    return "\n".join(parts)


def absolute(path: str) -> list[tuple[str, list[float]]]:
    """Return a path's commands with absolute places, as the standard of SVG reads them."""
    commands: list[tuple[str, list[float]]] = []
    here, start = (0.0, 0.0), (0.0, 0.0)
    for command, values in re.findall(r"([MLQCzmlqc])([^MLQCzmlqc]*)", path):
        numbers = [float(number) for number in re.findall(NUMBER, values)]
        if command == "z":
            commands.append(("z", []))
            here = start
            continue
        size = SIZES[command.upper()]
        for first in range(0, len(numbers), size):
            part = numbers[first : first + size]
            if command.islower():
                part = [value + here[k % 2] for k, value in enumerate(part)]
            # Further pairs after a first of m are lines.
            name = "L" if command in "Mm" and first else command.upper()
            commands.append((name, part))
            here = (part[-2], part[-1])
            start = here if name == "M" else start
    return commands


@given(paths())
def test_a_relative_path_goes_through_the_same_places(path: str) -> None:
    """To a hundredth, however long the path: errors do not add up."""
    expected, actual = absolute(path), absolute(relative(path))
    assert [name for name, _ in actual] == [name for name, _ in expected]
    for (_, ours), (_, theirs) in zip(actual, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=0.0051)


SVG = b"""<?xml version="1.0"?>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" xmlns="http://www.w3.org/2000/svg" width="9pt">
 <metadata><x/></metadata>
 <g id="figure_1">
  <!-- a comment -->
  <defs><path id="DejaVuSans-15" d="M 1 2
L 3.5 4
z
" transform="scale(0.015625)"/></defs>
  <g id="a"><use xlink:href="#DejaVuSans-15" transform="translate(63.623047 0)"/></g>
  <g id="b" style="opacity: 0.5"><use xlink:href="#DejaVuSans-15" x="1.23456" y="2"/></g>
  <g id="c">
   <path d="M 0 0" style="fill: #ff0000; stroke: #000000"/>
   <path d="M 1 0" style="fill: #ff0000; stroke: #000000"/>
  </g>
  <g id="d"><path d="M 0 0" style="opacity: 0.5"/><path d="M 1 0" style="opacity: 0.5"/></g>
 </g>
</svg>
"""


def test_useless_parts_are_removed() -> None:
    """Comments, metadata and ids without a reference; the others stay."""
    text = compact(SVG).decode()
    assert not re.search("comment|metadata|figure_1|xlink|DejaVu", text)
    assert text.count('id="') == 1
    assert text.count('href="#s15"') == 2
    assert '<use href="#s15" x="63.62"/>' in text.replace(
        'x="63.62" href="#s15"', 'href="#s15" x="63.62"'
    )
    assert len(text) < len(SVG) / 1.5


def test_a_style_that_all_children_share_is_given_once() -> None:
    """Except opacity, which draws differently on a group where its children overlap."""
    root = ElementTree.fromstring(compact(SVG))
    styles = [style for element in root.iter() if (style := element.get("style"))]
    assert sorted(styles) == [
        "fill:#ff0000;stroke:#000000",
        "opacity:0.5",
        "opacity:0.5",
        "opacity:0.5",
    ]


def test_compacting_is_the_same_every_time() -> None:
    """Bytes depend on the picture alone."""
    assert compact(SVG) == compact(SVG)


def test_a_picture_inside_the_picture_stays() -> None:
    """The data of an image are not a reference, and are left as they are."""
    image = b'<image xlink:href="data:image/png;base64,iVBORw0KGgo=" id="x" width="3"/>'
    text = compact(SVG.replace(b"<metadata><x/></metadata>", image)).decode()
    assert 'href="data:image/png;base64,iVBORw0KGgo="' in text


def test_a_clip_that_all_children_share_is_given_once() -> None:
    """Unless a child has coordinates of its own."""
    both = b'<g><path d="M 0 0" clip-path="url(#k)"/><path d="M 1 0" clip-path="url(#k)"/></g>'
    moved = both.replace(b'1 0"', b'1 0" transform="scale(2)"')
    for group, count in ((both, 1), (moved, 2)):
        text = compact(SVG.replace(b"<metadata><x/></metadata>", group)).decode()
        assert text.count('clip-path="url(#k)"') == count


def clipped(name: str, x: float) -> bytes:
    """Return a picture that uses a clip path and a marker whose ids are hashes."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<path d="M 0 0 L 1 1" clip-path="url(#p{name})"/><use xlink:href="#m{name}"/>'
        f'<defs><path id="m{name}" d="M {x} 0 L 1 1"/><clipPath id="p{name}">'
        f'<rect x="{x}" y="1" width="2" height="3"/></clipPath></defs></svg>'
    ).encode()


def test_digits_that_are_rounded_away_name_no_shape() -> None:
    """The last digits of a layout depend on the processor, and so do hashes of them."""
    one, other = clipped("7110e659e6", 47.123456789012), clipped("f36a9b863e", 47.123456789013)
    assert compact(one) == compact(other)
    assert compact(one) != compact(clipped("7110e659e6", 47.13))
    text = compact(one).decode()
    for sign in "pm":
        (name,) = re.findall(f'id="({sign}[0-9a-f]{{10}})"', text)
        assert text.count(f"#{name}") == 1
