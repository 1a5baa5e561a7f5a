"""Any text is shown literally in Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from charlab.report import markdown


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
)
def test_any_title_is_shown_literally(title: str) -> None:
    """Markdown and HTML in a title are text, in a paragraph and in a table's cell."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    cell = reader.render(f"| a |\n|---|\n| x{markdown.escape(title)}x |\n")
    shown = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"<td>x{shown.replace(chr(34), '&quot;')}x</td>" in cell


@pytest.mark.parametrize("text", ["a|b", " a ", "a`b", "a\nb", "\\|", "$x$"])
def test_inline_code_stays_in_its_cell(text: str) -> None:
    """Whatever a network wrote, the table keeps two columns and all characters."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    table = reader.render(f"| a | b |\n|---|---|\n| {markdown.code(text)} | c |\n")
    assert table.count("<td>") == 2
    shown = text.replace("\n", "↵").replace("`", "'")
    assert f"<td><code>{shown}</code></td>" in table
