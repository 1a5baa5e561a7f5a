"""The floor of the built-in text is exact, and its dependencies are real."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.baselines.ngram import nats_by_order
from charlab.synthetic import lexicon as words
from charlab.synthetic import tables
from charlab.synthetic.choices import Answer, Ask, Choice, Grammar
from charlab.synthetic.grammar import Book
from charlab.synthetic.text import (
    KINDS,
    Floor,
    code_length,
    draw,
    floor_of,
    iter_text,
    write,
    write_file,
)
from next_character import distribution_after, next_distribution

START_OF_BOOK = write(3_001, seed=3)


def drawn(chars: int, seed: int) -> Iterator[tuple[Ask, Answer]]:
    """Yield every choice of a book with its answer."""
    grammar, random = Book().write(), Random(seed)
    ask, position = next(grammar), 0
    while position < chars:
        answer = Answer(ask.choice.at(random.random()), position)
        yield ask, answer
        ask, position = grammar.send(answer), position + len(answer.string)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15)
def test_floor_sums_to_the_probability_of_the_choices(seed: int) -> None:
    """After each choice, the total code length is -ln of the product of all probabilities."""
    choices = list(drawn(2_000, seed))
    floor = code_length("".join(answer.string for _, answer in choices))
    ends = np.cumsum([len(answer.string) for _, answer in choices]) - 1
    expected = np.cumsum([-math.log(ask.choice.options[answer.string]) for ask, answer in choices])
    np.testing.assert_allclose(np.cumsum(floor.nats)[ends], expected, rtol=1e-12, atol=1e-9)


SMALL = {
    "start": Choice({"ab": 0.5, "aac": 0.3, "b": 0.2}),
    "b": Choice({"c ": 1.0}, {"c ": 0.25, "a ": 0.75}),
    "other": Choice({"c ": 0.5, "a ": 0.5}),
}


def small_grammar() -> Grammar:
    """Write pairs of strings, the second of which depends on the first."""
    while True:
        answer = yield Ask(SMALL["start"])
        second = SMALL["b"] if answer.string == "b" else SMALL["other"]
        yield Ask(second, answer.position, "hero")


def small_texts(chars: int) -> dict[str, float]:
    """Return the probability of every text of the small grammar, by enumeration."""
    texts: dict[str, float] = defaultdict(float)
    todo = [("", 1.0)]
    while todo:
        so_far, p = todo.pop()
        if len(so_far) >= chars:
            texts[so_far[:chars]] += p
            continue
        for first, p1 in {"ab": 0.5, "aac": 0.3, "b": 0.2}.items():
            seconds = {"c ": 1.0} if first == "b" else {"c ": 0.5, "a ": 0.5}
            todo += [(so_far + first + second, p * p1 * p2) for second, p2 in seconds.items()]
    return texts


def test_every_text_of_a_small_grammar_has_its_probability() -> None:
    """The floor of each text equals the result of enumerating all derivations."""
    texts = small_texts(9)
    assert len(texts) > 30
    assert math.fsum(texts.values()) == pytest.approx(1.0)
    for text, p in texts.items():
        assert floor_of(text, small_grammar()).nats.sum() == pytest.approx(-math.log(p))


def test_next_characters_of_a_small_grammar_sum_to_one_everywhere() -> None:
    """After every prefix, the next characters have their probabilities, which sum to 1."""
    texts = small_texts(9)
    prefixes = {text[:end] for text in texts for end in range(9)}
    for prefix in prefixes:
        following = distribution_after(prefix, small_grammar())
        mass = sum(p for text, p in texts.items() if text.startswith(prefix))
        assert math.fsum(following.values()) == pytest.approx(1.0, abs=1e-12)
        for char, p in following.items():
            joint = sum(q for text, q in texts.items() if text.startswith(prefix + char))
            assert p == pytest.approx(joint / mass)


def test_forgetting_counts_only_where_it_matters() -> None:
    """After "b", a forgetful reader expects "a" as well; the space is certain for both."""
    floor = floor_of("bc ", small_grammar())
    assert floor.forgotten[1] == pytest.approx(-math.log(0.25))
    assert floor.saved.tolist() == pytest.approx([0.0, -math.log(0.25), 0.0])
    assert floor.distance.tolist() == [0, 1, 0]
    assert floor.kind.tolist() == ["", "hero", ""]


@given(end=st.integers(0, 3_000))
@settings(max_examples=40)
def test_next_characters_of_the_book_sum_to_one(end: int) -> None:
    """The floor of each character is -ln of its probability."""
    distribution = next_distribution(START_OF_BOOK[:end])
    assert math.fsum(distribution.values()) == pytest.approx(1.0, abs=1e-12)
    assert min(distribution.values()) > 0
    nats = code_length(START_OF_BOOK[: end + 1]).nats
    assert -math.log(distribution[START_OF_BOOK[end]]) == pytest.approx(nats[end], abs=1e-12)


@cache
def moments(choice: Choice) -> tuple[float, float]:
    """Return the mean and the variance of a choice's code length."""
    options = choice.options.values()
    mean = math.fsum(-p * math.log(p) for p in options)
    return mean, math.fsum(p * (-math.log(p) - mean) ** 2 for p in options)


def test_choices_are_drawn_by_their_probabilities() -> None:
    """The mean code length of the drawn options is the entropy of the choices."""
    excess, variance = 0.0, 0.0
    for ask, answer in drawn(200_000, seed=11):
        mean, spread = moments(ask.choice)
        excess += -math.log(ask.choice.options[answer.string]) - mean
        variance += spread
    assert abs(excess) < 4 * math.sqrt(variance)


def test_options_divide_the_unit_interval() -> None:
    """Each option has an interval as long as its probability."""
    choice = Choice({"a": 1.0, "b": 2.0, "c": 1.0})
    points = [0.0, 0.2499, 0.25, 0.7499, 0.75, math.nextafter(1.0, 0.0)]
    assert [choice.at(point) for point in points] == list("aabbcc")


def test_no_ngram_beats_the_floor(text: str, floor: Floor) -> None:
    """No n-gram's held-out loss is below the floor by more than chance, and that of 5 is above."""
    chars = sorted(set(text))
    ids = np.array([chars.index(char) for char in text], dtype=np.uint8)
    cut = len(text) * 9 // 10
    held_out = floor.nats[cut:]
    losses = nats_by_order(ids[:cut], len(chars), [1, 3, 5, 8], [ids[cut:]], 1)
    for order, (nats, *_) in losses.items():
        above = nats - held_out[len(held_out) - len(nats) :]
        assert above.mean() > -4 * above.std() / math.sqrt(len(above))
        assert order != 5 or above.mean() > 0.05


def test_bytes_are_the_same_everywhere() -> None:
    """Published results depend on the book, so it is the same on every machine and Python."""
    digest = hashlib.sha256(write(100_000, seed=1).encode()).hexdigest()
    assert digest == "f374a90cf2d58bbfb13653c727d84c60b9143755587651f6b6ff86d871866657"


@pytest.mark.parametrize("chars", [0, 1, 150_000])
def test_file_has_the_same_text(chars: int, tmp_path: Path) -> None:
    """Writing to a file in pieces gives the bytes of the whole text, and no other file."""
    write_file(tmp_path / "book.txt", chars, seed=2)
    book = write(chars, seed=2)
    assert (tmp_path / "book.txt").read_bytes() == book.encode("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["book.txt"]
    assert "".join(islice(iter_text(seed=2), 100)).startswith(book[:100])


def test_state_does_not_grow() -> None:
    """The state of a long book is small, so memory is constant."""
    book = Book()
    pieces = draw(book.write(), Random(1))
    for _ in range(50_000):
        next(pieces)
        assert len(book.marks) <= 2
    assert book.chapter > 50
    assert set(book.facts) == {"hero", "place", "year"}


@pytest.mark.parametrize("kind", ["hero", "place", "year"])
def test_distance_leads_to_the_recalled_fact(text: str, floor: Floor, kind: str) -> None:
    """A recalled fact is at the given distance before."""
    places = _starts(floor, kind)
    assert len(places) > 100
    for place in places:
        start = text.rfind(" ", 0, place) + 1
        fact = text[start : start + 20].split()[0].rstrip(",")
        assert text[place - floor.distance[place] :].startswith(fact)


def _starts(floor: Floor, kind: str) -> list[int]:
    """Return the start of each run of characters of a kind."""
    places = np.flatnonzero(floor.kind == kind).tolist()
    return [b for a, b in pairwise([-2, *places]) if b != a + 1]


def test_distance_leads_to_the_subject_of_a_verb(text: str, floor: Floor) -> None:
    """The subject, or an earlier verb, has the same number as the verb."""
    singular = {*words.SINGULARS, *words.VERBS["singular"], "she", "he", *words.NAMES}
    plural = {*words.PLURALS, *words.VERBS["plural"]} - singular
    checked = 0
    for place in _starts(floor, "agreement"):
        start = text.rfind(" ", 0, place) + 1
        verb = text[start : text.index(" ", place)]
        back = place - floor.distance[place]
        cue = text[back : back + 20].split()[0].rstrip(".,")
        if verb in singular or verb in plural:
            assert (cue in singular) == (verb in singular), (cue, verb)
            checked += 1
    assert checked > 500


def test_lines_rhyme(text: str) -> None:
    """In every verse, line 3 rhymes with line 1, and line 4 with line 2."""
    verses = [p for p in text.split("\n\n")[:-1] if p.startswith("  The ")]
    assert len(verses) > 50
    for verse in verses:
        ends = [words.sound(line.split()[-1].rstrip(".,")) for line in verse.split("\n")]
        assert ends[:2] == ends[2:]


def test_remembering_saves_nats(floor: Floor) -> None:
    """Remembering saves nats for each kind of dependency, and none elsewhere."""
    assert floor.saved.mean() > 0.001
    for kind in KINDS[1:]:
        chosen = floor.kind == kind
        assert floor.saved[chosen].mean() > 0, kind
        assert (floor.distance[chosen] > 0).all()
    assert not floor.distance[floor.kind == ""].any()
    np.testing.assert_allclose(floor.saved[floor.kind == ""], 0.0, atol=1e-9)


def test_shares_are_the_frequencies_of_a_long_text() -> None:
    """A forgetful reader mixes the cases by their true frequencies."""
    numbers: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    mark_of = {choice: mark for mark, choice in tables.SENTENCE_END.items()}
    for ask, answer in drawn(500_000, seed=5):
        if ask.kind == "agreement" and answer.string not in tables.PREPOSITIONS:
            plural = answer.string.strip() in words.VERBS["plural"]
            numbers["plural" if plural else "singular"] += 1
        elif ask.kind == "closing":
            marks[mark_of[ask.choice]] += 1
    for counted, shares in ((numbers, tables.NUMBER_SHARES), (marks, tables.CONTEXT_SHARES)):
        frequencies = {case: n / counted.total() for case, n in counted.items()}
        assert frequencies == pytest.approx(dict(shares), abs=0.01)


def test_ambiguous_options_are_refused() -> None:
    """A prefix, or an option the forgetful reader rules out, leaves no exact floor."""
    with pytest.raises(ValueError, match="option 'ab' is a prefix of option 'abc'"):
        Choice({"abc": 0.5, "b": 0.3, "ab": 0.2})
    with pytest.raises(ValueError, match=r"\['c'\] are impossible for a forgetful reader"):
        Choice({"c": 1.0}, {"a": 0.5, "b": 0.5})


def test_the_book_is_a_fair_task(text: str, floor: Floor) -> None:
    """The vocabulary size, the floor and the saving are about those in the documentation."""
    assert 60 <= len(set(text)) <= 72
    assert 1.0 < floor.nats.mean() / math.log(2) < 1.2
    assert 0.05 < floor.saved.sum() / floor.forgotten.sum() < 0.10
