"""Copied passages and real words in samples.

Input: a training text and a text that a model wrote. Output: for each position of the
sample, the length of the longest passage from there on that occurs verbatim in the training
text. These lengths give the longest copied passage and the share of n-grams of each length
that are new. Also: the share of real words, and the entropy of the characters used.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from charlab.core.sums import mean, total
from charlab.exact.arrays import log
from charlab.vocab.arrays import code_points

# Letters with their combining marks, and apostrophes between them: don't, l’homme, o'er.
WORD = re.compile(r"[^\W\d_][^\W\d_\u0300-\u036f]*(?:[\u0300-\u036f'’ʼ]+[^\W\d_]+)*")

WINDOW = 20
"""Length of the indexed passages; longer ones are searched for in the whole text."""

MAX_LENGTH = 20
"""Length of the longest n-grams that are checked for novelty."""


def _windows(text: str) -> NDArray[np.uint32]:
    """Return the WINDOW characters from each position on, shape (chars, WINDOW).

    Characters are code points plus 1, because 0 fills the windows at the end of the text.
    """
    codes = np.zeros(len(text) + WINDOW, dtype=np.uint32)
    codes[: len(text)] = code_points(text) + 1
    return sliding_window_view(codes, WINDOW)[: len(text)].copy()


def _as_strings(windows: NDArray[np.uint32]) -> NDArray[np.str_]:
    """View windows as strings, which NumPy sorts and finds: (chars, WINDOW) -> (chars,)."""
    return windows.view(f"U{WINDOW}")[:, 0]


class TrainingText:
    """A training text, indexed for finding copies of it in samples.

    Parameters
    ----------
    text : str
        The text as the model read it, not empty. The index takes half a second and 80 MB
        for each million characters.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        # Most words occur many times.
        self._words = frozenset(map(_normal, set(WORD.findall(text))))
        self._windows = _windows(text)
        _as_strings(self._windows).sort()  # a view: this sorts the rows

    def match_lengths(self, sample: str) -> list[int]:
        """Return for each position the length of the longest copied passage that starts there."""
        if not sample:
            return []
        own = _windows(sample)
        # Of the sorted windows, the one with the longest common prefix is next to the place
        # where the sample's own window belongs.
        after = np.searchsorted(_as_strings(self._windows), _as_strings(own))
        neighbors = np.clip([after - 1, after], 0, len(self._windows) - 1)  # (2, chars)
        equal = (self._windows[neighbors] == own) & (own > 0)  # (2, chars, WINDOW)
        lengths: list[int] = equal.cumprod(axis=2).sum(axis=2).max(axis=0).tolist()
        # A match at one position is, without its first character, a match at the next: the
        # end of the long ones never moves back.
        end = 0
        for start, length in enumerate(lengths):
            if length == WINDOW:
                end = max(end, start + WINDOW)
                while end < len(sample) and sample[start : end + 1] in self._text:
                    end += 1
                lengths[start] = end - start
        return lengths

    def longest_copy(self, sample: str) -> str:
        """Return the longest copied passage of a sample; of equals, the first."""
        lengths = self.match_lengths(sample)
        length = max(lengths, default=0)
        start = lengths.index(length) if lengths else 0
        return sample[start : start + length]

    def novelty(self, sample: str) -> dict[int, float]:
        """Return for each length the share of the sample's n-grams that are new.

        Returns
        -------
        dict
            For each length from 2 to :data:`MAX_LENGTH`, or that of the sample, the share
            (0 to 1) of its n-grams that do not occur in the training text.
        """
        lengths = np.array(self.match_lengths(sample), dtype=np.int64)
        # An n-gram is new if the match that starts with it is shorter than n.
        return {
            n: mean(lengths[: len(sample) - n + 1] < n)
            for n in range(2, min(MAX_LENGTH, len(sample)) + 1)
        }

    def real_words(self, sample: str) -> float:
        """Return the share of the sample's words that occur in the training text.

        Words that touch either end of the sample are not counted, because they may be cut
        off. Case and the kind of apostrophe make no difference. 0 if there is no word.
        """
        inner = words(sample, inner=True)
        return sum(word in self._words for word in inner) / len(inner) if inner else 0.0


def words(text: str, inner: bool = False) -> list[str]:
    """Return the words of a text, casefolded and with straight apostrophes.

    Parameters
    ----------
    text : str
        Any text.
    inner : bool
        Leave out words that touch the beginning or the end of the text.
    """
    return [
        _normal(match.group())
        for match in WORD.finditer(text)
        if not inner or (match.start() > 0 and match.end() < len(text))
    ]


def _normal(word: str) -> str:
    """Return a word casefolded and with straight apostrophes."""
    return unicodedata.normalize("NFC", word.casefold()).replace("’", "'").replace("ʼ", "'")


def character_entropy(text: str) -> float:
    """Return the empirical entropy of the characters of a text, in nats."""
    shares = np.array(list(Counter(text).values()), dtype=np.float64) / max(len(text), 1)
    return 0.0 - total(shares * log(shares))
