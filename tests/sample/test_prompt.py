"""Without a prompt in params.yaml, samples continue a line of the text's validation split."""

from __future__ import annotations

import numpy as np
import pytest

from charlab.sample.prompt import default_prompt, draw_prompt
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import Vocabulary
from tiny_training import encoded

LINE = "He said that number {} would do, and went home again."


def of(val: str, segments: int = 1) -> EncodedText:
    """Return an encoded text with this validation split."""
    return encoded(f"{val}{val}", val=len(val), test=0, segments=segments)


def prompts(data: EncodedText) -> set[str]:
    """Return the prompts that many seeds draw."""
    return {draw_prompt(data, seed) for seed in range(40)}


def test_a_prompt_depends_on_the_text_and_the_seed_only() -> None:
    """It comes from val, where different seeds find different lines, and ends behind a word."""
    val = "".join(f"{LINE.format(number)}\n" for number in range(100, 130))
    assert draw_prompt(of(val), 3) == draw_prompt(of(val), 3)
    drawn = prompts(of(val))
    assert len(drawn) > 10
    for prompt in drawn:
        assert f"\n{prompt}" in val
        assert 20 <= len(prompt) <= 40
        assert prompt.endswith(" ")


def test_a_paragraph_is_preferred_to_a_line() -> None:
    """The line before it, and those after, are not taken."""
    first = LINE.format("one")
    val = f"{first}\n{first}\n\nNow a new paragraph begins with this line.\n{first}\n"
    assert prompts(of(val)) == {"Now a new paragraph begins with this "}


@pytest.mark.parametrize(
    ("val", "expected"),
    [
        # Verse whose lines are all short.
        ("Oh, hark.\nOh, hark.\n" * 9, "Oh, hark.\nOh, hark.\nOh, hark.\nOh, hark.\n"),
        # One long line, with sentences, with words, and without either.
        (
            "she sat. And then the cat sat on the mat for a while",
            "And then the cat sat on the mat for a ",
        ),
        (
            "anarchism originated as a term of abuse first used",
            "originated as a term of abuse first ",
        ),
        ("山" * 30, "山" * 30),
        # A short line is taken as a whole.
        ("She said:\n\nOh, fresh and glossy.\nNo.\n\n", "Oh, fresh and glossy."),
        ("ab", "ab"),
    ],
)
def test_any_text_has_a_prompt(val: str, expected: str) -> None:
    """Whatever its lines and its script."""
    assert prompts(of(val)) == {expected}


def test_no_prompt_crosses_the_pieces_of_an_interleaved_split() -> None:
    """Two pieces that lie beside each other in val are far apart in the text."""
    pieces = [f"{letter * 30}\n{letter * 19}" for letter in "abcd"]
    drawn = prompts(of("".join(pieces), segments=4))
    assert {len(set(prompt.strip())) for prompt in drawn} == {1}


def test_the_unknown_symbol_is_in_no_prompt() -> None:
    """It is not a character of the text."""
    val = "It is # and # and # all the time.\nBut this line has none of that.\nNor #.\n"
    vocab = Vocabulary.from_text(val.replace("#", ""), unknown=True)
    data = EncodedText(vocab.encode(val), vocab.encode(val), np.array([], np.uint8), 1, vocab)
    assert prompts(data) == {"But this line has none of "}


@pytest.mark.parametrize(("text", "prompt"), [("a b\n", "\n"), ("a b", " "), ("abb", "b")])
def test_a_model_alone_begins_a_line_or_a_word(text: str, prompt: str) -> None:
    """Its folder has the characters of its text, not the text."""
    assert default_prompt(Vocabulary.from_text(text)) == prompt
