"""The report as one HTML page: the Markdown's own text, pictures inside, no network.

What enters is the report in Markdown and its figures; what leaves is a page whose
pictures are elements of it, so that it can be mailed, or read on a phone without a signal.
The shapes of letters, which the pictures have in common, stand in it once.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from itertools import pairwise

from jinja2 import Environment
from markdown_it import MarkdownIt

PICTURE = re.compile(r'<img src="figures/([a-z0-9_-]+)\.svg" alt="([^"]*)" ?/>')
NAMED = re.compile(r'<(path|clipPath)[^<>]* id="([^"]+)"[^<>]*?(?:/>|>.*?</clipPath>)', re.S)
"""A shape that others refer to. Names are made from contents, so that the same is the same."""

STYLE = re.compile(r"<style.*?</style>", re.S)
"""What a picture says of its lines; in a page it would be said of all (page.css has it)."""


def page(markdown: str, figures: Mapping[str, bytes], environment: Environment) -> str:
    """Return the report as one HTML file.

    Parameters
    ----------
    markdown : str
        The report; pictures are ``figures/<name>.svg``.
    figures : mapping
        Each figure's SVG by its name.
    environment : Environment
        Where the templates ``page.html.j2`` and ``page.css`` are found.
    """
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.parse(markdown)
    contents: list[tuple[str, str]] = []
    title = ""
    for token, inline in pairwise(tokens):
        if token.type != "heading_open":
            continue
        if token.tag == "h1":
            title = inline.content
        if token.tag == "h2":
            anchor = re.sub(r"[^a-z0-9]+", "-", inline.content.lower()).strip("-")
            token.attrSet("id", anchor)
            contents.append((anchor, inline.content))
    body = reader.renderer.render(tokens, reader.options, {})
    # A wide table scrolls inside its own box, and the page stays as narrow as a phone.
    body = body.replace("<table", '<div class="wide"><table').replace("</table>", "</table></div>")
    seen: set[str] = set()
    body = PICTURE.sub(lambda match: _inlined(figures[match[1]], match[2], seen), body)
    style = environment.get_template("page.css").render()
    return environment.get_template("page.html.j2").render(
        title=title, contents=contents, body=body, style=style
    )


def _inlined(svg: bytes, caption: str, seen: set[str]) -> str:
    """Return a picture as an element of the page, without the shapes that it has already."""

    def once(match: re.Match[str]) -> str:
        if match[2] in seen:
            return ""
        seen.add(match[2])
        return match[0]

    picture = NAMED.sub(once, STYLE.sub("", svg.decode("utf-8"))).replace("<defs></defs>", "")
    label = f'<svg class="picture" role="img" aria-label="{html.escape(html.unescape(caption))}" '
    return picture.replace("<svg ", label, 1).replace("<defs/>", "").strip()
