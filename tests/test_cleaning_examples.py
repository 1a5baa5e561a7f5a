"""Small Gutenberg files in many forms, one book in all of them: its body is always the same.

The book was written for these tests.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.corpus.cleaning import Cleaned, CleaningError, clean, clean_file, explain
from charlab.params import CleanParams

BODY = """THE LAMP ON THE QUAY

by Ada Penrose


CHAPTER I

The lamp had burned on the quay for longer than anyone in the town could
say, and nobody had ever been seen to fill it.

"It is the keeper," said the boy; but there was no keeper, and had been
none since the harbour was dug.

    The wind may call, the tide may turn,
    And still upon the quay I burn.

So they left it alone, and for a while it left them alone as well.

THE END
"""
GERMAN = """DIE LATERNE

Erstes Kapitel

Die Laterne am Kai brannte länger, als irgend jemand im Städtchen sagen
konnte, und niemand hatte je gesehen, daß einer sie füllte.

»Das ist der Wärter«, sagte der Knabe; aber es gab keinen Wärter, und es
hatte auch keinen gegeben, seit der Hafen gegraben war.

So ließ man sie in Ruhe, und eine Weile ließ auch sie die Leute in Ruhe.
"""
FIELDS = """The Project Gutenberg EBook of The Lamp on the Quay, by Ada Penrose

This eBook is for the use of anyone anywhere at no cost and with almost no
restrictions whatsoever.

Title: The Lamp on the Quay
       A Story of the Harbour

Author: Ada Penrose

Release Date: March 3, 2004 [EBook #99999]

Language: English

Character set encoding: UTF-8
"""
START = "*** START OF THE PROJECT GUTENBERG EBOOK THE LAMP ON THE QUAY ***"
END = "*** END OF THE PROJECT GUTENBERG EBOOK THE LAMP ON THE QUAY ***"
LICENCE = """
Updated editions will replace the previous one--the old editions will be
renamed.

START: FULL LICENSE
THE FULL PROJECT GUTENBERG LICENSE
PLEASE READ THIS BEFORE YOU DISTRIBUTE OR USE THIS WORK

Section 1. General Terms of Use and Redistributing Project Gutenberg-tm
electronic works
"""
SMALL_PRINT = """Project Gutenberg Etext of The Lamp on the Quay, by Ada Penrose

Please take a look at the important information in this header.
We encourage you to keep this file on your own disk.

**Welcome To The World of Free Plain Vanilla Electronic Texts**

***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***
Why is this "Small Print!" statement here? You know: lawyers.
They tell us you might sue us if there is something wrong.

*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*
"""


def _book(
    body: str = BODY, *, front: str = "", back: str = "", start: str = START, end: str = END
) -> bytes:
    """Return a file with today's header and footer around what is given."""
    parts = [f"{FIELDS}\n{start}\n\n\n", f"{front}\n\n\n" if front else "", body]
    parts += [f"\n\n{back}\n" if back else "", f"\n\n{end}\n{LICENCE}"]
    return "".join(parts).encode("utf-8")


def _assert_is(cleaned: Cleaned, body: str = BODY) -> None:
    assert cleaned.text == body
    assert cleaned.record.characters == len(body)
    assert cleaned.record.body_sha256 == hashlib.sha256(body.encode("utf-8")).hexdigest()


# Headers.


@pytest.mark.parametrize(
    "start",
    [
        START,
        "***START OF THE PROJECT GUTENBERG EBOOK THE LAMP ON THE QUAY***",
        "*** START OF THIS PROJECT GUTENBERG EBOOK THE LAMP ON THE QUAY ***",
        "*** START OF THE PROJECT GUTENBERG EBOOK THE LAMP ON THE QUAY,\nA STORY OF A HARBOUR ***",
        "  *** START OF THE PROJECT GUTENBERG EBOOK 99999 ***",
    ],
)
def test_start_line(start: str) -> None:
    """The body begins behind the START line, which may run over two lines."""
    _assert_is(clean(_book(start=start)))


def test_small_print_without_a_start_line() -> None:
    """Old files have the small print in front instead."""
    raw = f"{SMALL_PRINT}\n\n\n{BODY}\n\n\nEnd of Project Gutenberg's The Lamp on the Quay\n"
    _assert_is(clean(raw.encode()))


def test_small_print_behind_the_start_line() -> None:
    """A file may have both; the body begins behind the later one."""
    _assert_is(clean(_book(front=SMALL_PRINT.split("\n\n", 2)[2])))


@pytest.mark.parametrize(
    "front",
    [
        "Produced by Jane Doe and John Roe",
        "Produced by Jane Doe, John Roe and the Online Distributed Proofreading\n"
        "Team at https://www.pgdp.net (This file was produced from images\n"
        "generously made available by The Internet Archive)",
        "E-text prepared by Jane Doe",
        "This eBook was produced by Jane Doe.",
        "This etext was prepared by Jane Doe, Somewhere.",
        "This book was TYPED in by Jane Doe.",
        "Etext created by Jane Doe",
        "This text was typed by Jane Doe",
        "Transcribed from the 1899 Harbour and Sons edition by Jane Doe",
        "Scanned and proofed by Jane Doe",
        "[Transcribed by Jane Doe]",
        "Thanks to Jane Doe, who typed this e-text.",
        "Special thanks to Jane Doe for the scanned pages.",
        "Produït per Jane Doe",
        "Credits: Jane Doe and the Online Distributed Proofreading Team",
        "Produit par Jane Doe",
        "Erstellt von Jane Doe",
        "Producido por Jane Doe",
        "Produzido por Jane Doe",
        "Prodotto da Jane Doe",
        "Tuottanut Jane Doe",
        "Produced by Jane Doe\n\nThanks to Mary Poe.\n\nHTML version by John Roe",
    ],
)
def test_credits_in_front(front: str) -> None:
    """Whoever made the file is thanked in many words, and not in the book."""
    _assert_is(clean(_book(front=front)))


@pytest.mark.parametrize(
    "note",
    [
        "Transcriber's Note: Obvious errors were corrected.",
        "[Transcriber's Note: Obvious errors were corrected; the\nspelling is the author's.]",
        "TRANSCRIBER'S NOTES:\n\n  Italics are marked _so_.\n\n  Bold is marked =so=.",
        "Transcriber’s note:\n\nObvious errors were corrected.",
        "[Note du transcripteur: l'orthographe d'origine est conservée.]",
        "Anmerkungen zur Transkription:\n\nOffensichtliche Fehler wurden verbessert.",
        "Nota del transcriptor: se ha respetado la ortografía.",
        "Produced by Jane Doe\n\n\nTranscriber's Note: Obvious errors were corrected.",
    ],
)
def test_notes_in_front(note: str) -> None:
    """A note by whoever made the file goes, whatever its language; the book stays."""
    _assert_is(clean(_book(front=note)))


# Footers.


@pytest.mark.parametrize(
    "end",
    [
        END,
        "      *** END OF THE PROJECT GUTENBERG EBOOK THE LAMP ON THE QUAY ***",
        "***END OF THE PROJECT GUTENBERG EBOOK THE LAMP ON THE QUAY***",
        f"End of the Project Gutenberg EBook of The Lamp on the Quay, by Ada Penrose\n\n{END}",
        f"End of Project Gutenberg's The Lamp on the Quay, by Ada Penrose\n\n{END}",
        f"Ende dieses Projekt Gutenberg Etextes Die Laterne, von Ada Penrose\n\n{END}",
        f"Fin du Projet Gutenberg de La Lampe\n\n{END}",
        f"Fine del Progetto Gutenberg di La lampada\n\n{END}",
        f"Fin del Proyecto Gutenberg de La lámpara\n\n{END}",
        f"Fim do Projecto Gutenberg de A lâmpada\n\n{END}",
        f"[End of this Etext of The Lamp on the Quay]\n\n{END}",
        f"{END}\n\n\nProduced by Jane Doe\n\nThis file should be named lamp10.txt",
        "End of the Project Gutenberg EBook of The Lamp on the Quay",
        "Ende dieses Projekt Gutenberg Etextes Die Laterne",
    ],
)
def test_footer(end: str) -> None:
    """The END line, or the sentence that closes a file, ends the body."""
    _assert_is(clean(_book(end=end)))


def test_no_footer() -> None:
    """A file that stops with the book keeps all of it."""
    _assert_is(clean(f"{FIELDS}\n{START}\n\n\n{BODY}".encode()))


def test_footer_without_a_blank_line() -> None:
    """The END line may follow the last line of the book at once."""
    _assert_is(clean(f"{FIELDS}\n{START}\n\n{BODY}{END}\n{LICENCE}".encode()))


def test_thanks_that_may_be_the_authors() -> None:
    """Thanks that stand alone may be the book's: a doubtful block stays, and all behind it."""
    body = f"Thanks to Jane Doe.\n\n\n{BODY}"
    _assert_is(clean(_book(body)), body)


@pytest.mark.parametrize(
    "note",
    [
        "Transcriber's Note:\n\nThe following errors were corrected:\n\n  p. 3: teh -> the",
        "Anmerkungen zur Transkription:\n\n  S. 3: dei -> die",
        "* * * * *\n\nTRANSCRIBER'S NOTES\n\nPage 3: a full stop was added.",
    ],
)
def test_notes_behind(note: str) -> None:
    """Lists of corrections go, with the rule that sets them off."""
    _assert_is(clean(_book(back=note)))


# What only looks like it.


@pytest.mark.parametrize(
    "last",
    [
        "Final de Os Marinheiros",
        "FIN",
        "Ende des ersten Teils",
        "End of the First Part",
        "[End of the story of the keeper]",
        "Note: the quay was rebuilt in 1850; the author has not seen it since.",
        "*** the lamp went out ***",
        "He had produced by then a second lamp.",
    ],
)
def test_last_lines_that_are_the_books(last: str) -> None:
    """An author may close his own book."""
    body = f"{BODY}\n{last}\n"
    _assert_is(clean(_book(body)), body)


@pytest.mark.parametrize(
    "first",
    [
        "Presented to the Town by the Keepers",
        "A TEXT FOR THE HARBOUR",
        "To those who produced nothing, this book is dedicated.",
        "I thank the town for its patience.",
        "NOTE\n\nThis story was told to me in 1848.",
    ],
)
def test_first_lines_that_are_the_books(first: str) -> None:
    """A dedication or a preface is no credit."""
    body = f"{first}\n\n\n{BODY}"
    _assert_is(clean(_book(body)), body)


def test_the_body_may_speak_of_the_project() -> None:
    """A mention of the project in the middle of a book ends nothing."""
    middle = "He read it in Project Gutenberg, he said, and wished for no end of it.\n\n"
    body = BODY.replace("So they", f"{middle}So they") + f"\n{'It burned on.' + chr(10)}" * 60
    _assert_is(clean(_book(body)), body)


# Characters.


def test_another_encoding() -> None:
    """A German book in Latin-1 under a header that says ASCII."""
    raw = _book(GERMAN, end=f"Ende dieses Projekt Gutenberg Etextes\n\n{END}").decode()
    cleaned = clean(raw.replace("UTF-8", "ASCII").replace("\n", "\r\n").encode("latin-1"))
    _assert_is(cleaned, GERMAN)
    assert cleaned.record.encoding == "latin-1"


def test_only_trailing_blanks_are_changed() -> None:
    """Blanks at the ends of lines go; those inside, tabs and odd spaces stay."""
    body = BODY + "\nA\tB\u00a0C\u2009D  \nE\t\nF\u00a0\n"
    _assert_is(clean(_book(body)), BODY + "\nA\tB\u00a0C\u2009D\nE\nF\n")


@pytest.mark.parametrize(
    ("wanted", "before", "after"),
    [
        ("ascii_quotes", "“Yes,” ‘no’ «oui» „ja“", '"Yes," \'no\' "oui" "ja"'),
        ("ascii_dashes", "1848–49 — or not", "1848-49 -- or not"),
        ("expand_tabs", "a\tb", "a       b"),
        ("plain_spaces", "1\u2009000\u00a0fl.", "1 000 fl."),
    ],
)
def test_changes_are_made_only_when_asked_for(wanted: str, before: str, after: str) -> None:
    """Each change to characters is off by default, and does one thing."""
    body = f"{BODY}\n{before}\n"
    _assert_is(clean(_book(body)), body)
    _assert_is(clean(_book(body), params=CleanParams(**{wanted: True})), f"{BODY}\n{after}\n")


# The record.


def test_record() -> None:
    """What the header says, and which lines went and why, can be checked at a glance."""
    record = clean(_book(front="Produced by Jane Doe")).record
    assert record.title is not None
    assert record.title.startswith("The Lamp on the Quay")
    assert (record.author, record.language) == ("Ada Penrose", "English")
    assert record.gutenberg == 99999
    assert "March 3, 2004" in str(record.release_date)
    lines = _book(front="Produced by Jane Doe").decode().split("\n")
    assert lines[record.body_first - 1] == "THE LAMP ON THE QUAY"
    assert lines[record.body_last - 1] == "THE END"
    assert record.warnings == ()
    gone = {n for r in record.removed for n in range(r.first, r.last + 1)}
    kept = set(range(record.body_first, record.body_last + 1))
    assert not gone & kept
    assert all(lines[n - 1].strip() == "" for n in set(range(1, record.lines + 1)) - gone - kept)
    assert all(removed.why for removed in record.removed)


def test_record_as_json_and_as_words(tmp_path: Path) -> None:
    """The file beside a text and what ``--explain`` prints say the same."""
    source, out = tmp_path / "pg.txt", tmp_path / "out.txt"
    source.write_bytes(_book())
    record = clean_file(source, out, tmp_path / "out.json")
    assert out.read_bytes() == BODY.encode()
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert document["author"] == "Ada Penrose"
    assert document["body_sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    words = explain(record)
    for said in ("Ada Penrose", "99999", document["body_sha256"], str(record.body_first)):
        assert said in words


def test_changed_header_leaves_the_body_hash() -> None:
    """Gutenberg rebuilds its headers; the text stays what it is."""
    other = _book().replace(b"March 3, 2004", b"April 5, 2026").replace(b"\n", b"\r\n")
    assert clean(other).record.body_sha256 == clean(_book()).record.body_sha256


# Refusals.


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b" \r\n\r\n\t", "empty"),
        (f"{FIELDS}\n{START}\n\nHm.\n\n{END}\n".encode(), "characters"),
        (b"<!DOCTYPE html>\n<html><body>Not found</body></html>" * 9, "web page"),
        (b"\xef\xbb\xbf\n<html><head><title>x</title></head></html>" * 9, "web page"),
        (b"<html><body>Please solve the CAPTCHA below</body></html>" * 9, "captcha page"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 9, "binary|PDF"),
        (_book() + _book(GERMAN), "two books"),
        (_book().replace(b"The Project", b"**This is a COPYRIGHTED Project", 1), "COPYRIGHTED"),
    ],
)
def test_refusals(raw: bytes, words: str) -> None:
    """What is no book, or not free, is refused in words of its own."""
    with pytest.raises(CleaningError, match=words):
        clean(raw)


def test_copyrighted_if_allowed() -> None:
    """Who may use a copyrighted book can say so."""
    raw = _book().replace(b"The Project", b"**This is a COPYRIGHTED Project", 1)
    _assert_is(clean(raw, allow_copyrighted=True))


def test_a_text_without_marks() -> None:
    """A user's own text has none: it is kept whole, and that is said."""
    cleaned = clean(BODY.encode())
    _assert_is(cleaned)
    assert len(cleaned.record.warnings) == 1
    assert "no mark" in cleaned.record.warnings[0] or "kept whole" in cleaned.record.warnings[0]


def test_refusal_names_the_file(tmp_path: Path) -> None:
    """With many files at once, the message says which one; nothing is written."""
    (tmp_path / "pg7.txt").write_bytes(b"<html>no</html>" * 40)
    with pytest.raises(CleaningError, match=r"pg7\.txt: .*web page"):
        clean_file(tmp_path / "pg7.txt", tmp_path / "out.txt")
    assert not (tmp_path / "out.txt").exists()


# Laws.

LINES = st.sampled_from(
    [
        "",
        "",
        "The keeper slept.",
        "  And still the lamp burned on,  ",
        "e\u0301tait l\u00e0, fl.\u00a03\t",
        "“Well,” said he,",
        "CHAPTER II",
        "* * * * *",
        "Produced by the keeper.",
        "[Note: he was not there.]",
        "Transcriber's Note: he was.",
        "Fin",
        "Project Gutenberg is a library.",
        "\u0d85\u0dcf\u0430\u0301",
    ]
)


@settings(max_examples=60)
@given(
    inner=st.lists(LINES, max_size=12),
    front=st.lists(LINES, max_size=4),
    back=st.lists(LINES, max_size=4),
    marked=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_laws(
    inner: list[str], front: list[str], back: list[str], marked: bool, line_end: str
) -> None:
    """Every line of the body was in the file, in order; it is clean, and cleaning it keeps it."""
    body = "\n".join([*front, BODY, *inner, "", BODY, *back, ""])
    raw = _book(body).decode() if marked else body
    cleaned = clean(raw.replace("\n", line_end).encode("utf-8")).text
    lines = iter([unicodedata.normalize("NFC", line).rstrip() for line in raw.split("\n")])
    assert all(line in lines for line in cleaned.split("\n")[:-1])
    assert unicodedata.is_normalized("NFC", cleaned)
    assert "\r" not in cleaned
    assert all(line == line.rstrip() for line in cleaned.split("\n"))
    assert cleaned.endswith("\n")
    assert not cleaned.endswith("\n\n")
    assert clean(cleaned.encode("utf-8")).text == cleaned
