"""Small Gutenberg files in many forms, one book in all of them: its body is always the same."""

from __future__ import annotations

import pytest
from small_book import BODY, END, FIELDS, LICENCE, SMALL_PRINT, START, assert_is, book

from charlab.clean.cleaner import clean

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
    assert_is(clean(book(start=start)))


def test_small_print_without_a_start_line() -> None:
    """Old files have the small print in front instead."""
    raw = f"{SMALL_PRINT}\n\n\n{BODY}\n\n\nEnd of Project Gutenberg's The Lamp on the Quay\n"
    assert_is(clean(raw.encode()))


def test_small_print_behind_the_start_line() -> None:
    """A file may have both; the body begins behind the later one."""
    assert_is(clean(book(front=SMALL_PRINT.split("\n\n", 2)[2])))


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
    assert_is(clean(book(front=front)))


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
    assert_is(clean(book(front=note)))


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
    assert_is(clean(book(end=end)))


def test_no_footer() -> None:
    """A file that stops with the book keeps all of it."""
    assert_is(clean(f"{FIELDS}\n{START}\n\n\n{BODY}".encode()))


def test_footer_without_a_blank_line() -> None:
    """The END line may follow the last line of the book at once."""
    assert_is(clean(f"{FIELDS}\n{START}\n\n{BODY}{END}\n{LICENCE}".encode()))


def test_thanks_that_may_be_the_authors() -> None:
    """Thanks that stand alone may be the book's: a doubtful block stays, and all behind it."""
    body = f"Thanks to Jane Doe.\n\n\n{BODY}"
    assert_is(clean(book(body)), body)


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
    assert_is(clean(book(back=note)))


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
    assert_is(clean(book(body)), body)


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
    assert_is(clean(book(body)), body)


def test_the_body_may_speak_of_the_project() -> None:
    """A mention of the project in the middle of a book ends nothing."""
    middle = "He read it in Project Gutenberg, he said, and wished for no end of it.\n\n"
    body = BODY.replace("So they", f"{middle}So they") + f"\n{'It burned on.' + chr(10)}" * 60
    assert_is(clean(book(body)), body)
