"""Layers, dropout and loss of a network by torch and its autograd, on a CPU or a GPU.

The same functions as in :mod:`charlab.models.kernel_functions`. Layers are torch's own, cuDNN's
on a GPU, and single steps of :mod:`charlab.models.cells` for cells that torch does not have.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.models.cells import LayerState, RecurrentLayer, run_steps
from charlab.models.cudnn_cells import in_library, run_library
from charlab.models.params import ModelParams


def layer(
    params: ModelParams,
    depth: int,
    x: Tensor,
    state: LayerState,
    weights: tuple[Tensor, ...],
    bf16: bool = False,
) -> tuple[Tensor, LayerState]:
    """Run a layer over a chunk; see :func:`charlab.models.kernel_functions.layer`.

    With ``bf16`` torch's own layers compute in bfloat16, and single steps in float32.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    if depth == 0:
        # Rows of an identity matrix are one-hot vectors: (T, B) to (T, B, V).
        x = F.embedding(x.long(), torch.eye(weight_ih.shape[1], dtype=bias_ih.dtype,
                                            device=x.device))  # fmt: skip
    if in_library(params):
        dtype = torch.bfloat16 if bf16 else x.dtype
        return run_library(params, x, state, list(weights), dtype)
    recurrent = RecurrentLayer(params.cell, params.activation, weight_hh, bias_hh)
    return run_steps(recurrent, F.linear(x, weight_ih, bias_ih), state)


def drop(x: Tensor, rate: float, source: torch.Generator, depth: int, every_step: bool) -> Tensor:
    """Set a random share of a layer's outputs (T, B, H) to zero and scale the rest.

    With ``every_step`` each step has a mask of its own; otherwise one serves the whole chunk.
    """
    return _masked(x, rate, source, x.shape if every_step else (1, *x.shape[1:]))


def drop_weight(weight: Tensor, rate: float, source: torch.Generator, depth: int) -> Tensor:
    """Set a random share of W_hh's elements to zero and scale the rest."""
    return _masked(weight, rate, source, weight.shape)


def _masked(values: Tensor, rate: float, source: torch.Generator, shape: tuple[int, ...]) -> Tensor:
    kept = torch.rand(shape, generator=source, device=values.device) >= rate
    return values * kept.to(values.dtype) / (1 - rate)


def repeat(part: Tensor, depth: int, batch: int) -> Tensor:
    """Return row ``depth`` of (layers, H) for every sequence, (B, H)."""
    # Without a copy, so that the gradient reaches the parameter.
    return part[depth].expand(batch, -1)


def linear(x: Tensor, weight: Tensor, bias: Tensor, bf16: bool = False) -> Tensor:
    """Return logits W h + b, (T, B, V), of hidden states (T, B, H)."""
    if not bf16:
        return F.linear(x, weight, bias)
    return F.linear(*(part.bfloat16() for part in (x, weight, bias))).to(x.dtype)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean loss in nats per character; logits (T, B, V), targets (T, B)."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten().long())
