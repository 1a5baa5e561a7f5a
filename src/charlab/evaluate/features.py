"""Features of a text that a unit could follow: quotations, position in the line, and so on.

Input: the ids of a split, with its vocabulary. Output: one number per character and feature.
A feature depends only on the character and on those before it, so a network that has read
them can know it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlab.evaluate.trace import Floats, Ids
from charlab.vocab.vocabulary import Vocabulary

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

FEATURES = (
    "inside_quotes",
    "inside_brackets",
    "position_in_line",
    "line_break",
    "position_in_sentence",
    "position_in_word",
    "capital_word",
    "space",
    "digit",
    "vowel",
)
"""Names of the features, long-range ones first."""

LONG_RANGE = FEATURES[:3]
"""Features that require a memory of many characters."""

VOWELS = frozenset("aeiouyáàâäãåæéèêëíìîïóòôöõøœúùûüýÿ")

# Pairs of different opening and closing marks; a text uses its most common pair.
PAIRS = (("“", "”"), ("„", "“"), ("„", "”"), ("«", "»"), ("»", "«"), ("‘", "’"))
# Marks that both open and close.
TOGGLES = ('"', "”", "»")


@dataclass(frozen=True)
class Quotes:
    """Quotation marks of a text; they are equal if one mark both opens and closes."""

    opening: str
    closing: str


def quotation_marks(vocab: Vocabulary, sample: str) -> Quotes | None:
    """Return the quotation marks that a text uses, judged by their counts.

    Parameters
    ----------
    vocab : Vocabulary
        Vocabulary of the text, with the count of each character.
    sample : str
        Part of the text; the guillemet that occurs first is the opening one.

    Returns
    -------
    Quotes or None
        None if there are no quotation marks.
    """
    # Without the unknown symbol, which has a count but no character.
    count = dict(zip(vocab.chars, vocab.counts, strict=False))
    reversed_guillemets = 0 <= sample.find("»") < sample.find("«")
    best, most = None, 0.0
    for opening, closing in PAIRS:
        if opening in "«»" and (opening == "»") != reversed_guillemets:
            continue
        pairs = float(min(count.get(opening, 0), count.get(closing, 0)))
        if pairs > most:
            best, most = Quotes(opening, closing), pairs
    for mark in TOGGLES:
        partners = {char for pair in PAIRS if mark in pair for char in pair} - {mark}
        pairs = (count.get(mark, 0) - sum(count.get(char, 0) for char in partners)) / 2
        if pairs > most:
            best, most = Quotes(mark, mark), pairs
    return best


def text_features(
    ids: Ids, vocab: Vocabulary, segments: int = 1, quotes: Quotes | None = None
) -> Floats:
    """Compute every feature at every character.

    Parameters
    ----------
    ids : ndarray of shape (chars,), integer
        One split of a text.
    vocab : Vocabulary
        Vocabulary of the ids.
    segments : int
        Number of equal, unconnected pieces in ``ids``.
    quotes : Quotes, optional
        The text's quotation marks; without them ``inside_quotes`` is 0.

    Returns
    -------
    ndarray of shape (chars, len(FEATURES))
        Flags are 0 and 1, positions count characters.
    """
    # (chars,) -> (segments, chars per segment); features are reset in each segment.
    pieces = np.asarray(ids).reshape(segments, -1)
    return np.concatenate([_segment_features(piece, vocab, quotes) for piece in pieces])


def _segment_features(ids: Ids, vocab: Vocabulary, quotes: Quotes | None) -> Floats:
    def having(test: Callable[[str], bool]) -> Flags:
        """Return the characters that satisfy ``test``."""
        return _lookup(ids, vocab, test)

    letter, upper = having(str.isalpha), having(str.isupper)
    newline = having("\n".__eq__)
    # An empty line ends a paragraph: a line break right after another.
    paragraph = newline & np.append(False, newline[:-1])
    word_starts = letter & ~np.append(False, letter[:-1])
    opening, closing = having(set("([{").__contains__), having(set(")]}").__contains__)
    columns = {
        "inside_quotes": _inside_quotes(having, paragraph, quotes),
        "inside_brackets": _open(opening, closing | paragraph),
        "position_in_line": _since(newline),
        "line_break": newline,
        "position_in_sentence": _since(having(set(".!?").__contains__)),
        "position_in_word": _since(~letter),
        "capital_word": letter & (_last(word_starts & upper) == _last(word_starts)),
        "space": having(" ".__eq__),
        "digit": having(str.isdigit),
        "vowel": having(lambda char: char.lower() in VOWELS),
    }
    return np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float64)


def _lookup(ids: Ids, vocab: Vocabulary, test: Callable[[str], bool]) -> Flags:
    """Apply ``test`` once to each character of the vocabulary, then look up every id."""
    table = np.zeros(vocab.size, dtype=np.bool_)
    table[: len(vocab.chars)] = [test(char) for char in vocab.chars]
    return table[ids]


def _last(event: Flags) -> Ints:
    """Return the last position up to each character where ``event`` is true; -1 if none."""
    return np.maximum.accumulate(np.where(event, np.arange(len(event)), -1))


def _since(event: Flags) -> Ints:
    """Return the number of characters since ``event`` was last true."""
    return np.arange(len(event)) - _last(event)


def _open(opening: Flags, closing: Flags) -> Flags:
    """Return whether the most recent of the two events is ``opening``."""
    return _last(opening) > _last(closing)


def _inside_quotes(
    having: Callable[[Callable[[str], bool]], Flags], paragraph: Flags, quotes: Quotes | None
) -> Flags:
    """Return the characters in an open quotation; an empty line ends an unclosed one."""
    if quotes is None:
        return np.zeros(len(paragraph), dtype=np.bool_)
    opening, closing = having(quotes.opening.__eq__), having(quotes.closing.__eq__)
    if quotes.opening == quotes.closing:
        seen = np.cumsum(opening)
        # Count from the last empty line, so that a missing mark affects only one paragraph.
        last = _last(paragraph)
        before = np.where(last >= 0, seen[last], 0)
        return np.asarray((seen - before) % 2 == 1)
    if quotes.closing == "’":
        # The same character is the apostrophe, which is followed by a letter: only the next
        # character shows that a quotation has ended.
        closing = np.append(False, closing[:-1]) & ~having(str.isalpha)
    return _open(opening, closing | paragraph)
