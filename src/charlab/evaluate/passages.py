"""One passage as a network reads it: a unit's activations, and the predicted characters.

Input: a network and one split of a text. Output: the entries ``colored`` and ``next_char`` of
the evaluation: a passage in which a feature of the text varies, each character with the
activation of the unit that follows the feature, and the most likely next characters (after
Karpathy 2015, The unreasonable effectiveness of recurrent neural networks).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlab.core.sums import column_totals, mean
from charlab.evaluate.neurons import unit_activations
from charlab.evaluate.trace import Floats, Ids, Network, Trace, trace
from charlab.exact.arrays import exp
from charlab.vocab.vocabulary import Vocabulary

PASSAGE = 400
"""Length of the passage."""

CONTEXT = 512
"""Maximum number of characters read before the passage."""

SHOWN_CONTEXT = 40
"""Characters shown before a prediction."""


def varied_passage(feature: Floats, newline: Floats, segments: int = 1) -> int | None:
    """Return the start of the passage in which a feature varies most.

    Parameters
    ----------
    feature, newline : ndarray of shape (chars,)
        The feature, and 1 where a line ends.
    segments : int
        Number of equal, unconnected pieces in the split.

    Returns
    -------
    int or None
        The start of a line, with text before it; None if the split is too short.
    """
    size = len(feature) // segments
    before = min(CONTEXT, size // 4)
    starts = np.flatnonzero(newline) + 1
    offset = starts % size
    starts = starts[(offset >= before) & (offset + PASSAGE < size)]
    if not len(starts):
        return before if before + PASSAGE < size else None
    # Variance of each candidate from running sums: E[x^2] - E[x]^2.
    sums, squares = (np.append(0.0, np.cumsum(v)) for v in (feature, feature**2))
    ends = starts + PASSAGE
    means, square = ((v[ends] - v[starts]) / PASSAGE for v in (sums, squares))
    # Rounded, so that every machine takes the first of equals.
    return int(starts[np.argmax((square - means**2).round(9))])


def read_passage(network: Network, ids: Ids, start: int, segments: int = 1) -> Trace:
    """Trace the passage of :data:`PASSAGE` characters at ``start``, after the text before it."""
    size = len(ids) // segments
    before = np.asarray(ids[max(start - start % size, start - CONTEXT) : start])
    # (chars,) -> (chars, 1): a batch of one.
    state = network.after(before[:, None]) if len(before) else None
    return trace(network, np.asarray(ids[start : start + PASSAGE])[:, None], state)


def colored_passage(
    network: Network, vocab: Vocabulary, ids: Ids, traced: Trace, neuron: dict[str, Any]
) -> dict[str, Any]:
    """Describe a passage by the activation of one unit.

    Parameters
    ----------
    network : Network
        The network.
    vocab : Vocabulary
        Vocabulary of the ids.
    ids : ndarray of shape (seq_len,), integer
        The passage.
    traced : Trace
        Its forward pass, with a batch of 1.
    neuron : dict
        A row of :func:`~charlab.evaluate.neurons.best_units`.

    Returns
    -------
    dict
        ``text``, the ``neuron``'s entries, and for each character, once it is read, the
        unit's ``activation`` and the ``top5`` next characters with their probabilities.
    """
    column = neuron["layer"] * network.hidden_size + neuron["unit"]
    activation = unit_activations(network, traced)[:, 0, column]  # (T, 1, U) -> (T,)
    return {
        "text": vocab.decode(ids),
        **neuron,
        "signal": "cell" if network.cell == "lstm" else "hidden",
        "activation": np.round(activation, 4).tolist(),
        "top5": most_likely(traced.log_probs()[:, 0], vocab, 5),
    }


def most_likely(log_probs: Floats, vocab: Vocabulary, count: int) -> list[list[list[Any]]]:
    """Return for each row (V) the most likely characters as ``[character, probability]``."""
    # Rounded and stable, so that equals come in the vocabulary's order on every machine.
    order = np.argsort(-log_probs.round(9), kind="stable", axis=1)[:, :count]
    probs = exp(np.take_along_axis(log_probs, order, axis=1)).tolist()
    chars = vocab.decode(np.arange(vocab.size))
    return [
        [[chars[k], round(p, 4)] for k, p in zip(*row, strict=True)]
        for row in zip(order.tolist(), probs, strict=True)
    ]


def typical_prediction(
    ids: Ids, traced: Trace, vocab: Vocabulary, count: int = 40
) -> dict[str, Any]:
    """Return the prediction whose entropy is closest to the mean over the passage.

    Returns
    -------
    dict
        ``context``, the last :data:`SHOWN_CONTEXT` characters; ``char``, the one that follows
        in the text; ``top``, the ``count`` most likely next characters with their
        probabilities; ``entropy_nats`` of the whole distribution.
    """
    log_probs = traced.log_probs()[:, 0]  # (T, 1, V) -> (T, V)
    entropy = 0.0 - column_totals((exp(log_probs) * log_probs).T)  # (T,)
    # The last character of the passage has no successor in it.
    places = np.arange(max(len(entropy) - 1, 1))
    entropy = entropy[: len(places)]
    has_context = places >= min(SHOWN_CONTEXT, len(places) - 1)
    distance = np.where(has_context, np.abs(entropy - mean(entropy)).round(9), np.inf)
    position = int(np.argmin(distance))
    return {
        "context": vocab.decode(ids[max(0, position + 1 - SHOWN_CONTEXT) : position + 1]),
        "char": vocab.decode(ids[position + 1 : position + 2]),
        "top": most_likely(log_probs[position : position + 1], vocab, count)[0],
        "entropy_nats": float(entropy[position]),
    }
