"""The options of each choice in the built-in text, and their probabilities.

The distribution of a forgetful reader mixes all cases by their frequencies in a long text, so that
remembering never costs anything on average.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from charlab.synthetic import lexicon as words
from charlab.synthetic.choices import Choice, Options, followed, mixed

MARKS = {"(": ")", "[": "]", "{": "}", "“": "”"}
"""Opening marks, all equally frequent, with their closing marks."""

SIGN = "|"
"""The character before every closing mark, which shows that one comes but not which."""

OPENING_SHARE = 0.4
"""Probability that a mark opens before a word of prose, if none is open."""

NUMBER_SHARES = {"singular": 0.6, "plural": 0.4}
"""Frequency of each number of nouns."""

NAME_SHARE = 0.2
"""Share of sentences whose subject is a name, in the singular."""

VERB_SHARES = {
    "singular": NAME_SHARE + (1 - NAME_SHARE) * NUMBER_SHARES["singular"],
    "plural": (1 - NAME_SHARE) * NUMBER_SHARES["plural"],
}
"""Frequency of each number of verbs in prose."""

ADJECTIVE_SHARE, PREPOSITION_SHARE = 0.2, 0.25
CHAPTER, VERSE = "CHAPTER ON ", "  The "
PARAGRAPH = "\n\n"
STOP = {". ": 0.8, "! ": 0.1, "? ": 0.1}
LAST_STOP = {f"{end[0]}{PARAGRAPH}": p for end, p in STOP.items()}
SPACE = Choice({" ": 1.0})
SENTENCE_END = Choice(mixed((0.8, STOP), (0.2, LAST_STOP)))
"""The ends of a sentence outside marks; inside them no paragraph ends."""

SHORTEST = 4
"""Shortest distance of a closing mark from its opening mark."""

OCTAVES = 6
"""Number of doublings of that distance: the longest is 256."""


def _either_number(forms: Mapping[str, Options], shares: Options) -> Options:
    """Return the words in both numbers."""
    return mixed(*((share, forms[number]) for number, share in shares.items()))


NOUNS = _either_number(words.NOUNS, NUMBER_SHARES)
PHRASE = mixed((ADJECTIVE_SHARE, words.ADJECTIVES), (1 - ADJECTIVE_SHARE, NOUNS))
FIRST = {
    word.capitalize(): p
    for word, p in mixed((1 - NAME_SHARE, PHRASE), (NAME_SHARE, words.NAMES)).items()
}
PARAGRAPH_START = Choice(mixed((0.75, FIRST), (0.2, {VERSE: 1.0}), (0.05, {CHAPTER: 1.0})))
NOUN = Choice(NOUNS)


def or_opener(options: Options) -> Options:
    """Return the choice of a word or, before it, of an opening mark."""
    return mixed((1 - OPENING_SHARE, options), (OPENING_SHARE, dict.fromkeys(MARKS, 1.0)))


CLOSER = {
    opener: Choice({closer: 1.0}, dict.fromkeys(MARKS.values(), 1.0))
    for opener, closer in MARKS.items()
}
FIRST_WORD, WORD = Choice(FIRST), Choice(PHRASE)
OPENER_OR_FIRST, OPENER_OR_WORD = Choice(or_opener(FIRST)), Choice(or_opener(PHRASE))
TITLE = Choice(followed(NOUNS, PARAGRAPH))


@cache
def verbs(number: str, prepositions: bool) -> tuple[Choice, Choice]:
    """Return the choice of a verb that agrees with a subject, and that of a mark or the verb.

    Parameters
    ----------
    number : str
        Number of the subject.
    prepositions : bool
        Whether a preposition may come instead.
    """
    known: Options = words.VERBS[number]
    forgotten = _either_number(words.VERBS, VERB_SHARES)
    if prepositions:
        phrase, left = (PREPOSITION_SHARE, words.PREPOSITIONS), 1 - PREPOSITION_SHARE
        known, forgotten = mixed(phrase, (left, known)), mixed(phrase, (left, forgotten))
    return Choice(known, forgotten), Choice(or_opener(known), or_opener(forgotten))


@cache
def verse_verb(number: str) -> Choice:
    """Return the choice of a verb in verse, where no subject is a name."""
    return Choice(words.VERBS[number], _either_number(words.VERBS, NUMBER_SHARES))


@cache
def rhyming(sound: str) -> Choice:
    """Return the nouns that rhyme with a sound; a forgetful reader expects any noun."""
    return Choice({noun: p for noun, p in NOUNS.items() if words.sound(noun) == sound}, NOUNS)


def number_of(noun: str) -> str:
    """Return the number of a noun, or of a name, which is always in the singular."""
    return "plural" if noun.endswith(words.NOUN_ENDS["plural"]) else "singular"


@cache
def literal(text: str) -> Choice:
    """Return the choice with one option."""
    return Choice({text: 1.0})


@cache
def sign_or_end(octaves: int, before: int, age: int, final: bool) -> Choice:
    """Return the ends of a word after an opening mark, one of which is the sign.

    Parameters
    ----------
    octaves : int
        See :func:`longer`.
    before, age : int
        Characters since the mark at the last end of a word that could have been the sign, and now.
    final : bool
        Whether the word is the last of its sentence.
    """
    # The next word must not end too late for the closing mark.
    if age + words.LONGEST + 3 >= SHORTEST << octaves:
        return Choice({SIGN: 1.0})
    ends = STOP if final else {" ": 1.0}
    stays = longer(age + 1, octaves) / longer(before + 1, octaves)
    return Choice(mixed((1 - stays, {SIGN: 1.0}), (stays, ends)) if stays < 1 else ends)


def longer(distance: int, octaves: int) -> float:
    """Return the share of marks that close at more than a distance.

    Each of so many octaves, 4 to 8, 8 to 16 and so on, has an equal share, evenly spread.
    """
    octave = max(distance // SHORTEST, 1).bit_length() - 1
    within = max(distance, SHORTEST) / (SHORTEST << octave) - 1
    return 1 - (octave + within) / octaves
