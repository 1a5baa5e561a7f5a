"""The built-in text: a book in an invented language whose best possible loss is known.

One grammar, written as a coroutine that yields choices, is interpreted three ways:
:func:`write` draws each choice, :func:`code_length` reads a text and finds out which were
made, :func:`next_distribution` asks what may come next. The options of a choice are
strings of which none begins another, so a text has one derivation only, and the
probability of each character given all before it is exact: with W(u) the probability
of all options of the present choice that begin with u,

    P(character x | what was read of this option, u) = W(u x) / W(u).

Some choices depend on what was said long before: a verb agrees with its subject, a
quotation must close, a rhyme is kept, the hero of a chapter is asked for. For those the
loss of a reader who has forgotten that is known as well: it mixes the options over all
that might have been said.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import accumulate, islice
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from charlab.corpus import invented_words as words
from charlab.errors import CharlabError
from charlab.files import atomic

Options = Mapping[str, float]


class NotInventedError(CharlabError):
    """A text was not written by this grammar."""


@dataclass(frozen=True)
class Node:
    """A place in the tree of a choice's options.

    Attributes
    ----------
    known, forgotten : float
        Probability of all options through this place, for a reader who remembers what the
        choice depends on, and for one who does not.
    option : int
        The option that ends here, or -1.
    """

    children: dict[str, Node] = field(default_factory=dict)
    known: float = 0.0
    forgotten: float = 0.0
    option: int = -1


class Choice:
    """A draw of one of several strings, none of which begins another.

    Parameters
    ----------
    options : mapping of str to float
        Each string's probability; they are brought to a sum of 1.
    forgotten : mapping of str to float, optional
        The same for a reader who has forgotten what the choice depends on; it has at
        least the strings of ``options``.
    """

    def __init__(self, options: Options, forgotten: Options | None = None) -> None:
        total = sum(options.values())
        self.strings = tuple(options)
        self.probabilities = tuple(p / total for p in options.values())
        self.cumulative = tuple(accumulate(self.probabilities))
        self._forgotten = dict(forgotten) if forgotten is not None else dict(options)

    def draw(self, random: Random) -> int:
        """Return the number of an option, drawn by its probability."""
        return min(bisect(self.cumulative, random.random()), len(self.strings) - 1)

    @cached_property
    def tree(self) -> Node:
        """The options as a tree of characters."""
        known = dict(zip(self.strings, self.probabilities, strict=True))
        total = sum(self._forgotten.values())
        forgotten = {string: p / total for string, p in self._forgotten.items()}
        numbers = {string: number for number, string in enumerate(self.strings)}
        return _tree(list(forgotten), known, forgotten, numbers, 0)


def _tree(
    strings: list[str], known: Options, forgotten: Options, numbers: Mapping[str, int], depth: int
) -> Node:
    """Return the tree of strings that agree in their first ``depth`` characters."""
    following: dict[str, list[str]] = {}
    option = -1
    for string in strings:
        if len(string) == depth:
            if len(strings) > 1:
                raise ValueError(f"option {string!r} begins another")
            option = numbers.get(string, -1)
        else:
            following.setdefault(string[depth], []).append(string)
    children = {
        char: _tree(rest, known, forgotten, numbers, depth + 1) for char, rest in following.items()
    }
    return Node(
        children,
        math.fsum(known.get(string, 0.0) for string in strings),
        math.fsum(forgotten[string] for string in strings),
        option,
    )


@dataclass(frozen=True, slots=True)
class Ask:
    """What the grammar asks of whoever interprets it.

    Attributes
    ----------
    choice : Choice
    depends : int or None
        The position in the text of the thing that the choice depends on.
    kind : str
        What kind of dependency it is.
    """

    choice: Choice
    depends: int | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """The answer: the string that was chosen, and where in the text it begins."""

    string: str
    position: int


Grammar = Generator[Ask, Told, None]
Part = Generator[Ask, Told, Told]
Number = str  # "singular" or "plural"

OTHER = {"singular": "plural", "plural": "singular"}
SINGULAR_SHARE = 0.6


def _product(strings: Options, ends: Options) -> dict[str, float]:
    return {s + e: p * q for s, p in strings.items() for e, q in ends.items()}


def _mixed(*parts: tuple[float, Options]) -> dict[str, float]:
    """Return a mixture of distributions, each of which is brought to its weight."""
    result: dict[str, float] = {}
    for weight, options in parts:
        total = sum(options.values())
        for string, p in options.items():
            result[string] = result.get(string, 0.0) + weight * p / total
    return result


def _spaced(options: Options) -> dict[str, float]:
    return {f"{string} ": p for string, p in options.items()}


# What may stand at the start of a sentence, and where it leads.
DETERMINERS = {"the": 0.5, "a": 0.2, "this": 0.06, "every": 0.04, "these": 0.08, "many": 0.07}
NUMERALS = {str(n): 0.05 / 98 for n in range(2, 100)}
OPENERS = {"“": "”", "(": ")", "[": "]"}
STARTS = _mixed(
    (0.45, {f"{d.capitalize()} ": p for d, p in DETERMINERS.items()}),
    (0.12, _spaced(words.NAMES)),
    (0.1, {f"{a.capitalize()}, ": p for a, p in words.ADVERBS.items()}),
    (0.11, {"It was ": 1.0}),
    (0.06, {"Home in ": 1.0}),
    (0.05, {"Since the year ": 1.0}),
    (0.11, {"“": 0.65, "(": 0.35}),
)
INSIDE_STARTS = _mixed(
    (0.96, {s: p for s, p in STARTS.items() if s not in OPENERS}), (0.04, {"[": 1.0})
)
DEEP_STARTS = {s: p for s, p in STARTS.items() if s not in OPENERS}
AFTER = {"": {" ": 0.8, "\n\n": 0.2}} | {
    opener: {" ": 0.5, closer: 0.5} for opener, closer in OPENERS.items()
}
CONTEXT_SHARES = {"": 0.7, "“": 0.2, "(": 0.08, "[": 0.02}
AFTER_FORGOTTEN = _mixed(*((CONTEXT_SHARES[c], options) for c, options in AFTER.items()))
ENDS = {".": 0.62, "!": 0.05, "?": 0.05, ", and ": 0.12, " with ": 0.1, "; ": 0.06}

START = Choice(STARTS)
START_INSIDE = Choice(INSIDE_STARTS)
START_DEEP = Choice(DEEP_STARTS)
AFTER_CHOICES = {context: Choice(options, AFTER_FORGOTTEN) for context, options in AFTER.items()}
DETERMINER = Choice(_mixed((0.95, _spaced(DETERMINERS)), (0.05, _spaced(NUMERALS))))


def _allows(determiner: str) -> str:
    """Return how many things a determiner speaks of: one, several, or either."""
    if determiner == "the":
        return "either"
    return "one" if determiner in ("a", "this", "every") else "several"


def _nouns(allowed: str) -> dict[str, float]:
    if allowed == "either":
        return _mixed((SINGULAR_SHARE, words.SINGULARS), (1 - SINGULAR_SHARE, words.PLURALS))
    return dict(words.SINGULARS if allowed == "one" else words.PLURALS)


@cache
def _subject_noun(allowed: str) -> Choice:
    return Choice(_mixed((0.28, _spaced(words.ADJECTIVES)), (0.72, _spaced(_nouns(allowed)))))


@cache
def _object_noun(allowed: str) -> Choice:
    ended = _product(_nouns(allowed), ENDS)
    return Choice(_mixed((0.28, _spaced(words.ADJECTIVES)), (0.72, ended)))


@cache
def _verb(number: Number, with_preposition: bool) -> Choice:
    """Return verbs that agree with a subject, or a preposition that puts them off."""
    mine, other = words.VERBS[number], words.VERBS[OTHER[number]]
    share = {"singular": SINGULAR_SHARE, "plural": 1 - SINGULAR_SHARE}
    forgotten = _mixed((share[number], mine), (share[OTHER[number]], other))
    if not with_preposition:
        return Choice(_spaced(mine), _spaced(forgotten))
    prepositions = _spaced(words.PREPOSITIONS)
    return Choice(
        _mixed((0.4, prepositions), (0.6, _spaced(mine))),
        _mixed((0.4, prepositions), (0.6, _spaced(forgotten))),
    )


@cache
def _recalled(string: str, end: str, kind: str) -> Choice:
    """Return the only string that is right, among all of its kind for who has forgotten."""
    everything = {"hero": words.NAMES, "place": words.PLACES, "year": words.YEARS}[kind]
    return Choice({string + end: 1.0}, {s + end: p for s, p in everything.items()})


@cache
def _number(number: int) -> Choice:
    text = f"{number}\n\n"
    return Choice({text: 1.0}, {f"{n}\n\n": 1.0 for n in range(max(1, number - 20), number + 21)})


@cache
def _rhyme(sound: str | None, end: str) -> Choice:
    """Return the last word of a line: any, or one that rhymes."""
    free = {noun + end: p for noun, p in words.SINGULARS.items()}
    if sound is None:
        return Choice(free)
    return Choice(
        {s: p for s, p in free.items() if words.sound(s.removesuffix(end)) == sound}, free
    )


PARAGRAPH_STARTS = _mixed((0.8, STARTS), (0.13, {"  The ": 1.0}), (0.07, {"CHAPTER ": 1.0}))
PARAGRAPH_START = Choice(PARAGRAPH_STARTS)
LINE_ADJECTIVE = Choice(_spaced(words.ADJECTIVES))
LINE_NOUN = Choice(_spaced(words.SINGULARS))
NAME = Choice({f"{name}.": p for name, p in words.NAMES.items()})
PLACE = Choice({f"{place} ": p for place, p in words.PLACES.items()})
YEAR = Choice({f"{year} ": p for year, p in words.YEARS.items()})
PREPOSITION = Choice(_spaced(words.PREPOSITIONS))


def _fixed(text: str) -> Ask:
    return Ask(_literal(text))


@cache
def _literal(text: str) -> Choice:
    return Choice({text: 1.0})


@dataclass
class Book:
    """What the book remembers from chapter to chapter: the grammar's whole state.

    Attributes
    ----------
    facts : dict of str to (str, int)
        The hero, place and year of this chapter, and where each was told.
    """

    chapter: int = 0
    chapter_told: int | None = None
    facts: dict[str, tuple[str, int]] = field(default_factory=dict)

    def write(self) -> Grammar:
        """Go on for ever, paragraph after paragraph."""
        yield _fixed("CHAPTER ")
        yield from self._opening()
        while True:
            told = yield Ask(PARAGRAPH_START)
            if told.string == "CHAPTER ":
                yield from self._opening()
            elif told.string == "  The ":
                yield from self._verse()
            else:
                yield from self._prose(told)

    def _opening(self) -> Grammar:
        """Head a chapter, and tell its year, place and hero."""
        self.chapter += 1
        told = yield Ask(_number(self.chapter), self.chapter_told, "chapter")
        self.chapter_told = told.position
        yield _fixed("In the year ")
        yield from self._fact("year", YEAR)
        yield _fixed("there lived in ")
        yield from self._fact("place", PLACE)
        yield _fixed("someone called ")
        yield from self._fact("hero", NAME)
        yield _fixed("\n\n")

    def _fact(self, kind: str, choice: Choice) -> Grammar:
        told = yield Ask(choice)
        self.facts[kind] = (told.string.rstrip(" ."), told.position)

    def _recall(self, kind: str, end: str) -> Part:
        string, position = self.facts[kind]
        return (yield Ask(_recalled(string, end, kind), position, kind))

    def _prose(self, told: Told) -> Grammar:
        """Write sentences until the paragraph ends; quotations and brackets nest."""
        open_marks: list[Told] = []
        while True:
            while told.string in OPENERS:
                open_marks.append(told)
                told = yield Ask((START_INSIDE, START_DEEP)[min(len(open_marks) - 1, 1)])
            yield from self._sentence(told)
            while True:
                context = open_marks[-1] if open_marks else None
                told = yield Ask(
                    AFTER_CHOICES[context.string if context else ""],
                    context.position if context else None,
                    "closing" if context else "",
                )
                if told.string in (" ", "\n\n"):
                    break
                open_marks.pop()
            if told.string == "\n\n":
                return
            told = yield Ask((START, START_INSIDE, START_DEEP)[min(len(open_marks), 2)])

    def _sentence(self, told: Told) -> Grammar:
        """Write one sentence whose first words are told."""
        first = told.string.strip(" ,")
        if first == "It was":
            subject = yield from self._recall("hero", " who ")
            yield from self._predicate("singular", subject.position)
        elif first == "Home in":
            yield from self._recall("place", ", ")
            yield from self._clause()
        elif first == "Since the year":
            yield from self._recall("year", ", ")
            yield from self._clause()
        elif first.lower() in words.ADVERBS:
            yield from self._clause()
        elif first in words.NAMES:
            yield from self._predicate("singular", told.position)
        else:
            yield from self._after_determiner(first.lower())

    def _clause(self) -> Grammar:
        told = yield Ask(DETERMINER)
        yield from self._after_determiner(told.string.strip())

    def _after_determiner(self, determiner: str) -> Grammar:
        noun = yield from self._noun(_subject_noun(_allows(determiner)))
        yield from self._predicate(_number_of(noun.string), noun.position, prepositions=2)

    def _noun(self, choice: Choice) -> Part:
        """Choose adjectives until a noun comes."""
        while True:
            told = yield Ask(choice)
            if told.string.strip() not in words.ADJECTIVES:
                return told

    def _predicate(self, number: Number, subject: int, prepositions: int = 0) -> Grammar:
        """Write a verb that agrees with a subject, its object, and what follows."""
        verb = yield Ask(_verb(number, prepositions > 0), subject, "agreement")
        if verb.string.strip() in words.PREPOSITIONS:
            determiner = yield Ask(DETERMINER)
            yield from self._noun(_subject_noun(_allows(determiner.string.strip())))
            yield from self._predicate(number, subject, prepositions - 1)
            return
        while True:
            determiner = yield Ask(DETERMINER)
            thing = yield from self._noun(_object_noun(_allows(determiner.string.strip())))
            if thing.string.endswith(" with "):
                continue
            break
        if thing.string.endswith(", and "):
            yield from self._predicate(number, subject)
        elif thing.string.endswith("; "):
            yield from self._clause()

    def _verse(self) -> Grammar:
        """Write four lines; the third rhymes with the first, the fourth with the second."""
        endings: list[Told] = []
        for line in range(4):
            if line:
                yield _fixed("  The ")
            yield Ask(LINE_ADJECTIVE)
            subject = yield Ask(LINE_NOUN)
            yield Ask(_verb("singular", with_preposition=False), subject.position, "agreement")
            yield _fixed("the ")
            end = ".\n\n" if line == 3 else ",\n"
            rhymed = endings[line - 2] if line >= 2 else None
            sound = words.sound(rhymed.string.rstrip(".,\n")) if rhymed else None
            place = rhymed.position if rhymed else None
            endings.append((yield Ask(_rhyme(sound, end), place, "rhyme" if rhymed else "")))


@cache
def _number_of(noun: str) -> Number:
    return "singular" if noun.strip() in words.SINGULARS else "plural"


def iter_text(seed: int) -> Iterator[str]:
    """Yield the book in small pieces, without end."""
    random = Random(f"charlab invented {seed}")
    grammar = Book().write()
    ask, position = next(grammar), 0
    while True:
        string = ask.choice.strings[ask.choice.draw(random)]
        yield string
        ask = grammar.send(Told(string, position))
        position += len(string)


def _limited(chars: int, seed: int) -> Iterator[str]:
    left = chars
    for piece in iter_text(seed):
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


def write(chars: int, seed: int) -> str:
    """Return the first ``chars`` characters of the book number ``seed``.

    Examples
    --------
    >>> write(9, seed=1)
    'CHAPTER 1'
    """
    return "".join(_limited(chars, seed))


def write_file(path: Path, chars: int, seed: int) -> None:
    """Write a book of any length to a file, in constant memory, atomically."""
    with atomic(path) as stream:
        pieces = _limited(chars, seed)
        while batch := "".join(islice(pieces, 100_000)):
            stream.write(batch.encode("utf-8"))


@dataclass(frozen=True)
class Floor:
    """The exact ideal code length of every character of a text.

    Attributes
    ----------
    nats : ndarray of shape (chars,), dtype=np.float64
        -ln P(character | all before it): no model can have a lower expected loss.
    forgotten : ndarray of shape (chars,), dtype=np.float64
        The same for a reader who knows the language but has forgotten what this character
        depends on.
    distance : ndarray of shape (chars,), dtype=np.int64
        How many characters back that lies; 0 where nothing far back matters.
    kind : ndarray of shape (chars,), dtype str
        agreement, closing, rhyme, hero, place, year, chapter, or empty.
    """

    nats: NDArray[np.float64]
    forgotten: NDArray[np.float64]
    distance: NDArray[np.int64]
    kind: NDArray[np.str_]

    @property
    def saved(self) -> NDArray[np.float64]:
        """What remembering saves at each character, in nats; seldom negative."""
        return self.forgotten - self.nats


class _Reader:
    """Follows a text through the grammar."""

    def __init__(self) -> None:
        self.grammar = Book().write()
        self.ask = next(self.grammar)
        self.known: list[float] = []
        self.forgotten: list[float] = []
        self.distance: list[int] = []
        self.kind: list[str] = []
        self.node = self.ask.choice.tree

    def read(self, text: str) -> None:
        """Take up a text, character by character."""
        start = 0
        for position, char in enumerate(text):
            below = self.node.children.get(char)
            if below is None or below.known == 0.0:
                raise _refusal(text, position)
            self.known.append(-math.log(min(below.known / self.node.known, 1.0)))
            self.forgotten.append(-math.log(min(below.forgotten / self.node.forgotten, 1.0)))
            depends = self.ask.depends
            # Where both readers expect the same, nothing far back matters.
            matters = depends is not None and below.known * self.node.forgotten != (
                below.forgotten * self.node.known
            )
            self.distance.append(position - depends if depends is not None and matters else 0)
            self.kind.append(self.ask.kind if matters else "")
            self.node = below
            if below.option >= 0:
                string = self.ask.choice.strings[below.option]
                self.ask = self.grammar.send(Told(string, start))
                self.node = self.ask.choice.tree
                start = position + 1


def _refusal(text: str, position: int) -> NotInventedError:
    return NotInventedError(
        f"character {text[position]!r} at position {position}, after "
        f"{text[max(0, position - 20) : position]!r}, cannot stand there: the text is not one "
        "that charlab's generator writes, so it has no known floor"
    )


def code_length(text: str) -> Floor:
    """Return the exact ideal code length of every character of a text.

    Raises
    ------
    NotInventedError
        If the generator cannot have written the text.
    """
    reader = _Reader()
    reader.read(text)
    return Floor(
        np.array(reader.known),
        np.array(reader.forgotten),
        np.array(reader.distance, dtype=np.int64),
        np.array(reader.kind, dtype="U9"),
    )


def next_distribution(prefix: str) -> dict[str, float]:
    """Return the probability of each character that may follow ``prefix``.

    Raises
    ------
    NotInventedError
        If the generator cannot have written ``prefix``.
    """
    reader = _Reader()
    reader.read(prefix)
    node = reader.node
    return {c: below.known / node.known for c, below in node.children.items() if below.known > 0}
