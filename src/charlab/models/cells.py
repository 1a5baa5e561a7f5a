"""Define one step of each recurrent cell, in the equations of the papers.

Here x = ``W_ih x_t + b_ih`` (B, G*H) is the input's contribution to all gates, computed for all
steps at once beforehand; ``phi`` is the activation and ``s`` the logistic function:

    rnn   h_t = phi(x + W_hh h + b_hh)                                   Elman 1990
    lstm  i, f, o = s(x + W_hh h + b_hh)    g = phi(...)                 Hochreiter and
          c_t = f c + i g                   h_t = o phi(c_t)             Schmidhuber 1997
    gru   r, z = s(x + W_hh h + b_hh)                                    Cho et al. 2014,
          n = phi(x_n + r (W_hn h + b_hn))  h_t = (1 - z) n + z h        as in cuDNN

Autograd differentiates these functions. They run where torch has no layer of its own, such as an
LSTM with another activation, and are the reference with which tests compare the kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

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
    """Return the state (h,) after one step; x and h are (B, H)."""
    return (phi(x + state[0] @ weight_hh.T + bias_hh),)


def lstm_step(
    x: Tensor,
    state: LayerState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    phi: Callable[[Tensor], Tensor],
) -> LayerState:
    """Return the state (h, c), each (B, H), after one step; x is (B, 4H)."""
    hidden, cell = state
    # The four gates are stacked: (B, 4H) to four times (B, H).
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
    """Return the state (h,), (B, H), after one step; x is (B, 3H)."""
    (hidden,) = state
    x_r, x_z, x_n = x.chunk(3, dim=-1)
    h_r, h_z, h_n = (hidden @ weight_hh.T + bias_hh).chunk(3, dim=-1)
    # The reset gate scales W_hn h + b_hn, so the candidate n is kept apart from r and z.
    reset, update = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    candidate = phi(x_n + reset * h_n)
    return ((1 - update) * candidate + update * hidden,)


CELLS: dict[str, Step] = {"rnn": rnn_step, "gru": gru_step, "lstm": lstm_step}
"""Step functions by the name of the cell in params.yaml."""


@dataclass(frozen=True)
class RecurrentLayer:
    """The recurrent part of a layer.

    Attributes
    ----------
    cell : {"rnn", "gru", "lstm"}
    activation : {"tanh", "relu", "sigmoid"}
    weight_hh : Tensor of shape (G*H, H)
    bias_hh : Tensor of shape (G*H,)
    """

    cell: str
    activation: str
    weight_hh: Tensor
    bias_hh: Tensor


def run_steps(
    layer: RecurrentLayer, inputs: Tensor, state: LayerState
) -> tuple[Tensor, LayerState]:
    """Run a layer over a sequence, one step after another.

    Parameters
    ----------
    layer : RecurrentLayer
    inputs : Tensor of shape (T, B, G*H)
        The input's contribution to the gates at every step.
    state : tuple of Tensor of shape (B, H)

    Returns
    -------
    outputs : Tensor of shape (T, B, H)
        h_1 ... h_T.
    state : tuple of Tensor of shape (B, H)
        The state after the last step.
    """
    step, phi = CELLS[layer.cell], ACTIVATIONS[layer.activation]
    outputs = []
    for x in inputs:
        state = step(x, state, layer.weight_hh, layer.bias_hh, phi)
        outputs.append(state[0])
    return torch.stack(outputs), state  # (T, B, H)
