"""Measures of a clean text that tell languages and styles apart.

All are taken from the first :data:`CHARS` characters, since some of them, such as the number of
distinct words, grow with the length of a text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

CHARS = 200_000
"""Characters of a text that are measured."""

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
"""Letters, with apostrophes between them."""

UMLAUTS = frozenset("äöüÄÖÜ")

COLUMNS = (
    *("words", "distinct_words", "word_chars", "diacritics", "umlauts", "capitals"),
    "line_chars",
)


def text_measures(path: Path) -> dict[str, float | int | None]:
    """Return the measures of a text as columns of metrics/texts.csv.

    Parameters
    ----------
    path : Path
        A clean text, as data/clean/<text>.txt; the values are None if it is missing.

    Returns
    -------
    dict
        ``words`` and ``distinct_words`` (regardless of case), ``word_chars`` (mean length of a
        word), ``diacritics``, ``umlauts`` and ``capitals`` (share of the letters), and
        ``line_chars`` (mean length of a line that is not empty).
    """
    if not path.is_file():
        return dict.fromkeys(COLUMNS)
    with path.open(encoding="utf-8", newline="") as file:
        text = unicodedata.normalize("NFC", file.read(CHARS))
    words = [word.casefold() for word in WORD.findall(text)]
    letters = Counter({char: count for char, count in Counter(text).items() if char.isalpha()})
    lines = [line for line in text.split("\n") if line.strip()]
    values = (
        len(words),
        len(set(words)),
        sum(map(len, words)) / max(len(words), 1),
        _share(letters, has_mark),
        _share(letters, UMLAUTS.__contains__),
        _share(letters, str.isupper),
        sum(map(len, lines)) / max(len(lines), 1),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _share(letters: Counter[str], chosen: Callable[[str], bool]) -> float:
    """Return the share of letters that are chosen, 0 without a letter."""
    return sum(count for char, count in letters.items() if chosen(char)) / max(letters.total(), 1)


def has_mark(letter: str) -> bool:
    """Return whether a letter is written with an accent, a cedilla or another mark."""
    return any(unicodedata.combining(part) for part in unicodedata.normalize("NFD", letter))
