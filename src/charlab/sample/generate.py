"""Sample text from a trained model, character by character.

The model reads a prompt; then each character is chosen from the model's distribution
(:mod:`charlab.sample.distribution`) and read by the model before the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from charlab.models.numpy_model import load_model
from charlab.models.scoring import SequenceModel, State
from charlab.models.snapshots import load_snapshots
from charlab.sample.distribution import (
    Floats,
    Ids,
    Logits,
    Picker,
    SamplingError,
    SamplingOptions,
    probabilities,
    uniforms,
)
from charlab.sample.params import SampleParams
from charlab.vocab.vocabulary import Vocabulary


class CharModel(SequenceModel, Protocol):
    """The interface of a model that sampling needs."""

    def step(self, inputs: npt.NDArray[np.integer], state: State) -> tuple[Logits, State]:
        """Take inputs of shape (batch_size,) to logits (batch_size, vocab_size)."""
        ...


@dataclass(frozen=True)
class Sample:
    """A sampled text and its loss under the model.

    Attributes
    ----------
    text : str
        The text after the prompt.
    nats : ndarray of shape (length,)
        Loss of each character under the unchanged model, at temperature 1.
    entropy : ndarray of shape (length,)
        Entropy in nats of the distribution from which each character was chosen, after
        temperature, top_k and top_p.
    """

    text: str
    nats: Floats
    entropy: Floats


class _Recorder:
    """Records the loss and the entropy at each step of sampling."""

    def __init__(self, shape: tuple[int, ...], options: SamplingOptions) -> None:
        self.options = options
        self.nats, self.entropy = np.empty(shape), np.empty(shape)  # (length, count)

    def record(self, t: int, logits: Logits, ids: Ids) -> None:
        """Record the figures of the characters ``ids`` (count,) that step t has chosen."""
        model = probabilities(logits, SamplingOptions())  # (count, V)
        changed = probabilities(logits, self.options)  # (count, V)
        self.nats[t] = -np.log(model[np.arange(len(ids)), ids])
        # 0 log 0 counts as 0.
        logs = np.log(changed, out=np.zeros_like(changed), where=changed > 0)
        self.entropy[t] = -(changed * logs).sum(axis=1)


def _read_prompt(model: CharModel, vocab: Vocabulary, prompt: str) -> tuple[Logits, State]:
    """Return the logits (1, V) of the character after the prompt, and the state."""
    if not prompt:
        raise SamplingError("the prompt is empty; give at least one character to continue from")
    ids = vocab.encode(prompt)
    logits, state = model.sequence(ids[:, None], model.initial_state(1))  # (len(prompt), 1, V)
    return logits[-1], state


def _continue(
    model: CharModel,
    start: tuple[Logits, State],
    u: Floats,
    options: SamplingOptions,
    recorder: _Recorder | None,
) -> Ids:
    """Return the chosen ids for uniform numbers ``u``, both of shape (length, count)."""
    length, count = u.shape
    # All texts continue from the same prompt: its row is repeated, (1, X) to (count, X).
    logits = np.repeat(start[0], count, axis=0)
    state: State = [tuple(np.repeat(part, count, axis=0) for part in layer) for layer in start[1]]
    picker = Picker(count, logits.shape[1], options)
    chosen = np.empty((length, count), dtype=np.intp)
    step, pick = model.step, picker.pick
    with np.errstate(over="ignore", invalid="ignore"):  # pick checks for both
        for t in range(length):
            ids = chosen[t] = pick(logits, u[t])
            if recorder is not None:
                recorder.record(t, logits, ids)
            if t + 1 < length:
                logits, state = step(ids, state)
    return chosen


def sample(
    model: CharModel, vocab: Vocabulary, prompt: str, u: Floats, options: SamplingOptions
) -> list[str]:
    """Return texts that continue the prompt.

    Parameters
    ----------
    model : CharModel
    vocab : Vocabulary
    prompt : str
        At least one character, all of them in the vocabulary.
    u : ndarray of shape (length, count)
        One uniform number per character; see :func:`charlab.sample.distribution.uniforms`.
    options : SamplingOptions

    Returns
    -------
    list of str
        ``count`` texts of ``length`` characters, without the prompt.

    Raises
    ------
    UnknownCharacterError
        If a character of the prompt is not in the vocabulary.
    SamplingError
        If the prompt is empty or the model's output is not finite.
    """
    chosen = _continue(model, _read_prompt(model, vocab, prompt), u, options, None)
    return [vocab.decode(column) for column in chosen.T]  # one column per text


def sample_with_nats(
    model: CharModel, vocab: Vocabulary, prompt: str, u: Floats, options: SamplingOptions
) -> list[Sample]:
    """Return the texts of :func:`sample` with the loss and entropy of each character.

    Raises
    ------
    UnknownCharacterError, SamplingError
        See :func:`sample`.
    """
    recorder = _Recorder(u.shape, options)
    chosen = _continue(model, _read_prompt(model, vocab, prompt), u, options, recorder)
    columns = zip(chosen.T, recorder.nats.T, recorder.entropy.T, strict=True)
    return [Sample(vocab.decode(ids), nats, entropy) for ids, nats, entropy in columns]


def sample_ladder(folder: Path, params: SampleParams, seed: int) -> dict[str, Any]:
    """Return one text per temperature from the model in ``folder``, ready for JSON.

    All temperatures use the same uniform numbers.

    Parameters
    ----------
    folder : Path
        A model folder.
    params : SampleParams
    seed : int
        Seed of the uniform numbers.

    Returns
    -------
    dict
        ``prompt``, ``seed``, and ``samples``: for each temperature its ``text``, the
        mean ``nats_per_char`` under the unchanged model, and the mean ``entropy_nats``
        of the distributions from which characters were chosen. If the training kept
        snapshots, ``as_it_learned`` has the same of each of them, with its ``step`` and the
        ``chars`` read, at the median temperature of the ladder.
    """
    vocab = Vocabulary.load(folder / "vocab.json")
    model = load_model(folder)
    median = sorted(params.temperatures)[len(params.temperatures) // 2]
    ladder = {
        "prompt": params.prompt,
        "seed": seed,
        "samples": [_rung(model, vocab, params, t, seed) for t in params.temperatures],
    }
    learned = [
        {"step": snapshot.step, "chars": snapshot.chars}
        | _rung(snapshot.network, vocab, params, median, seed)
        for snapshot in load_snapshots(folder)
    ]
    return ladder | ({"as_it_learned": learned} if learned else {})


def _rung(
    model: CharModel, vocab: Vocabulary, params: SampleParams, temperature: float, seed: int
) -> dict[str, Any]:
    """Return one text at one temperature, with its mean loss and entropy."""
    options = SamplingOptions(temperature, params.top_k, params.top_p)
    u = uniforms(seed, params.length)  # (length, 1), the same at every temperature
    (one,) = sample_with_nats(model, vocab, params.prompt, u, options)
    return {
        "temperature": temperature,
        "text": one.text,
        "nats_per_char": float(one.nats.mean()),
        "entropy_nats": float(one.entropy.mean()),
    }
