"""The built-in text: its floor is exact, and what it says must be remembered must be."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.baselines.ngram import nats_by_order
from charlab.synthetic import lexicon as words
from charlab.synthetic import tables as tables
from charlab.synthetic.choices import Ask, Choice, Grammar, Told
from charlab.synthetic.grammar import Book
from charlab.synthetic.text import (
    KINDS,
    Floor,
    code_length,
    distribution_after,
    draw,
    floor_of,
    iter_text,
    next_distribution,
    write,
    write_file,
)

CHARS = 120_000
START_OF_BOOK = write(3_001, seed=3)


@pytest.fixture(scope="module")
def text() -> str:
    """Return a book that is long enough for averages."""
    return write(CHARS, seed=7)


@pytest.fixture(scope="module")
def floor(text: str) -> Floor:
    """Return the floor of that book."""
    return code_length(text)


def drawn(chars: int, seed: int) -> Iterator[tuple[Ask, Told]]:
    """Yield every choice of a book, and what was chosen."""
    grammar, random = Book().write(), Random(seed)
    ask, position = next(grammar), 0
    while position < chars:
        told = Told(ask.choice.at(random.random()), position)
        yield ask, told
        ask, position = grammar.send(told), position + len(told.string)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15)
def test_floor_sums_to_the_probability_of_the_choices(seed: int) -> None:
    """At the end of every choice, the code length so far is -ln of all choices' product."""
    choices = list(drawn(2_000, seed))
    floor = code_length("".join(told.string for _, told in choices))
    ends = np.cumsum([len(told.string) for _, told in choices]) - 1
    expected = np.cumsum([-math.log(ask.choice.options[told.string]) for ask, told in choices])
    np.testing.assert_allclose(np.cumsum(floor.nats)[ends], expected, rtol=1e-12, atol=1e-9)


SMALL = {
    "start": Choice({"ab": 0.5, "aac": 0.3, "b": 0.2}),
    "b": Choice({"c ": 1.0}, {"c ": 0.25, "a ": 0.75}),
    "other": Choice({"c ": 0.5, "a ": 0.5}),
}


def small_grammar() -> Grammar:
    """Write pieces whose second half depends on the first."""
    while True:
        told = yield Ask(SMALL["start"])
        second = SMALL["b"] if told.string == "b" else SMALL["other"]
        yield Ask(second, told.position, "hero")


def small_texts(chars: int) -> dict[str, float]:
    """Return every text of the small grammar, cut, and its probability, by enumeration."""
    found: Counter[str] = Counter()
    todo = [("", 1.0)]
    while todo:
        so_far, p = todo.pop()
        if len(so_far) >= chars:
            found[so_far[:chars]] += p
            continue
        for first, p1 in {"ab": 0.5, "aac": 0.3, "b": 0.2}.items():
            seconds = {"c ": 1.0} if first == "b" else {"c ": 0.5, "a ": 0.5}
            todo += [(so_far + first + second, p * p1 * p2) for second, p2 in seconds.items()]
    return found


def test_every_text_of_a_small_grammar_has_its_probability() -> None:
    """The floor of each text equals what enumerating all derivations gives; all sum to 1."""
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
        found = distribution_after(prefix, small_grammar())
        mass = sum(p for text, p in texts.items() if text.startswith(prefix))
        assert math.fsum(found.values()) == pytest.approx(1.0, abs=1e-12)
        for char, p in found.items():
            joint = sum(q for text, q in texts.items() if text.startswith(prefix + char))
            assert p == pytest.approx(joint / mass)


def test_forgetting_is_counted_where_it_matters_only() -> None:
    """After "b", a reader who forgot it expects "a" as well; the space is sure for both."""
    floor = floor_of("bc ", small_grammar())
    assert floor.forgotten[1] == pytest.approx(-math.log(0.25))
    assert floor.saved.tolist() == pytest.approx([0.0, -math.log(0.25), 0.0])
    assert floor.distance.tolist() == [0, 1, 0]
    assert floor.kind.tolist() == ["", "hero", ""]


@given(end=st.integers(0, 3_000))
@settings(max_examples=40)
def test_next_characters_of_the_book_sum_to_one(end: int) -> None:
    """At any place, the next characters sum to 1, and the one that comes has its floor."""
    text = START_OF_BOOK
    found = next_distribution(text[:end])
    assert math.fsum(found.values()) == pytest.approx(1.0, abs=1e-12)
    assert -math.log(found[text[end]]) == pytest.approx(code_length(text).nats[end])


@cache
def moments(choice: Choice) -> tuple[float, float]:
    """Return the mean and the variance of a choice's code length."""
    options = choice.options.values()
    mean = math.fsum(-p * math.log(p) for p in options)
    return mean, math.fsum(p * (-math.log(p) - mean) ** 2 for p in options)


def test_choices_are_drawn_by_their_probabilities() -> None:
    """The surprise of what is drawn is, on average, the entropy of the choices."""
    excess, variance = 0.0, 0.0
    for ask, told in drawn(200_000, seed=11):
        mean, spread = moments(ask.choice)
        excess += -math.log(ask.choice.options[told.string]) - mean
        variance += spread
    assert abs(excess) < 4 * math.sqrt(variance)


def test_each_option_takes_up_its_probability() -> None:
    """A place in [0, 1) leads to the option whose stretch it lies in, up to the last."""
    choice = Choice({"a": 1.0, "b": 2.0, "c": 1.0})
    places = [0.0, 0.2499, 0.25, 0.7499, 0.75, math.nextafter(1.0, 0.0)]
    assert [choice.at(place) for place in places] == list("aabbcc")


def test_no_ngram_beats_the_floor(text: str, floor: Floor) -> None:
    """No n-gram's held-out loss is below the floor by more than chance allows."""
    chars = sorted(set(text))
    ids = np.array([chars.index(char) for char in text], dtype=np.uint8)
    cut = CHARS * 9 // 10
    held_out = floor.nats[cut:]
    for nats, *_ in nats_by_order(ids[:cut], len(chars), [1, 3, 5, 8], [ids[cut:]], 1).values():
        above = nats - held_out[len(held_out) - len(nats) :]
        assert above.mean() > -4 * above.std() / math.sqrt(len(above))


def test_the_same_bytes_everywhere() -> None:
    """The book is the same on every machine and Python: published results rest on it."""
    digest = hashlib.sha256(write(100_000, seed=1).encode()).hexdigest()
    assert digest == "f374a90cf2d58bbfb13653c727d84c60b9143755587651f6b6ff86d871866657"


def test_a_file_holds_what_write_returns(tmp_path: Path) -> None:
    """Written in pieces, to a file or by iter_text, it is the same book."""
    write_file(tmp_path / "book.txt", 150_000, seed=2)
    book = (tmp_path / "book.txt").read_text(encoding="utf-8")
    assert book == write(150_000, seed=2)
    pieces = iter_text(seed=2)
    assert book.startswith("".join(next(pieces) for _ in range(100)))


def test_what_must_be_remembered_does_not_grow() -> None:
    """However long the book, its state stays small, so that memory is constant."""
    book = Book()
    pieces = draw(book.write(), Random(1))
    for _ in range(50_000):
        next(pieces)
        assert len(book.marks) <= 2
    assert book.chapter > 50
    assert set(book.facts) == {"hero", "place", "year"}


@pytest.mark.parametrize("kind", ["hero", "place", "year"])
def test_what_is_recalled_stands_where_the_distance_leads(
    text: str, floor: Floor, kind: str
) -> None:
    """Where a fact is asked for, the same fact stands so many characters back."""
    first = _firsts(floor, kind)
    assert len(first) > 100
    for place in first:
        start = text.rfind(" ", 0, place) + 1
        fact = text[start : start + 20].split()[0].rstrip(",")
        assert text[place - floor.distance[place] :].startswith(fact)


def _firsts(floor: Floor, kind: str) -> list[int]:
    """Return where each run of characters of a kind starts."""
    places = np.flatnonzero(floor.kind == kind).tolist()
    return [b for a, b in pairwise([-2, *places]) if b != a + 1]


def test_verbs_agree_with_what_the_distance_leads_to(text: str, floor: Floor) -> None:
    """At an agreeing verb, its subject or an earlier verb of the same number stands back."""
    singular = {*words.SINGULARS, *words.VERBS["singular"], "she", "he", *words.NAMES}
    plural = {*words.PLURALS, *words.VERBS["plural"]} - singular
    checked = 0
    for place in _firsts(floor, "agreement"):
        start = text.rfind(" ", 0, place) + 1
        verb = text[start : text.index(" ", place)]
        back = place - floor.distance[place]
        told = text[back : back + 20].split()[0].rstrip(".,")
        if verb in singular or verb in plural:
            assert (told in singular) == (verb in singular), (told, verb)
            checked += 1
    assert checked > 500


def test_lines_rhyme(text: str) -> None:
    """In every verse, the third line rhymes with the first, the fourth with the second."""
    verses = [p for p in text.split("\n\n")[:-1] if p.startswith("  The ")]
    assert len(verses) > 50
    for verse in verses:
        ends = [words.sound(line.split()[-1].rstrip(".,")) for line in verse.split("\n")]
        assert ends[:2] == ends[2:]


def test_remembering_saves_by_every_kind(floor: Floor) -> None:
    """For each kind of dependency, remembering saves something; and nothing where none is."""
    for kind in KINDS[1:]:
        chosen = floor.kind == kind
        assert floor.saved[chosen].mean() > 0, kind
        assert (floor.distance[chosen] > 0).all()
    assert not floor.distance[floor.kind == ""].any()
    np.testing.assert_allclose(floor.saved[floor.kind == ""], 0.0, atol=1e-9)


def test_who_forgets_knows_how_often_each_case_occurs() -> None:
    """The shares that a forgetful reader mixes by are those of a long text."""
    numbers: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    mark_of = {choice: mark for mark, choice in tables.SENTENCE_END.items()}
    for ask, told in drawn(500_000, seed=5):
        if ask.kind == "agreement" and told.string not in tables.PREPOSITIONS:
            plural = told.string.strip() in words.VERBS["plural"]
            numbers["plural" if plural else "singular"] += 1
        elif ask.kind == "closing":
            marks[mark_of[ask.choice]] += 1
    for counted, shares in ((numbers, tables.NUMBER_SHARES), (marks, tables.CONTEXT_SHARES)):
        found = {case: n / counted.total() for case, n in counted.items()}
        assert found == pytest.approx(dict(shares), abs=0.01)


def test_options_that_begin_another_are_refused() -> None:
    """Without a single derivation there is no exact floor, so such a choice cannot be made."""
    with pytest.raises(ValueError, match="option 'ab' begins option 'abc'"):
        Choice({"abc": 0.5, "b": 0.3, "ab": 0.2})
    with pytest.raises(ValueError, match=r"\['c'\] are none of a forgetful reader's"):
        Choice({"c": 1.0}, {"a": 0.5, "b": 0.5})


def test_the_book_is_a_fair_task(text: str, floor: Floor) -> None:
    """Characters, floor, and what remembering saves are about those of the documentation."""
    assert 60 <= len(set(text)) <= 72
    assert 1.0 < floor.nats.mean() / math.log(2) < 1.2
    assert 0.05 < floor.saved.sum() / floor.forgotten.sum() < 0.10
