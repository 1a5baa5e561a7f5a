"""How much of a sample is the training text over again, and how much is language.

What enters is a training text and texts written by a model; what leaves is, for each
place of a sample, how many characters from there on stand somewhere in the training
text word for word. From these lengths follow the longest copied passage and the share
of n-grams of each length that are new. Beside them: the share of real words, and the
entropy of the characters used.

The lengths are exact. The training text's suffixes are sorted once (prefix doubling:
Manber and Myers 1993, doi 10.1137/0222058; only what is still undecided is sorted
again: Larsson and Sadakane 2007, doi 10.1016/j.tcs.2007.07.017), and all places of a
sample are looked up in them side by side, one character at a time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

# Letters with their combining marks, and apostrophes between them: don't, l’homme, o'er.
WORD = re.compile(r"[^\W\d_][^\W\d_\u0300-\u036f]*(?:[\u0300-\u036f'’ʼ]+[^\W\d_]+)*")


@dataclass(frozen=True)
class Passage:
    """A stretch of a sample that stands in the training text.

    Attributes
    ----------
    text : str
        The characters, word for word.
    sample_at, training_at : int
        Where it begins in the sample, and at one place in the training text.
    """

    text: str
    sample_at: int
    training_at: int


def _code_points(text: str) -> Ints:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.int64)


def _rank(keys: Ints) -> tuple[Ints, Ints]:
    """Return the order that sorts the keys, and where each new key begins in it."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    begins = np.ones(len(keys), dtype=bool)
    np.not_equal(ranked[1:], ranked[:-1], out=begins[1:])
    return order, begins


def _pack(symbols: Ints, base: int) -> tuple[Ints, int]:
    """Return at each place as many characters as fit one integer, and their number.

    Symbols are 1 to base - 1; 0 stands for the end of the text.
    """
    width = max(int(62 / np.log2(base)), 1)
    keys = np.zeros(len(symbols), dtype=np.int64)
    for k in range(width):
        keys *= base
        keys[: max(len(symbols) - k, 0)] += symbols[k:]
    return keys, width


def sort_suffixes(symbols: Ints, base: int) -> Ints:
    """Return where the suffixes of a text begin, in their alphabetical order.

    Parameters
    ----------
    symbols : ndarray of shape (chars,)
        Between 1 and ``base - 1``.
    """
    chars = len(symbols)
    keys, width = _pack(symbols, base)
    suffixes, begins = _rank(keys)
    # rank[i]: place in the order where the suffixes that begin like suffix i start
    rank = np.empty(chars, dtype=np.int64)
    open_ = np.arange(chars)  # places in the order that are not decided yet
    while True:
        starts = np.maximum.accumulate(np.where(begins, open_, -1))
        rank[suffixes[open_]] = starts
        alone = begins & np.append(begins[1:], True)
        open_ = open_[~alone]
        if not len(open_):
            return suffixes
        here = suffixes[open_]
        ahead = np.where(here + width < chars, rank[np.minimum(here + width, chars - 1)] + 1, 0)
        order, begins = _rank(rank[here] * (chars + 1) + ahead)
        suffixes[open_] = here[order]
        width *= 2


class TrainingText:
    """A training text, made ready for looking up samples.

    Parameters
    ----------
    text : str
        The text as the model read it. Sorting takes about a second for each two
        million characters, and 60 bytes for each character.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = frozenset(words(text))
        self.alphabet, symbols = np.unique(_code_points(text), return_inverse=True)
        self.symbols = symbols.astype(np.int64) + 1
        self.suffixes = sort_suffixes(self.symbols, len(self.alphabet) + 1)

    def match_lengths(self, sample: str) -> tuple[Ints, Ints]:
        """Find at each place of a sample the longest passage that begins there.

        Returns
        -------
        lengths : ndarray of shape (chars,)
            How many characters from there on stand in the training text together.
        places : ndarray of shape (chars,)
            One place in the training text where they stand (any, for length 0).
        """
        points = _code_points(sample)
        found = np.minimum(np.searchsorted(self.alphabet, points), len(self.alphabet) - 1)
        symbols = np.where(self.alphabet[found] == points, found + 1, 0)  # 0: not in the text
        lengths = np.zeros(len(points), dtype=np.int64)
        places = np.zeros(len(points), dtype=np.int64)
        active = np.arange(len(points))  # places of the sample still matching
        low = np.zeros(len(points), dtype=np.int64)  # suffixes low ... high - 1 match so far
        high = np.full(len(points), len(self.suffixes), dtype=np.int64)
        depth = 0
        while len(active):
            wanted = symbols[active + depth]
            low, high = self._narrow(low, high, depth, wanted)
            depth += 1
            matched = (low < high) & (wanted > 0)
            active, low, high = active[matched], low[matched], high[matched]
            lengths[active] = depth
            places[active] = self.suffixes[low]
            going = active + depth < len(points)
            active, low, high = active[going], low[going], high[going]
        return lengths, places

    def _narrow(self, low: Ints, high: Ints, depth: int, wanted: Ints) -> tuple[Ints, Ints]:
        """Of the suffixes low ... high - 1 keep those whose next character is wanted."""
        first = self._bisect(low, high, depth, wanted)
        return first, self._bisect(first, high, depth, wanted + 1)

    def _bisect(self, low: Ints, high: Ints, depth: int, wanted: Ints) -> Ints:
        """Return the first suffix in low ... high - 1 whose character is not below wanted."""
        low, high = low.copy(), high.copy()
        last = len(self.symbols) - 1
        while (open_ := np.flatnonzero(low < high)).size:
            middle = (low[open_] + high[open_]) // 2
            at = self.suffixes[middle] + depth
            # Past its end a suffix has the symbol 0, below every character.
            symbol = np.where(at <= last, self.symbols[np.minimum(at, last)], 0)
            below = symbol < wanted[open_]
            low[open_[below]] = middle[below] + 1
            high[open_[~below]] = middle[~below]
        return low

    def longest_copy(self, sample: str) -> Passage:
        """Return the longest passage of a sample that stands in the training text.

        The earliest in the sample, where several are equally long.
        """
        lengths, places = self.match_lengths(sample)
        if not len(lengths):
            return Passage("", 0, 0)
        at = int(lengths.argmax())
        return Passage(sample[at : at + int(lengths[at])], at, int(places[at]))

    def novelty(self, samples: Sequence[str], max_length: int = 20) -> dict[int, float]:
        """Return for each length the share of the samples' n-grams that are new.

        Parameters
        ----------
        max_length : int
            Lengths 2 to this one are counted.

        Returns
        -------
        dict
            For each length the share (0 to 1) of its n-grams that occur nowhere in the
            training text; lengths that no sample reaches are left out.
        """
        new = np.zeros(max_length + 1, dtype=np.int64)
        all_ = np.zeros(max_length + 1, dtype=np.int64)
        for sample in samples:
            lengths, _ = self.match_lengths(sample)
            for n in range(2, min(max_length, len(sample)) + 1):
                all_[n] += len(sample) - n + 1
                new[n] += np.count_nonzero(lengths[: len(sample) - n + 1] < n)
        return {n: float(new[n] / all_[n]) for n in range(2, max_length + 1) if all_[n]}

    def real_words(self, samples: Iterable[str]) -> float:
        """Return the share of the samples' words that the training text has.

        Words that touch either end of a sample are not counted: they may be cut.
        Capitals and the kind of apostrophe make no difference. 0 if there is no word.
        """
        inner = [word for sample in samples for word in words(sample, inner=True)]
        return sum(word in self.words for word in inner) / len(inner) if inner else 0.0


def words(text: str, inner: bool = False) -> list[str]:
    """Return the words of a text, casefolded and with straight apostrophes.

    Parameters
    ----------
    inner : bool
        Leave out words that touch the beginning or the end of the text.
    """
    return [
        unicodedata.normalize("NFC", found.group().casefold()).replace("’", "'").replace("ʼ", "'")
        for found in WORD.finditer(text)
        if not inner or (found.start() > 0 and found.end() < len(text))
    ]


def character_entropy(samples: Iterable[str], order: int = 1) -> float:
    """Return the entropy of the characters in samples, as counted, in nats.

    Parameters
    ----------
    order : int
        1 counts characters; n > 1 gives the entropy of a character given the n - 1
        before it. Short samples have few n-grams, so compare equal lengths only.
    """
    grams: dict[str, int] = {}
    for sample in samples:
        for i in range(len(sample) - order + 1):
            gram = sample[i : i + order]
            grams[gram] = grams.get(gram, 0) + 1
    contexts: dict[str, int] = {}
    for gram, count in grams.items():
        contexts[gram[:-1]] = contexts.get(gram[:-1], 0) + count
    counts = np.array(list(grams.values()), dtype=np.float64)
    totals = np.array([contexts[gram[:-1]] for gram in grams], dtype=np.float64)
    return float(-(counts * np.log(counts / totals)).sum() / counts.sum()) if grams else 0.0
