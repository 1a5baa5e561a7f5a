"""Turn the outlined letters of a picture into text, for the page.

Outlines look the same everywhere, which a file that stands alone needs. On the page, text has a
third of the bytes, can be searched and copied, and a text length keeps each line as wide as its
outlines whatever the reader's font is.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.ft2font import FT2Font, LoadFlags

from charlab.plots.svg import FONTS, SVG

GLYPH = re.compile(r"#([a-z])([0-9a-f]{1,4})")
"""Reference to an outline: a sign for the font (:data:`charlab.plots.svg.FONTS`), and its index."""

UNITS = 100
"""Size of the font in the units in which outlines are placed."""

PLAIN = "fill:currentColor"
"""Style of most text, which page.css gives to all."""


def with_text(svg: str) -> str:
    """Return a picture with text elements in place of rows of outlines."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)
    shapes = _named(root)
    for group in list(root.iter(f"{{{SVG}}}g")):
        _write(group)
    # A line that stays outlined, such as a power of ten, may use what a line before it defined.
    used = {element.get("href", "").removeprefix("#") for element in root.iter(f"{{{SVG}}}use")}
    if lost := sorted(used & (shapes.keys() - _named(root).keys())):
        definitions = ElementTree.Element(f"{{{SVG}}}defs")
        definitions.extend(shapes[name] for name in lost)
        root.insert(0, definitions)
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _named(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Return the elements with an id by it."""
    return {name: element for element in root.iter() if (name := element.get("id"))}


def _write(group: ElementTree.Element) -> None:
    """Turn a group into a text element if all that it draws is one line of outlines."""
    outlines = [child for child in group if child.tag != f"{{{SVG}}}defs"]
    signs = [GLYPH.fullmatch(child.get("href", "")) for child in outlines]
    moved = {name for child in outlines for name in child.attrib} - {"href", "x"}
    if not outlines or None in signs or moved or "scale" not in group.get("transform", ""):
        return
    found = [(match[1], int(match[2], 16)) for match in signs if match]
    font = found[0][0]
    width = float(outlines[-1].get("x", "0")) + _advance(*found[-1])
    for child in list(group):
        group.remove(child)
    group.tag, group.text = f"{{{SVG}}}text", "".join(_letters(font).get(k, "□") for _, k in found)
    # y of outlines grows upwards, that of text downwards.
    group.set("transform", re.sub(r"scale\((\S+) \S+\)", r"scale(\1)", group.get("transform", "")))
    if len(found) > 1:
        group.set("textLength", f"{width:.0f}")
    if font != "s":
        group.set("class", font)
    if group.get("style") == PLAIN:
        del group.attrib["style"]


@functools.cache
def _font(sign: str) -> FT2Font:
    """Return a font of matplotlib by its sign."""
    name = next(name for name, short in FONTS.items() if short == sign)
    font = FT2Font(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{name.rstrip('-')}.ttf"))
    font.set_size(UNITS, 72)  # dots per inch at which a point is a unit
    return font


@functools.cache
def _letters(sign: str) -> dict[int, str]:
    """Return the characters of a font by the index of their outline."""
    # Of several characters with one outline, the first is the usual one.
    return {index: chr(code) for code, index in reversed(_font(sign).get_charmap().items())}


@functools.cache
def _advance(sign: str, index: int) -> float:
    """Return the width of a character."""
    glyph = _font(sign).load_glyph(index, LoadFlags.NO_HINTING)  # type: ignore[arg-type]
    return float(glyph.linearHoriAdvance) / 2**16
