"""Small Gutenberg files around one invented book, and strategies that generate more."""

from __future__ import annotations

from file_forms import BACK_NOTES, CLOSINGS, CREDITS, END, ENDS, NOTES, START, STARTS
from hypothesis import strategies as st

from charlab.clean.credit_patterns import is_modern

BODY = """\
THE SALT ROAD

By Mara Venn


CHAPTER I. The Ferry

It was raining on the ferry when the old man came aboard, and nobody asked him
for his fare. He sat down among the crates, took off his hat, and began to count
the lamps along the quay.

"There were nine of them," he said, "when I was a boy."

CHAPTER II. The Road

They walked until the dark. The salt lay in the ruts like snow, and the mules
would not be hurried.

He never told her what the ninth lamp had been.

THE END"""

POEM = """\
Here the river turns and listens,
Here the heron stands alone;
All the night the water glistens,
Telling over stone by stone.

Who has asked it where it travels?
Who has told it to be still?
Slowly, slowly it unravels
All the secrets of the hill."""

HEADER = """\
The Project Gutenberg EBook of The Salt Road, by Mara Venn

This eBook is for the use of anyone anywhere at no cost and with
almost no restrictions whatsoever.  You may copy it, give it away or
re-use it under the terms of the Project Gutenberg License included
with this eBook or online at www.gutenberg.org


Title: The Salt Road
       A Story

Author: Mara Venn

Release Date: May 4, 2009 [EBook #99999]

Language: English

Character set encoding: UTF-8

"""
SMALL_PRINT = """\
***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***
Why is this "Small Print!" statement here?  You know: lawyers.
They tell us you might sue us if there is something wrong.

*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*"""

OLD_HEADER = f"""\
***The Project Gutenberg Etext of The Salt Road, by Mara Venn***
#2 in our series by Mara Venn

Copyright laws are changing all over the world, be sure to check
the laws for your country before redistributing these files!!!

**Welcome To The World of Free Plain Vanilla Electronic Texts**

May, 1995  [Etext #99999]

{SMALL_PRINT}"""

AUSTRALIAN_HEADER = """\
Project Gutenberg Australia

Title:      The Salt Road (1933)
Author:     Mara Venn
eBook No.:  0299999.txt
Language:   English

This eBook was produced by: Ann Ode

Copyright laws are changing all over the world. Be sure to check the
copyright laws for your country before downloading this file.

To contact Project Gutenberg of Australia go to http://gutenberg.net.au

------------------------------------------------------------------------
"""

LICENSE = """\

***** This file should be named 99999-0.txt or 99999-0.zip *****

Updated editions will replace the previous one--the old editions
will be renamed.

*** START: FULL LICENSE ***

THE FULL PROJECT GUTENBERG LICENSE
PLEASE READ THIS BEFORE YOU DISTRIBUTE OR USE THIS WORK
"""


def book(
    body: str = BODY,
    front: str = "",
    back: str = "",
    *,
    header: str = HEADER,
    start: str = START,
    end: str = END,
    legal: str = LICENSE,
) -> str:
    """Return a file with a header, front and back matter around a body, and a footer."""
    parts = [header + start if header or start else ""]
    parts += [front] if front else []
    parts += [body]
    parts += [back] if back else []
    parts += [end + "\n" + legal if end or legal else ""]
    return "\n\n\n\n".join(part for part in parts if part) + "\n"


blanks = st.text(" \t\u00a0\u3000", max_size=3)
words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Co", "Cn")),
    max_size=30,
).filter(lambda text: not is_modern(text))
lines = st.one_of(
    words,
    st.builds(str.__add__, words, blanks),
    st.sampled_from(["", "", "CHAPTER I.", "* * *", "[1] A note.", "The end", "Note: so", '"No."']),
)
bodies = st.lists(lines, min_size=3, max_size=25).map(
    lambda chosen: "\n".join(["The ferry left the quay at nine that night.", *chosen, "So it was."])
)
"""Bodies of any characters between two plain lines, which no rule can remove."""

fronts = st.lists(
    st.sampled_from([*CREDITS.values(), *NOTES.values()]), max_size=2, unique=True
).map("\n\n\n\n".join)
backs = st.lists(
    st.sampled_from([*BACK_NOTES.values(), *CLOSINGS.values()]), max_size=2, unique=True
).map("\n\n\n\n".join)
files = st.builds(
    book,
    bodies,
    fronts,
    backs,
    start=st.sampled_from(list(STARTS.values())),
    end=st.sampled_from(list(ENDS.values())),
)

marks = st.sampled_from(
    [START, END, SMALL_PRINT, OLD_HEADER, HEADER, LICENSE, "START: FULL LICENSE", "By Mara Venn"]
)
oddities = st.sampled_from(
    ["\ufeff", "\x1b$B", "\0", "<html>", "GIF89a", "\x01" * 20, "Charset: iso-2022-jp", "\x91"]
)
tables = st.one_of(
    *(st.sampled_from(list(table.values())) for table in (CREDITS, NOTES, BACK_NOTES, CLOSINGS))
)
fragments = st.lists(
    st.builds(
        str.__add__,
        st.one_of(marks, oddities, tables, lines, st.just(POEM), st.just(BODY)),
        st.sampled_from(["", "\n", "\n\n", "\n\n\n\n"]),
    ),
    max_size=12,
).map("".join)
"""Texts of parts of files in any order."""
