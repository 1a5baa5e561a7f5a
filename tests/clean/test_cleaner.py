"""The cleaner returns the whole body, and nothing but the body."""

from __future__ import annotations

import unicodedata

import file_forms as forms
import gutenberg_files as files
import pytest
from file_forms import END, START
from gutenberg_files import (
    AUSTRALIAN_HEADER,
    BODY,
    HEADER,
    LICENSE,
    OLD_HEADER,
    POEM,
    SMALL_PRINT,
    book,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from charlab.clean.cleaner import clean
from charlab.clean.reject import CleaningError

BODIES = pytest.mark.parametrize("body", [BODY, POEM], ids=["story", "poem"])
CREDIT = "Produced by Ann Ode"
CLOSING = forms.CLOSINGS["of project"]


def table(name: str, forms: dict[str, str]) -> pytest.MarkDecorator:
    """Return a mark that runs a test for each entry of a table."""
    return pytest.mark.parametrize(name, forms.values(), ids=forms)


def body_of(text: str) -> str:
    """Return the body of a file in UTF-8."""
    return clean(text.encode("utf-8")).text


@table("start", forms.STARTS)
def test_start_line(start: str) -> None:
    """A START line ends the header in any form: on several lines, translated, misspelled."""
    assert body_of(book(start=start)) == BODY + "\n"


@pytest.mark.parametrize("legal", [LICENSE, ""], ids=["with license", "without"])
@table("end", forms.ENDS)
def test_end_line(end: str, legal: str) -> None:
    """An END line starts the footer in any form, also if nothing follows."""
    assert body_of(book(end=end, legal=legal)) == BODY + "\n"


@BODIES
@table("front", forms.CREDITS)
def test_credits_before_the_body_are_removed(front: str, body: str) -> None:
    """Credits are recognized by their first words, or by words that no old book has."""
    assert body_of(book(body, front)) == body + "\n"


@BODIES
@table("front", forms.NOTES)
def test_notes_before_the_body_are_removed(front: str, body: str) -> None:
    """Notes are removed on their own and after credits."""
    assert body_of(book(body, front)) == body + "\n"
    assert body_of(book(body, f"{CREDIT}\n\n\n\n{front}")) == body + "\n"


@table("front", forms.NOTES)
def test_note_one_blank_line_above_the_body(front: str) -> None:
    """No line of a poem is taken for a part of the note."""
    text = f"{HEADER}{START}\n\n{front}\n\n{POEM}\n\n{END}\n{LICENSE}"
    assert body_of(text) == POEM + "\n"


@BODIES
@table("back", forms.BACK_NOTES)
def test_notes_after_the_body_are_removed(back: str, body: str) -> None:
    """Notes are removed with and without a closing sentence after them."""
    assert body_of(book(body, back=back)) == body + "\n"
    assert body_of(book(body, back=f"{back}\n\n\n\nEnd of Project Gutenberg's X")) == body + "\n"


@table("back", forms.CLOSINGS)
def test_closing_sentences_are_removed(back: str) -> None:
    """They may come before an END line, without one, and just below the body."""
    assert body_of(book(back=back)) == BODY + "\n"
    assert body_of(book(back=back, end="", legal="")) == BODY + "\n"
    assert body_of(book(f"{BODY}\n{back}")) == BODY + "\n"


@pytest.mark.parametrize("after", [7, 59, 70, 900])
def test_closing_sentence_goes_with_what_is_behind_it(after: int) -> None:
    """It may be anywhere in the tail, as long as no part of the book follows."""
    rest = "\n".join(f"The carriers counted lamp {number}." for number in range(after))
    whole = f"{BODY}\n\n{CLOSING}\n\n\n\nBookmarks:\n\n{rest}"
    assert body_of(book(whole)) == BODY + "\n"
    for part in (f"{rest}\n\n\nVOLUME II\n\nIt rained.", f"CHAPTER 3\n\n{rest}"):
        parts = f"{BODY}\n\n{CLOSING}\n\n\n\n{part}"
        cleaned = clean(book(parts, back=CLOSING).encode())
        assert cleaned.text == parts + "\n"
        assert "notice of Project Gutenberg stays within" in cleaned.record.warnings[0]


@table("first", forms.BEGINNINGS)
def test_first_lines_of_a_book_stay(first: str) -> None:
    """They stay after the header, credits or a note, however much they resemble them."""
    body = f"{first}\n\n{POEM}\n"
    assert body_of(book(body)) == body
    for front in (CREDIT, *forms.NOTES.values()):
        assert body_of(book(body, front)) == body


@pytest.mark.parametrize(
    "first",
    [
        "The book was on the table, and nobody read it.",
        "Images of saints stood round the quay.",
        "Tack till Anna, min hustru, som skrev.",
        "The file on the quay was red with rust.",
    ],
)
def test_body_one_blank_line_below_the_credits_stays(first: str) -> None:
    """Words that continue credits may also start a book."""
    body = f"{first}\n\n{BODY}"
    text = f"{HEADER}{START}\n\n{CREDIT}\n\n{body}\n\n{END}\n{LICENSE}"
    assert body_of(text) == body + "\n"


def test_thanks_without_credits_stay() -> None:
    """They may be the author's, so they stay, and so does everything after them."""
    body = f"Thanks to Per Sky.\n\n\n{BODY}\n"
    assert body_of(book(body)) == body


@table("last", forms.ENDINGS)
def test_last_lines_of_a_book_stay(last: str) -> None:
    """An index, notes, the printer's name, or "Fin de ..." are the book's."""
    body = f"{POEM}\n\n\n{last}\n"
    assert body_of(book(body)) == body
    assert body_of(book(body, back=CLOSING)) == body
    assert body_of(book(body, back=forms.BACK_NOTES["list"])) == body
    assert body_of(body) == body


def test_word_for_end_on_a_line_of_its_own_stays() -> None:
    """The line below it does not make it a closing sentence."""
    body = f"{POEM}\n\nFin\nProject Gutenberg is a library.\n"
    assert body_of(book(body)) == body


@pytest.mark.parametrize(
    "line",
    [
        "He read aloud: *** END OF THE PROJECT GUTENBERG EBOOK was what stood there.",
        "*** END OF THE STORY ***",
        "She had found the book on Project Gutenberg, and read it at night.",
        "[Copied for Project Gutenberg, http://salt.example]",
    ],
)
def test_body_may_quote_markers_and_the_project(line: str) -> None:
    """A marker in the middle of a book delimits nothing."""
    body = BODY.replace("They walked", f"{line}\n\nThey walked") + "\n"
    assert body_of(book(body)) == body


@pytest.mark.parametrize("word", ["LATIN1", "ASCII", "html", "8-bit", "UTF-8", "Google"])
def test_story_may_name_an_encoding(word: str) -> None:
    """A first line that names an encoding is the book's unless it describes a file."""
    story = f"She wrote it on the wall.\n{word}\nNobody asked her why, and the ferry left."
    assert body_of(book(story, "")).startswith("She wrote")
    assert body_of(book(BODY, f"This file is in {word}.")).startswith("THE SALT ROAD")


@pytest.mark.parametrize("word", ["0.ORG", "a.com", "10.net", "0@0.", "x@y.9"])
def test_story_may_have_what_is_no_address(word: str) -> None:
    """The name of a host has letters on both sides of its last dot."""
    body = f"The ferry left the quay.\n{word}\n\nIt was the last one of that night.\n"
    assert body_of(book(body.strip())) == body
    front = "With the help of ann@post.salt.example, from www2.salt-road.org"
    for address in (front, front.split(",")[0], front.split(",")[1].strip()):
        assert body_of(book(front=address)) == BODY + "\n"


CLOSED = f"{BODY}\n\n{CLOSING}\n"
WIDE_START = START.replace("ROAD ***", "ROAD: A STORY\nOF THE FERRY, AND\nITS LAMPS ***")
BOTTOM = (
    "The Project Gutenberg Etext of The Salt Road\nby Mara Venn\n"
    "******This file should be named salt10.txt or salt10.zip******\n\n"
    "*END THE SMALL PRINT! FOR PUBLIC DOMAIN EBOOKS*Ver.02/11/02*END*\n"
)
CANADIAN = (
    "A Project Gutenberg Canada Ebook\n\nThis ebook is made available at no cost.\n\n"
    "Title: The Salt Road\nAuthor: Mara Venn\nProject Gutenberg Canada ebook #12\n\n\n\n"
    f"{BODY}\n\n\n[End of The Salt Road, by Mara Venn]\n"
)
FADED = (
    "* A Distributed Proofreaders Canada eBook *\n\nThis eBook is made available at no cost.\n\n"
    "_Title:_ The Salt Road\n_Author:_ Mara Venn\n_Date first posted:_ May 3, 2015\n\n"
    f"This eBook was produced by: Ann Ode\n\n\n\n{BODY}\n\n\n"
    "[The end of _The Salt Road_ by Mara Venn]\n"
)
TITLE_AMONG_TERMS = (
    f"{OLD_HEADER.split('May, 1995')[0]}\n\nThe Salt Road\n\nby Mara Venn\n\n"
    "May, 1995  [Etext #99999]\n\n\n"
    "**The Project Gutenberg Etext of The Salt Road, by Mara Venn**\n"
    "*****This file should be named salt10.txt or salt10.zip******\n\n"
    f"Corrected EDITIONS of our etexts get a new NUMBER, salt11.txt.\n\n\n\n{CLOSED}"
)
WHOLE_FILES = {
    "sister project with italics": FADED,
    "title among terms": TITLE_AMONG_TERMS,
    "small print": f"{OLD_HEADER}\n\n\n{CLOSED}",
    "small print, no footer": f"{OLD_HEADER}\n\n\n{BODY}",
    "small print, credits": f"{OLD_HEADER}\n\n\nThis Etext created by A. Ode\n\n"
    f"This Etext is in English\n\n\n\n{CLOSED}",
    "small print below START": f"{HEADER}{START}\n\n\n{OLD_HEADER}\n\n{BODY}\n\n"
    f"End of this Etext\n\n{END}\n{LICENSE}",
    "small print at the end": f"{HEADER}{START}\n\n\n{CLOSED}\n{SMALL_PRINT}",
    "title and small print at the end": f"{HEADER}{START}\n\n\nThis etext was produced by A. Ode."
    f"\n\n{BODY}\n{BOTTOM}",
    "Australian": f"{AUSTRALIAN_HEADER}\n\n{BODY}\n\nThis site is full of FREE ebooks\n",
    "Canadian": CANADIAN,
    "license in front": f"{HEADER}{LICENSE}\n\n{START}\n\n{BODY}\n\n{END}\n{LICENSE}",
    "title on three lines": f"{HEADER}{WIDE_START}\n\n{BODY}\n\n{END}\n{LICENSE}",
    "no blank lines": f"{HEADER}{START}\n{BODY}\n{END}\n{LICENSE}",
    "no header": f"{BODY}\n\n{END}\n{LICENSE}",
    "no footer": f"{HEADER}{START}\n\n{BODY}",
    "text after END": f"{HEADER}{START}\n\n{BODY}\n\n{END}\n\n\nA Word from Project Gutenberg\n\n"
    "Hello.\n",
    "credits after END": f"{HEADER}{START}\n\n{BODY}\n\n{END}\n\n\n{CREDIT}\n\n"
    f"This file should be named salt10.txt\n\n{END}\n{LICENSE}",
    "license within": f"{HEADER}{START}\n\n{BODY}\n\nSTART: FULL LICENSE\n\n{END}\n{LICENSE}",
    "two marks": f"\ufeff\ufeff{book()}",
    "unknown character set": book().replace("UTF-8", "undefined"),
    "control character": book() + "\x1a",
    "stray byte order marks": book(f"\ufeff{BODY}").replace(f"\n{START}", f"\n\ufeff{START}"),
}


FIELDS = "The Project Gutenberg EBook of The Salt Road\n\nTitle: The Salt Road\n\nAuthor: Mara Venn"


@pytest.mark.parametrize(
    "first",
    [
        "THE SALT ROAD\n\nA Comedy in Three Acts\n\nBy MARA VENN\n\nAll rights reserved. This play"
        " is\nfully protected under the copyright laws of the United States.",
        'CHAPTER I\n\n"Stop!"\n\n"Why?"\n\n"You have not read the small print."',
    ],
)
def test_rights_of_a_play_do_not_extend_a_header(first: str) -> None:
    """Only terms that name the project, or have a modern word, are a header's."""
    header = f"{FIELDS}\n\nRelease Date: May 4, 2009 [EBook #99999]"
    body = f"{first}\n\n{POEM}\n"
    assert body_of(f"{header}\n\n\n{body}") == body


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@table("text", WHOLE_FILES)
def test_whole_files(text: str, line_end: str) -> None:
    """Old, sister projects' and damaged files, with any line ends."""
    assert body_of(text.replace("\n", line_end)) == BODY + "\n"


def test_essay_and_its_signature_are_removed() -> None:
    """Office-holders of the project wrote essays, with quotations, before some books."""
    essay = (
        "Executive Director's Notes:\n\nIn addition to the notes below, here is the first line\n"
        "of a play, as it was printed:\n\n    Enter Ann and Ode, two Sentinels.\n\n"
        "So we have NOT changed the errors; here is the Project Gutenberg Etext of\nThe Salt Road."
        "\n\nMichael S. Hart\nProject Gutenberg\nExecutive Director\n\n\n***\n\n\n"
        "Scanner's Notes: What this is and isn't. I have left the spelling as it is.\n\n"
        "I wish to make this the best etext possible; email me at ode@salt.example.\n\nPer Sky"
    )
    assert body_of(f"{OLD_HEADER}\n\n\n{essay}\n\n{POEM}\n") == POEM + "\n"


def test_end_line_far_from_the_end_of_the_file() -> None:
    """It counts only if the license follows; otherwise the book quotes it."""
    far = (POEM + "\n\n") * 500
    assert body_of(book(legal=LICENSE + far)) == BODY + "\n"
    quoted = f"{far}{END}\n\n{far}".strip()
    assert body_of(book(quoted)) == quoted + "\n"


def lines_of(text: str) -> list[str]:
    """Return the lines of a text in NFC, without blanks at line ends."""
    return [line.rstrip() for line in unicodedata.normalize("NFC", text).split("\n")]


@given(files.files, st.sampled_from(["\n", "\r\n"]))
def test_body_is_a_normalized_part_of_the_file(text: str, line_end: str) -> None:
    """Every line was in the file, in its order, and the body is clean."""
    body = body_of(text.replace("\n", line_end))
    given_lines = iter(lines_of(text))
    assert all(line in given_lines for line in body.rstrip("\n").split("\n"))
    assert unicodedata.is_normalized("NFC", body)
    assert "\r" not in body
    assert all(line == line.rstrip() for line in body.split("\n"))
    assert body.endswith("\n")
    assert not body.endswith("\n\n")


@given(files.bodies, files.fronts, files.backs)
def test_no_line_of_a_body_is_lost(body: str, front: str, back: str) -> None:
    """Nothing between its first and last line is removed, whatever surrounds it."""
    kept = "\n".join(lines_of(body)) + "\n"
    assert kept in body_of(book(body, front, back))


def again(raw: bytes) -> None:
    """Check that a cleaned text is accepted and stays as it is."""
    try:
        once = clean(raw).text
    except CleaningError:
        return
    assert body_of(once) == once


@given(files.files)
def test_cleaning_is_idempotent(text: str) -> None:
    """The body of a body is the same."""
    again(text.encode("utf-8"))


GLUED = "Page 9: ferry*** END OF THIS PROJECT GUTENBERG EBOOK THE SALT ROAD ***"


@settings(max_examples=300)
@given(files.fragments, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
# An END line glued to the book's last line, with nothing behind it or only a line end.
@example(f"Transcriber's Notes:\n\nThese errors have been corrected.\n\n{GLUED}", "utf-8")
@example(f"Produced by Ann Ode (This\nfile was produced from images)\n{GLUED}", "utf-8")
@example(f"\nGIF89a{START}", "utf-8")
def test_cleaning_any_fragments_is_idempotent(text: str, encoding: str) -> None:
    """Marks in any order, twice, or within the body, change nothing."""
    again(text.encode(encoding, "ignore"))


@pytest.mark.parametrize("around", ["{}", f"{HEADER}{START}\n\n{{}}\n\n{END}\n{LICENSE}"])
@pytest.mark.parametrize("filler", ["word ", "* ", ". ", "[", "end of ", "\u0301\u0323x", "a\r"])
@pytest.mark.parametrize("length", [50_000, 300_000])
def test_text_on_one_line(filler: str, length: int, around: str) -> None:
    """A line of any length is kept, and takes time in proportion to it."""
    line = f"It was one line: {filler * (length // len(filler))}ends."
    expected = unicodedata.normalize("NFC", line.replace("\r", "\n"))
    body = body_of(around.format(line))
    assert body == expected + "\n"
    assert body_of(body) == body


@pytest.mark.parametrize(
    "filler",
    [
        "[\n",
        "\n",
        "[Transcriber's Note: x\n\n",
        "Note:\n\n",
        f"{CLOSING}\n",
        f"{END}\n",
        "Title: x\n a\n",
    ],
)
def test_time_is_linear_in_the_number_of_lines(filler: str) -> None:
    """No rule looks at the whole text for each line; a quadratic one would take minutes."""
    again(f"{HEADER}{START}\n\n{BODY}\n{filler * (400_000 // len(filler))}{BODY}\n{END}".encode())


def test_blurb_within_a_collection_is_recorded() -> None:
    """It stays, since no line of the book may be lost, and the record says where it is."""
    blurb = "<<THIS ELECTRONIC VERSION IS COPYRIGHT, AND IS\nPROVIDED BY PROJECT GUTENBERG ETEXT.>>"
    cleaned = clean(book(f"{BODY}\n\n{blurb}\n\n{BODY}").encode())
    assert blurb in cleaned.text
    line = cleaned.text.split("PROVIDED")[0].count("\n") + cleaned.record.body_first
    assert cleaned.record.warnings[0].endswith(f"within the body, at line {line}")
