"""Text and lists of words in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence


def escape(text: str) -> str:
    """Escape text so that Markdown and HTML show it literally."""
    # HTML first: Markdown's backslashes must not be escaped again.
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#~$])", r"\\\1", text)


def listed(words: Sequence[str]) -> str:
    """Join words with commas and a final 'and'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def code(text: str) -> str:
    """Return text as inline code of Markdown that may be in a table, with visible line breaks."""
    shown = text.replace("\n", "↵").replace("`", "'").replace("|", "\\|")
    # Markdown strips one space at each end if there is one at both.
    return f"` {shown} `" if shown.startswith(" ") or shown.endswith(" ") else f"`{shown}`"
