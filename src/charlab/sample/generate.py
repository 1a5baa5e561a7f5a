"""Text from a trained model, one character after the other.

What enters is a model and the beginning of a text; what leaves is how it goes on. Each
character is drawn from the model's distribution (charlab.sample.distribution says how) and read by
the model before the next. The random numbers come from a stream of their own that
depends on the seed, the count and the length alone. So two models, or two
temperatures, are given the same luck, and their texts differ by what they learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from charlab.models.numpy_model import load_model
from charlab.models.snapshots import load_snapshots
from charlab.sample.distribution import (
    Floats,
    Logits,
    Picker,
    Places,
    SamplingError,
    Shape,
    probabilities,
    uniforms,
)
from charlab.sample.params import SampleParams
from charlab.vocab.vocabulary import Vocabulary

Ids = npt.NDArray[np.integer]
State = list[tuple[Any, ...]]


class CharModel(Protocol):
    """What sampling and scoring need to know of a model."""

    def initial_state(self, batch_size: int) -> State:
        """Return one tuple per layer, each part of shape (batch_size, hidden_size)."""
        ...

    def step(self, inputs: Ids, state: State) -> tuple[Logits, State]:
        """Take inputs of shape (batch_size,) to logits (batch_size, vocab_size)."""
        ...

    def sequence(self, inputs: Ids, state: State) -> tuple[Logits, State]:
        """Take inputs of shape (seq_len, batch_size) to logits (..., vocab_size)."""
        ...


@dataclass(frozen=True)
class Sample:
    """A text and how the model saw it.

    Attributes
    ----------
    text : str
        What follows the prompt.
    nats : ndarray of shape (length,)
        Loss of each character under the model as it is, at temperature 1.
    entropy : ndarray of shape (length,)
        Entropy in nats of the distribution that each character was drawn from, after
        temperature, top_k and top_p.
    """

    text: str
    nats: Floats
    entropy: Floats


class _Watch:
    """Notes the loss and the entropy at each step of sampling."""

    def __init__(self, length: int, count: int, shape: Shape) -> None:
        self.shape = shape
        self.nats = np.empty((length, count))
        self.entropy = np.empty((length, count))

    def note(self, t: int, logits: Logits, ids: Ids) -> None:
        """Keep what the logits say of the characters ``ids`` drawn at step t."""
        model = probabilities(logits, Shape())
        drawn = probabilities(logits, self.shape)
        self.nats[t] = -np.log(model[np.arange(len(ids)), ids])
        logs = np.log(drawn, out=np.zeros_like(drawn), where=drawn > 0)
        self.entropy[t] = -(drawn * logs).sum(axis=1)


def _read_prompt(model: CharModel, vocab: Vocabulary, prompt: str) -> tuple[Logits, State]:
    """Return what the model expects after the prompt, for a batch of one."""
    if not prompt:
        raise SamplingError(
            "the prompt is empty; give at least one character for the model to go on from"
        )
    ids = vocab.encode(prompt)
    logits, state = model.sequence(ids[:, None], model.initial_state(1))
    return logits[-1], state


def _draw(
    model: CharModel, start: tuple[Logits, State], u: Floats, shape: Shape, watch: _Watch | None
) -> Places:
    """Return the drawn ids, of the shape of ``u``: (length, count)."""
    length, count = u.shape
    logits = np.repeat(start[0], count, axis=0)
    state: State = [tuple(np.repeat(part, count, axis=0) for part in layer) for layer in start[1]]
    picker = Picker(count, logits.shape[1], shape)
    drawn = np.empty((length, count), dtype=np.intp)
    step, pick = model.step, picker.pick
    with np.errstate(over="ignore", invalid="ignore"):  # checked by hand in pick
        for t in range(length):
            ids = drawn[t] = pick(logits, u[t])
            if watch is not None:
                watch.note(t, logits, ids)
            if t + 1 < length:
                logits, state = step(ids, state)
    return drawn


def sample(
    model: CharModel,
    vocab: Vocabulary,
    prompt: str,
    *,
    temperature: float,
    length: int,
    seed: int,
    count: int = 1,
    top_k: int | None = None,
    top_p: float | None = None,
) -> list[str]:
    """Return ``count`` texts of ``length`` characters that go on from the prompt.

    Parameters
    ----------
    model : CharModel
        With the three methods of every model here.
    prompt : str
        At least one character, all of them in the vocabulary.
    temperature : float
        At least 0; at 0 the likeliest character is taken and all texts are the same.
    seed : int
        With ``count`` and ``length`` it fixes the uniform numbers, for any model.

    Raises
    ------
    UnknownCharacterError
        If the prompt has a character that the vocabulary has not.
    SamplingError
        If the prompt is empty, a value is out of range, or the model gives no numbers.
    """
    shape = Shape(temperature, top_k, top_p)
    start = _read_prompt(model, vocab, prompt)
    drawn = _draw(model, start, uniforms(seed, length, count), shape, None)
    return [vocab.decode(column) for column in drawn.T]


def sample_with_nats(
    model: CharModel,
    vocab: Vocabulary,
    prompt: str,
    *,
    temperature: float,
    length: int,
    seed: int,
    count: int = 1,
    top_k: int | None = None,
    top_p: float | None = None,
) -> list[Sample]:
    """Return the same texts as :func:`sample`, with loss and entropy at each character.

    Raises
    ------
    UnknownCharacterError, SamplingError
        As :func:`sample` does.
    """
    shape = Shape(temperature, top_k, top_p)
    start = _read_prompt(model, vocab, prompt)
    watch = _Watch(length, count, shape)
    drawn = _draw(model, start, uniforms(seed, length, count), shape, watch)
    return [
        Sample(vocab.decode(drawn[:, k]), watch.nats[:, k].copy(), watch.entropy[:, k].copy())
        for k in range(count)
    ]


def sample_ladder(folder: Path, params: SampleParams, seed: int) -> dict[str, Any]:
    """Return one text per temperature from the model in ``folder``, ready for JSON.

    Every temperature is given the same uniform numbers.

    Parameters
    ----------
    folder : Path
        A model directory.
    seed : int
        Of the random stream 'sampling'.

    Returns
    -------
    dict
        ``prompt``, ``seed``, and ``samples``: for each temperature its ``text``, the
        mean ``nats_per_char`` under the model as it is, and the mean ``entropy_nats``
        of the distributions drawn from. If the training kept weights on the way,
        ``as_it_learned`` has the same of each of them, with its ``step`` and the
        ``chars`` read, at the temperature in the middle of the ladder.
    """
    vocab = Vocabulary.load(folder / "vocab.json")
    model = load_model(folder)
    middle = sorted(params.temperatures)[len(params.temperatures) // 2]
    drawn = {
        "prompt": params.prompt,
        "seed": seed,
        "samples": [_rung(model, vocab, params, t, seed) for t in params.temperatures],
    }
    learned = [
        {"step": kept.step, "chars": kept.chars} | _rung(kept.network, vocab, params, middle, seed)
        for kept in load_snapshots(folder)
    ]
    return drawn | ({"as_it_learned": learned} if learned else {})


def _rung(
    model: CharModel, vocab: Vocabulary, params: SampleParams, temperature: float, seed: int
) -> dict[str, Any]:
    """Return one text at one temperature, and how the model saw it."""
    (drawn,) = sample_with_nats(
        model,
        vocab,
        params.prompt,
        temperature=temperature,
        length=params.length,
        seed=seed,
        top_k=params.top_k,
        top_p=params.top_p,
    )
    return {
        "temperature": temperature,
        "text": drawn.text,
        "nats_per_char": float(drawn.nats.mean()),
        "entropy_nats": float(drawn.entropy.mean()),
    }
