"""A small Gutenberg file in parts: one book, and what may stand around it.

The book was written for the tests.
"""

from __future__ import annotations

import hashlib

from charlab.clean.cleaner import Cleaned

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


def book(
    body: str = BODY, *, front: str = "", back: str = "", start: str = START, end: str = END
) -> bytes:
    """Return a file with today's header and footer around what is given."""
    parts = [f"{FIELDS}\n{start}\n\n\n", f"{front}\n\n\n" if front else "", body]
    parts += [f"\n\n{back}\n" if back else "", f"\n\n{end}\n{LICENCE}"]
    return "".join(parts).encode("utf-8")


def assert_is(cleaned: Cleaned, body: str = BODY) -> None:
    """Fail unless ``body`` is what was found, and what the record speaks of."""
    assert cleaned.text == body
    assert cleaned.record.characters == len(body)
    assert cleaned.record.body_sha256 == hashlib.sha256(body.encode("utf-8")).hexdigest()
