"""A short passage as a network reads it: one unit's activation, and what it expects next.

What enters is a network and one split of a text; what leaves are the entries ``colored``
and ``next_char`` of the evaluation: a passage where a feature of the text varies, each
character with the activation of the unit that follows the feature, and the likeliest
next characters (after Karpathy 2015, The unreasonable effectiveness of recurrent neural
networks).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlab.evaluate.neurons import unit_activations
from charlab.evaluate.trace import Floats, Ids, Network, Trace, trace
from charlab.vocab.vocabulary import Vocabulary

COLORED_CHARS = 400
"""Length of the passage."""

CONTEXT = 512
"""Characters read before the passage."""


def telling_passage(feature: Floats, newline: Floats, segments: int = 1) -> int | None:
    """Find where a passage should start to show a feature: where it varies most.

    Parameters
    ----------
    feature, newline : ndarray of shape (chars,)
        The feature, and 1 where a line ends.
    segments : int
        Into how many equal, unconnected pieces the split falls.

    Returns
    -------
    int or None
        The start of a line, with text before it; None if the split is too short.
    """
    size = len(feature) // segments
    starts = np.flatnonzero(newline) + 1
    offset = starts % size
    starts = starts[(offset >= min(CONTEXT, size // 4)) & (offset + COLORED_CHARS < size)]
    if not len(starts):
        first = min(CONTEXT, size // 4)
        return first if first + COLORED_CHARS < size else None
    sums, squares = (np.append(0.0, np.cumsum(v)) for v in (feature, feature**2))
    ends = starts + COLORED_CHARS
    mean, square = ((v[ends] - v[starts]) / COLORED_CHARS for v in (sums, squares))
    return int(starts[np.argmax((square - mean**2).round(9))])


def read_passage(network: Network, ids: Ids, start: int, segments: int = 1) -> Trace:
    """Trace the passage of :data:`COLORED_CHARS` from ``start``, after what comes before it."""
    size = len(ids) // segments
    before = np.asarray(ids[max(start - start % size, start - CONTEXT) : start])
    state = trace(network, before[:, None]).end() if len(before) else None
    return trace(network, np.asarray(ids[start : start + COLORED_CHARS])[:, None], state)


def colored_passage(
    network: Network, vocab: Vocabulary, ids: Ids, traced: Trace, neuron: dict[str, Any]
) -> dict[str, Any]:
    """Describe a passage as read by one unit.

    Parameters
    ----------
    network : Network
        The network.
    vocab : Vocabulary
        What the ids stand for.
    ids : ndarray of shape (seq_len,), integer
        The passage.
    traced : Trace
        Its forward pass, with a batch of 1.
    neuron : dict
        A row of :func:`best_units`.

    Returns
    -------
    dict
        ``text``, the ``neuron``'s entries, and for each character, once it is read, the
        unit's ``activation`` and the ``top5`` likeliest next characters with their
        probabilities.
    """
    column = neuron["layer"] * network.hidden_size + neuron["unit"]
    activation = unit_activations(network, traced)[:, 0, column]
    return {
        "text": vocab.decode(ids),
        **neuron,
        "signal": "cell" if network.cell == "lstm" else "hidden",
        "activation": np.round(activation, 4).tolist(),
        "top5": [likeliest(row, vocab, 5) for row in traced.log_probs()[:, 0]],
    }


def likeliest(log_probs: Floats, vocab: Vocabulary, count: int) -> list[list[Any]]:
    """Return the ``count`` likeliest characters as ``[character, probability]``."""
    order = np.argsort(-log_probs.round(9), kind="stable")[:count]
    return [[vocab.decode(np.array([k])), round(float(np.exp(log_probs[k])), 4)] for k in order]


def typical_prediction(
    ids: Ids, traced: Trace, vocab: Vocabulary, count: int = 40
) -> dict[str, Any]:
    """Return the distribution at the position whose entropy is nearest to the mean.

    Returns
    -------
    dict
        ``context``, the 40 characters read last; ``top``, the likeliest next characters
        with their probabilities; ``entropy_nats`` of the whole distribution.
    """
    log_probs = traced.log_probs()[:, 0]  # (T, V)
    entropy = -(np.exp(log_probs) * log_probs).sum(axis=1)
    shown = np.arange(len(entropy)) >= min(40, len(entropy) - 1)  # with enough context
    distance = np.where(shown, np.abs(entropy - entropy.mean()).round(9), np.inf)
    place = int(np.argmin(distance))
    return {
        "context": vocab.decode(ids[max(0, place - 39) : place + 1]),
        "top": likeliest(log_probs[place], vocab, count),
        "entropy_nats": float(entropy[place]),
    }
