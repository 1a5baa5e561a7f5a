"""Run a layer by the functions behind torch.nn.RNN, GRU and LSTM; on a GPU they are cuDNN's."""

from __future__ import annotations

import torch
from torch import Tensor

from charlab.models.cells import LayerState
from charlab.models.params import ModelParams

_FUNCTIONS = {
    ("rnn", "tanh"): "rnn_tanh",
    ("rnn", "relu"): "rnn_relu",
    ("gru", "tanh"): "gru",
    ("lstm", "tanh"): "lstm",
}
"""Functions behind torch.nn.RNN, GRU and LSTM, by cell and activation."""


def in_library(params: ModelParams) -> bool:
    """Return whether torch has layers with this cell and activation."""
    return (params.cell, params.activation) in _FUNCTIONS


def run_library(
    params: ModelParams, x: Tensor, state: LayerState, weights: list[Tensor], dtype: torch.dtype
) -> tuple[Tensor, LayerState]:
    """Run one layer over a sequence.

    Parameters
    ----------
    params : ModelParams
        Cell and activation for which :func:`in_library` is true.
    x : Tensor of shape (T, B, I)
    state : tuple of Tensor of shape (B, H)
    weights : list of Tensor
        W_ih (G*H, I), W_hh (G*H, H), b_ih and b_hh (G*H,).
    dtype : torch.dtype
        Type of all computations.

    Returns
    -------
    outputs : Tensor of shape (T, B, H)
    state : tuple of Tensor of shape (B, H)
        State after the last step. Outputs and state have the type of ``x``.
    """
    function = getattr(torch, _FUNCTIONS[params.cell, params.activation])
    start = tuple(part[None].to(dtype).contiguous() for part in state)  # a layer axis in front
    outputs, *ends = function(
        x.to(dtype),
        start if params.cell == "lstm" else start[0],
        [weight.to(dtype) for weight in weights],
        True,  # biases
        1,  # number of layers
        0.0,  # dropout
        torch.is_grad_enabled(),  # keep what the backward pass needs
        False,  # bidirectional
        False,  # batch first
    )
    return outputs.to(x.dtype), tuple(end[0].to(x.dtype) for end in ends)
