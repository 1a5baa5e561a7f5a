"""Run a layer with a hand-written backward pass, which is fast on a CPU.

:func:`charlab.models.cells.run_steps` lets autograd record each operation of each step
and differentiate it. Here a step is two calls: torch's matrix product for the recurrent
weights, and one compiled loop of :mod:`charlab.models.kernels` for the elementwise operations.
The gradient of the recurrent weights is one product over all steps at the end. With products
in bfloat16, gates, states and sums stay float32.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from charlab.models.cells import LayerState, RecurrentLayer
from charlab.models.kernels import (
    KINDS,
    gru_backward,
    gru_forward,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)


class _Products:
    """The recurrent products of one chunk in a given type; W has shape (G*H, H)."""

    def __init__(self, weight: Tensor, dtype: torch.dtype) -> None:
        self.weight, self.dtype, self.plain = weight.to(dtype), dtype, dtype == weight.dtype

    def forward(self) -> None:
        """Prepare the forward products: copy the transpose once."""
        self.across = self.weight.T.contiguous()

    def apply(self, h: Tensor, out: Tensor) -> None:
        """Write W h to ``out``: (B, H) to (B, G*H)."""
        if self.plain:
            torch.mm(h, self.across, out=out)
        else:
            out.copy_(torch.mm(h.to(self.dtype), self.across))

    def apply_back(self, d: Tensor, out: Tensor) -> None:
        """Write d W to ``out``: (B, G*H) to (B, H)."""
        if self.plain:
            torch.mm(d, self.weight, out=out)
        else:
            out.copy_(torch.mm(d.to(self.dtype), self.weight))

    def gradient(self, d: Tensor, h: Tensor) -> Tensor:
        """Return dW (G*H, H) from d (T, B, G*H) and h (T, B, H) of all steps."""
        product = d.flatten(0, 1).T.to(self.dtype) @ h.flatten(0, 1).to(self.dtype)
        return product.to(d.dtype)


@cache
def _keep_memory() -> None:
    """Make the C library keep freed memory for the next chunk.

    Linux maps large arrays afresh each time, at the cost of a page fault for every 4 KB.
    glibc raises the size from which on it does so to that of the largest block freed so
    far, up to 32 MB; so one block is freed here, which was never written to.
    """
    torch.empty(31 << 20, dtype=torch.uint8)


def _arrays(*tensors: Tensor) -> tuple[Any, ...]:
    """Return NumPy's view of each tensor's memory."""
    return tuple(tensor.detach().numpy() for tensor in tensors)


How = tuple[int, torch.dtype]
"""Activation and type of the recurrent products."""


class _RNN(torch.autograd.Function):
    """h_t = phi(x_t + W h_{t-1}) over a whole sequence."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ids: Tensor, h0: Tensor, weight: Tensor, how: How) -> Tensor:
        kind, products = how[0], _Products(weight, how[1])
        products.forward()
        h = x.new_empty(len(ids) + 1, *h0.shape)
        h[0] = h0
        steps, arrays = h.unbind(0), _arrays(x, ids, h)
        for t in range(len(ids)):
            products.apply(steps[t], steps[t + 1])
            rnn_forward(t, kind, *arrays)
        ctx.save_for_backward(x, ids, h, weight)
        ctx.how = how
        return h[1:]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, ids, h, weight = ctx.saved_tensors
        kind, products = ctx.how[0], _Products(weight, ctx.how[1])
        d, dh, dx = torch.empty_like(h[1:]), torch.zeros_like(h[0]), torch.zeros_like(x)
        steps, arrays = d.unbind(0), _arrays(ids, h, grad.contiguous(), dh, d, dx)
        for t in range(len(ids) - 1, -1, -1):
            rnn_backward(t, kind, *arrays)
            products.apply_back(steps[t], dh)
        return dx, None, dh, products.gradient(d, h[:-1]), None


class _LSTM(torch.autograd.Function):
    """The LSTM over a whole sequence; gates are stacked i, f, g, o."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, ids: Tensor, h0: Tensor, c0: Tensor, weight: Tensor, how: How
    ) -> tuple[Tensor, Tensor]:
        kind, products = how[0], _Products(weight, how[1])
        products.forward()
        h, c = x.new_empty(2, len(ids) + 1, *h0.shape).unbind(0)
        phi_c = torch.empty_like(c[1:])
        gates = x.new_empty(*ids.shape, x.shape[1])
        h[0], c[0] = h0, c0
        steps, gate, arrays = h.unbind(0), gates.unbind(0), _arrays(x, ids, gates, c, phi_c, h)
        for t in range(len(ids)):
            products.apply(steps[t], gate[t])
            lstm_forward(t, kind, *arrays)
        ctx.save_for_backward(x, ids, h, c, phi_c, gates, weight)
        ctx.how = how
        return h[1:], c[-1].clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor, grad_cell: Tensor) -> tuple[Tensor | None, ...]:
        x, ids, h, c, phi_c, gates, weight = ctx.saved_tensors
        kind, products = ctx.how[0], _Products(weight, ctx.how[1])
        d, dx = torch.empty_like(gates), torch.zeros_like(x)
        dh, dc = torch.zeros_like(h[0]), grad_cell.clone()
        steps = d.unbind(0)
        arrays = _arrays(ids, gates, c, phi_c, grad.contiguous(), dh, dc, d, dx)
        for t in range(len(ids) - 1, -1, -1):
            lstm_backward(t, kind, *arrays)
            products.apply_back(steps[t], dh)
        return dx, None, dh, dc, products.gradient(d, h[:-1]), None


class _GRU(torch.autograd.Function):
    """The GRU over a whole sequence; gates are stacked r, z, n."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, ids: Tensor, h0: Tensor, weight: Tensor, bias: Tensor, how: How
    ) -> Tensor:
        kind, products = how[0], _Products(weight, how[1])
        products.forward()
        h = x.new_empty(len(ids) + 1, *h0.shape)
        n = torch.empty_like(h[1:])
        gates = x.new_empty(*ids.shape, x.shape[1])
        h[0] = h0
        steps, gate, arrays = h.unbind(0), gates.unbind(0), _arrays(x, ids, bias, gates, n, h)
        for t in range(len(ids)):
            products.apply(steps[t], gate[t])
            gru_forward(t, kind, *arrays)
        ctx.save_for_backward(x, ids, h, n, gates, weight)
        ctx.how = how
        return h[1:]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, ids, h, n, gates, weight = ctx.saved_tensors
        kind, products = ctx.how[0], _Products(weight, ctx.how[1])
        d, dx = torch.empty_like(gates), torch.zeros_like(x)
        dh, by_gates = torch.zeros_like(h[:2]).unbind(0)
        dbias = x.new_zeros(h.shape[2])
        steps = d.unbind(0)
        arrays = _arrays(ids, gates, n, h, grad.contiguous(), dh, d, dbias, dx)
        for t in range(len(ids) - 1, -1, -1):
            gru_backward(t, kind, *arrays)
            products.apply_back(steps[t], by_gates)
            dh.add_(by_gates)
        return dx, None, dh, products.gradient(d, h[:-1]), dbias, None


def run_fused(
    layer: RecurrentLayer,
    inputs: Tensor,
    state: LayerState,
    ids: Tensor | None = None,
    product_dtype: torch.dtype | None = None,
) -> tuple[Tensor, LayerState]:
    """Run a layer over a sequence; see :func:`charlab.models.cells.run_steps`.

    Only the outputs, and for an LSTM the last cell state, carry gradients. For second
    derivatives use ``run_steps``.

    Parameters
    ----------
    product_dtype : torch.dtype, optional
        Type of the recurrent products; that of the weights by default.
    """
    weight, bias = layer.weight_hh, layer.bias_hh
    function: Any = {"rnn": _RNN, "lstm": _LSTM, "gru": _GRU}[layer.cell]  # torch types no apply
    _keep_memory()
    how = (KINDS[layer.activation], product_dtype or weight.dtype)
    if ids is None:
        steps, batch, _ = inputs.shape
        ids = torch.arange(steps * batch).view(steps, batch)
        inputs = inputs.flatten(0, 1)  # (T*B, G*H), one row per character
    if layer.cell == "gru":
        size = state[0].shape[1]
        known = (torch.arange(3 * size) < 2 * size).to(bias.dtype)
        x = inputs + known * bias  # the reset gate scales b_hn, so it is not in x
        outputs = function.apply(x, ids, *state, weight, bias[2 * size :], how)
        return outputs, (outputs[-1],)
    if layer.cell == "rnn":
        outputs = function.apply(inputs + bias, ids, *state, weight, how)
        return outputs, (outputs[-1],)
    outputs, last = function.apply(inputs + bias, ids, *state, weight, how)
    return outputs, (outputs[-1], last)
