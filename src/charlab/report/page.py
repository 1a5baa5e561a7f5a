"""The report as one HTML page: the Markdown's own text, pictures inside, no network.

What enters is the report in Markdown and its figures; what leaves is a page whose
pictures are data URIs, so that it can be mailed, or read on a phone without a signal.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from itertools import pairwise

from jinja2 import Environment
from markdown_it import MarkdownIt

PICTURE = re.compile(r'src="figures/([a-z0-9_-]+)\.svg"')


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
    body = PICTURE.sub(lambda match: f'src="{_data_uri(figures[match[1]])}"', body)
    style = environment.get_template("page.css").render()
    return environment.get_template("page.html.j2").render(
        title=title, contents=contents, body=body, style=style
    )


def _data_uri(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
