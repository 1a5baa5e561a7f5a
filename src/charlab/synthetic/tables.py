"""The options of each choice in the built-in text, and their probabilities.

The distribution of a forgetful reader mixes all cases by the ``*_SHARES``, their frequencies in a
long text, so that remembering never costs anything on average.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

from charlab.synthetic import lexicon as words
from charlab.synthetic.choices import Choice, Options, followed, mixed, product

NUMBER_SHARES = {"singular": 0.65, "plural": 0.35}
"""Frequency of each number among verbs, counted in twenty million characters."""

CONTEXT_SHARES = {"": 0.776, "“": 0.1326, "(": 0.0734, "[": 0.018}
"""Frequency of each innermost open mark at the ends of sentences, counted in the same text."""

OPENERS = {"“": "”", "(": ")", "[": "]"}
PRONOUNS = {"woman": ("she ", "her "), "man": ("he ", "his ")}
_WOMEN_SHARE = math.fsum(p for name, p in words.NAMES.items() if name in words.WOMEN)
GENDER_SHARES = {"woman": _WOMEN_SHARE, "man": 1 - _WOMEN_SHARE}


SINGULAR_DETERMINERS = {"a ": 0.15, "this ": 0.05, "every ": 0.04}
PLURAL_DETERMINERS = {"these ": 0.11, "many ": 0.1} | {f"{n} ": 0.1 / 98 for n in range(2, 100)}
DETERMINERS = {"the ": 0.35} | SINGULAR_DETERMINERS | PLURAL_DETERMINERS
OPENING_DETERMINERS = {d.capitalize(): p for d, p in DETERMINERS.items() if not d[0].isdigit()}
CAPITAL = {f"{a.capitalize()}, ": p for a, p in words.ADVERBS.items()}
ADJECTIVES = followed(words.ADJECTIVES, " ")
PREPOSITIONS = followed(words.PREPOSITIONS, " ")
SUBJECT_NAMES = followed(words.NAMES, " ")

# First words of sentences and paragraphs that determine how they continue.
HERO, HOME, SINCE, THEN, VERSE, CHAPTER = (
    "It was ", "Home in ", "Since ", "Then ", "  The ", "CHAPTER "
)  # fmt: skip
# A sentence starts with a subject, an adverb, a recalled fact, a pronoun or an opening mark.
STARTS = mixed(
    (0.36, OPENING_DETERMINERS),
    (0.10, SUBJECT_NAMES),
    (0.08, CAPITAL),
    (0.10, {HERO: 1.0}),
    (0.04, {HOME: 1.0}),
    (0.06, {SINCE: 1.0}),
    (0.14, {THEN: 1.0}),
    (0.12, {"“": 0.65, "(": 0.35}),
)
DEEP_STARTS = {string: p for string, p in STARTS.items() if string not in OPENERS}
# By the number of open marks: "[" opens only inside one other mark, and nothing inside two.
STARTS_BY_DEPTH = (STARTS, mixed((0.96, DEEP_STARTS), (0.04, {"[": 1.0})), DEEP_STARTS)
PARAGRAPH_STARTS = mixed((0.71, STARTS), (0.20, {VERSE: 1.0}), (0.09, {CHAPTER: 1.0}))

FURTHER, PARAGRAPH = " ", "\n\n"
# After a sentence: outside marks a further one or the paragraph's end, inside the closing mark.
AFTER = {"": {FURTHER: 0.8, PARAGRAPH: 0.2}} | {
    opener: {FURTHER: 0.55, closer: 0.45} for opener, closer in OPENERS.items()
}
_AFTER_FORGOTTEN = mixed(*((share, AFTER[mark]) for mark, share in CONTEXT_SHARES.items()))
# An object ends the sentence, or leads to another verb, object or clause.
AND, WITH, CLAUSE = ", and ", " with ", "; "
ENDS = {".": 0.64, "!": 0.06, "?": 0.06, AND: 0.11, WITH: 0.07, CLAUSE: 0.06}
ADJECTIVE_SHARE, PREPOSITION_SHARE, POSSESSIVE_SHARE = 0.22, 0.35, 0.2

# Choices that depend on nothing distant.
START = tuple(Choice(starts) for starts in STARTS_BY_DEPTH)
PARAGRAPH_START = Choice(PARAGRAPH_STARTS)
SUBJECT_DETERMINER = Choice(DETERMINERS)
NAME = Choice(followed(words.NAMES, "."))
PLACE = Choice(followed(words.PLACES, " "))
YEAR = Choice(followed(words.YEARS, " "))

# Choices that depend on earlier text; the second distribution is that of a forgetful reader.
SENTENCE_END = {mark: Choice(options, _AFTER_FORGOTTEN) for mark, options in AFTER.items()}
# "her" and "his" agree with the person named last.
_POSSESSIVES = {possessive: GENDER_SHARES[g] for g, (_, possessive) in PRONOUNS.items()}
DETERMINER = {
    gender: Choice(
        mixed((1 - POSSESSIVE_SHARE, DETERMINERS), (POSSESSIVE_SHARE, {possessive: 1.0})),
        mixed((1 - POSSESSIVE_SHARE, DETERMINERS), (POSSESSIVE_SHARE, _POSSESSIVES)),
    )
    for gender, (_, possessive) in PRONOUNS.items()
}
PRONOUN = {
    gender: Choice({pronoun: 1.0}, {PRONOUNS[g][0]: GENDER_SHARES[g] for g in PRONOUNS})
    for gender, (pronoun, _) in PRONOUNS.items()
}


NOUNS = {
    "one": words.SINGULARS,
    "several": words.PLURALS,
    "either": mixed((0.5, words.SINGULARS), (0.5, words.PLURALS)),
}
ENDING = {noun + end: end for noun in NOUNS["either"] for end in ENDS}
"""The end of each noun that is an object."""


def _by_determiner(ends: Options) -> dict[str, Choice]:
    """Return the choice after each determiner: an adjective, or a noun with an end."""
    choices = {
        allowed: Choice(
            mixed((ADJECTIVE_SHARE, ADJECTIVES), (1 - ADJECTIVE_SHARE, product(fitting, ends)))
        )
        for allowed, fitting in NOUNS.items()
    }
    # "the" and possessives take any noun; the specific determiners override them.
    result = dict.fromkeys((*DETERMINERS, *_POSSESSIVES), choices["either"])
    result |= dict.fromkeys(SINGULAR_DETERMINERS, choices["one"])
    result |= dict.fromkeys(PLURAL_DETERMINERS, choices["several"])
    return result | {d.capitalize(): choice for d, choice in result.items()}


SUBJECT_NOUN, OBJECT_NOUN = _by_determiner({" ": 1.0}), _by_determiner(ENDS)


def number_of(noun: str) -> str:
    """Return the number of a noun: singular or plural."""
    return "singular" if noun.rstrip() in words.SINGULARS else "plural"


@cache
def verb(number: str, prepositions: bool) -> Choice:
    """Return the verbs that agree with a subject, and prepositions if they may come first."""
    agreeing = followed(words.VERBS[number], " ")
    all_verbs = mixed(*((s, followed(words.VERBS[n], " ")) for n, s in NUMBER_SHARES.items()))
    if not prepositions:
        return Choice(agreeing, all_verbs)
    phrase = (PREPOSITION_SHARE, PREPOSITIONS)
    return Choice(
        mixed(phrase, (1 - PREPOSITION_SHARE, agreeing)),
        mixed(phrase, (1 - PREPOSITION_SHARE, all_verbs)),
    )


_FACTS: Mapping[str, Options] = {"hero": words.NAMES, "place": words.PLACES, "year": words.YEARS}


@cache
def recalled(kind: str, string: str, end: str) -> Choice:
    """Return the one right string; a forgetful reader expects any of its kind."""
    return Choice({string + end: 1.0}, followed(_FACTS[kind], end))


def chapter(number: int) -> Choice:
    """Return a chapter's number, which a forgetful reader knows to within twenty."""
    # Not cached, since their number is unlimited.
    # The first number follows no other, so it depends on nothing.
    if number == 1:
        return literal(f"1{PARAGRAPH}")
    some = {f"{n}{PARAGRAPH}": 1.0 for n in range(max(1, number - 20), number + 21)}
    return Choice({f"{number}{PARAGRAPH}": 1.0}, some)


@cache
def rhyme(sound: str | None, end: str) -> Choice:
    """Return the last word of a line: any noun, or one that rhymes with ``sound``."""
    free = followed(words.SINGULARS, end)
    if sound is None:
        return Choice(free)
    return Choice({n + end: p for n, p in words.SINGULARS.items() if words.sound(n) == sound}, free)


@cache
def literal(text: str) -> Choice:
    """Return the choice with one option."""
    return Choice({text: 1.0})
