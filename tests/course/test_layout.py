"""A change of a parameter file leaves the lines that nobody edited."""

from __future__ import annotations

import pytest
import yaml

from charlab.course.layout import with_first

UNTIDY = """\
# Mine.
model: {init_scale: null,
        hidden: 8}   # over two lines
sample:
    prompt: null
    top_k: ~
    top_p:    # empty

texts:   # in use
# above the first
    invented:   {builtin: "invented"}

    second:
        builtin: 'invented'
study: { name:   mine }
"""
ENTRY = {"gutenberg": 77, "title": "Who? A Small Book: null"}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_of_other_keys_stay_as_they_are(end: str, mark: str) -> None:
    """Neither null nor layout nor line ends change; the block is indented as its neighbors."""
    before = (mark + UNTIDY.replace("\n", end)).encode()
    after = with_first(before, "texts", "small", ENTRY)
    block = "    small:\n      gutenberg: 77\n      title: 'Who? A Small Book: null'\n"
    added = block.replace("\n", end).encode()
    assert after.index(added) == before.index(b"# above the first")
    assert after.replace(added, b"") == before
    texts = yaml.safe_load(after)["texts"]
    assert list(texts) == ["small", "invented", "second"]
    assert texts["small"] == ENTRY


@pytest.mark.parametrize("texts", ["texts: {i: {a: null}}", "texts:\n  {i: {a: null}}"])
def test_a_section_of_another_form_is_written_anew(texts: str) -> None:
    """In braces there is no line for a block; null is still a word."""
    document = f"{texts}\nsample:\n  prompt: null\n".encode()
    after = with_first(document, "texts", "small", ENTRY)
    expected = yaml.safe_load(document)
    expected["texts"] = {"small": ENTRY, **expected["texts"]}
    assert yaml.safe_load(after) == expected
    assert after.count(b"null") == 3
