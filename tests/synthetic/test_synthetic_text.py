"""The floor of the built-in text is exact, and its dependencies are real."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
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
from charlab.synthetic import tables
from charlab.synthetic.choices import Answer, Ask, Choice, Grammar
from charlab.synthetic.grammar import Book
from charlab.synthetic.text import (
    KINDS,
    Floor,
    code_length,
    floor_of,
    write,
    write_file,
)
from next_character import distribution_after, next_distribution

START_OF_BOOK = write(3_001, seed=3)


def drawn(chars: int, seed: int) -> Iterator[tuple[Ask, Answer]]:
    """Yield every choice of a book with its answer."""
    grammar, random = Book(chars).write(), Random(seed)
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
    floor = code_length("".join(answer.string for _, answer in choices), 2_000)
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
        yield Ask(second, answer.position, "rhyme")


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
    assert floor.kind.tolist() == ["", "rhyme", ""]


@given(end=st.integers(0, 3_000))
@settings(max_examples=40)
def test_next_characters_of_the_book_sum_to_one(end: int) -> None:
    """The floor of each character is -ln of its probability."""
    distribution = next_distribution(START_OF_BOOK[:end], 3_001)
    assert math.fsum(distribution.values()) == pytest.approx(1.0, abs=1e-12)
    assert min(distribution.values()) > 0
    nats = code_length(START_OF_BOOK[: end + 1], 3_001).nats
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


@pytest.mark.parametrize(
    ("growth", "digest"),
    [
        (True, "facc7490d9f686d42e7e813486040e19d414ec8a60959835f37ad158924c7fca"),
        (False, "dc53eda113cfbaef63ec2b228f27ed07cdeebdb55518c3bd3bb17a4cbe50d5b1"),
    ],
)
def test_bytes_are_the_same_everywhere(growth: bool, digest: str) -> None:
    """Published results depend on the book, so it is the same on every machine and Python."""
    book = write(100_000, seed=1, growth=growth)
    assert hashlib.sha256(book.encode()).hexdigest() == digest


@pytest.mark.parametrize("chars", [0, 1, 150_000])
def test_file_has_the_same_text(chars: int, tmp_path: Path) -> None:
    """Writing to a file in pieces gives the bytes of the whole text, and no other file."""
    write_file(tmp_path / "book.txt", chars, seed=2)
    book = write(chars, seed=2)
    assert (tmp_path / "book.txt").read_bytes() == book.encode("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["book.txt"]


@pytest.mark.parametrize("growth", [True, False])
def test_distance_leads_to_the_opening_mark(growth: bool) -> None:
    """The mark that closes is at the given distance from the one that opened, before a word."""
    text = write(60_000, 4, growth)
    floor = code_length(text, growth=growth)
    places = np.flatnonzero(floor.kind == "closing")
    assert len(places) > 300
    for place in places:
        opener = text[place - floor.distance[place]]
        assert text[place - 1 : place + 1] == f"|{tables.MARKS[opener]}"
        assert floor.saved[place] == pytest.approx(math.log(len(tables.MARKS)))


def _by_octave(text: str, growth: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the place in the book, 0 to 1, and the octave of each closing mark."""
    floor = code_length(text, growth=growth)
    places = np.flatnonzero(floor.kind == "closing")
    return places / len(text), np.frexp(floor.distance[places].astype(float))[1] - 3


def test_distances_grow_in_each_volume() -> None:
    """Within a volume they grow from the shortest to the longest, and then all occur."""
    place, octave = _by_octave(write(400_000, 4), growth=True)
    volume = place * 20 % 1
    training = place < 0.8
    # The first fifth of a volume has one octave: a single word, which may be a little longer.
    assert octave[training & (volume > 0.02) & (volume < 0.2)].max() <= 1
    longest = [octave[training & (tenth < volume * 10 - 0.3) & (volume * 10 < tenth + 1)].max()
               for tenth in range(2, 7)]  # fmt: skip
    assert longest == [1, 2, 3, 4, 5]
    for part in (training & (volume > 0.65), place > 0.8):
        shares = np.bincount(octave[part], minlength=6) / part.sum()
        assert len(shares) == 6
        # The shortest distances are fewer, since they must hold a word.
        assert shares[1:] == pytest.approx(np.full(5, 0.18), abs=0.05)


def test_without_growth_all_distances_occur_from_the_start() -> None:
    """The control has the same distances everywhere."""
    place, octave = _by_octave(write(200_000, 4, growth=False), growth=False)
    early, late = (np.bincount(octave[part], minlength=6) / part.sum()
                   for part in (place < 0.5, place >= 0.5))  # fmt: skip
    assert early == pytest.approx(late, abs=0.06)
    assert early.min() > 0.03


def test_distances_divide_their_octaves() -> None:
    """Each octave has the same share, spread evenly."""
    assert [tables.longer(2**k, 6) for k in range(2, 9)] == pytest.approx(np.linspace(1, 0, 7))
    assert tables.longer(24, 6) == pytest.approx(1 - 2.5 / 6)
    assert tables.longer(1, 6) == 1


def _starts(floor: Floor, kind: str) -> list[int]:
    """Return the start of each run of characters of a kind."""
    places = np.flatnonzero(floor.kind == kind).tolist()
    return [b for a, b in pairwise([-2, *places]) if b != a + 1]


def test_distance_leads_to_the_subject_of_a_verb(text: str, floor: Floor) -> None:
    """The subject has the same number as the verb."""
    checked = 0
    for place in _starts(floor, "agreement"):
        back = place - floor.distance[place]
        cue = re.findall(r"\w+", text[back : back + 20])[0]
        verb = re.findall(r"\w+", text[text.rfind(" ", 0, place) : place + 3])[0]
        number = "plural" if cue.endswith("i") else "singular"
        assert verb.endswith(words.VERB_ENDS[number]), (cue, verb)
        checked += 1
    assert checked > 500


def test_lines_rhyme(text: str) -> None:
    """The two lines of every verse rhyme."""
    verses = re.findall(r"  The \w+ \w+ (\w+),\n  The \w+ \w+ (\w+)\.\n", text)
    assert len(verses) > 50
    for first, second in verses:
        assert words.sound(first) == words.sound(second)


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
    prose = {c: n for n in words.VERBS for p in (True, False) for c in tables.verbs(n, p)}
    numbers: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    for ask, answer in drawn(500_000, seed=5):
        if ask.kind == "closing":
            marks[answer.string] += 1
        elif ask.choice in prose and answer.string in words.VERBS[prose[ask.choice]]:
            numbers[prose[ask.choice]] += 1
    equal = dict.fromkeys(tables.MARKS.values(), 0.25)
    for counted, shares in ((numbers, tables.VERB_SHARES), (marks, equal)):
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
    assert len(set(text)) == 52
    assert 1.0 < floor.nats.mean() / math.log(2) < 1.2
    assert 0.05 < floor.saved.sum() / floor.forgotten.sum() < 0.10
