"""Paragraphs of prose lose their line ends; everything else keeps them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from gutenberg_files import book
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.clean.clean_text import CleanFiles, clean_text
from charlab.clean.cleaner import clean, clean_file
from charlab.clean.fingerprints import record
from charlab.clean.params import CleanParams
from charlab.clean.record import explain
from charlab.clean.unwrap import Unwrapped, unwrap
from charlab.fetch.params import TextParams

SENTENCE = (
    "The carters left the salt town before it was light, and whoever met them on the road to-day "
    "said that nobody had spoken a word; they wait--as they always wait--for the well-known bell. "
)
PARAGRAPHS = [SENTENCE * count for count in (2, 3, 2, 4)]
POEM = "\n".join(
    ["The salt road runs beside the sea,", "And he who walks it walks alone;"] * 4
)  # short lines, each with an initial capital


def wrapped(paragraph: str, width: int = 70) -> str:
    """Return a paragraph as Gutenberg wraps it: after spaces, hyphens and dashes."""
    return textwrap.fill(paragraph, width)


PROSE = "\n\n".join(map(wrapped, PARAGRAPHS))


@pytest.mark.parametrize("width", [60, 65, 72, 76])
def test_paragraphs_are_those_before_wrapping(width: int) -> None:
    """Every hyphen and dash at a line's end gets back what followed it, a space or nothing."""
    text = "\n\n".join(wrapped(paragraph, width) for paragraph in PARAGRAPHS)
    result = unwrap(text)
    assert result.text == "\n\n".join(paragraph.strip() for paragraph in PARAGRAPHS)
    assert result.joined == text.count("\n") - 2 * (len(PARAGRAPHS) - 1)


@pytest.mark.parametrize(
    "block",
    [
        POEM,
        textwrap.indent(wrapped(SENTENCE), "    "),
        "The Salt Office,\nQuay Street 4,\nVenn.",
        "CHAPTER I\nIn which nobody speaks",
        "1. a first thing\n2. a second thing\n3. a third thing",
        "a place by the sea with a long name     17 miles of road\n" * 2 + "and no more",
        "* * * * * * * * * * * * * * * * * * * * * * * * * * * * * * * * *\n" * 2 + "a b",
    ],
    ids=["verse", "indented", "address", "heading", "list", "table", "stars"],
)
def test_other_blocks_keep_their_line_ends(block: str) -> None:
    """Within a book of wrapped prose they are unchanged."""
    assert block in unwrap(f"{PROSE}\n\n{block}\n\n{PROSE}").text


@pytest.mark.parametrize("width", [40, 58], ids=["short lines", "long lines"])
def test_book_of_verse_is_unchanged(width: int) -> None:
    """Its lines may be as long as those of prose, but they begin with capitals."""
    line = "The carters left the salt town before the light of day was up"[:width]
    stanza = "\n".join([line, line[:-7], line[:-2], line] * 5)
    text = "\n\n".join([stanza] * 5)
    assert unwrap(text) == Unwrapped(text, 0)


def test_hyphen_before_a_space_keeps_it() -> None:
    """The next word decides: "Sonn- und Feiertage" beside "Salz-Strasse"."""
    filler = "und die Fuhrleute gingen auf der Salz-Strasse bis an das Meer, wo sie warteten"
    text = wrapped(f"{filler}, an Sonn- und Feiertagen. " * 30, 66)
    broken = [line for line in text.split("\n") if line.endswith("Sonn-")]
    assert broken, "no line of the example ends with the hyphen"
    assert unwrap(text).text == f"{filler}, an Sonn- und Feiertagen. ".strip() + (
        f" {filler}, an Sonn- und Feiertagen." * 29
    )


def test_speech_after_a_full_stop_begins_a_line() -> None:
    """A Spanish book has a line for each speech, without a blank line in between."""
    line = "y ellos esperan, como siempre han esperado, la campana del puerto."
    speech = "— Así es —dijo el carretero—, que yo los he visto esperar."
    text = "\n".join([line, speech, *[line.replace(".", ",")] * 12, line])
    assert f"{line}\n{speech}" in unwrap(text).text


LINES = st.lists(st.text("aB .,-—»*1|\t", max_size=90).map(str.rstrip), max_size=40).map("\n".join)
WRAPPED = st.builds(
    lambda words, width: textwrap.fill(" ".join(words), width),
    st.lists(st.text("abC-—.", min_size=1, max_size=9), min_size=80, max_size=200),
    st.integers(50, 90),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES | WRAPPED, max_size=6).map("\n\n".join))
def test_only_white_space_changes_and_only_once(text: str) -> None:
    """No character is lost or added, no paragraph joined to another, and twice is once."""
    result = unwrap(text)
    assert "".join(result.text.split()) == "".join(text.split())
    assert result.text.count("\n") == text.count("\n") - result.joined
    assert result.text.count("\n\n") == text.count("\n\n")
    assert unwrap(result.text) == Unwrapped(result.text, 0)


@pytest.mark.parametrize("filler", ["-", "-\n", '"', " ", "a\n", "a-b ", "\n"])
def test_time_is_linear(filler: str) -> None:
    """A quadratic search would take minutes."""
    unwrap(f"{PROSE}\n\n{filler * 300_000}x\n\n{PROSE}")


def test_cleaner_joins_and_counts(tmp_path: Path) -> None:
    """With ``unwrap`` the body is joined, by file as in memory, and the record counts it."""
    raw = book(PROSE).encode()
    plain, cleaned = clean(raw), clean(raw, params=CleanParams(unwrap=True))
    assert plain.record.joined == 0
    assert cleaned.text == unwrap(plain.text).text
    assert cleaned.record.joined == unwrap(plain.text).joined > 0
    assert f"joined     {cleaned.record.joined} line ends" in explain(cleaned.record)
    assert clean(cleaned.text.encode(), params=CleanParams(unwrap=True)).text == cleaned.text
    (tmp_path / "raw.txt").write_bytes(raw)
    params = CleanParams(unwrap=True)
    assert clean_file(tmp_path / "raw.txt", tmp_path / "body.txt", params=params) == cleaned.record
    assert (tmp_path / "body.txt").read_text(encoding="utf-8") == cleaned.text


def test_recorded_body_is_that_with_its_line_ends(tmp_path: Path) -> None:
    """The stage compares the body before it is unwrapped, so a changed book is still noticed."""
    paths = CleanFiles(*(tmp_path / name for name in ("raw", "out", "record", "bodies")))
    text, params = TextParams(gutenberg=99999), CleanParams(unwrap=True)
    record("salt", 99999, clean(book(PROSE).encode()).text, paths.bodies)
    for prose, count in ((PROSE, 0), (PROSE.replace("carters", "porters"), 1)):
        paths.raw.write_bytes(book(prose).encode())
        assert len(clean_text("salt", text, params, paths)) == count
