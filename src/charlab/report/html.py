"""Convert the report to one HTML page that needs no other file and no network.

The live part (:mod:`charlab.report.page`) follows the title. Pictures are elements of the page, so
that it can be mailed, or read on a phone without a signal.
Their letters become text (:mod:`charlab.report.letters`), and a marker or clip path that pictures
share is defined once. Numbers have their formula as a title.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from itertools import pairwise

from jinja2 import Environment
from markdown_it import MarkdownIt

from charlab.report.letters import with_text
from charlab.report.numbers import BETWEEN, CLOSE, OPEN, numbered
from charlab.report.origins import ORIGIN
from charlab.report.page.build import Live

PICTURE = re.compile(r'<img src="figures/([a-z0-9_-]+)\.svg" alt="([^"]*)" ?/>')
NAMED = re.compile(r'<(path|clipPath)[^<>]* id="([^"]+)"[^<>]*?(?:/>|>.*?</clipPath>)', re.S)
"""A shape with an id. Ids depend on the content, so equal ids mean equal shapes."""

MARKED = re.compile(f"{OPEN}(\\d+){BETWEEN}(.*?){CLOSE}")
"""A number of the text, with the place of its formula in a list."""

ORIGIN_FOLDED = r'<details class="origin"><summary>Made by</summary>\1</details>'

EMPTY = re.compile(r"<defs ?/>|<defs></defs>| xmlns=\"[^\"]*\"")
"""Parts of a picture that mean nothing inside a page."""

PART = re.compile(r"(<h[23][ >].*?</h[23]>\n)(.*?)(?=<h[23][ >]|\Z)", re.S)
"""A heading, and what is between it and the next one, which is laid out by itself."""

CORNER = re.compile(r"<th( [^>]*)?></th>")
"""An empty heading of a table, which a screen reader would announce."""

STYLE = re.compile(r"<style.*?</style>", re.S)
"""Style element of a picture; in a page it would apply to all pictures (see page.css)."""


def page(markdown: str, figures: Mapping[str, bytes], environment: Environment, live: Live) -> str:
    """Return the report as one HTML file.

    Parameters
    ----------
    markdown : str
        The report; pictures are ``figures/<name>.svg``, and numbers carry their formulas.
    figures : mapping
        The SVG of each figure, by name.
    environment : Environment
        Environment with the templates ``page.html.j2`` and ``page.css``.
    live : Live
        The part with the trained networks.
    """
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    text, formulas = numbered(markdown)
    tokens = reader.parse(text)
    contents = [("live-title", "Try the networks")] if live.widgets else []
    title = ""
    # The token after an opening heading holds its text.
    for token, inline in pairwise(tokens):
        if token.type != "heading_open":
            continue
        if token.tag == "h1":
            # The text of the heading, without Markdown's own escapes.
            title = "".join(child.content for child in inline.children or ())
        # The page's table of contents lists the second-level headings.
        if token.tag == "h2":
            anchor = re.sub(r"[^a-z0-9]+", "-", inline.content.lower()).strip("-")
            token.attrSet("id", anchor)
            contents.append((anchor, inline.content))
    body = reader.renderer.render(tokens, reader.options, {})
    # A wide table scrolls in a box of its own, so that the page fits a phone.
    body = body.replace("<table", '<div class="wide"><table').replace("</table>", "</table></div>")
    body = CORNER.sub(r"<td\1></td>", body)
    body = MARKED.sub(lambda match: _number(formulas[int(match[1])], match[2]), body)
    body = ORIGIN.sub(ORIGIN_FOLDED, body)
    seen: set[str] = set()  # ids of the shapes that the page defines already
    body = PICTURE.sub(lambda match: _inlined(figures[match[1]], match[2], seen), body)
    body = PART.sub(r'\1<div class="part">\2</div>\n', body)
    body = body.replace("</h1>\n", f"</h1>\n{live.widgets}{live.script}", 1)
    style = environment.get_template("page.css").render()
    return environment.get_template("page.html.j2").render(
        title=title, contents=contents, body=body, style=style, live=live
    )


def _inlined(svg: bytes, caption: str, seen: set[str]) -> str:
    """Return a picture as an element of the page, without shapes that are in ``seen``."""

    def once(match: re.Match[str]) -> str:
        """Return a shape the first time that the page has it."""
        if match[2] in seen:
            return ""
        seen.add(match[2])
        return match[0]

    # A reference finds the definition of its id anywhere in the page.
    picture = NAMED.sub(once, STYLE.sub("", with_text(svg.decode("utf-8"))))
    # Markdown escaped the caption for text; an attribute needs its quotes escaped, too.
    label = f'<svg class="picture" role="img" aria-label="{html.escape(html.unescape(caption))}" '
    return EMPTY.sub("", picture.replace("<svg ", label, 1)).strip()


def _number(formula: str, printed: str) -> str:
    """Return a number with its formula as a title."""
    return f'<span title="{html.escape(formula)}">{printed}</span>'
