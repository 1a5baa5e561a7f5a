"""Measure one model on any text, without DVC."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from charlab.core.errors import CharlabError
from charlab.core.sums import mean
from charlab.core.units import bits
from charlab.models.inference import load_with_vocabulary
from charlab.models.scoring import nats_per_char

LEARNING_RATE = 5e-4
"""Learning rate of dynamic evaluation; results vary little within a factor of three."""


def evaluate_alone(
    model: Path, text: str, *, dynamic: bool = False, learning_rate: float | None = None
) -> dict[str, Any]:
    """Return the loss of a text under the model in a folder.

    Parameters
    ----------
    model : Path
        A model directory.
    text : str
        At least two characters, all in the model's vocabulary if it has no unknown symbol.
    dynamic : bool
        Let the model learn while it reads (:mod:`charlab.evaluate.dynamic`); this loads torch.
    learning_rate : float, optional
        Learning rate of dynamic evaluation; :data:`LEARNING_RATE` by default.

    Returns
    -------
    dict
        ``chars`` predicted (all but the first), ``nats``, ``bpc``; and the same of ``dynamic``.

    Raises
    ------
    CharlabError
        If text, model or learning rate cannot be used.
    """
    if learning_rate is not None and not dynamic:
        raise CharlabError("a learning rate is for dynamic evaluation only; add --dynamic")
    if len(text) < 2:
        needed = "at least 2 are needed, one to read and one to predict"
        raise CharlabError(f"the text has {len(text)} characters; {needed}")
    network, vocabulary = load_with_vocabulary(model)
    ids = vocabulary.encode(text)
    # One loss for each character but the first, which has nothing before it.
    nats = mean(nats_per_char(network, ids))
    result = {"chars": len(ids) - 1, "nats": nats, "bpc": bits(nats)}
    if dynamic:
        rate = LEARNING_RATE if learning_rate is None else learning_rate
        learned = _dynamic(model, ids, rate)
        result |= {"dynamic_nats": learned, "dynamic_bpc": bits(learned), "learning_rate": rate}
    return result


def _dynamic(model: Path, ids: np.ndarray[Any, Any], learning_rate: float) -> float:
    """Return the mean loss in nats under dynamic evaluation."""
    # torch takes seconds to load, and nothing else here needs it.
    from charlab.evaluate.dynamic import Rates, dynamic_nats_per_char, load_torch_model

    network = load_torch_model(model)
    return float(dynamic_nats_per_char(network, ids, Rates(learning_rate)).mean())
