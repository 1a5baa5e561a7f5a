r"""Text from a trained model, one character after the other.

What enters is a model and the beginning of a text; what leaves is how it goes on.
At temperature tau a character is drawn from

    p(w) = exp(logit_w / tau) / sum_v exp(logit_v / tau)

by inverting its cumulative sum at one uniform number u: the character is the first
whose cumulative probability exceeds u. The numbers u come from a stream of their own
that depends on the seed, the count and the length alone. So two models, or two
temperatures, are given the same luck, and their texts differ by what they learned.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from charlab.corpus.vocabulary import Vocabulary
from charlab.errors import CharlabError
from charlab.models.inference import load_model
from charlab.params import SampleParams

Floats = npt.NDArray[np.float64]
Logits = npt.NDArray[np.floating]
Ids = npt.NDArray[np.integer]
Places = npt.NDArray[np.intp]
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


class SamplingError(CharlabError):
    """What was asked for cannot be sampled, or the model gives no distribution."""


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


@dataclass(frozen=True)
class Shape:
    """How a model's distribution is changed before a character is drawn.

    Attributes
    ----------
    temperature : float
        1 leaves it, 0 takes the likeliest character.
    top_k : int, optional
        Keep the k likeliest characters.
    top_p : float, optional
        Keep the fewest likeliest characters that together have at least this
        probability (the nucleus: Holtzman et al. 2020, arXiv:1904.09751).
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise SamplingError(f"temperature must be 0 or more, not {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise SamplingError(f"top_k must be at least 1, not {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise SamplingError(f"top_p must be above 0 and at most 1, not {self.top_p}")

    @property
    def plain(self) -> bool:
        """Whether temperature is all there is, so that the quick way will do."""
        return self.temperature > 0 and self.top_k is None and self.top_p is None


def uniforms(seed: int, length: int, count: int) -> Floats:
    """Return the random numbers that all sampling with this seed, length and count uses.

    Returns
    -------
    ndarray of shape (length, count)
        In [0, 1). The stream is named 'sampling', apart from those of training.
    """
    stream = np.random.Generator(np.random.PCG64([seed, zlib.crc32(b"sampling")]))
    # One step below 1 at most, so that u times a sum stays below the sum when rounded.
    return np.minimum(stream.random((length, count)), 1 - 2**-52)


def probabilities(logits: Logits, shape: Shape) -> Floats:
    """Return the distributions that characters are drawn from.

    Parameters
    ----------
    logits : ndarray of shape (batch_size, vocab_size)

    Returns
    -------
    ndarray of shape (batch_size, vocab_size), dtype=np.float64
        Rows sum to 1.

    Raises
    ------
    SamplingError
        If a logit is not a number.
    """
    z = np.asarray(logits, dtype=np.float64)
    if not np.isfinite(z).all():
        raise SamplingError(
            "the model's output is not finite, so there is nothing to draw from; "
            "its training diverged: train again with a lower learning_rate or with clip: norm"
        )
    if shape.temperature == 0:
        return np.asarray(np.arange(z.shape[1]) == z.argmax(axis=1)[:, None], dtype=np.float64)
    with np.errstate(over="ignore"):  # a tiny temperature: -inf is right, exp makes it 0
        weights = np.exp((z - z.max(axis=1, keepdims=True)) / shape.temperature)
    weights = _truncate(weights / weights.sum(axis=1, keepdims=True), shape)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _truncate(p: Floats, shape: Shape) -> Floats:
    """Set to 0 what top_k and top_p leave out; among equals the lower id stays."""
    if shape.top_k is None and shape.top_p is None:
        return p
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    if shape.top_k is not None:
        ranked[:, shape.top_k :] = 0
    if shape.top_p is not None:
        above = np.cumsum(ranked, axis=1) - ranked  # what the likelier ones already have
        ranked[above >= shape.top_p * ranked.sum(axis=1, keepdims=True)] = 0
    result = np.empty_like(p)
    np.put_along_axis(result, order, ranked, axis=1)
    return result


class _Picker:
    """Draws one character for each row of logits, with buffers used again and again."""

    def __init__(self, count: int, vocab_size: int, shape: Shape) -> None:
        self.shape = shape
        self.inverse = 1 / shape.temperature if shape.plain else 0.0
        self.sums = np.empty((count, vocab_size))
        # One row is summed as an array of one dimension: NumPy is faster there.
        self.flat = self.sums[0] if count == 1 else self.sums
        self.totals = self.sums[:, -1]

    def pick(self, logits: Logits, u: Floats) -> Places:
        """Return ids of shape (batch_size,) for uniform numbers of the same shape."""
        if self.shape.plain:
            # Without the maximum taken off exp can overflow; then the safe way is taken.
            np.copyto(self.sums, logits)  # to float64, before any arithmetic
            self.sums *= self.inverse
            np.exp(self.sums, out=self.sums)
            np.add.accumulate(self.flat, axis=-1, out=self.flat)
            if self._in_range():
                return self._invert(u)
        np.cumsum(probabilities(logits, self.shape), axis=1, out=self.sums)
        return self._invert(u)

    def _in_range(self) -> bool:
        if len(self.totals) == 1:
            return 1e-200 < self.totals.item() < 1e300
        return bool(self.totals.min() > 1e-200 and self.totals.max() < 1e300)

    def _invert(self, u: Floats) -> Places:
        """Return for each row the first place where the sum exceeds u of its total."""
        target = u * self.totals
        if len(target) == 1:
            found: Places = self.flat.searchsorted(target, side="right")
        else:
            found = (self.sums > target[:, None]).argmax(axis=1)
        return found


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
    picker = _Picker(count, logits.shape[1], shape)
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
        of the distributions drawn from.
    """
    model, vocab = load_model(folder), Vocabulary.load(folder / "vocab.json")
    rungs = []
    for temperature in params.temperatures:
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
        rungs.append(
            {
                "temperature": temperature,
                "text": drawn.text,
                "nats_per_char": float(drawn.nats.mean()),
                "entropy_nats": float(drawn.entropy.mean()),
            }
        )
    return {"prompt": params.prompt, "seed": seed, "samples": rungs}
