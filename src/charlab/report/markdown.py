"""Escape text and lists of words for Markdown, and load templates."""

from __future__ import annotations

import re
from collections.abc import Sequence

import jinja2

from charlab.core.errors import one_line, printable


def escape(text: str) -> str:
    """Escape text so that Markdown and HTML show it literally, in one line."""
    text = one_line(text)
    # HTML first, since Markdown adds no character that HTML would have to escape.
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#~$])", r"\\\1", text)


def listed(words: Sequence[str]) -> str:
    """Join words with commas and a final 'and'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def code(text: str) -> str:
    """Return text as inline code, with visible line breaks, that may be in a table's cell."""
    shown = printable(text.replace("\n", "↵")).replace("`", "'").replace("|", "\\|")
    # Markdown strips one space from each end if both have one.
    return f"` {shown} `" if shown.startswith(" ") or shown.endswith(" ") else f"`{shown}`"


def templates(package: str) -> jinja2.Environment:
    """Return the templates of a package, with the filters ``md`` (:func:`escape`) and ``line``."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        # A misspelled name in a template is an error, not an empty string.
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"md": escape, "line": one_line}
    return environment
