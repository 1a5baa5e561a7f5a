"""Forms of files that the rules were not drawn from, and bodies that look like what is not theirs.

Every file here was written for these tests.
"""

from __future__ import annotations

import pytest
from small_book import BODY, END, FIELDS, LICENCE, SMALL_PRINT, START, assert_is, book

from charlab.clean.cleaner import clean

TEAM = "the Online Distributed\nProofreading Team at https://www.pgdp.net"
NOTE = "Transcriber's Notes:\n\nObvious typographical errors have been corrected."


@pytest.mark.parametrize(
    "front",
    [
        "E-kirjan ovat tuottaneet Matti ja Maija Meikäläinen",
        f"Produit par Jean Dupont et {TEAM}\n(Ce fichier a été\nproduit à partir d'images de la "
        f"BnF)",
        "Ce texte a été numérisé par Jean Dupont",
        "Produced by Ana Silva. (Este ficheiro foi produzido a partir\nde imagens da "
        "biblioteca.)\n\n\n"
        "*Nota de editor:* Devido à existência de erros tipográficos neste\ntexto, foram tomadas "
        "várias decisões. A grafia foi mantida.\n\n*Ana Silva (Dez. 2007)*",
        "本書由志願者錄入校對\nhttp://www.example.org",
        f"Producerad av Anna Andersson och {TEAM}",
        "Produced by Jan Jansen\n\n\n[Opmerkingen van de bewerker:\n\nDe oorspronkelijke "
        "spelling is "
        "behouden. Zetfouten zijn verbeterd.]",
        f"Produced by Ann Ode and {TEAM}\n\n\n[Transcriber's Note: The contents were added.]\n\n\n"
        "Transcriber's Note: Italic text is denoted by _underscores_.",
        "Produced by Sofia Pappa\n\nNote: The tonic system has been changed from polytonic to\n"
        "monotonic, otherwise the spelling of the book has not been changed.\n\nΣημείωση: Ο "
        "τονισμός "
        "έχει αλλάξει. Έχει διατηρηθεί η ορθογραφία.",
        "Produced by Ann Ode\n\nHTML version by Ben Poe.\n\n\nThanks to Google for the scans.",
        "Updated: January 2021\n\nProduced by Ann Ode",
        "[This file was first posted on January 1, 2000]\n[Last updated: May 3, 2010]",
        "Typed for PG by Mary Roe",
    ],
)
def test_fronts(front: str) -> None:
    """Credits, dates of posting, and notes, in many languages and one behind the other."""
    assert_is(clean(book(front=front)))


@pytest.mark.parametrize(
    "back",
    [
        "End of Project Gutenberg's The Lamp on the Quay and Other\nStories, by Ada Penrose",
        "Ende dieses Projekt Gutenberg Etextes Die Laterne",
        "Fin de ce document électronique du Projet Gutenberg",
        "Project Gutenbergin Lamppu loppuu tähän",
        "Project Gutenberg 電子書籍『ランプ』終了",
        f"Produced by Ann Ode and {TEAM}",
        f"{NOTE}\n\n\nProduced by Ann Ode and {TEAM}",
        "Anmerkungen zur Transkription:\n\nOffensichtliche Druckfehler wurden "
        "berichtigt:\n\nSeite 12:\n"
        'Im Original "Lapme" -- geändert in "Lampe"',
        "Notoj de la transskribinto\n\nMi korektis kelkajn presajn erarojn.",
        "Au lecteur.\n\nCe livre électronique reproduit intégralement le texte original, et\n"
        "l'orthographe d'origine a été conservée.",
        "+----------------------------------------+\n| Transcriber's Note: Printer's errors    "
        "|\n| Page 2: thier changed to their         |\n+----------------------------------------+",
        END,
    ],
)
def test_backs(back: str) -> None:
    """Closing sentences, credits and notes behind the body, and the END line twice."""
    assert_is(clean(book(back=back)))


@pytest.mark.parametrize(
    "lines",
    [
        "Produced at the Harbour Theatre, by Mr. Hale, on May 3, 1889.",
        "This edition was prepared by the author's widow.",
        "This work was produced in haste, at the author's own cost.",
        "This text has been handed down by the monks of the island.",
        "He scanned the horizon for a sail, and the sea was bare.",
        "Transcribed from the lips of an old sailor, this tale is true.",
        "Transcribed and edited by William Doe, from the manuscript of 1640",
        "Released from the moon in 2010, he wrote this.",
        "In 2050 the internet was old and nobody was online.",
        "He read an ebook. The e-mail had come at noon.",
        "Note.--This story was first printed in the Gazette; errors of\nspelling have been "
        "corrected "
        "by the author.",
        "NOTE ON THE TRANSCRIPTION OF ARABIC NAMES\n\nLong vowels have accents.",
        "TRANSLATOR'S NOTE\n\nI have kept the spelling of names as the author has them.",
        "Entered according to Act of Congress, in the year 1871, by Ada Penrose",
        "<b>A tale</b> <i>of the sea</i>\n\n<illustration>",
        "* * * * *",
    ],
)
def test_first_lines_of_a_body_that_look_like_credits(lines: str) -> None:
    """What a book of its time, or a story of a later one, may begin with is the book's."""
    body = f"{lines}\n\n{BODY}"
    assert_is(clean(book(body)), body)
    assert_is(clean(book(body, front="Produced by Ann Ode")), body)


@pytest.mark.parametrize(
    "lines",
    [
        "The book was on the table, and nobody read it.",
        "Images of saints stood round the quay.",
        "Tack till Anna, min hustru, som skrev.",
        "The file on the quay was red with rust.",
    ],
)
def test_a_body_one_blank_line_behind_the_credits(lines: str) -> None:
    """Close behind credits only what closes them, or goes on with them, is theirs."""
    body = f"{lines}\n\n{BODY}"
    raw = f"{FIELDS}\n{START}\n\nProduced by Ann Ode\n\n{body}\n\n{END}\n{LICENCE}"
    assert_is(clean(raw.encode()), body)


@pytest.mark.parametrize(
    "lines",
    [
        "CORRECTIONS AND ADDITIONS\n\nPage 3. For “quay” read “key”.\n\nPage 9. For “lamp” read "
        "“lump”.",
        "NOTES BY THE EDITOR\n\nThe original has many errors of spelling, which are retained.",
        "FOOTNOTES\n\n[1] Transcribed from the manuscript in the Museum.\n\n[2] The transcriber "
        "erred.",
        "NOTE ON THE TRANSCRIPTION OF ARABIC NAMES\n\nLong vowels have accents.",
        "Anmerkungen\n\n1. Die Rechtschreibung des Originals wurde beibehalten.",
        "NOTE DE L'ÉDITEUR\n\nNous avons conservé l'orthographe de l'auteur.",
        "EPILOGUE\n\nTHE TRANSCRIBER TO THE READER\n\nI have set down what the keeper told me.",
        "INDEX\n\nLamp, 3, 9\nOriginal, the, 12\nSpelling, 14",
        "THE END OF THE BIBLE OF GUTENBERG",
        "*** END OF BOOK ONE ***",
        "He closed the page of Project Gutenberg, and slept.",
        "BY THE SAME AUTHOR\n\nThe Kite. 6s.\nProduced in cloth, 3s.",
    ],
)
def test_last_lines_of_a_body_that_look_like_a_note(lines: str) -> None:
    """An author's notes, indexes, advertisements, and words for the end are the book's."""
    body = f"{BODY}\n\n{lines}\n"
    assert_is(clean(book(body)), body)
    assert_is(clean(book(body, back=NOTE)), body)


@pytest.mark.parametrize(
    "line",
    [
        "He read aloud: *** END OF THE PROJECT GUTENBERG EBOOK was what stood there.",
        "*** END OF THE STORY ***",
        "She had found the book on Project Gutenberg, and read it at night.",
        "A \ufeff mark in the middle of a line",
    ],
)
def test_a_body_that_quotes_a_mark(line: str) -> None:
    """What is in the middle of a book fences nothing off."""
    body = BODY.replace("So they left", f"{line}\n\nSo they left")
    assert_is(clean(book(body)), body)


AUSTRALIAN = """Project Gutenberg Australia

Title:      The Lamp on the Quay (1933)
Author:     Ada Penrose
eBook No.:  0299999.txt
Language:   English

This eBook was produced by: Ann Ode

Copyright laws are changing all over the world. Be sure to check the
copyright laws for your country before downloading this file.

To contact Project Gutenberg of Australia go to http://gutenberg.net.au

------------------------------------------------------------------------
"""
SMALL_END = SMALL_PRINT[SMALL_PRINT.index("***START**") :]
WIDE_START = START.replace("QUAY ***", "QUAY: A STORY\nOF THE HARBOUR, AND\nITS KEEPER ***")


@pytest.mark.parametrize(
    "raw",
    [
        f"{SMALL_PRINT}\n\n{BODY}\n\nEnd of The Project Gutenberg Etext of The Lamp on the Quay\n",
        f"{SMALL_PRINT}\n\n{BODY}",
        f"{FIELDS}\n{START}\n\n\n{SMALL_PRINT}\n\n{BODY}\n\nEnd of this Etext\n\n{END}\n{LICENCE}",
        f"{FIELDS}\n{START}\n\n\n{BODY}\n\nEnd of Project Gutenberg's The Lamp\n\n{SMALL_END}",
        f"{AUSTRALIAN}\n\n{BODY}\n\nThis site is full of FREE ebooks\n",
        f"{FIELDS}{LICENCE}\n\n{START}\n\n{BODY}\n\n{END}\n{LICENCE}",
        f"{FIELDS}\n{START}\n\n{START}\n\n{BODY}\n\n{END}\n{LICENCE}",
        f"{FIELDS}\n{WIDE_START}\n\n{BODY}\n\n{END}\n{LICENCE}",
        f"{FIELDS}\n{START}\n{BODY}{END}\n{LICENCE}",
        f"{BODY}\n\n{END}\n{LICENCE}",
        f"{FIELDS}\n{START}\n\n{BODY}",
        book().decode().replace("EBOOK", "EBOOK").replace("*** ", "***"),
        book().decode() + "\x1a",
        book().decode().replace(f"\n{START}", f"\n\ufeff{START}").replace(BODY, "\ufeff" + BODY),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_whole_files(raw: str, line_end: str) -> None:
    """Old small print in front, behind, and below a new header; sister projects; marks twice."""
    assert_is(clean(raw.replace("\n", line_end).encode()))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_encodings_with_a_mark(encoding: str) -> None:
    """A byte order mark decides."""
    assert_is(clean(book().decode().encode(encoding)))
