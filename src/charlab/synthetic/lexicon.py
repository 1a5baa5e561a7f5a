"""The words of the invented language, made of syllables, with Zipf-like probabilities.

Nouns and verbs end in their number. No word is a prefix of another, so the end of a word shows
without the character after it. The probability of the n-th word of a class is proportional to
1 / (n + shift). No word is taken from any text.
"""

from __future__ import annotations

import math
from random import Random

ONSETS = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v"]
VOWELS = ["a", "e", "i", "o", "u"]
RIMES = ["an", "el", "im", "or", "uk", "esh"]
VERB_STEMS = ["ad", "eb", "if", "on", "ut"]
ADJECTIVE_ENDS = ["alu", "eso", "iru", "oko"]
NOUN_ENDS = {"singular": "a", "plural": "i"}
VERB_ENDS = {"singular": "et", "plural": "os"}
# English words start with a vowel, invented ones with a consonant.
PREPOSITION_LIST = ["of", "under", "above", "after"]
NAME_ENDS = ["anna", "elius", "ora", "undo"]


class _WordMaker:
    """A source of stems, none of which is a prefix of another."""

    def __init__(self) -> None:
        self.random = Random("charlab invented words")
        self.made: list[str] = []

    def pick(self, parts: list[str]) -> str:
        """Return one of several strings."""
        # Of Random's methods, only random() has the same results in every Python.
        return parts[int(self.random.random() * len(parts))]

    def stems(self, short: int, long: int, last: list[str]) -> list[str]:
        """Return new stems: short ones, then some with one more syllable."""
        stems: list[str] = []
        while len(stems) < short + long:
            first = self.pick(ONSETS) + self.pick(VOWELS) if len(stems) >= short else ""
            stem = first + self.pick(ONSETS) + self.pick(last)
            if not any(stem.startswith(old) or old.startswith(stem) for old in self.made):
                self.made.append(stem)
                stems.append(stem)
        return stems


def _zipf(words: list[str], shift: int) -> dict[str, float]:
    """Return each word's probability; ``fsum`` rounds the same in every Python."""
    total = math.fsum(1 / (rank + shift) for rank in range(len(words)))
    return {word: 1 / (rank + shift) / total for rank, word in enumerate(words)}


# The order of these calls determines the words.
_MAKER = _WordMaker()
_NOUN_STEMS = _zipf(_MAKER.stems(24, 0, RIMES), 10)
_VERB_STEMS = _zipf(_MAKER.stems(16, 0, VERB_STEMS), 8)
ADJECTIVES = _zipf(_MAKER.stems(8, 0, ADJECTIVE_ENDS), 10)
NAMES = _zipf([stem.capitalize() for stem in _MAKER.stems(12, 0, NAME_ENDS)], 10)
NOUNS = {
    number: {stem + end: p for stem, p in _NOUN_STEMS.items()} for number, end in NOUN_ENDS.items()
}
VERBS = {
    number: {stem + end: p for stem, p in _VERB_STEMS.items()} for number, end in VERB_ENDS.items()
}
PREPOSITIONS = _zipf(PREPOSITION_LIST, 3)
LONGEST = max(map(len, (*NOUNS["plural"], *VERBS["plural"], *ADJECTIVES, *NAMES)))
"""Length of the longest word."""


def sound(noun: str) -> str:
    """Return the rime of a noun, by which it rhymes."""
    return next(rime for rime in RIMES if noun[:-1].endswith(rime))
