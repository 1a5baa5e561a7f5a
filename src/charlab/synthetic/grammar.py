"""The grammar of the built-in text: an endless sequence of chapters of prose and verse.

A chapter opens with its year, place and hero, which may be recalled later. Prose is sentences,
some inside quotations and brackets. Verse rhymes abab. The person named last is "he" or "she".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from charlab.synthetic import lexicon as words
from charlab.synthetic import tables
from charlab.synthetic.choices import Answer, Ask, Choice, Grammar, Part

MAX_PREPOSITIONS = 3
"""Maximum number of prepositional phrases between a subject and its verb."""


@dataclass
class Book:
    """The whole state of the grammar, which does not grow with the text.

    Attributes
    ----------
    chapter, chapter_cue : int, int or None
        Number of the chapter, and the position of that number.
    facts : dict of str to Answer
        Hero, place and year of the chapter, each with its last position.
    gender, gender_cue : str, int
        Gender of the person named last, and the last position that shows it.
    marks : list of Answer
        Open quotation marks and brackets.
    closed_at : int
        Start of the paragraph or, if later, the position of the last closing mark.
    """

    chapter: int = 0
    chapter_cue: int | None = None
    facts: dict[str, Answer] = field(default_factory=dict)
    gender: str = "man"
    gender_cue: int = 0
    marks: list[Answer] = field(default_factory=list)
    closed_at: int = 0

    def write(self) -> Grammar:
        """Write paragraph after paragraph, without end."""
        answer = yield Ask(tables.literal(tables.CHAPTER))
        while True:
            if answer.string == tables.CHAPTER:
                yield from self._opening()
            elif answer.string == tables.VERSE:
                yield from self._verse()
            else:
                yield from self._prose(answer)
            answer = yield Ask(tables.PARAGRAPH_START)

    def _opening(self) -> Grammar:
        """Write a chapter's heading, year, place and hero."""
        self.chapter += 1
        answer = yield Ask(tables.chapter(self.chapter), self.chapter_cue, "chapter")
        self.chapter_cue = answer.position
        yield Ask(tables.literal("In the year "))
        self.facts["year"] = yield Ask(tables.YEAR)
        yield Ask(tables.literal("there lived in "))
        self.facts["place"] = yield Ask(tables.PLACE)
        yield Ask(tables.literal("someone called "))
        self.facts["hero"] = yield Ask(tables.NAME)
        self._name(self.facts["hero"])
        yield Ask(tables.literal(tables.PARAGRAPH))

    def _name(self, answer: Answer) -> None:
        """Remember the gender of a person."""
        self.gender = "woman" if answer.string.rstrip(" .") in words.WOMEN else "man"
        self.gender_cue = answer.position

    def _prose(self, answer: Answer) -> Grammar:
        """Write sentences until the paragraph ends; quotations and brackets nest."""
        self.closed_at = answer.position
        while True:
            # Marks may open before the first word.
            while answer.string in tables.OPENERS:
                self.marks.append(answer)
                answer = yield Ask(tables.START[self._depth()])
            yield from self._sentence(answer)
            # After a sentence: marks may close, then a further sentence or the end comes.
            while True:
                mark = self.marks[-1].string if self.marks else ""
                answer = yield Ask(tables.SENTENCE_END[mark], self._nesting_cue(), "closing")
                if answer.string == tables.PARAGRAPH:
                    return
                if answer.string == tables.FURTHER:
                    break
                # A closing mark: the next question is about the mark around it.
                self.marks.pop()
                self.closed_at = answer.position
            answer = yield Ask(tables.START[self._depth()])

    def _depth(self) -> int:
        """Return the number of open marks, at most two."""
        return min(len(self.marks), 2)

    def _nesting_cue(self) -> int:
        """Return the position of the open mark, or of the string that shows there is none."""
        return self.marks[-1].position if self.marks else self.closed_at

    def _sentence(self, answer: Answer) -> Grammar:
        """Write one sentence from its first words."""
        first = answer.string
        if first == tables.HERO:
            hero = yield from self._recall("hero", " who ")
            yield from self._predicate("singular", hero.position)
        elif first == tables.THEN:
            person = yield Ask(tables.PRONOUN[self.gender], self.gender_cue, "pronoun")
            self.gender_cue = person.position
            yield from self._predicate("singular", person.position)
        elif first in tables.SUBJECT_NAMES:
            self._name(answer)
            yield from self._predicate("singular", answer.position)
        elif first in tables.OPENING_DETERMINERS:
            yield from self._after_determiner(first)
        else:
            if first in (tables.HOME, tables.SINCE):
                yield from self._recall("place" if first == tables.HOME else "year", ", ")
            yield from self._clause()

    def _recall(self, kind: str, end: str) -> Part:
        """Write a fact of this chapter."""
        known = self.facts[kind]
        # The string was written with an end of its own.
        choice = tables.recalled(kind, known.string.rstrip(" .,"), end)
        answer = yield Ask(choice, known.position, kind)
        self.facts[kind] = Answer(known.string, answer.position)
        if kind == "hero":
            self._name(self.facts[kind])
        return answer

    def _clause(self) -> Grammar:
        determiner = yield Ask(tables.SUBJECT_DETERMINER)
        yield from self._after_determiner(determiner.string)

    def _after_determiner(self, determiner: str) -> Grammar:
        """Write the subject's noun and the rest of the clause."""
        noun = yield from self._noun(tables.SUBJECT_NOUN[determiner])
        number = tables.number_of(noun.string)
        yield from self._predicate(number, noun.position, MAX_PREPOSITIONS)

    def _noun(self, choice: Choice) -> Part:
        """Write adjectives up to a noun."""
        while (answer := (yield Ask(choice))).string in tables.ADJECTIVES:
            pass
        return answer

    def _predicate(self, number: str, cue: int, prepositions: int = 0) -> Grammar:
        """Write a verb that agrees with a subject, its objects, and further clauses.

        Parameters
        ----------
        number : str
            Number of the subject: singular or plural.
        cue : int
            Last position that shows it.
        prepositions : int
            Maximum number of phrases before the verb.
        """
        verb = yield Ask(tables.verb(number, prepositions > 0), cue, "agreement")
        if verb.string in tables.PREPOSITIONS:
            # The noun of the phrase may have another number than the subject.
            determiner = yield Ask(tables.SUBJECT_DETERMINER)
            yield from self._noun(tables.SUBJECT_NOUN[determiner.string])
            yield from self._predicate(number, cue, prepositions - 1)
            return
        thing = yield from self._object()
        while tables.ENDING[thing.string] == tables.WITH:
            thing = yield from self._object()
        # The second verb agrees with the first, which is the nearer cue.
        if tables.ENDING[thing.string] == tables.AND:
            yield from self._predicate(number, verb.position)
        elif tables.ENDING[thing.string] == tables.CLAUSE:
            yield from self._clause()

    def _object(self) -> Part:
        """Write a determiner and a noun with its end; return the noun."""
        determiner = yield Ask(tables.DETERMINER[self.gender], self.gender_cue, "pronoun")
        # A possessive shows the gender anew.
        if determiner.string == tables.PRONOUNS[self.gender][1]:
            self.gender_cue = determiner.position
        return (yield from self._noun(tables.OBJECT_NOUN[determiner.string]))

    def _verse(self) -> Grammar:
        """Write four lines that rhyme abab."""
        endings: list[Answer] = []
        for line in range(4):
            if line:
                yield Ask(tables.literal(tables.VERSE))
            subject = yield from self._noun(tables.SUBJECT_NOUN["the "])
            number = tables.number_of(subject.string)
            yield Ask(tables.verb(number, False), subject.position, "agreement")
            yield Ask(tables.literal("the "))
            end = ".\n\n" if line == 3 else ",\n"
            # The first two lines end freely, the others rhyme with the line two above.
            if line < 2:
                endings.append((yield Ask(tables.rhyme(None, end))))
                continue
            rhymed = endings[line - 2]
            sound = words.sound(rhymed.string.rstrip(",\n"))
            yield Ask(tables.rhyme(sound, end), rhymed.position, "rhyme")
