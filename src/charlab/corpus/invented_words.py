"""The words of the invented language: made of syllables by a fixed rule, likely as Zipf has it.

The n-th word of a list has a probability in proportion to 1 / (n + 2). Nothing here is
anybody's text.
"""

from __future__ import annotations

from random import Random

ONSETS = ["b", "br", "d", "f", "g", "gl", "h", "k", "l", "m", "n", "p", "pr", "r", "s", "st"]
ONSETS += ["t", "tr", "v", "w", "th", "sh", "ch", "j", "qu", "z", "y"]
VOWELS = ["a", "e", "i", "o", "u", "ea", "oo", "ai"]
CODAS = ["n", "r", "l", "m", "d", "t", "ck", "x", "sp", "nd", "rk", "ft"]
RIMES = ["ane", "ell", "ine", "oam", "ood", "ark", "ight", "ow", "est", "ump", "ire", "ade"]
REAL = ["the", "a", "this", "every", "these", "many", "with", "and", "it", "home", "since", "who"]
PREPOSITION_LIST = ["of", "near", "behind", "under", "beyond", "above", "before"]
REAL += PREPOSITION_LIST


class _Smith:
    """Makes words that are all different."""

    def __init__(self) -> None:
        self.random = Random("charlab invented words")
        self.made = {*REAL, *(f"{word}s" for word in REAL)}

    def pick(self, parts: list[str]) -> str:
        """Return one of several strings; only ``random()`` is the same in every Python."""
        return parts[int(self.random.random() * len(parts))]

    def words(self, count: int, syllables: int, ending: list[str]) -> list[str]:
        """Return ``count`` new words of so many syllables before an ending."""
        found: list[str] = []
        while len(found) < count:
            stem = "".join(self.pick(ONSETS) + self.pick(VOWELS) for _ in range(syllables))
            word = stem + self.pick(ending)
            if word not in self.made and f"{word}s" not in self.made:
                self.made |= {word, f"{word}s"}
                found.append(word)
        return found


def _zipf(words: list[str]) -> dict[str, float]:
    total = sum(1 / (rank + 3) for rank in range(len(words)))
    return {word: 1 / (rank + 3) / total for rank, word in enumerate(words)}


def _mixed_lengths(smith: _Smith, count: int, endings: list[str]) -> list[str]:
    """Return words of which the likelier are shorter."""
    short = smith.words(count // 3, 0 + 1, endings)
    return short + smith.words(count - len(short), 2, endings)


def _rhyming(smith: _Smith, count: int) -> list[str]:
    """Return nouns that end in one of a few rimes."""
    onsets = [onset + rime for onset in ONSETS for rime in RIMES]
    short: list[str] = []
    while len(short) < count // 3:
        word = smith.pick(onsets)
        if word not in smith.made and f"{word}s" not in smith.made:
            smith.made |= {word, f"{word}s"}
            short.append(word)
    long = ["x"] * (count - len(short))
    for place in range(len(long)):
        ending = [smith.pick(ONSETS) + smith.pick(RIMES)]
        long[place] = smith.words(1, 1, ending)[0]
    return short + long


_SMITH = _Smith()
SINGULARS = _zipf(_rhyming(_SMITH, 220))
PLURALS = {f"{noun}s": p for noun, p in SINGULARS.items()}
ADJECTIVES = _zipf(_mixed_lengths(_SMITH, 90, ["y", "ish", "ful", "ic", "ous"]))
_STEMS = _zipf(_mixed_lengths(_SMITH, 90, CODAS))
VERBS = {"plural": _STEMS, "singular": {f"{stem}s": p for stem, p in _STEMS.items()}}
ADVERBS = _zipf(_SMITH.words(24, 1, ["dly", "tly", "nly", "wards"]))
PREPOSITIONS = _zipf(PREPOSITION_LIST)
NAMES = {
    n.capitalize(): p for n, p in _zipf(_SMITH.words(30, 1, ["nna", "lo", "rik", "mund"])).items()
}
PLACES = {
    n.capitalize(): p for n, p in _zipf(_SMITH.words(20, 1, ["burg", "ham", "mouth"])).items()
}
YEARS = {str(year): 0.01 for year in range(1801, 1901)}


def sound(noun: str) -> str:
    """Return what a noun rhymes by: its rime."""
    return next(rime for rime in RIMES if noun.endswith(rime))
