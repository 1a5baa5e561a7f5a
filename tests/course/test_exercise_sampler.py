"""The sampler's tests say what is wrong with a student's code."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlab.course.exercise import SAMPLER
from tried_exercise import messages, tried

DRAW = "p = np.exp((scores - scores.max()) / temperature)"
WRONG_SAMPLERS = {
    "no temperature": (
        "draws at temperature 0.5",
        "no effect",
        {DRAW: "p = np.exp(scores - scores.max())"},
    ),
    "probabilities divided": (
        "draws at temperature 2",
        "no effect",
        {DRAW: "p = np.exp(scores - scores.max()) / temperature"},
    ),
    "multiplied": (
        "draws at temperature 2",
        "are multiplied by the temperature",
        {DRAW: "p = np.exp((scores - scores.max()) * temperature)"},
    ),
    "always the likeliest": (
        "draws at temperature 1",
        "always the likeliest",
        {"if temperature == 0:": "if True:"},
    ),
    "without p": ("draws at temperature 1", "all characters are alike", {", p=p / p.sum()": ""}),
    "something else": (
        "draws at temperature 1",
        "do not fit exp(logits / T)",
        {DRAW: "p = 1.0 + scores - scores.min()"},
    ),
    "overflow": (
        "draws at temperature 1, logits near 2000",
        "subtract the largest logit before exp",
        {"- scores.max()": ""},
    ),
    "NumPy's own generator": (
        "draws at temperature 1",
        "the generator that was passed in is not used",
        {"generator.choice": "np.random.choice"},
    ),
    "a new generator for each character": (
        "draws at temperature 2",
        "; the generator that was passed in is not used",
        {"generator.choice": "np.random.default_rng(0).choice"},
    ),
    "division by zero": (
        "draws at temperature 0",
        "at temperature 0 choose the likeliest character",
        {"if temperature == 0:": "if False:"},
    ),
    "out of range": (
        "draws at temperature 1",
        "numbers from 0 to 5, found others",
        {"return int(generator.choice(len(p), p=p / p.sum()))": "return 6"},
    ),
    "the state lost": (
        "a text of several characters",
        "the state is lost",
        {"(np.array([written[-1]]), state)": ("(np.array([written[-1]]), model.initial_state(1))")},
    ),
    "the state of the prompt kept": (
        "a text of several characters",
        "the state stays that of the prompt",
        {"state = model.step(np.array([written": "_ = model.step(np.array([written"},
    ),
    "a number in place of an array": (
        "a text of several characters",
        "step reads an array of shape (1,), found 1",
        {"np.array([char])": "char"},
    ),
    "the prompt skipped": (
        "a text of several characters",
        "must first read the prompt [1, 4, 2]",
        {"for char in prompt:": "for char in prompt[-1:]:"},
    ),
    "the same input": (
        "a text of several characters",
        "what was drawn must be the next input",
        {"np.array([written[-1]])": "np.array([prompt[-1]])"},
    ),
    "with the prompt": (
        "a text of several characters",
        "must not contain the prompt",
        {"return written": "return [*prompt, *written]"},
    ),
    "one too many": (
        "a text of several characters",
        "expected 8 characters, found 9",
        {"while len(written) < length:": "while len(written) <= length:"},
    ),
}


@pytest.mark.parametrize("case", WRONG_SAMPLERS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_wrong_sampler_is_explained(case: str, tmp_path: Path) -> None:
    """Each typical fault fails the test that it should, with the message that is meant for it."""
    name, words, changes = WRONG_SAMPLERS[case]
    failed = messages(tried(tmp_path, changes, SAMPLER))
    assert words in failed.get(name, "passed"), failed
