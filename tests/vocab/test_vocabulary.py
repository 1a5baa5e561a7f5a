"""The vocabulary: encoding, decoding, and its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.core.errors import CharlabError
from charlab.vocab.vocabulary import UnknownCharacterError, Vocabulary, nearest

CHARS = st.characters(exclude_categories=["Cs"])
MANY = "".join(chr(0x4E00 + n) for n in range(300))


@given(st.text(CHARS, min_size=1))
def test_encoding_and_back(text: str) -> None:
    """Decoding the ids of any text gives the text."""
    vocab = Vocabulary.from_text(text)
    ids = vocab.encode(text)
    assert len(ids) == len(text)
    assert vocab.decode(ids) == text


@given(st.text(CHARS, min_size=1), st.booleans())
def test_characters_are_sorted_and_counted(text: str, unknown: bool) -> None:
    """Ids follow the code points, and each character has its count."""
    vocab = Vocabulary.from_text(text, unknown=unknown)
    assert list(vocab.chars) == sorted(set(text))
    assert {c: text.count(c) for c in set(text)} == dict(
        zip(vocab.chars, vocab.counts, strict=True)
    )
    assert vocab.size == len(set(text)) + unknown


@given(text=st.text(CHARS, min_size=1), other=st.text(CHARS), min_count=st.integers(1, 4))
def test_unknown_characters_become_the_replacement_character(
    text: str, other: str, min_count: int
) -> None:
    """With an unknown symbol any text can be encoded, and known characters survive."""
    counts = {c: text.count(c) for c in set(text)}
    try:
        vocab = Vocabulary.from_text(text, min_count, unknown=True)
    except CharlabError:
        assert max(counts.values()) < min_count
        return
    shown = "".join(c if c in vocab.chars else "\ufffd" for c in other)
    assert vocab.decode(vocab.encode(other)) == shown


def test_min_count_keeps_combining_marks() -> None:
    """A rare letter becomes the unknown symbol, a rare combining mark (U+0323) does not."""
    vocab = Vocabulary.from_text("aaab\u0323bb.", min_count=2, unknown=True)
    assert vocab.chars == ("a", "b", "\u0323")
    assert vocab.counts == (3, 3, 1)
    assert vocab.encode(".b\u0323").tolist() == [3, 1, 2]


def test_replacement_character_in_the_text_itself() -> None:
    """U+FFFD in the text has an id of its own, other than that of the unknown symbol."""
    vocab = Vocabulary.from_text("a\ufffd", unknown=True)
    assert vocab.encode("\ufffdx").tolist() == [1, 2]
    assert vocab.decode(np.array([1, 2])) == "\ufffd\ufffd"


def test_null_character() -> None:
    """U+0000 is a character like any other, also at the end of a text."""
    vocab = Vocabulary.from_text("\0a\0")
    assert vocab.decode(vocab.encode("a\0\0")) == "a\0\0"


@pytest.mark.parametrize(("count", "dtype"), [(255, "uint8"), (256, "uint8"), (257, "uint16")])
def test_width_of_ids(count: int, dtype: str) -> None:
    """One byte per id is enough for 256 characters, including the unknown symbol."""
    assert Vocabulary.from_text(MANY[:count]).encode(MANY[:1]).dtype == dtype
    assert Vocabulary.from_text(MANY[: count - 1], unknown=True).encode("x").dtype == dtype


def test_unknown_character_is_named() -> None:
    """The message has the character, its position, the vocabulary, and what to do."""
    vocab = Vocabulary.from_text("abcde")
    with pytest.raises(
        UnknownCharacterError,
        match=r"^Character 'é' \(U\+00E9\) at position 3 is not in the vocabulary of 5 characters; "
        r"the nearest character in it is 'e'; .* corpus\.unknown: true",
    ):
        vocab.encode("abcéx")


@pytest.mark.parametrize(
    ("known", "char", "near"),
    [
        ("ab", "A", "a"),
        ("AB", "b", "B"),
        ("e", "É", "e"),
        ("É", "e", "É"),
        ("'", "’", "'"),
        ("’", "'", "’"),
        ("-", "—", "-"),
        (" ", "\u00a0", " "),
        ("ab", "7", None),
    ],
)
def test_nearest(known: str, char: str, near: str | None) -> None:
    """The other case, no accent, or the closest ASCII character is suggested, if any."""
    assert nearest(char, known) == near


def test_half_a_surrogate_pair_is_an_unknown_character() -> None:
    """An undecodable byte of a command line gets the message of unknown characters."""
    with pytest.raises(UnknownCharacterError, match=r"U\+DCE9\) at position 1"):
        Vocabulary.from_text("ab").encode("a\udce9")


@pytest.mark.parametrize("ids", [[0, 3], [-1]])
def test_decoding_an_invalid_id(ids: list[int]) -> None:
    """Ids of another vocabulary are rejected and do not wrap around."""
    with pytest.raises(CharlabError, match="those of the vocabulary are 0 to 2"):
        Vocabulary.from_text("abc").decode(np.array(ids))


def test_decoding_no_ids() -> None:
    """Without ids the text is empty."""
    assert Vocabulary.from_text("abc").decode(np.array([], dtype=np.uint8)) == ""


@pytest.mark.parametrize(
    ("chars", "counts"),
    [((), ()), (("b", "a"), (1, 1)), (("a", "a"), (1, 1)), (("a",), (1, 2)), (("ab",), (1,))],
)
def test_an_invalid_vocabulary(chars: tuple[str, ...], counts: tuple[int, ...]) -> None:
    """Characters must be single, sorted and distinct, with one count each."""
    with pytest.raises(CharlabError, match="sorted by code point"):
        Vocabulary(chars, counts)


def test_more_characters_than_two_bytes_can_hold() -> None:
    """The message suggests a wrong encoding, and ids never wrap around."""
    many = "".join(map(chr, range(0x10000, 0x10000 + 65_537)))
    assert Vocabulary.from_text(many[:-1]).encode(many[-2]).tolist() == [65_535]
    with pytest.raises(CharlabError, match=r"65537 characters, but at most 65536 .*right encoding"):
        Vocabulary.from_text(many)
    with pytest.raises(CharlabError, match="at most 65536"):
        Vocabulary.from_text(many[:-1], unknown=True)


def test_same_bytes_on_disk(tmp_path: Path) -> None:
    """The order of the text does not change the file, and loading gives an equal vocabulary."""
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    Vocabulary.from_text("é\nab\u2028a", unknown=True).save(first)
    Vocabulary.from_text("aba\u2028\né", unknown=True).save(second)
    assert first.read_bytes() == second.read_bytes()
    assert Vocabulary.load(first) == Vocabulary.from_text("é\nab\u2028a", unknown=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not a vocabulary"),
        ("[]", "expected JSON with chars"),
        ('{"chars": ["a"]}', "expected JSON with chars"),
        ('{"chars": ["b", "a"], "counts": [1, 1], "unknown": false}', "vocab.json: .*sorted"),
        ('{"chars": ["a"], "counts": ["x"], "unknown": false}', "expected JSON with chars"),
    ],
)
def test_damaged_vocabulary(tmp_path: Path, content: str, words: str) -> None:
    """Invalid content gives a message with the name of the file."""
    path = tmp_path / "vocab.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CharlabError, match=words):
        Vocabulary.load(path)
