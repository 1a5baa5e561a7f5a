"""The words of the invented language: made of syllables by a fixed rule, likely as Zipf has it.

What leaves are tables, each a word's probability in its class. The n-th word of a class
has a probability in proportion to 1 / (n + shift). Nothing here is anybody's text.
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
REAL = ["the", "a", "this", "every", "these", "many", "with", "and", "it", "home", "since"]
REAL += ["who", "then", "he", "she", "his", "her", *PREPOSITION_LIST]


class _Smith:
    """Makes words that are all different, in the singular and in the plural."""

    def __init__(self) -> None:
        self.random = Random("charlab invented words")
        self.made = {*REAL, *(f"{word}s" for word in REAL)}

    def pick(self, parts: list[str]) -> str:
        """Return one of several strings; only ``random()`` is the same in every Python."""
        return parts[int(self.random.random() * len(parts))]

    def words(self, count: int, *syllables: list[str]) -> list[str]:
        """Return ``count`` new words, each made of one string of every list."""
        found: list[str] = []
        while len(found) < count:
            word = "".join(self.pick(parts) for parts in syllables)
            if self.made.isdisjoint({word, f"{word}s"}):
                self.made |= {word, f"{word}s"}
                found.append(word)
        return found

    def both(self, short: int, long: int, *last: list[str]) -> list[str]:
        """Return words with one syllable, likelier, and then words with one more."""
        first = [ONSETS, SHORT_VOWELS, INNER_ONSETS]
        return self.words(short, ONSETS, *last) + self.words(long, *first, *last)


def _zipf(words: list[str], shift: int) -> dict[str, float]:
    """Return how likely each word is; ``fsum`` rounds alike in every Python."""
    total = math.fsum(1 / (rank + shift) for rank in range(len(words)))
    return {word: 1 / (rank + shift) / total for rank, word in enumerate(words)}


def _names() -> tuple[dict[str, float], frozenset[str]]:
    """Return names, women's and men's by turns, and which are women's."""
    women = [w.capitalize() for w in _SMITH.words(20, ONSETS, VOWELS, FEMININE_ENDS)]
    men = [w.capitalize() for w in _SMITH.words(20, ONSETS, VOWELS, MASCULINE_ENDS)]
    mixed = [name for pair in zip(women, men, strict=True) for name in pair]
    return _zipf(mixed, 20), frozenset(women)


_SMITH = _Smith()
SINGULARS = _zipf(_SMITH.both(230, 90, RIMES), 60)
PLURALS = {f"{noun}s": p for noun, p in SINGULARS.items()}
ADJECTIVES = _zipf(_SMITH.both(120, 40, VOWELS, ADJECTIVE_ENDS), 30)
_STEMS = _zipf(_SMITH.both(180, 60, VOWELS, VERB_ENDS), 50)
VERBS: Mapping[str, Mapping[str, float]] = {
    "plural": _STEMS,
    "singular": {f"{stem}s": p for stem, p in _STEMS.items()},
}
ADVERBS = _zipf(_SMITH.words(30, ONSETS, VOWELS, ADVERB_ENDS), 8)
PREPOSITIONS = _zipf(PREPOSITION_LIST, 3)
NAMES, WOMEN = _names()
_PLACES = _zipf(_SMITH.words(24, ONSETS, VOWELS, PLACE_ENDS), 12)
PLACES = {place.capitalize(): p for place, p in _PLACES.items()}
YEARS = {str(year): 0.01 for year in range(1801, 1901)}


def sound(noun: str) -> str:
    """Return what a noun rhymes by: its rime."""
    return next(rime for rime in RIMES if noun.endswith(rime))
