"""Sample text from a trained model, character by character.

The model reads a prompt; then each character is chosen from the model's distribution
(:mod:`charlab.sample.distribution`) and read by the model before the next, for all texts in one
compiled loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charlab.core.sums import mean
from charlab.models.inference import InferenceModel, Sampled, load_with_vocabulary
from charlab.models.snapshots import load_snapshots
from charlab.sample.distribution import Floats, SamplingError, SamplingOptions, uniforms
from charlab.sample.params import SampleParams
from charlab.sample.prompt import draw_prompt
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import Vocabulary


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


def _continue(
    model: InferenceModel,
    vocab: Vocabulary,
    prompt: str,
    u: Floats,
    options: SamplingOptions,
    record: bool = False,
) -> Sampled:
    """Return the characters chosen after the prompt, as arrays of shape (length, count)."""
    if not prompt:
        raise SamplingError("the prompt is empty; give at least one character to continue from")
    ids = vocab.encode(prompt)
    logits, state = model.sequence(ids[:, None], model.initial_state(1))  # (len(prompt), 1, V)
    sampled = model.sample(logits[-1], state, u, options.for_kernel(), record)
    if sampled is None:
        raise SamplingError(
            "expected finite logits, found infinity or NaN; the training diverged: train again "
            "with a lower learning_rate or with clip: norm"
        )
    return sampled


def sample(
    model: InferenceModel, vocab: Vocabulary, prompt: str, u: Floats, options: SamplingOptions
) -> list[str]:
    """Return texts that continue the prompt.

    Parameters
    ----------
    model : InferenceModel
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
    sampled = _continue(model, vocab, prompt, u, options)
    return [vocab.decode(column) for column in sampled.ids.T]  # one column per text


def sample_with_nats(
    model: InferenceModel, vocab: Vocabulary, prompt: str, u: Floats, options: SamplingOptions
) -> list[Sample]:
    """Return the texts of :func:`sample` with the loss and entropy of each character.

    Raises
    ------
    UnknownCharacterError, SamplingError
        See :func:`sample`.
    """
    sampled = _continue(model, vocab, prompt, u, options, record=True)
    columns = zip(sampled.ids.T, sampled.nats.T, sampled.entropy.T, strict=True)
    return [Sample(vocab.decode(ids), nats, entropy) for ids, nats, entropy in columns]


def sample_ladder(folder: Path, text: Path, params: SampleParams, seed: int) -> dict[str, Any]:
    """Return one text per temperature from the model in ``folder``, ready for JSON.

    All temperatures use the same prompt and the same uniform numbers.

    Parameters
    ----------
    folder : Path
        A model folder.
    text : Path
        Folder of the encoded text that the model read; without ``params.prompt`` the prompt is
        drawn from it.
    params : SampleParams
    seed : int
        Seed of the uniform numbers, and of the choice of the prompt.

    Returns
    -------
    dict
        ``prompt``, ``prompt_from`` ("sample.prompt" or "val"), ``seed``, and ``samples``: for
        each temperature its ``text``, the mean ``nats_per_char`` under the unchanged model, and
        the mean ``entropy_nats`` of the distributions from which characters were chosen. If the
        training kept snapshots, ``as_it_learned`` has the same of each of them, with its
        ``step`` and the ``chars`` read, at the median temperature of the ladder.
    """
    model, vocab = load_with_vocabulary(folder)
    median = sorted(params.temperatures)[len(params.temperatures) // 2]
    prompt = params.prompt or draw_prompt(EncodedText.load(text), seed)
    ladder = {
        "prompt": prompt,
        "prompt_from": "val" if params.prompt is None else "sample.prompt",
        "seed": seed,
        "samples": [_rung(model, vocab, prompt, params, t, seed) for t in params.temperatures],
    }
    learned = [
        {"step": snapshot.step, "chars": snapshot.chars}
        | _rung(snapshot.network, vocab, prompt, params, median, seed)
        for snapshot in load_snapshots(folder)
    ]
    return ladder | ({"as_it_learned": learned} if learned else {})


def _rung(
    model: InferenceModel,
    vocab: Vocabulary,
    prompt: str,
    params: SampleParams,
    temperature: float,
    seed: int,
) -> dict[str, Any]:
    """Return one text at one temperature, with its mean loss and entropy."""
    options = SamplingOptions(temperature, params.top_k, params.top_p)
    u = uniforms(seed, params.length)  # (length, 1), the same at every temperature
    (one,) = sample_with_nats(model, vocab, prompt, u, options)
    return {
        "temperature": temperature,
        "text": one.text,
        "nats_per_char": mean(one.nats),
        "entropy_nats": mean(one.entropy),
    }
