"""Units that follow a feature of the text, chosen by correlation, not by eye.

Input: the blocks of a survey of the validation and of the test split, and the
:mod:`features <charlab.evaluate.features>` of both. Output: for each feature, the units whose
activation has the highest absolute correlation with it. Units are chosen on the validation
split and reported with their correlation on the test split, because the best of many always
looks too good on the split that it was chosen on.

For an LSTM a unit's activation is ``phi(c)``, its cell state through the activation, as in
Karpathy, Johnson and Fei-Fei (2015, arXiv:1506.02078); for other cells it is ``h``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlab.core.sums import column_totals
from charlab.evaluate.features import FEATURES, LONG_RANGE
from charlab.evaluate.survey import Block
from charlab.evaluate.trace import Floats, Network, Trace
from charlab.exact.arrays import multiply

TOP_UNITS = 3
"""Units reported for each feature."""

MIN_EVENTS = 20
"""Minimum number of characters at which a feature must differ from its most common value."""

STRONG = 0.5
"""Correlation from which a unit that follows a long-range feature is preferred for coloring."""


def unit_activations(network: Network, traced: Trace) -> Floats:
    """Return each unit's activation, shape (seq_len, batch_size, layers * hidden_size)."""
    return np.concatenate(
        [layer.hidden if layer.squashed is None else layer.squashed for layer in traced.layers],
        axis=-1,
    )


class Correlations:
    """Pearson correlation of every unit with every feature, accumulated block by block.

    Parameters
    ----------
    network : Network
        The network that the blocks were traced with.
    features : ndarray of shape (chars, F)
        The features of the split that the blocks come from.
    """

    def __init__(self, network: Network, features: Floats) -> None:
        self._network = network
        self._features = features
        units, count = len(network.layers) * network.hidden_size, features.shape[1]
        self._n = 0
        self._unit_sums, self._unit_squares = np.zeros(units), np.zeros(units)
        self._feature_sums, self._feature_squares = np.zeros(count), np.zeros(count)
        self._products = np.zeros((units, count))
        self._events = np.zeros(count, dtype=np.int64)

    def add(self, block: Block) -> None:
        """Add the characters of one block."""
        x = unit_activations(self._network, block.trace).reshape(block.inputs.size, -1)  # (N, U)
        f = self._features[block.positions.ravel()]  # (N, F)
        self._n += len(f)
        self._unit_sums += column_totals(x)
        self._unit_squares += column_totals(np.square(x))
        self._feature_sums += column_totals(f)
        self._feature_squares += column_totals(np.square(f))
        # Few rows by many columns: the inner loop of a product runs over the columns.
        self._products += multiply(f.T, x).T
        # For a flag, the number of occurrences of its rarer value.
        self._events += np.minimum((f > 0).sum(axis=0), (f != 1).sum(axis=0))

    def result(self) -> Floats:
        """Return the correlations, shape (units, F); NaN where a feature hardly varies."""
        if self._n == 0:
            return np.full(self._products.shape, np.nan)
        unit_means, feature_means = self._unit_sums / self._n, self._feature_sums / self._n
        covariance = self._products / self._n - np.outer(unit_means, feature_means)  # (U, F)
        unit_variance = self._unit_squares / self._n - unit_means**2
        feature_variance = self._feature_squares / self._n - feature_means**2
        # A dead unit (ReLU) has only rounding errors for a variance: its correlation is 0.
        scale = np.sqrt(np.outer(unit_variance.clip(1e-12), feature_variance.clip(1e-12)))
        result = np.where(unit_variance[:, None] > 1e-12, covariance / scale, 0.0)
        result[:, self._events < MIN_EVENTS] = np.nan
        return np.asarray(result)


def best_units(val: Floats, test: Floats, hidden_size: int) -> list[dict[str, Any]]:
    """Choose the units that follow each feature best.

    Parameters
    ----------
    val, test : ndarray of shape (units, F)
        Correlations on the two splits; the choice is made on ``val``.
    hidden_size : int
        Units in a layer.

    Returns
    -------
    list of dict
        For each feature that occurs in both splits, the best first: ``layer`` and
        ``unit`` (from 0), ``feature``, ``correlation`` (test), ``val_correlation``.
    """
    rows = []
    for column, feature in enumerate(FEATURES):
        if np.isnan(val[:, column]).any() or np.isnan(test[:, column]).any():
            continue
        # Rounded and stable, so that every machine takes equal units in their own order.
        order = np.argsort(-np.abs(val[:, column]).round(9), kind="stable")[:TOP_UNITS]
        rows += [
            {
                "layer": int(unit) // hidden_size,
                "unit": int(unit) % hidden_size,
                "feature": feature,
                "correlation": float(test[unit, column]),
                "val_correlation": float(val[unit, column]),
            }
            for unit in order
        ]
    return rows


def unit_to_color(neurons: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Choose the unit whose activation colors a passage.

    It is the unit with the highest correlation on the validation split with a feature of
    :data:`~charlab.evaluate.features.LONG_RANGE`, if that is at least :data:`STRONG`; failing
    that, the unit with the highest correlation with any feature.
    """
    far = [row for row in neurons if row["feature"] in LONG_RANGE]
    best = [
        max(rows, key=lambda row: abs(row["val_correlation"]), default=None)
        for rows in (far, neurons)
    ]
    strong = best[0] is not None and abs(best[0]["val_correlation"]) >= STRONG
    return best[0] if strong else best[1]
