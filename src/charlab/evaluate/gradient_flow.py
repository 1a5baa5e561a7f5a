"""Norm of the gradient of the loss with respect to earlier hidden states, by lag.

The gradient of the loss at step t with respect to the hidden state k steps earlier is
a product of k Jacobians. Where they shrink it, the gradient vanishes and no dependency of
that length can be learned; where they stretch it, it explodes (Pascanu, Mikolov and Bengio
2013, arXiv:1211.5063). Here it is exact, by backpropagation through a recorded
:class:`~charlab.evaluate.trace.Trace`::

    d loss_t / d h_s  =  W_hh^T (d loss_t / d a_{s+1})  + the term from the layer above
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from charlab.core.sums import column_totals
from charlab.evaluate.survey import BLOCK, Block
from charlab.evaluate.trace import (
    Floats,
    Ids,
    Layer,
    LayerTrace,
    Network,
    Trace,
    slope,
)
from charlab.exact.arrays import exp, log_softmax, multiply

MAX_LAG = min(100, 2 * BLOCK - 1)
"""Maximum lag that is reported; it must fit into two blocks."""

# Backward step of a cell. Arguments: activation, layer, its trace, t, d/dh_t, d/dc_t. Results:
# the derivative by the input's pre-activations (B, G*H), d/dh_{t-1} (B, H), d/dc_t including
# the path through h_t, and d/dc_{t-1}; the last two are None for cells other than the LSTM.
_Back = tuple[Floats, Floats, Floats | None, Floats | None]
_Backward = Callable[[str, Layer, LayerTrace, int, Floats, Floats | None], _Back]


class GradientByLag:
    """Mean norm of ``d loss_t / d h_{t-lag}``, and of ``d c_{t-lag}``, relative to lag 0.

    The norm is over the units of all layers together. An LSTM also has a memory in its cell
    state, so the gradients of the cell state are reported too.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._sums: dict[str, Floats] = {}
        self._before: Block | None = None

    def add(self, block: Block) -> None:
        """Differentiate the loss at the end of the block, one sample per window.

        The gradient goes back through this block and as much of the one before it as the largest
        lag needs, so the first block of the windows has none.
        """
        before, self._before = self._before, block
        if before is None or before.positions[-1, 0] + 1 != block.positions[0, 0]:
            return
        traces = [before.trace, block.trace]
        hidden, cell = state_gradients(self._network, traces, block.targets[-1], MAX_LAG + 1)
        for name, gradients in (("norm", hidden), ("cell_norm", cell)):
            if gradients is None:
                continue
            # (T, L, B, H) -> (L, H, T, B) -> (T * B,): the norm over all units.
            squares = np.square(gradients, out=gradients).transpose(1, 3, 0, 2)
            norms = np.sqrt(column_totals(squares.reshape(-1, squares[0, 0].size)))
            # (T, B) -> (T,), then the last step first.
            norms = column_totals(norms.reshape(squares.shape[2:]).T)[::-1]
            self._sums[name] = self._sums.get(name, 0.0) + norms

    def result(self) -> list[dict[str, Any]] | None:
        """Return one row per lag, from 0; None without a block or without a gradient."""
        if not self._sums or any(total[0] == 0 for total in self._sums.values()):
            return None
        return [
            {"lag": lag}
            | {name: float(total[lag] / total[0]) for name, total in self._sums.items()}
            for lag in range(MAX_LAG + 1)
        ]


def state_gradients(
    network: Network, traces: Sequence[Trace], targets: Ids, most: int = sys.maxsize
) -> tuple[Floats, Floats | None]:
    """Differentiate the loss of the last step with respect to the states before it.

    Parameters
    ----------
    network : Network
    traces : sequence of Trace
        Its forward pass, in pieces that follow each other.
    targets : ndarray of shape (batch_size,)
        The id that follows the last step of each sequence.
    most : int
        Maximum number of last steps, seq_len, that are gone back.

    Returns
    -------
    hidden : ndarray of shape (seq_len, layers, batch_size, hidden_size)
        ``d loss_{T-1} / d h_t`` of every layer.
    cell : ndarray of the same shape, or None
        ``d loss_{T-1} / d c_t`` for an LSTM.
    """
    backward = {"rnn": _rnn_back, "lstm": _lstm_back, "gru": _gru_back}[network.cell]
    steps = [(piece, t) for piece in traces for t in range(len(piece.logits))][-most:]
    shape = (len(steps), len(network.layers), len(targets), network.hidden_size)
    hidden = np.zeros(shape)
    cells = np.zeros(shape) if network.cell == "lstm" else None
    from_later: list[Floats | None] = [None] * len(network.layers)
    hidden[-1, -1] = multiply(_loss_slope(traces[-1], targets), network.head_weight)
    # From the last step to the first, and at each step from the top layer down.
    for t, (piece, now) in reversed(list(enumerate(steps))):
        for depth in reversed(range(len(network.layers))):
            layer, record = network.layers[depth], piece.layers[depth]
            inward, d_before, d_cell, d_cell_before = backward(
                network.activation, layer, record, now, hidden[t, depth], from_later[depth]
            )
            from_later[depth] = d_cell_before
            if cells is not None:
                cells[t, depth] = d_cell
            if t > 0:
                hidden[t - 1, depth] += d_before
            if depth > 0:
                hidden[t, depth - 1] += multiply(inward, layer.weight_ih)
    return hidden, cells


def _loss_slope(traced: Trace, targets: Ids) -> Floats:
    """Return d loss / d logits at the last step: softmax minus one-hot, shape (B, V)."""
    probs: Floats = exp(log_softmax(traced.logits[-1]))
    probs[np.arange(len(targets)), targets] -= 1.0
    return probs


def _previous(record: LayerTrace, t: int) -> Floats:
    return record.hidden[t - 1] if t > 0 else record.start[0]


def _rnn_back(
    activation: str, layer: Layer, record: LayerTrace, t: int, dh: Floats, dc: Floats | None
) -> _Back:
    da = dh * slope(activation, record.hidden[t])  # (B, H)
    return da, multiply(da, layer.weight_hh), None, None


def _lstm_back(
    activation: str, layer: Layer, record: LayerTrace, t: int, dh: Floats, dc: Floats | None
) -> _Back:
    i, f, g, o = (record.parts[k][t] for k in ("input", "forget", "candidate", "output"))
    assert record.cell is not None
    assert record.squashed is not None
    before = record.cell[t - 1] if t > 0 else record.start[1]
    shown = record.squashed[t]  # h = o phi(c)
    # The cell state acts through h_t and, over the forget gate, through c_{t+1}.
    d_cell = dh * o * slope(activation, shown) + (0.0 if dc is None else dc)
    da = np.concatenate(
        [
            d_cell * g * i * (1 - i),
            d_cell * before * f * (1 - f),
            d_cell * i * slope(activation, g),
            dh * shown * o * (1 - o),
        ],
        axis=1,
    )  # (B, 4H), in the order of the rows of the weights
    return da, multiply(da, layer.weight_hh), d_cell, d_cell * f


def _gru_back(
    activation: str, layer: Layer, record: LayerTrace, t: int, dh: Floats, dc: Floats | None
) -> _Back:
    r, z, n, back = (record.parts[k][t] for k in ("reset", "update", "candidate", "recurrent"))
    dn = dh * (1 - z) * slope(activation, n)
    dz = dh * (_previous(record, t) - n) * z * (1 - z)
    dr = dn * back * r * (1 - r)
    # The reset gate scales the recurrent part of the candidate, but not its input part.
    d_recurrent = np.concatenate([dr, dz, dn * r], axis=1)  # (B, 3H)
    d_before = dh * z + multiply(d_recurrent, layer.weight_hh)
    return np.concatenate([dr, dz, dn], axis=1), d_before, None, None
