"""Compact SVG files, since git keeps the figures of every run of a study.

The compact file has about half the bytes of matplotlib's and draws the same to a hundredth of a
point (1/7200 inch): paths are relative and rounded; comments, metadata and ids without a reference
are removed. What is rounded also names the shapes that are used by reference: matplotlib's own ids
are hashes of all digits, of which the last ones depend on the processor.

Ink becomes ``currentColor``, and the background an element of the class ``paper``. A page that has
the picture as an element can thus give it the colors of a dark theme; a picture that stands alone
is ink on white everywhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from charlab.plots.style import INK

SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
HUNDREDTHS = 100
ARGUMENTS = {"M": 2, "L": 2, "Q": 4, "C": 6}
"""Number of arguments of each path command; matplotlib uses these and ``z``."""

HASHED = re.compile(r"[a-z][0-9a-f]{10}")
"""The ids that matplotlib makes of a marker or a clip path, by a hash of its coordinates."""

FONTS = {"DejaVuSans-Bold-": "b", "DejaVuSansMono-": "m", "DejaVuSans-": "s"}
"""Short replacement for the font prefix of a glyph's id; the longest prefix first."""

SINGLE = {"opacity", "clip-path", "mask", "filter"}
"""Properties that have another effect on a group than on each of its children."""


def compact(svg: bytes, values: str = "") -> bytes:
    """Return an SVG that draws the same with fewer bytes.

    Parameters
    ----------
    svg : bytes
        A file as :func:`matplotlib.figure.Figure.savefig` writes it.
    values : str
        What the picture shows, for its metadata (:mod:`charlab.plots.values`).
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    _theme(root)
    for element in root.iter():
        _shorten(element)
    _rename(root)
    # Ids are removed last, when all references have their final form.
    used = set(re.findall(r"#([\w.-]+)", " ".join(_values(root))))
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
    _simplify(root)
    if values:
        ElementTree.SubElement(root, f"{{{SVG}}}metadata").text = values
    text: str = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    # A line per group, so that git shows which group differs between two versions.
    return (text.replace(" />", "/>").replace("<g", "\n<g") + "\n").encode()


def _theme(root: ElementTree.Element) -> None:
    """Mark ink and paper, so that a page can choose their colors."""
    root.set("color", INK)
    # The first patch of a figure is its background.
    for paper in root.findall(f".//{{{SVG}}}g[@id='patch_1']/{{{SVG}}}path"):
        if "#ffffff" in paper.get("style", ""):
            # An attribute, which any style of a page overrides.
            del paper.attrib["style"]
            paper.attrib |= {"class": "paper", "fill": "#fff"}
    for element in root.iter():
        if INK in (style := element.get("style", "")):
            element.set("style", style.replace(INK, "currentColor"))


def _rename(root: ElementTree.Element) -> None:
    """Replace each hash of unrounded coordinates by one of the rounded shape."""
    names: dict[str, str] = {}
    for element in root.iter():
        if HASHED.fullmatch(name := element.get("id", "")):
            del element.attrib["id"]
            shape = hashlib.sha256(ElementTree.tostring(element)).hexdigest()[:10]
            element.set("id", f"{name[0]}{shape}")
            names[name] = element.attrib["id"]
    if names:
        link = re.compile("#(" + "|".join(names) + ")")
        for element in root.iter():
            for key, value in element.attrib.items():
                element.attrib[key] = link.sub(lambda found: f"#{names[found[1]]}", value)


def _values(root: ElementTree.Element) -> Iterator[str]:
    """Yield the values of all attributes but the ids."""
    return (
        value for element in root.iter() for name, value in element.attrib.items() if name != "id"
    )


def _shorten(element: ElementTree.Element) -> None:
    """Shorten the attributes of one element in place."""
    if element.text is None or not element.text.strip():
        element.text = None
    element.tail = None
    attributes = element.attrib
    if XLINK in attributes:
        attributes["href"] = _short_link(attributes.pop(XLINK))
    if "id" in attributes:
        attributes["id"] = _short_link(f"#{attributes['id']}")[1:]
    if "d" in attributes:
        attributes["d"] = relative(attributes["d"])
    for name in ("x", "y", "width", "height"):
        if name in attributes:
            attributes[name] = NUMBER.sub(_rounded, attributes[name])
    if "transform" in attributes:
        # Round translations, but not scales, which multiply large numbers.
        attributes["transform"] = re.sub(
            r"translate\([^)]*\)",
            lambda part: NUMBER.sub(_rounded, part[0]),
            attributes["transform"],
        )
        # Most glyphs of a line of text are only moved along x, for which an attribute is shorter.
        along = re.fullmatch(r"translate\(([-.\d]+) 0\)", attributes["transform"])
        if element.tag == f"{{{SVG}}}use" and along:
            del attributes["transform"]
            attributes["x"] = along[1]
    if "style" in attributes:
        attributes["style"] = attributes["style"].replace("; ", ";").replace(": ", ":")


def _short_link(link: str) -> str:
    """Return a reference to a glyph in its short form, any other reference unchanged."""
    for font, sign in FONTS.items():
        if link.startswith(f"#{font}"):
            return f"#{sign}{link.removeprefix(f'#{font}')}"
    return link


def _rounded(match: re.Match[str]) -> str:
    """Return a matched number rounded to hundredths."""
    return _text(round(float(match[0]) * HUNDREDTHS))


def _text(hundredths: int) -> str:
    """Format hundredths in the fewest characters: 50 as .5, -200 as -2."""
    sign, (whole, part) = "-" if hundredths < 0 else "", divmod(abs(hundredths), HUNDREDTHS)
    fraction = f".{part:02d}".rstrip("0") if part else ""
    return f"{sign}{whole or ('' if fraction else '0')}{fraction}"


def relative(path: str) -> str:
    """Return a path with relative commands, in hundredths of a point.

    Coordinates are rounded before differences are taken, so that errors do not add up.
    """
    parts: list[str] = []
    # here: the current point; start: that of the last M, to which z returns; last: the command.
    here, start, last = (0, 0), (0, 0), ""
    for command, given in re.findall(r"([MLQCz])([^MLQCz]*)", path):
        if command == "z":
            parts.append("z")
            here, last = start, ""
            continue
        numbers = [round(float(number) * HUNDREDTHS) for number in given.split()]
        size = ARGUMENTS[command]
        for first in range(0, len(numbers), size):
            places = numbers[first : first + size]  # x, y, x, y, ...
            moved = [value - here[k % 2] for k, value in enumerate(places)]
            name = command.lower()
            # A command is written once for a row of equal ones; after m, l is implied.
            parts.append(_joined("" if name == last else name, moved))
            here, last = (places[-2], places[-1]), {"m": "l"}.get(name, name)
            start = here if name == "m" else start
    return "".join(parts)


def _joined(name: str, hundredths: list[int]) -> str:
    """Return a command with its numbers; a minus sign separates two numbers like a space."""
    text = name
    for value in hundredths:
        number = _text(value)
        needs_space = not number.startswith("-") and (not name or text != name)
        text += (" " if needs_space else "") + number
    return text


def _simplify(parent: ElementTree.Element) -> None:
    """Dissolve groups without attributes, and move a style that all children share up."""
    for child in list(parent):
        _simplify(child)
    _share_style(parent)
    children: list[ElementTree.Element] = []
    for child in parent:
        plain = child.tag == f"{{{SVG}}}g" and not child.attrib
        children += list(child) if plain else [child]
    parent[:] = children


def _share_style(group: ElementTree.Element) -> None:
    """Move a style or clip path that all children share to their group."""
    if group.tag != f"{{{SVG}}}g" or len(group) < 2:
        return
    # A clip path is in its element's coordinates, so it cannot move across a transform.
    moved = any("transform" in child.attrib for child in group)
    for name in ("style",) if moved else ("style", "clip-path"):
        values = {child.get(name) for child in group}
        (value,) = values if len(values) == 1 else (None,)  # None: not shared
        if not value or name in group.attrib:
            continue
        if name == "style" and SINGLE & {part.partition(":")[0] for part in value.split(";")}:
            continue
        group.set(name, value)
        for child in group:
            del child.attrib[name]
