"""The same layers with a hand-written backward pass: what makes training on a CPU fast.

:func:`charlab.models.cells.run_steps` lets autograd record ten operations a step and
differentiate each. Here the forward pass keeps just what the backward pass needs, in
arrays made once, and the backward pass carries dh (and dc) back in time and forms the
gradient of W_hh over all steps in one product. With G_t the gates before their
non-linearity, ``dW_hh = sum_t dG_t^T h_{t-1}`` is one (G*H, T*B) by (T*B, H) product.

Derivatives of the activations are written in terms of their outputs y:
tanh' = 1 - y^2, sigmoid' = y (1 - y), relu' = [y > 0].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from charlab.models.cells import LayerState, run_steps


def _relu(x: Tensor, *, out: Tensor) -> Tensor:
    return torch.clamp_min(x, 0.0, out=out)


_APPLY: dict[str, Callable[..., Tensor]] = {
    "tanh": torch.tanh,
    "relu": _relu,
    "sigmoid": torch.sigmoid,
}
"""Each activation, written into an array that is there."""


def _slope_(name: str, y: Tensor) -> Tensor:
    """Return the activation's derivative where its output is y."""
    if name == "tanh":
        return torch.addcmul(_one(y), y, y, value=-1)
    return (y > 0).to(y.dtype) if name == "relu" else torch.addcmul(y, y, y, value=-1)


def _one(y: Tensor) -> Tensor:
    return torch.ones((), dtype=y.dtype, device=y.device)


class _RNN(torch.autograd.Function):
    """h_t = phi(x_t + W h_{t-1} + b) over a whole sequence."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, h0: Tensor, weight: Tensor, bias: Tensor, phi: str) -> Tensor:
        steps, batch, hidden = x.shape
        out = x.new_empty(steps + 1, batch, hidden)
        out[0] = h0
        x, transposed, apply = x + bias, weight.T.contiguous(), _APPLY[phi]
        for t in range(steps):
            torch.addmm(x[t], out[t], transposed, out=out[t + 1])
            apply(out[t + 1], out=out[t + 1])
        ctx.save_for_backward(out, weight)
        ctx.phi = phi
        return out[1:]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        out, weight = ctx.saved_tensors
        steps = len(grad)
        gates = _slope_(ctx.phi, out[1:])  # becomes dG, in place
        carried = torch.zeros_like(out[0])
        for t in range(steps - 1, -1, -1):
            gates[t].mul_(carried.add_(grad[t]))
            torch.mm(gates[t], weight, out=carried)
        return gates, carried, _weight_grad(gates, out[:-1]), _bias_grad(gates), None


class _LSTM(torch.autograd.Function):
    """The LSTM over a whole sequence; gates are stacked i, f, g, o."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, h0: Tensor, c0: Tensor, weight: Tensor, bias: Tensor, phi: str
    ) -> tuple[Tensor, Tensor]:
        steps, batch, rows = x.shape
        size = rows // 4
        out = x.new_empty(steps + 1, batch, size)
        cells = x.new_empty(steps + 1, batch, size)
        squashed = x.new_empty(steps, batch, size)  # phi(c_t)
        out[0], cells[0] = h0, c0
        gates, transposed, apply = x + bias, weight.T.contiguous(), _APPLY[phi]
        for t in range(steps):
            gate = gates[t].addmm_(out[t], transposed)
            torch.sigmoid_(gate[:, : 2 * size])
            candidate = gate[:, 2 * size : 3 * size]
            apply(candidate, out=candidate)
            torch.sigmoid_(gate[:, 3 * size :])
            i, f, g, o = gate.split(size, dim=1)
            torch.mul(f, cells[t], out=cells[t + 1]).addcmul_(i, g)
            apply(cells[t + 1], out=squashed[t])
            torch.mul(o, squashed[t], out=out[t + 1])
        ctx.save_for_backward(out, cells, squashed, gates, weight)
        ctx.phi = phi
        return out[1:], cells[-1].clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor, grad_cell: Tensor) -> tuple[Tensor | None, ...]:
        out, cells, squashed, gates, weight = ctx.saved_tensors
        steps, _, size = grad.shape
        i, f, g, o = gates.split(size, dim=2)
        # What each gate's gradient is multiplied with, for all steps at once.
        factors = torch.empty_like(gates)
        torch.mul(_slope_("sigmoid", i), g, out=factors[..., :size])
        torch.mul(_slope_("sigmoid", f), cells[:-1], out=factors[..., size : 2 * size])
        torch.mul(_slope_(ctx.phi, g), i, out=factors[..., 2 * size : 3 * size])
        torch.mul(_slope_("sigmoid", o), squashed, out=factors[..., 3 * size :])
        through = _slope_(ctx.phi, squashed).mul_(o)  # dc_t / dh_t
        dh, dc = torch.zeros_like(out[0]), grad_cell.clone()
        for t in range(steps - 1, -1, -1):
            dh.add_(grad[t])
            dc.addcmul_(dh, through[t])
            step = factors[t]
            step[:, 3 * size :].mul_(dh)
            step[:, : 3 * size].view(-1, 3, size).mul_(dc[:, None])
            dc.mul_(f[t])
            torch.mm(step, weight, out=dh)
        weight_grad = _weight_grad(factors, out[:-1])
        return factors, dh, dc, weight_grad, _bias_grad(factors), None


class _GRU(torch.autograd.Function):
    """The GRU over a whole sequence; gates are stacked r, z, n."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, h0: Tensor, weight: Tensor, bias: Tensor, phi: str) -> Tensor:
        steps, batch, rows = x.shape
        size = rows // 3
        out = x.new_empty(steps + 1, batch, size)
        gates = x.new_empty(steps, batch, rows)
        recurrent = x.new_empty(steps, batch, size)  # W_hn h + b_hn
        out[0] = h0
        transposed, apply = weight.T.contiguous(), _APPLY[phi]
        for t in range(steps):
            torch.addmm(bias, out[t], transposed, out=gates[t])
            recurrent[t] = gates[t][:, 2 * size :]
            gates[t][:, : 2 * size].add_(x[t][:, : 2 * size]).sigmoid_()
            r, z, n = gates[t].split(size, dim=1)
            torch.addcmul(x[t][:, 2 * size :], r, recurrent[t], out=n)
            apply(n, out=n)
            torch.lerp(n, out[t], z, out=out[t + 1])
        ctx.save_for_backward(out, gates, recurrent, weight)
        ctx.phi = phi
        return out[1:]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        out, gates, recurrent, weight = ctx.saved_tensors
        steps, _, size = grad.shape
        r, z, n = gates.split(size, dim=2)
        slope_n = _slope_(ctx.phi, n).mul_(1 - z)  # d(x_n + r recurrent)_t / dh_t
        by_h = torch.empty_like(gates)  # d(W_hh h + b_hh)_t / dh_t, gate by gate
        torch.mul(_slope_("sigmoid", r), recurrent * slope_n, out=by_h[..., :size])
        torch.mul(_slope_("sigmoid", z), out[:-1] - n, out=by_h[..., size : 2 * size])
        torch.mul(slope_n, r, out=by_h[..., 2 * size :])
        dh = torch.zeros_like(out[0])
        for t in range(steps - 1, -1, -1):
            dh.add_(grad[t])
            by_h[t].view(-1, 3, size).mul_(dh[:, None])
            slope_n[t].mul_(dh)
            dh.mul_(z[t]).addmm_(by_h[t], weight)
        by_x = torch.cat((by_h[..., : 2 * size], slope_n), dim=2)
        return by_x, dh, _weight_grad(by_h, out[:-1]), _bias_grad(by_h), None


def _weight_grad(gates: Tensor, before: Tensor) -> Tensor:
    """Sum dG_t^T h_{t-1} over all steps in one product: (T, B, G*H), (T, B, H) to (G*H, H)."""
    return gates.flatten(0, 1).T @ before.flatten(0, 1)


def _bias_grad(gates: Tensor) -> Tensor:
    return gates.sum(dim=(0, 1))


def run_fast(
    cell: str,
    activation: str,
    inputs: Tensor,
    state: LayerState,
    weight_hh: Tensor,
    bias_hh: Tensor,
) -> tuple[Tensor, LayerState]:
    """Run a layer over a sequence; the contract of :func:`charlab.models.cells.run_steps`.

    Only the outputs, and for an LSTM the last cell state, carry gradients. Where the
    gradient of a gradient would be needed, use ``run_steps``.
    """
    if cell == "lstm":
        lstm: Any = _LSTM  # torch gives apply no types
        outputs, last = lstm.apply(inputs, *state, weight_hh, bias_hh, activation)
        return outputs, (outputs[-1], last)
    function: Any = {"rnn": _RNN, "gru": _GRU}.get(cell)
    if function is None:
        return run_steps(cell, activation, inputs, state, weight_hh, bias_hh)
    outputs = function.apply(inputs, *state, weight_hh, bias_hh, activation)
    return outputs, (outputs[-1],)
