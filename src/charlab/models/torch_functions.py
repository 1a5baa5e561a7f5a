"""Layers, dropout and loss of a network by torch and its autograd, on a CPU or a GPU.

The same functions as in :mod:`charlab.models.kernel_functions`. Layers are torch's own, cuDNN's
on a GPU, and single steps of :mod:`charlab.models.cells` for cells that torch does not have.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.exact.settings import Span
from charlab.models.cells import LayerState, RecurrentLayer, run_steps
from charlab.models.cudnn_cells import in_library, run_library
from charlab.models.params import ModelParams


def layer(
    params: ModelParams,
    depth: int,
    x: Tensor,
    state: LayerState,
    weights: tuple[Tensor, ...],
    more: Tensor | None = None,
    bf16: bool = False,
) -> tuple[Tensor, LayerState]:
    """Run a layer over a chunk; see :func:`charlab.models.kernel_functions.layer`.

    With ``bf16`` torch's own layers compute in bfloat16, and single steps in float32.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    if more is not None:
        # What is looked up is added to W_ih's columns, and the layer reads the sums as they are.
        x = F.embedding(x.long(), weight_ih.T) + more.flatten(2)
        weight_ih = torch.eye(len(weight_ih), dtype=x.dtype, device=x.device)
    elif depth == 0:
        # Rows of an identity matrix are one-hot vectors: (T, B) to (T, B, V).
        x = F.embedding(x.long(), torch.eye(weight_ih.shape[1], dtype=bias_ih.dtype,
                                            device=x.device))  # fmt: skip
    if in_library(params):
        dtype = torch.bfloat16 if bf16 else x.dtype
        return run_library(params, x, state, [weight_ih, *weights[1:]], dtype)
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


def look_up(table: Tensor, rows: Tensor, span: Span) -> Tensor:
    """Return the sum of the rows that each place looks up, (T, B, ...).

    ``rows`` are (3, T, B), -1 where there is none; see :data:`charlab.exact.settings.Span`.
    """
    start, stop, first = span
    total = table.new_zeros((*rows.shape[1:], *table.shape[1:]))
    for ids in rows[start:stop]:
        t, b = (ids >= 0).nonzero(as_tuple=True)
        total = total.index_put((t, b), table[ids[t, b] - first], accumulate=True)
    return total


def linear(
    x: Tensor, weight: Tensor, bias: Tensor, more: Tensor | None = None, bf16: bool = False
) -> Tensor:
    """Return logits W h + b, (T, B, V), of hidden states (T, B, H); ``more`` is added."""
    if bf16:
        logits = F.linear(*(part.bfloat16() for part in (x, weight, bias))).to(x.dtype)
    else:
        logits = F.linear(x, weight, bias)
    return logits if more is None else logits + more


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean loss in nats per character; logits (T, B, V), targets (T, B)."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten().long())
