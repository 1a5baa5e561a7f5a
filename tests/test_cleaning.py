"""The body of a book is found, whole; what is not the book's is not in it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.corpus.cleaning import CleaningError, clean, explain
from charlab.params import CleanParams

HEADER = """\
The Project Gutenberg eBook of A Small Book

Title: A Small Book
       And a Long One
Author: Some Body
Release date: June 1, 1998 [eBook #77]
Language: English

"""
START = "*** START OF THE PROJECT GUTENBERG EBOOK A SMALL BOOK ***\n"
END = "*** END OF THE PROJECT GUTENBERG EBOOK A SMALL BOOK ***\n"
LICENCE = "\nUpdated editions will replace the previous one.\n\nSection 1. General Terms of Use\n"
BODY = "A SMALL BOOK\n\n" + "It has few words, and says them again.\n" * 12 + "\nTHE END\n"


def book(
    *, front: str = "", body: str = BODY, back: str = "", start: str = START, end: str = END
) -> bytes:
    """Return a raw file with these parts."""
    return (HEADER + start + "\n" + front + "\n" + body + back + "\n" + end + LICENCE).encode()


def test_header_and_licence_go() -> None:
    """What is left is the body, byte for byte."""
    assert clean(book()).text == BODY


@pytest.mark.parametrize(
    "front",
    [
        "Produced by Some Body and the Online Distributed\nProofreading Team at www.pgdp.net\n\n",
        "E-text prepared by Some Body\n\n",
        "Transcribed from the 1915 edition by Some Body\n\n",
        "This book was TYPED in by Some Body\n\n",
        "Etext created by Some Body\n\n",
        "Thanks to Some Body for the scans\n\n",
        "Nous remercions la bibliothèque\nqui a mis à disposition les images.\n\n",
        "Dieses Buch wurde uns freundlicherweise\nzur Verfügung gestellt.\n\n",
        "Produced by Some Body\n\n[Transcriber's note: accents are\n\nas printed.]\n\n\n",
        "Transcriber’s notes:\n\nSpelling was kept.\n\nThe cover was made anew.\n\n\n\n",
    ],
)
def test_credits_and_notes_in_front_go(front: str) -> None:
    """In several lines and languages, one block after another."""
    assert clean(book(front=front)).text == BODY


@pytest.mark.parametrize(
    "back",
    [
        "\n\nEnd of the Project Gutenberg EBook of A Small Book, by Some Body\n",
        "\n\nEnde dieses Projekt Gutenberg Etextes A Small Book\n",
        "\n\nEnd of Project Gutenberg's A Small Book, which has a title\nthat runs on\n",
        "\n\n-----------\nAnmerkungen zur Transkription\n\nSeite 3, statt oder, lies odor\n",
        "\n\n[End of this Etext of A Small Book]\n",
    ],
)
def test_closing_sentences_and_notes_behind_go(back: str) -> None:
    """Localised ends, and what the transcriber changed."""
    assert clean(book(back=back)).text == BODY


@pytest.mark.parametrize(
    "start",
    [
        "***START OF THE PROJECT GUTENBERG EBOOK A SMALL BOOK***\n",
        "*** START OF THIS PROJECT GUTENBERG EBOOK A SMALL\nBOOK, BY SOME BODY ***\n",
        "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n",
    ],
)
def test_every_kind_of_start_is_known(start: str) -> None:
    """In one line or two, or only the end of the small print."""
    assert clean(book(start=start)).text == BODY


@pytest.mark.parametrize(
    "line",
    [
        "Produced by the sun, the wheat grew tall.",
        "Final de Os Versos",
        "The End of the World came, and went.",
        "He had read of Project Gutenberg in a newspaper.",
        "Note: the author means the other river.",
    ],
)
def test_body_lines_that_look_like_others_stay(line: str) -> None:
    """Losing a line of the body is worse than leaving one that is not its."""
    body = BODY.replace("THE END", line + "\n\nTHE END")
    assert line in clean(book(body=body)).text


def test_the_end_right_above_the_footer_stays() -> None:
    """The END line that follows is not a part of the body's own last words."""
    assert clean(book().replace(b"THE END\n\n***", b"THE END\n***")).text == BODY


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"  \n", "the file is empty"),
        (b"<!DOCTYPE html><html>" + b"x" * 500, r"a web page \(HTML\)"),
        (b"<html>please solve this captcha" + b"x" * 500, "a captcha page"),
        (b"\x00\x01" * 500, "not a text: it has zero bytes"),
        (book() + book(), "two books in one file: one ends at line"),
        (book(body="Nothing.\n"), "only 9 characters are left"),
    ],
)
def test_what_is_no_book_is_refused(raw: bytes, reason: str) -> None:
    """Each with its own reason."""
    with pytest.raises(CleaningError, match=reason):
        clean(raw)


def test_a_copyrighted_book_needs_a_word_from_the_user() -> None:
    """The header's flag is heeded unless allowed."""
    raw = b"This is a COPYRIGHTED Project Gutenberg eBook, details below.\n" + book()
    with pytest.raises(CleaningError, match="COPYRIGHTED"):
        clean(raw)
    assert clean(raw, allow_copyrighted=True).text == BODY


def test_an_unmarked_text_is_kept_whole_with_a_warning() -> None:
    """A user's own text has no marks."""
    cleaned = clean(BODY.encode())
    assert cleaned.text == BODY
    assert "kept whole" in cleaned.record.warnings[0]


def test_the_record_says_what_a_person_checks() -> None:
    """Title over two lines, number, line ranges with reasons, the body's hash."""
    record = clean(book(front="Produced by Some Body\n\n")).record
    assert (record.title, record.author) == ("A Small Book And a Long One", "Some Body")
    assert (record.gutenberg, record.language) == (77, "English")
    assert [removed.why for removed in record.removed] == [
        "header of Project Gutenberg",
        "credits",
        "footer and licence of Project Gutenberg",
    ]
    text = explain(record)
    assert "removed    lines 1 to 9: header" in text
    assert record.body_sha256 in text


def test_characters_change_only_when_asked() -> None:
    """Quotes, dashes and spaces stay by default."""
    body = BODY.replace("few", "“few” — a\u00a0few\t")
    assert "“few” — a\u00a0few\t" in clean(book(body=body)).text
    params = CleanParams(ascii_quotes=True, ascii_dashes=True, plain_spaces=True, expand_tabs=True)
    assert '"few" -- a few ' in clean(book(body=body), params=params).text


LINES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30),
    max_size=12,
)


@given(LINES)
def test_cleaning_again_changes_nothing_and_invents_nothing(lines: list[str]) -> None:
    """A cleaned body is its own body; its lines were in the input, in order."""
    body = BODY + "\n".join(lines) + "\n\n" + "The last line of the book is this one.\n"
    text = clean(book(body=body)).text
    assert clean(text.encode()).text == text
    assert unicodedata.is_normalized("NFC", text)
    assert not any(line != line.rstrip(" \t\u00a0") for line in text.split("\n"))
    source = iter(unicodedata.normalize("NFC", book(body=body).decode()).split("\n"))
    stripped = (line.rstrip(" \t\u00a0") for line in source)
    assert all(line in stripped for line in text.removesuffix("\n").split("\n"))
