"""The grammar of the built-in text: an endless sequence of chapters of prose and verse.

In prose, marks of several kinds open before a word, and some words later a sign and the mark that
matches come: the one thing to remember, at a known distance. The largest distance grows with the
book. Apart from that, verbs agree with their subjects, and the two lines of a verse rhyme.
"""

from __future__ import annotations

from dataclasses import dataclass

from charlab.synthetic import lexicon as words
from charlab.synthetic import tables
from charlab.synthetic.choices import Answer, Ask, Choice, Grammar, Part

MAX_PREPOSITIONS = 2
"""Maximum number of prepositional phrases between a subject and its verb."""

VOLUMES = 16
"""Parts of the training split in each of which the distances grow from the shortest again.

A batch of 16 sequences reads each part as one sequence, so that all grow at the same time.
"""


@dataclass(slots=True)
class Mark:
    """An open mark.

    Attributes
    ----------
    opener : Answer
        The mark and its position.
    octaves : int
        Number of octaves of its possible distances.
    asked : int
        Characters from the mark to the last end of a word that could have been the sign.
    """

    opener: Answer
    octaves: int
    asked: int = 0


class Book:
    """The whole state of the grammar, which does not grow with the text.

    Parameters
    ----------
    chars : int
        Length of the book.
    growth : bool
        Whether distances grow. If not, all occur from the start.

    Attributes
    ----------
    mark : Mark or None
        The open mark.
    """

    def __init__(self, chars: int, growth: bool = True) -> None:
        # The first four fifths of the book are for training.
        self._training = chars * 4 // 5 if growth else 0
        self._volume = max(self._training // VOLUMES, 1)
        self.mark: Mark | None = None

    def octaves(self, position: int) -> int:
        """Return the number of octaves of the distances of a mark that opens at a position."""
        if position >= self._training:
            return tables.OCTAVES
        # One octave in the first two tenths of a volume, one more in each tenth after them.
        tenth = position % self._volume * 10 // self._volume
        return min(max(tenth, 1), tables.OCTAVES)

    def write(self) -> Grammar:
        """Write paragraph after paragraph, without end."""
        answer = yield Ask(tables.literal(tables.CHAPTER))
        while True:
            if answer.string == tables.CHAPTER:
                yield Ask(tables.TITLE)
            elif answer.string == tables.VERSE:
                yield from self._verse()
            else:
                yield from self._prose(answer)
            answer = yield Ask(tables.PARAGRAPH_START)

    def _prose(self, answer: Answer) -> Grammar:
        """Write sentences until the paragraph ends."""
        while True:
            end = yield from self._sentence(answer)
            if end.string.endswith(tables.PARAGRAPH):
                return
            answer = yield from self._word(tables.OPENER_OR_FIRST, tables.FIRST_WORD)

    def _word(self, with_opener: Choice, without: Choice, cue: Answer | None = None) -> Part:
        """Write a word, perhaps after an opening mark, which agrees with the cue."""
        place, kind = (None, "") if cue is None else (cue.position, "agreement")
        if self.mark is None:
            answer = yield Ask(with_opener, place, kind)
            if answer.string not in tables.MARKS:
                return answer
            self.mark = Mark(answer, self.octaves(answer.position))
        return (yield Ask(without, place, kind))

    def _end(self, word: Answer, final: bool = False) -> Part:
        """Write what follows a word, after the sign and the closing mark if they come."""
        mark = self.mark
        if mark is not None:
            age = word.position + len(word.string) - mark.opener.position
            answer = yield Ask(tables.sign_or_end(mark.octaves, mark.asked, age, final))
            if answer.string != tables.SIGN:
                mark.asked = age
                return answer
            yield Ask(tables.CLOSER[mark.opener.string], mark.opener.position, "closing")
            self.mark = None
        return (yield Ask(tables.SENTENCE_END if final else tables.SPACE))

    def _sentence(self, word: Answer) -> Part:
        """Write one sentence after its first word, and return its end."""
        # A name is a noun without adjectives.
        subject = yield from self._noun(word)
        for prepositions in range(MAX_PREPOSITIONS, -1, -1):
            number = tables.number_of(subject.string)
            verbs, opener_or_verb = tables.verbs(number, prepositions > 0)
            word = yield from self._word(opener_or_verb, verbs, subject)
            yield from self._end(word)
            if word.string not in words.PREPOSITIONS:
                break
            # The noun of the phrase may have another number than the subject.
            yield from self._noun((yield from self._phrase()))
        return (yield from self._noun((yield from self._phrase()), final=True))

    def _phrase(self) -> Part:
        """Write the first word of a phrase, an adjective or a noun."""
        return (yield from self._word(tables.OPENER_OR_WORD, tables.WORD))

    def _noun(self, word: Answer, final: bool = False) -> Part:
        """Write what follows a word up to a noun; return the noun or, if final, its end."""
        while word.string.lower() in words.ADJECTIVES:
            yield from self._end(word)
            word = yield from self._phrase()
        end = yield from self._end(word, final)
        return end if final else word

    def _verse(self) -> Grammar:
        """Write two lines that rhyme."""
        first = yield from self._line()
        yield Ask(tables.literal(f",\n{tables.VERSE}"))
        yield from self._line(first)
        yield Ask(tables.literal(f".{tables.PARAGRAPH}"))

    def _line(self, rhyme: Answer | None = None) -> Part:
        """Write one line without its end; return its last word, which may have to rhyme."""
        noun = yield Ask(tables.NOUN)
        yield Ask(tables.literal(" "))
        yield Ask(tables.verse_verb(tables.number_of(noun.string)), noun.position, "agreement")
        yield Ask(tables.literal(" "))
        if rhyme is None:
            return (yield Ask(tables.NOUN))
        return (yield Ask(tables.rhyming(words.sound(rhyme.string)), rhyme.position, "rhyme"))
