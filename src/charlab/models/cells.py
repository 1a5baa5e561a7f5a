"""One step of each recurrent cell, as the papers write it.

With x the input's share ``W_ih x_t + b_ih`` (B, G*H) of all gates, computed beforehand for
every step at once, ``phi`` the activation and ``s`` the logistic function:

    rnn   h_t = phi(x + W_hh h + b_hh)                                   Elman 1990
    lstm  i, f, o = s(x + W_hh h + b_hh)    g = phi(...)                 Hochreiter and
          c_t = f c + i g                   h_t = o phi(c_t)             Schmidhuber 1997
    gru   r, z = s(x + W_hh h + b_hh)                                    Cho et al. 2014,
          n = phi(x_n + r (W_hn h + b_hn))  h_t = (1 - z) n + z h        as in cuDNN

These are the reference: differentiated by autograd, compared with torch.nn, and what the
fast path in :mod:`charlab.models.fused_cells` is compared with.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

LayerState = tuple[Tensor, ...]
Step = Callable[[Tensor, LayerState, Tensor, Tensor, Callable[[Tensor], Tensor]], LayerState]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
}


def rnn_step(
    x: Tensor,
    state: LayerState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    phi: Callable[[Tensor], Tensor],
) -> LayerState:
    """Return the state (h,) after one step; x is (B, H), h is (B, H)."""
    return (phi(x + state[0] @ weight_hh.T + bias_hh),)


def lstm_step(
    x: Tensor,
    state: LayerState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    phi: Callable[[Tensor], Tensor],
) -> LayerState:
    """Return the state (h, c) after one step; x is (B, 4H)."""
    hidden, cell = state
    i, f, g, o = (x + hidden @ weight_hh.T + bias_hh).chunk(4, dim=-1)
    cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * phi(g)
    return torch.sigmoid(o) * phi(cell), cell


def gru_step(
    x: Tensor,
    state: LayerState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    phi: Callable[[Tensor], Tensor],
) -> LayerState:
    """Return the state (h,) after one step; x is (B, 3H)."""
    (hidden,) = state
    x_r, x_z, x_n = x.chunk(3, dim=-1)
    h_r, h_z, h_n = (hidden @ weight_hh.T + bias_hh).chunk(3, dim=-1)
    reset, update = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    candidate = phi(x_n + reset * h_n)
    return ((1 - update) * candidate + update * hidden,)


CELLS: dict[str, Step] = {"rnn": rnn_step, "gru": gru_step, "lstm": lstm_step}
"""Every cell, by its name in params.yaml."""


def run_steps(
    cell: str,
    activation: str,
    inputs: Tensor,
    state: LayerState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    ids: Tensor | None = None,
) -> tuple[Tensor, LayerState]:
    """Run a layer over a sequence, one step after another.

    Parameters
    ----------
    inputs : Tensor of shape (T, B, G*H), or (V, G*H) with ids
        The input's share of the gates at every step, or for every character.
    state : tuple of Tensor of shape (B, H)
    ids : Tensor of shape (T, B), integer, optional
        Which rows of ``inputs`` to read.

    Returns
    -------
    outputs : Tensor of shape (T, B, H)
        h_1 ... h_T.
    state : tuple of Tensor of shape (B, H)
        After the last step.
    """
    step, phi = CELLS[cell], ACTIVATIONS[activation]
    outputs = []
    if ids is not None:
        inputs = F.embedding(ids, inputs)  # (T, B, G*H)
    for x in inputs:
        state = step(x, state, weight_hh, bias_hh, phi)
        outputs.append(state[0])
    return torch.stack(outputs), state
