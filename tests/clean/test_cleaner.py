"""The body, the whole body, and nothing but the body."""

from __future__ import annotations

import hashlib
import json
import tempfile
import unicodedata
from pathlib import Path

import pytest
import strategies_cleaning as files
from hypothesis import given, settings
from strategies_cleaning import BODY, END, HEADER, LICENCE, POEM, START, book

from charlab.clean import reject as refusals
from charlab.clean.cleaner import clean, clean_file, explain
from charlab.clean.params import CleanParams
from charlab.core.errors import CharlabError

OLD_HEADER = """\
***The Project Gutenberg Etext of The Salt Road, by Mara Venn***
#2 in our series by Mara Venn

Copyright laws are changing all over the world, be sure to check
the laws for your country before redistributing these files!!!

**Welcome To The World of Free Plain Vanilla Electronic Texts**

May, 1995  [Etext #99999]

***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***
Why is this "Small Print!" statement here?  You know: lawyers.
They tell us you might sue us if there is something wrong.

*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*"""


def body_of(text: str) -> str:
    """Return the cleaned text of a file in UTF-8."""
    return clean(text.encode("utf-8")).text


@pytest.mark.parametrize("start", files.STARTS.values(), ids=files.STARTS)
def test_a_header_ends_with_its_start_line(start: str) -> None:
    """In any of its forms, over several lines, translated or misspelt."""
    assert body_of(book(start=start)) == BODY + "\n"


@pytest.mark.parametrize("licence", [LICENCE, ""], ids=["with licence", "without"])
@pytest.mark.parametrize("end", files.ENDS.values(), ids=files.ENDS)
def test_a_footer_begins_with_its_end_line(end: str, licence: str) -> None:
    """In any of its forms, and with nothing behind it as well."""
    assert body_of(book(end=end, licence=licence)) == BODY + "\n"


@pytest.mark.parametrize("body", [BODY, POEM], ids=["story", "poem"])
@pytest.mark.parametrize("front", files.CREDITS.values(), ids=files.CREDITS)
def test_credits_in_front_are_removed(front: str, body: str) -> None:
    """Who made the file is told by how such blocks begin, or by words that no old book has."""
    assert body_of(book(body, front)) == body + "\n"


@pytest.mark.parametrize("body", [BODY, POEM], ids=["story", "poem"])
@pytest.mark.parametrize("front", files.NOTES.values(), ids=files.NOTES)
def test_notes_in_front_are_removed(front: str, body: str) -> None:
    """Alone, and behind credits."""
    assert body_of(book(body, front)) == body + "\n"
    assert body_of(book(body, f"Produced by Ann Ode\n\n\n\n{front}")) == body + "\n"


@pytest.mark.parametrize("front", files.NOTES.values(), ids=files.NOTES)
def test_a_note_with_one_blank_line_behind_it_takes_no_body(front: str) -> None:
    """Where nothing but one blank line parts a note from a poem, every line of it stays."""
    cleaned = body_of(f"{HEADER}{START}\n\n{front}\n\n{POEM}\n\n{END}\n{LICENCE}")
    assert cleaned == POEM + "\n"


@pytest.mark.parametrize("body", [BODY, POEM], ids=["story", "poem"])
@pytest.mark.parametrize("back", files.BACK_NOTES.values(), ids=files.BACK_NOTES)
def test_notes_behind_are_removed(back: str, body: str) -> None:
    """Lists of corrections and of characters go, with or without a closing sentence."""
    assert body_of(book(body, back=back)) == body + "\n"
    assert body_of(book(body, back=f"{back}\n\n\n\nEnd of Project Gutenberg's X")) == body + "\n"


@pytest.mark.parametrize("back", files.CLOSINGS.values(), ids=files.CLOSINGS)
def test_closing_sentences_are_removed(back: str) -> None:
    """Before an END line, without one, and right below the last line of the body."""
    assert body_of(book(back=back)) == BODY + "\n"
    assert body_of(book(back=back, end="", licence="")) == BODY + "\n"
    assert body_of(book(f"{BODY}\n{back}")) == BODY + "\n"


@pytest.mark.parametrize("first", files.BEGINNINGS.values(), ids=files.BEGINNINGS)
def test_what_a_book_may_begin_with_stays(first: str) -> None:
    """Behind the header, credits or a note, the first line of a book is not taken for another."""
    body = f"{first}\n\n{POEM}\n"
    assert body_of(book(body)) == body
    for front in ("Produced by Ann Ode", *files.NOTES.values()):
        assert body_of(book(body, front)) == body


@pytest.mark.parametrize("last", files.ENDINGS.values(), ids=files.ENDINGS)
def test_what_a_book_may_end_with_stays(last: str) -> None:
    """An index, notes, the printer's name, "Fin de ..." are the book's."""
    body = f"{POEM}\n\n\n{last}\n"
    assert body_of(book(body)) == body
    assert body_of(book(body, back=files.CLOSINGS["of project"])) == body
    assert body_of(book(body, back=files.BACK_NOTES["list"])) == body
    assert body_of(body) == body


def test_a_word_for_end_on_its_own_line_is_the_books() -> None:
    """What the line below it says of the project does not make it a closing sentence."""
    body = f"{POEM}\n\nFin\nProject Gutenberg is a library.\n"
    assert body_of(book(body)) == body


def test_small_print_may_be_all_of_the_header() -> None:
    """Old files have no START line."""
    front = "This Etext created by A. Ode\n\nThis Etext is in English"
    back = "End of The Project Gutenberg Etext of The Salt Road"
    text = book(BODY, front, back, header=OLD_HEADER, start="", end="", licence="")
    assert body_of(text) == BODY + "\n"


def test_small_print_may_stand_at_the_bottom() -> None:
    """Without a blank line before it, under the title of the file."""
    bottom = (
        "The Project Gutenberg Etext of The Salt Road\nby Mara Venn\n"
        "******This file should be named salt10.txt or salt10.zip******\n\n"
        "*END THE SMALL PRINT! FOR PUBLIC DOMAIN EBOOKS*Ver.02/11/02*END*"
    )
    text = f"{HEADER}{START}\n\n\nThis etext was produced by A. Ode.\n\n{BODY}\n{bottom}\n"
    assert body_of(text) == BODY + "\n"


def test_a_file_may_have_no_footer() -> None:
    """The last line of the file is the body's then."""
    assert body_of(f"{OLD_HEADER}\n\n\n{BODY}") == BODY + "\n"


def test_text_behind_the_end_goes() -> None:
    """Words of the project behind the END line are no more the book's than the licence is."""
    text = f"{HEADER}{START}\n\n{BODY}\n\n{END}\n\n\nA Word from Project Gutenberg\n\nHello.\n"
    assert body_of(text) == BODY + "\n"


def test_the_body_may_mention_the_project() -> None:
    """Behind the title, words about the project are the book's."""
    body = f"THE SALT ROAD\n\n[Copied for Project Gutenberg, http://salt.example]\n\n{POEM}\n"
    assert body_of(book(body)) == body


def test_an_essay_and_its_signature_in_front_go() -> None:
    """Office-holders of the project wrote essays, with quotations, in front of some books."""
    essay = (
        "Executive Director's Notes:\n\nIn addition to the notes below, here is the first line\n"
        "of a play, as it was printed:\n\n    Enter Ann and Ode, two Sentinels.\n\n"
        "So we have NOT changed the errors; here is the Project Gutenberg Etext of\nThe Salt Road."
        "\n\nMichael S. Hart\nProject Gutenberg\nExecutive Director\n\n\n***\n\n\n"
        "Scanner's Notes: What this is and isn't. I have left the spelling as it is.\n\n"
        "I wish to make this the best etext possible; email me at ode@salt.example.\n\nPer Sky"
    )
    assert body_of(f"{OLD_HEADER}\n\n\n{essay}\n\n{POEM}\n") == POEM + "\n"


def test_a_sister_project_has_headers_without_a_mark() -> None:
    """Fields and terms tell such a header, and a bracket names the book at its end."""
    head = (
        "A Project Gutenberg Canada Ebook\n\nThis ebook is made available at no cost.\n\n"
        "Title: The Salt Road\nAuthor: Mara Venn\nProject Gutenberg Canada ebook #12"
    )
    text = f"{head}\n\n\n\n{BODY}\n\n\n[End of The Salt Road, by Mara Venn]\n"
    assert body_of(text) == BODY + "\n"


def test_an_unmarked_text_is_kept_whole_with_a_warning() -> None:
    """A user's own text has no marks."""
    text = "Produced by nobody.\n\nThis is my own text, and all of it is to be kept.\n"
    cleaned = clean(text.encode())
    assert cleaned.text == text
    assert "no mark of Project Gutenberg" in cleaned.record.warnings[0]


@pytest.mark.parametrize(
    ("raw", "error", "message"),
    [
        (b"", refusals.TinyFileError, "is empty"),
        (b" \r\n\r\n", refusals.TinyFileError, "is empty"),
        (b"Not found\n", refusals.TinyFileError, "only 8 characters"),
        (b"<!DOCTYPE html>\n<html><p>hello</p>", refusals.WebPageError, "a web page"),
        (b"\n <html><title>CAPTCHA</title>", refusals.WebPageError, "a captcha page"),
        (b"\x1f\x8b" + b"x" * 50, refusals.NotTextError, "a gzip file"),
        (book(body="").encode(), refusals.TinyFileError, "the body is empty"),
        ((book() + book(POEM)).encode(), refusals.TwoBooksError, "two books in one file"),
        (
            book(header=f"{HEADER}** This is a COPYRIGHTED Project Gutenberg eBook **\n").encode(),
            refusals.CopyrightedError,
            "COPYRIGHTED",
        ),
    ],
    ids=["empty", "blank", "tiny", "web page", "captcha", "binary", "no body", "two", "copyright"],
)
def test_what_is_no_book_is_refused(raw: bytes, error: type[Exception], message: str) -> None:
    """Each kind has its own class and its own words."""
    with pytest.raises(error, match=message) as caught:
        clean(raw)
    assert isinstance(caught.value, CharlabError)


def test_a_copyrighted_book_is_cleaned_where_it_is_allowed() -> None:
    """The user may say that the book may be used."""
    text = book(header=f"{HEADER}** This is a COPYRIGHTED Project Gutenberg eBook **\n")
    assert clean(text.encode(), allow_copyrighted=True).text == BODY + "\n"


def test_laws_in_the_header_are_no_copyright_of_the_book() -> None:
    """Every old header speaks of copyright laws."""
    assert body_of(f"{OLD_HEADER}\n\n\n{BODY}\n") == BODY + "\n"


def test_characters_stay_unless_a_change_is_asked_for() -> None:
    """Quotes, dashes, tabs and spaces are the book's."""
    text = "“It’s—so”,\tshe\u00a0said; «oui» –\u2009and so on for some more words.\n"
    assert body_of(text) == text
    changes = {
        "ascii_quotes": '"It\'s—so",\tshe\u00a0said; "oui" –\u2009and so on for some more words.\n',
        "ascii_dashes": "“It’s--so”,\tshe\u00a0said; «oui» -\u2009and so on for some more words.\n",
        "plain_spaces": "“It’s—so”,\tshe said; «oui» – and so on for some more words.\n",
        "expand_tabs": text.expandtabs(),
    }
    for name, expected in changes.items():
        assert clean(text.encode(), params=CleanParams(**{name: True})).text == expected


def test_the_record_says_what_was_done() -> None:
    """Fields of the header, encoding, lines, counts and the hash of the body, as JSON."""
    raw = book(BODY, "Produced by Ann Ode").replace("\n", "\r\n").encode("latin-1")
    cleaned = clean(raw)
    record = json.loads(json.dumps(cleaned.record.as_dict()))
    assert record["title"] == "The Salt Road A Story"
    assert (record["author"], record["language"]) == ("Mara Venn", "English")
    assert (record["gutenberg"], record["release_date"]) == (99999, "May 4, 2009 [EBook #99999]")
    assert record["body_sha256"] == hashlib.sha256(cleaned.text.encode()).hexdigest()
    assert record["characters"] == len(cleaned.text)
    lines = raw.decode().split("\r\n")
    assert lines[record["body_first"] - 1] == "THE SALT ROAD"
    assert lines[record["body_last"] - 1] == "THE END"
    assert [removed["why"] for removed in record["removed"]] == [
        "header",
        "credits",
        "footer and licence",
    ]
    said = explain(cleaned.record)
    assert "Mara Venn" in said
    assert "removed    line 24: credits" in said


def lines_of(text: str) -> list[str]:
    """Return what a cleaner sees of a text: NFC, without blanks at line ends."""
    return [line.rstrip() for line in unicodedata.normalize("NFC", text).split("\n")]


@given(files.files)
def test_every_line_of_a_body_was_in_the_file_in_its_order(text: str) -> None:
    """Lines go, but none is made, changed or moved."""
    given_lines = iter(lines_of(text))
    assert all(line in given_lines for line in body_of(text).rstrip("\n").split("\n"))


@pytest.mark.parametrize("word", ["LATIN1", "ASCII", "html", "8-bit", "UTF-8", "Google"])
def test_a_story_may_name_what_files_are_made_of(word: str) -> None:
    """A beginning that names an encoding is the book's; of a file, it is not."""
    story = f"She wrote it on the wall.\n{word}\nNobody asked her why, and the ferry left."
    assert body_of(book(story, "")).startswith("She wrote")
    assert body_of(book(BODY, f"This file is in {word}.")).startswith("THE SALT ROAD")


@given(files.bodies, files.fronts, files.backs)
def test_no_line_of_a_body_is_lost(body: str, front: str, back: str) -> None:
    """Whatever stands around it: between its first line and its last, nothing goes."""
    kept = "\n".join(lines_of(body)) + "\n"
    assert kept in body_of(book(body, front, back))


@given(files.files)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """A body is its own body."""
    once = body_of(text)
    assert body_of(once) == once


@settings(max_examples=30)
@given(files.files)
def test_a_file_on_disk_gives_the_same_bytes(text: str) -> None:
    """Read in small pieces, it is cleaned as in memory, and recorded alike."""
    raw = text.encode("utf-8")
    cleaned = clean(raw)
    with tempfile.TemporaryDirectory() as folder:
        source, out, record = (Path(folder) / name for name in ("raw", "body", "record"))
        source.write_bytes(raw)
        assert clean_file(source, out, record, size=101) == cleaned.record
        assert out.read_bytes() == cleaned.text.encode("utf-8")
        assert json.loads(record.read_text())["lines"] == cleaned.record.lines


def test_a_long_text_is_cleaned_by_its_ends(tmp_path: Path) -> None:
    """What is looked at is bounded, and so is what is held in memory."""
    body = (POEM + "\n\n") * 2_000
    raw = book(body.strip(), "Produced by Ann Ode", files.BACK_NOTES["list"]).encode()
    (tmp_path / "raw").write_bytes(raw)
    made = clean_file(tmp_path / "raw", tmp_path / "body", size=10_000)
    assert (tmp_path / "body").read_text() == body.strip() + "\n"
    assert made == clean(raw).record
    assert made.body_last - made.body_first + 1 == body.strip().count("\n") + 1


def test_an_end_line_far_from_the_end_of_a_file_counts_if_the_licence_follows() -> None:
    """A line quoted in a book is not the end of it; one with the licence behind it is."""
    far = (POEM + "\n\n") * 500
    assert body_of(book(licence=LICENCE + far)) == BODY + "\n"
    quoted = f"{far}{END}\n\n{far}".strip()
    assert body_of(book(quoted)) == quoted + "\n"


def test_a_refused_file_leaves_nothing_behind(tmp_path: Path) -> None:
    """No half-written body, and the message names the file."""
    source = tmp_path / "page.txt"
    source.write_text("<html><p>no book</p></html>")
    with pytest.raises(refusals.WebPageError, match=r"page\.txt: a web page"):
        clean_file(source, tmp_path / "out.txt", tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == [source]
