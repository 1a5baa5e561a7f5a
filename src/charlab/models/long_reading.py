"""Run a layer of an :class:`~charlab.models.numpy_model.InferenceModel` by compiled loops.

For a few characters NumPy's calls are faster than loading Numba; long texts are read with
the loops of training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.models.kernels import KINDS, gru_forward, lstm_forward, rnn_forward
from charlab.models.params import ModelParams

Floats = NDArray[np.float32]
Ids = NDArray[np.integer[Any]]


def read_layer(
    params: ModelParams,
    x: Floats,
    ids: Ids,
    state: tuple[Floats, ...],
    recurrent: Floats,
    bias_hh: Floats,
) -> tuple[Floats, tuple[Floats, ...]]:
    """Run a layer over a sequence.

    Parameters
    ----------
    params : ModelParams
    x : ndarray of shape (N, G*H)
        The input's share of the gates, biases included but for a GRU's b_hn.
    ids : ndarray of shape (T, B), integer
        Which rows of ``x`` are read.
    state : tuple of ndarray of shape (B, H)
    recurrent : ndarray of shape (H, G*H)
        The transpose of W_hh.
    bias_hh : ndarray of shape (G*H,)

    Returns
    -------
    outputs : ndarray of shape (T, B, H)
    state : tuple of ndarray of shape (B, H)
    """
    kind, rows = KINDS[params.activation], np.ascontiguousarray(ids, np.int64)
    h = np.empty((len(ids) + 1, *state[0].shape), np.float32)
    h[0] = state[0]
    if params.cell == "rnn":
        for t in range(len(ids)):
            np.dot(h[t], recurrent, out=h[t + 1])
            rnn_forward(t, kind, x, rows, h)
        return h[1:], (h[-1],)
    gates = np.empty((*ids.shape, x.shape[1]), np.float32)
    inner = np.empty_like(h[1:])
    if params.cell == "gru":
        bias = bias_hh[2 * params.hidden :]
        for t in range(len(ids)):
            np.dot(h[t], recurrent, out=gates[t])
            gru_forward(t, kind, x, rows, bias, gates, inner, h)
        return h[1:], (h[-1],)
    c = np.empty_like(h)
    c[0] = state[1]
    for t in range(len(ids)):
        np.dot(h[t], recurrent, out=gates[t])
        lstm_forward(t, kind, x, rows, gates, c, inner, h)
    return h[1:], (h[-1], c[-1])
