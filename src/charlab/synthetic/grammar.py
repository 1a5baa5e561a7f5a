"""The grammar of the built-in text: chapters of prose and verse, without end.

A chapter opens by telling its year, place and hero; each may be asked for later. Prose is
sentences, some inside quotations and brackets. Verse rhymes abab. Who was named last is
spoken of as he or she.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from charlab.synthetic import lexicon as words
from charlab.synthetic import tables as tables
from charlab.synthetic.choices import Ask, Choice, Grammar, Part, Told

MAX_PREPOSITIONS = 3
"""So many prepositional phrases, at most, come between a subject and its verb."""


@dataclass
class Book:
    """What must be remembered to write on: the grammar's whole state, which does not grow.

    Attributes
    ----------
    chapter, chapter_told : int, int or None
        The number of the chapter, and where it stands.
    facts : dict of str to Told
        The hero, place and year of this chapter, and where each was last told.
    gender, gender_told : str, int
        Whether the person named last is a woman or a man, and where that was last told.
    marks : list of Told
        Quotation marks and brackets that are open.
    shut : int
        Where the paragraph began or, if later, the last mark closed.
    """

    chapter: int = 0
    chapter_told: int | None = None
    facts: dict[str, Told] = field(default_factory=dict)
    gender: str = "man"
    gender_told: int = 0
    marks: list[Told] = field(default_factory=list)
    shut: int = 0

    def write(self) -> Grammar:
        """Go on for ever, paragraph after paragraph."""
        told = yield Ask(tables.literal(tables.CHAPTER))
        while True:
            if told.string == tables.CHAPTER:
                yield from self._opening()
            elif told.string == tables.VERSE:
                yield from self._verse()
            else:
                yield from self._prose(told)
            told = yield Ask(tables.PARAGRAPH_START)

    def _opening(self) -> Grammar:
        """Head a chapter, and tell its year, place and hero."""
        self.chapter += 1
        told = yield Ask(tables.chapter(self.chapter), self.chapter_told, "chapter")
        self.chapter_told = told.position
        yield Ask(tables.literal("In the year "))
        self.facts["year"] = yield Ask(tables.YEAR)
        yield Ask(tables.literal("there lived in "))
        self.facts["place"] = yield Ask(tables.PLACE)
        yield Ask(tables.literal("someone called "))
        self.facts["hero"] = yield Ask(tables.NAME)
        self._name(self.facts["hero"])
        yield Ask(tables.literal(tables.PARAGRAPH))

    def _name(self, told: Told) -> None:
        """Take note of a person who is named."""
        self.gender = "woman" if told.string.rstrip(" .") in words.WOMEN else "man"
        self.gender_told = told.position

    def _prose(self, told: Told) -> Grammar:
        """Write sentences until the paragraph ends; quotations and brackets nest."""
        self.shut = told.position
        while True:
            while told.string in tables.OPENERS:
                self.marks.append(told)
                told = yield Ask(tables.START[self._depth()])
            yield from self._sentence(told)
            while True:
                mark = self.marks[-1].string if self.marks else ""
                told = yield Ask(tables.SENTENCE_END[mark], self._nesting_told(), "closing")
                if told.string == tables.PARAGRAPH:
                    return
                if told.string == tables.FURTHER:
                    break
                self.marks.pop()
                self.shut = told.position
            told = yield Ask(tables.START[self._depth()])

    def _depth(self) -> int:
        """Return how many marks are open; all beyond two are alike."""
        return min(len(self.marks), 2)

    def _nesting_told(self) -> int:
        """Return where stands what tells which mark is open, or that none is."""
        return self.marks[-1].position if self.marks else self.shut

    def _sentence(self, told: Told) -> Grammar:
        """Write one sentence whose first words are told."""
        first = told.string
        if first == tables.HERO:
            hero = yield from self._recall("hero", " who ")
            yield from self._predicate("singular", hero.position)
        elif first == tables.THEN:
            person = yield Ask(tables.PRONOUN[self.gender], self.gender_told, "pronoun")
            self.gender_told = person.position
            yield from self._predicate("singular", person.position)
        elif first in tables.SUBJECT_NAMES:
            self._name(told)
            yield from self._predicate("singular", told.position)
        elif first in tables.OPENING_DETERMINERS:
            yield from self._after_determiner(first)
        else:
            if first in (tables.HOME, tables.SINCE):
                yield from self._recall("place" if first == tables.HOME else "year", ", ")
            yield from self._clause()

    def _recall(self, kind: str, end: str) -> Part:
        """Ask for a fact of this chapter."""
        known = self.facts[kind]
        choice = tables.recalled(kind, known.string.rstrip(" .,"), end)
        told = yield Ask(choice, known.position, kind)
        self.facts[kind] = Told(known.string, told.position)
        if kind == "hero":
            self._name(self.facts[kind])
        return told

    def _clause(self) -> Grammar:
        determiner = yield Ask(tables.SUBJECT_DETERMINER)
        yield from self._after_determiner(determiner.string)

    def _after_determiner(self, determiner: str) -> Grammar:
        """Write the subject's noun, what stands between it and its verb, and the rest."""
        noun = yield from self._noun(tables.SUBJECT_NOUN[determiner])
        number = tables.number_of(noun.string)
        yield from self._predicate(number, noun.position, MAX_PREPOSITIONS)

    def _noun(self, choice: Choice) -> Part:
        """Choose adjectives until a noun comes."""
        while (told := (yield Ask(choice))).string in tables.ADJECTIVES:
            pass
        return told

    def _predicate(self, number: str, told_at: int, prepositions: int = 0) -> Grammar:
        """Write a verb that agrees with a subject, its objects, and what follows.

        Parameters
        ----------
        number : str
            The subject's.
        told_at : int
            Where that was last told.
        prepositions : int
            How many phrases may come before the verb.
        """
        verb = yield Ask(tables.verb(number, prepositions > 0), told_at, "agreement")
        if verb.string in tables.PREPOSITIONS:
            determiner = yield Ask(tables.SUBJECT_DETERMINER)
            yield from self._noun(tables.SUBJECT_NOUN[determiner.string])
            yield from self._predicate(number, told_at, prepositions - 1)
            return
        thing = yield from self._object()
        while tables.ENDING[thing.string] == tables.WITH:
            thing = yield from self._object()
        if tables.ENDING[thing.string] == tables.AND:
            yield from self._predicate(number, verb.position)
        elif tables.ENDING[thing.string] == tables.CLAUSE:
            yield from self._clause()

    def _object(self) -> Part:
        """Write a determiner and a noun with what ends it; return the latter."""
        determiner = yield Ask(tables.DETERMINER[self.gender], self.gender_told, "pronoun")
        if determiner.string == tables.PRONOUNS[self.gender][1]:
            self.gender_told = determiner.position
        return (yield from self._noun(tables.OBJECT_NOUN[determiner.string]))

    def _verse(self) -> Grammar:
        """Write four lines; the third rhymes with the first, the fourth with the second."""
        endings: list[Told] = []
        for line in range(4):
            if line:
                yield Ask(tables.literal(tables.VERSE))
            subject = yield from self._noun(tables.SUBJECT_NOUN["the "])
            number = tables.number_of(subject.string)
            yield Ask(tables.verb(number, False), subject.position, "agreement")
            yield Ask(tables.literal("the "))
            end = ".\n\n" if line == 3 else ",\n"
            if line < 2:
                endings.append((yield Ask(tables.rhyme(None, end))))
                continue
            rhymed = endings[line - 2]
            sound = words.sound(rhymed.string.rstrip(",\n"))
            yield Ask(tables.rhyme(sound, end), rhymed.position, "rhyme")
