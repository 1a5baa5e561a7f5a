"""The words of the invented language, made of syllables, with Zipf-like probabilities.

Each table has the probability of each word in its class: that of the n-th word is proportional
to 1 / (n + shift). No word is taken from any text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

ONSETS = ["b", "br", "cl", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "l", "m", "n", "p"]
ONSETS += ["pr", "qu", "r", "s", "sh", "st", "t", "tr", "th", "v", "w", "z"]
INNER_ONSETS = ["b", "d", "f", "l", "m", "n", "r", "s", "v", "z", "mb", "st"]
SHORT_VOWELS = ["a", "e", "i", "o", "u"]
VOWELS = [*SHORT_VOWELS, *SHORT_VOWELS, "ea", "oo", "ai"]
RIMES = ["ane", "ell", "ine", "oam", "ood", "ark", "ight", "ow", "elt", "ound", "ire", "ade"]
VERB_ENDS = ["n", "r", "l", "d", "nd", "rk", "lt", "st", "rn", "sk", "lf"]
ADJECTIVE_ENDS = ["by", "dy", "ft", "lm", "nic", "rish", "zy", "ld", "ny", "lful"]
ADVERB_ENDS = ["dly", "tly", "nly", "wards"]
FEMININE_ENDS, MASCULINE_ENDS = ["nna", "lia", "lla", "ve"], ["lo", "rik", "mund", "jan"]
PLACE_ENDS = ["burg", "ham", "mouth", "xford", "wick"]
PREPOSITION_LIST = ["of", "near", "behind", "under", "beyond", "above", "before"]
# English words, which no invented word may equal.
REAL = ["the", "a", "this", "every", "these", "many", "with", "and", "it", "home", "since"]
REAL += ["who", "then", "he", "she", "his", "her", *PREPOSITION_LIST]


class _WordMaker:
    """A source of words that all differ, in the singular and in the plural."""

    def __init__(self) -> None:
        self.random = Random("charlab invented words")
        self.made = {*REAL, *(f"{word}s" for word in REAL)}

    def pick(self, parts: list[str]) -> str:
        """Return one of several strings."""
        # Of Random's methods, only random() has the same results in every Python.
        return parts[int(self.random.random() * len(parts))]

    def words(self, count: int, *syllables: list[str]) -> list[str]:
        """Return ``count`` new words, each made of one string of every list."""
        words: list[str] = []
        while len(words) < count:
            # A word that exists already is discarded, also if it equals another's plural.
            word = "".join(self.pick(parts) for parts in syllables)
            if self.made.isdisjoint({word, f"{word}s"}):
                self.made |= {word, f"{word}s"}
                words.append(word)
        return words

    def both(self, short: int, long: int, *last: list[str]) -> list[str]:
        """Return short words, then words with one syllable more."""
        first = [ONSETS, SHORT_VOWELS, INNER_ONSETS]
        return self.words(short, ONSETS, *last) + self.words(long, *first, *last)


def _zipf(words: list[str], shift: int) -> dict[str, float]:
    """Return each word's probability; ``fsum`` rounds the same in every Python."""
    total = math.fsum(1 / (rank + shift) for rank in range(len(words)))
    return {word: 1 / (rank + shift) / total for rank, word in enumerate(words)}


def _names() -> tuple[dict[str, float], frozenset[str]]:
    """Return the probabilities of names, women's and men's in turn, and the women's names."""
    women = [w.capitalize() for w in _MAKER.words(20, ONSETS, VOWELS, FEMININE_ENDS)]
    men = [w.capitalize() for w in _MAKER.words(20, ONSETS, VOWELS, MASCULINE_ENDS)]
    mixed = [name for pair in zip(women, men, strict=True) for name in pair]
    return _zipf(mixed, 20), frozenset(women)


# The order of these calls determines the words.
_MAKER = _WordMaker()
SINGULARS = _zipf(_MAKER.both(230, 90, RIMES), 60)
PLURALS = {f"{noun}s": p for noun, p in SINGULARS.items()}
ADJECTIVES = _zipf(_MAKER.both(120, 40, VOWELS, ADJECTIVE_ENDS), 30)
_STEMS = _zipf(_MAKER.both(180, 60, VOWELS, VERB_ENDS), 50)
VERBS: Mapping[str, Mapping[str, float]] = {
    "plural": _STEMS,
    "singular": {f"{stem}s": p for stem, p in _STEMS.items()},
}
ADVERBS = _zipf(_MAKER.words(30, ONSETS, VOWELS, ADVERB_ENDS), 8)
PREPOSITIONS = _zipf(PREPOSITION_LIST, 3)
NAMES, WOMEN = _names()
_PLACES = _zipf(_MAKER.words(24, ONSETS, VOWELS, PLACE_ENDS), 12)
PLACES = {place.capitalize(): p for place, p in _PLACES.items()}
YEARS = {str(year): 0.01 for year in range(1801, 1901)}


def sound(noun: str) -> str:
    """Return the rime of a noun, by which it rhymes."""
    return next(rime for rime in RIMES if noun.endswith(rime))
