"""Evaluation of one model on any text agrees with the functions that it calls."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charlab.commands.evaluate import evaluate_alone, progress_bar
from charlab.core.errors import CharlabError
from charlab.core.files import write_json
from charlab.evaluate.dynamic import Rates, dynamic_nats_per_char
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.models.trained import load_trained
from charlab.models.weights import expected_shapes, save_weights
from charlab.vocab.vocabulary import UnknownCharacterError, Vocabulary

VOCAB = Vocabulary.from_text("abcde \n")
TEXT = "bad cab\nace bee\n" * 5


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return the folder of an untrained LSTM."""
    params = ModelParams(hidden=6, layers=2, initial_state="learned")
    rng = np.random.default_rng(0)
    shapes = expected_shapes(params, VOCAB.size)
    save_weights(tmp_path / "model.safetensors", {n: rng.normal(size=s) for n, s in shapes.items()})
    config = {"format": 1, "vocab_size": VOCAB.size, "model": params.model_dump()}
    write_json(tmp_path / "config.json", config)
    VOCAB.save(tmp_path / "vocab.json")
    return tmp_path


def test_figures(model: Path) -> None:
    """Every character but the first is predicted; bits are nats divided by ln 2."""
    measured = evaluate_alone(model, TEXT)
    assert measured["chars"] == len(TEXT) - 1
    assert measured["nats"] == nats_per_char(model, VOCAB.encode(TEXT)).mean()
    assert measured["bpc"] == pytest.approx(measured["nats"] / math.log(2))


def test_dynamic(model: Path) -> None:
    """A repeating text is learned; at learning rate 0 the torch model is the NumPy one."""
    measured = evaluate_alone(model, TEXT, dynamic=True, learning_rate=0.01)
    assert measured["dynamic_nats"] < measured["nats"] - 0.1
    assert measured["dynamic_bpc"] == pytest.approx(measured["dynamic_nats"] / math.log(2))
    still = dynamic_nats_per_char(load_trained(model), VOCAB.encode(TEXT), Rates(0.0))
    np.testing.assert_allclose(still, nats_per_char(model, VOCAB.encode(TEXT)), atol=1e-5)


def test_characters_outside_the_vocabulary(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are counted, named, and left out before the model reads the text."""
    spoiled = f"Ω{TEXT[:20]}éé\u2028{TEXT[20:]}λ"
    measured = evaluate_alone(model, spoiled)
    assert measured.pop("outside") == 5
    assert measured.pop("outside_chars") == [
        {"char": "é", "code_point": "U+00E9", "count": 2},
        {"char": "Ω", "code_point": "U+03A9", "count": 1},
        {"char": "λ", "code_point": "U+03BB", "count": 1},
        {"char": "\u2028", "code_point": "U+2028", "count": 1},
    ]
    noted = capsys.readouterr().err
    assert "5 of 85 characters (5.9 %) are not in the model's vocabulary: " in noted
    assert "'é' (U+00E9, 2 times), 'Ω' (U+03A9), " in noted
    assert noted.endswith("; left out (--strict stops)\n")
    known = evaluate_alone(model, TEXT)
    assert (known.pop("outside"), known.pop("outside_chars")) == (0, [])
    assert measured == known
    assert capsys.readouterr().err == ""


def test_an_unknown_symbol_is_scored(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model that has one reads all other characters as that symbol."""
    Vocabulary.from_text("abcde ", unknown=True).save(model / "vocab.json")
    measured = evaluate_alone(model, TEXT)
    assert (measured["chars"], measured["outside"]) == (len(TEXT) - 1, TEXT.count("\n"))
    assert "read as the unknown symbol" in capsys.readouterr().err


def test_progress_is_shown_on_a_terminal_only(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All characters are counted, and nothing goes to standard output."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    seen: list[int] = []
    with progress_bar("evaluate", 10) as advance:
        advance(4)
        advance(6)
    shown = capsys.readouterr()
    assert (shown.out, "evaluate" in shown.err) == ("", True)
    nats_per_char(model, VOCAB.encode(TEXT), progress=seen.append)
    network = load_trained(model)
    dynamic_nats_per_char(network, VOCAB.encode(TEXT), Rates(0.0), progress=seen.append)
    assert (seen[0], sum(seen[1:])) == (len(TEXT) - 1, len(TEXT) - 1)


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        ("a", {}, CharlabError, "expected at least 2 characters, .* found 1 that"),
        (
            "abé",
            {"strict": True},
            UnknownCharacterError,
            "^1 of 3 characters .* 'é' \\(U\\+00E9\\); ",
        ),
        (
            "Ωλaλ",
            {},
            CharlabError,
            "found 1 that the model knows; 3 of 4 characters .75 %. are not",
        ),
        ("abc", {"learning_rate": 0.1}, CharlabError, "add --dynamic"),
    ],
)
def test_bad_input_is_explained(
    model: Path, text: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Input that cannot be measured is explained."""
    with pytest.raises(error, match=message):
        evaluate_alone(model, text, **options)
