"""The same layers with a hand-written backward pass: what makes training on a CPU fast.

:func:`charlab.models.cells.run_steps` lets autograd record each operation of each step
and differentiate it. Here a step's gradients are written out, and everything they need of
it is still in the processor's cache when it is used:

- Characters are looked up in the table of input shares step by step, and its gradient is
  gathered step by step. Biases are added to the table, not to the gates.
- sigmoid(a) = (1 + tanh(a/2)) / 2, with the inner half in the weights: one call makes all
  gates. What is kept of a gate is u = tanh(a/2), so that 2 sigmoid = 1 + u.
- Results go into arrays that are there.
- With ``product_dtype`` bfloat16 the recurrent products are taken in it; gates, states and
  sums stay float32. That pays where the processor has matrix units for it (AMX).

Derivatives are written in terms of outputs y: tanh' = 1 - y^2, sigmoid' = y (1 - y),
relu' = [y > 0]. d stands for the loss's derivative in a gate before its non-linearity.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from charlab.models.cells import LayerState, run_steps


@cache
def _keep_memory() -> None:
    """Let the C library keep what is freed, for the next chunk.

    Linux maps large arrays afresh each time, at the cost of a page fault for every 4 KB.
    glibc raises the size from which on it does so to that of the largest block freed so
    far, up to 32 MB; so one block is freed here, which was never written to.
    """
    torch.empty(31 << 20, dtype=torch.uint8)


def _relu(x: Tensor, *, out: Tensor) -> Tensor:
    return torch.clamp_min(x, 0.0, out=out)


_APPLY: dict[str, Callable[..., Tensor]] = {
    "tanh": torch.tanh,
    "relu": _relu,
    "sigmoid": torch.sigmoid,
}
"""Each activation, written into an array that is there."""


def _tanh_slope(y: Tensor, *, out: Tensor) -> Tensor:
    return torch.addcmul(y.new_ones(()), y, y, value=-1, out=out)


def _relu_slope(y: Tensor, *, out: Tensor) -> Tensor:
    return torch.gt(y, 0, out=out)


def _sigmoid_slope(y: Tensor, *, out: Tensor) -> Tensor:
    return torch.addcmul(y, y, y, value=-1, out=out)


How = tuple[str, torch.dtype]
"""The name of the activation, and the type of the recurrent products."""

_SLOPE: dict[str, Callable[..., Tensor]] = {
    "tanh": _tanh_slope,
    "relu": _relu_slope,
    "sigmoid": _sigmoid_slope,
}
"""Each activation's derivative from its output, written into another array."""


class _Source:
    """The input's share of the gates: rows of a table picked by ids, or there for all steps."""

    def __init__(self, x: Tensor, ids: Tensor | None) -> None:
        self.x, self.ids = x, None if ids is None else ids.unbind(0)

    def write(self, t: int, out: Tensor) -> Tensor:
        """Copy step t's share, (B, G*H), to ``out``."""
        if self.ids is None:
            return out.copy_(self.x[t])
        return torch.index_select(self.x, 0, self.ids[t], out=out)

    def start_gradient(self) -> None:
        """Make room for the gradient."""
        self.gradient = torch.zeros_like(self.x) if self.ids else torch.empty_like(self.x)

    def add_gradient(self, t: int, d: Tensor) -> None:
        """Take in the gradient of step t's share, (B, G*H)."""
        if self.ids is None:
            self.gradient[t] = d
        else:
            self.gradient.index_add_(0, self.ids[t], d)


class _Products:
    """The recurrent products of one chunk, in the type that they are wanted in.

    ``weight`` is W, (G*H, H).
    """

    def __init__(self, weight: Tensor, dtype: torch.dtype) -> None:
        self.plain = dtype == weight.dtype
        self.weight, self.dtype = weight.to(dtype), dtype

    def start_forward(self) -> None:
        """Lay the transpose out once."""
        self.across = self.weight.T.contiguous()

    def add_forward(self, gate: Tensor, h: Tensor) -> None:
        """Add W h to ``gate``: (B, H) to (B, G*H)."""
        if self.plain:
            gate.addmm_(h, self.across)
        else:
            gate.add_(torch.mm(h.to(self.dtype), self.across))

    def start_backward(self) -> None:
        """Make room for the gradient."""
        self.pairs: list[tuple[Tensor, Tensor]] = []
        self.gradient = torch.zeros_like(self.weight)

    def backward(self, d: Tensor, h: Tensor, out: Tensor) -> None:
        """Write ``d`` W, (B, H), to ``out``, and add the outer product with ``h`` to dW."""
        if self.plain:
            torch.mm(d, self.weight, out=out)
            self.gradient.addmm_(d.T, h)
        else:
            # Summed over all steps within one product, which adds in float32.
            self.pairs.append((d.to(self.dtype), h.to(self.dtype)))
            out.copy_(torch.mm(self.pairs[-1][0], self.weight))

    def total(self, like: Tensor) -> Tensor:
        """Return dW in the type of ``like``."""
        if self.pairs:
            ds, hs = (torch.cat(part) for part in zip(*self.pairs, strict=True))
            self.gradient = ds.T @ hs
        return self.gradient.to(like.dtype)


def _steps(x: Tensor, parts: int) -> list[tuple[Tensor, ...]]:
    """Cut (T, B, parts*H) into parts, each a tuple of T views (B, H)."""
    cut = x.unflatten(2, (parts, -1)).unbind(2)
    return [part.unbind(0) for part in cut]


class _RNN(torch.autograd.Function):
    """h_t = phi(x_t + W h_{t-1}) over a whole sequence."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, ids: Tensor | None, h0: Tensor, weight: Tensor, how: How
    ) -> Tensor:
        source, products = _Source(x, ids), _Products(weight, how[1])
        products.start_forward()
        steps = len(x if ids is None else ids)
        out = x.new_empty(steps + 1, *h0.shape)
        out[0] = h0
        apply, h = _APPLY[how[0]], out.unbind(0)
        for t in range(steps):
            products.add_forward(source.write(t, h[t + 1]), h[t])
            apply(h[t + 1], out=h[t + 1])
        ctx.save_for_backward(x, ids, out, weight)
        ctx.how = how
        return out[1:]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, ids, out, weight = ctx.saved_tensors
        source, products, slope = _Source(x, ids), _Products(weight, ctx.how[1]), _SLOPE[ctx.how[0]]
        source.start_gradient()
        products.start_backward()
        d, dh = torch.empty_like(out[0]), torch.zeros_like(out[0])
        h, dout = out.unbind(0), grad.unbind(0)
        for t in range(len(grad) - 1, -1, -1):
            dh.add_(dout[t])
            slope(h[t + 1], out=d).mul_(dh)
            products.backward(d, h[t], dh)
            source.add_gradient(t, d)
        return source.gradient, None, dh, products.total(weight), None


class _LSTM(torch.autograd.Function):
    """The LSTM over a whole sequence; gates are stacked i, f, g, o, all but g as u.

    ``x`` and ``weight`` are those of u: halved but for g.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, ids: Tensor | None, h0: Tensor, c0: Tensor, weight: Tensor, how: How
    ) -> tuple[Tensor, Tensor]:
        source, products, phi = _Source(x, ids), _Products(weight, how[1]), how[0]
        products.start_forward()
        steps = len(x if ids is None else ids)
        batch, size = h0.shape
        out, cells = x.new_empty(2, steps + 1, batch, size).unbind(0)
        squashed = x.new_empty(steps, batch, size)  # phi(c_t)
        gates = x.new_empty(steps, batch, 4 * size)
        out[0], cells[0] = h0, c0
        apply, spare = _APPLY[phi], torch.empty_like(h0)
        gate, (i, f, g, o) = gates.unbind(0), _steps(gates, 4)
        h, c, s = out.unbind(0), cells.unbind(0), squashed.unbind(0)
        for t in range(steps):
            products.add_forward(source.write(t, gate[t]), h[t])
            if phi == "tanh":
                gate[t].tanh_()
            else:
                gate[t][:, : 2 * size].tanh_()
                apply(g[t], out=g[t])
                o[t].tanh_()
            torch.addcmul(c[t], f[t], c[t], out=c[t + 1])  # 2 f c
            c[t + 1].add_(torch.addcmul(g[t], i[t], g[t], out=spare)).mul_(0.5)
            apply(c[t + 1], out=s[t])
            torch.addcmul(s[t], o[t], s[t], out=h[t + 1]).mul_(0.5)
        ctx.save_for_backward(x, ids, out, cells, squashed, gates, weight)
        ctx.how = how
        return out[1:], cells[-1].clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor, grad_cell: Tensor) -> tuple[Tensor | None, ...]:
        x, ids, out, cells, squashed, gates, weight = ctx.saved_tensors
        (phi, dtype), source = ctx.how, _Source(x, ids)
        # Twice the gradients are made below: every one has a factor of a half, which is put
        # into W here and into the results at the end.
        products, slope = _Products(0.5 * weight, dtype), _SLOPE[phi]
        source.start_gradient()
        products.start_backward()
        gate, (i, f, g, o) = gates.unbind(0), _steps(gates, 4)
        h, c, s, dout = out.unbind(0), cells.unbind(0), squashed.unbind(0), grad.unbind(0)
        d, one = torch.empty_like(gate[0]), gates.new_ones(())
        di, df, dg, do = d.chunk(4, dim=1)
        dh, dc, through = torch.zeros_like(h[0]), grad_cell.clone(), torch.empty_like(h[0])
        for t in range(len(grad) - 1, -1, -1):
            dh.add_(dout[t])
            slope(s[t], out=through)
            dc.addcmul_(dh, through.addcmul_(through, o[t]), value=0.5)
            torch.addcmul(one, gate[t], gate[t], value=-1, out=d)
            if phi != "tanh":
                slope(g[t], out=dg)
            di.mul_(g[t]).mul_(dc)
            df.mul_(c[t]).mul_(dc)
            dg.addcmul_(dg, i[t]).mul_(dc)
            do.mul_(s[t]).mul_(dh)
            dc.addcmul_(dc, f[t]).mul_(0.5)
            products.backward(d, h[t], dh)
            source.add_gradient(t, d)
        return source.gradient.mul_(0.5), None, dh, dc, products.total(weight).mul_(0.5), None


class _GRU(torch.autograd.Function):
    """The GRU over a whole sequence; gates are stacked r, z, n, the first two as u.

    ``x`` is that of u and of n, ``weight`` and ``bias`` are halved throughout.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, ids: Tensor | None, h0: Tensor, weight: Tensor, bias: Tensor, how: How
    ) -> Tensor:
        source, products = _Source(x, ids), _Products(weight, how[1])
        products.start_forward()
        steps = len(x if ids is None else ids)
        batch, size = h0.shape
        out = x.new_empty(steps + 1, batch, size)
        news = x.new_empty(steps, batch, size)  # n_t
        gates = x.new_empty(steps, batch, 3 * size)  # u of r and z, and half W_hn h + b_hn
        out[0] = h0
        apply = _APPLY[how[0]]
        driven, spare = torch.empty_like(gates[0]), torch.empty_like(h0)
        driven_rz, driven_n = driven[:, : 2 * size], driven[:, 2 * size :]
        gate, (r, z, back) = gates.unbind(0), _steps(gates, 3)
        rz, h, n = gates[..., : 2 * size].unbind(0), out.unbind(0), news.unbind(0)
        for t in range(steps):
            source.write(t, driven)
            gate[t][:, : 2 * size] = driven_rz
            back[t].copy_(bias)
            products.add_forward(gate[t], h[t])
            rz[t].tanh_()
            torch.addcmul(driven_n, r[t], back[t], out=n[t]).add_(back[t])
            apply(n[t], out=n[t])
            torch.sub(h[t], n[t], out=spare)
            torch.add(n[t], spare.addcmul_(spare, z[t]), alpha=0.5, out=h[t + 1])
        ctx.save_for_backward(x, ids, out, news, gates, weight)
        ctx.how = how
        return out[1:]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, ids, out, news, gates, weight = ctx.saved_tensors
        source, products, slope = _Source(x, ids), _Products(weight, ctx.how[1]), _SLOPE[ctx.how[0]]
        source.start_gradient()
        products.start_backward()
        size = out.shape[2]
        r, z, back = _steps(gates, 3)
        rz, h, n = gates[..., : 2 * size].unbind(0), out.unbind(0), news.unbind(0)
        dout, dbias = grad.unbind(0), torch.zeros_like(out[0])
        d, dx = torch.empty(2, *gates[0].shape, dtype=x.dtype, device=x.device).unbind(0)
        d_rz, (dr, dz, dback), dx_n = d[:, : 2 * size], d.split(size, dim=1), dx[:, 2 * size :]
        dh, spare, by_gates = torch.zeros((3, *h[0].shape), dtype=x.dtype, device=x.device)
        for t in range(len(grad) - 1, -1, -1):
            dh.add_(dout[t])
            # dn = dh (1 - z), where 1 - z = (1 - u) / 2
            slope(n[t], out=spare)
            spare.addcmul_(spare, z[t], value=-1).mul_(dh).mul_(0.5)
            dx_n.copy_(spare)
            torch.addcmul(spare, spare, r[t], out=dback)
            _tanh_slope(rz[t], out=d_rz)
            dr.mul_(back[t]).mul_(spare)
            torch.sub(h[t], n[t], out=spare)
            dz.mul_(spare).mul_(dh).mul_(0.5)
            dx[:, : 2 * size] = d_rz
            products.backward(d, h[t], by_gates)
            torch.add(by_gates, dh.addcmul_(dh, z[t]), alpha=0.5, out=dh)
            dbias.add_(dback)
            source.add_gradient(t, dx)
        return source.gradient, None, dh, products.total(weight), dbias.sum(0), None


def run_fast(
    cell: str,
    activation: str,
    inputs: Tensor,
    state: LayerState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    ids: Tensor | None = None,
    product_dtype: torch.dtype | None = None,
) -> tuple[Tensor, LayerState]:
    """Run a layer over a sequence; the contract of :func:`charlab.models.cells.run_steps`.

    Only the outputs, and for an LSTM the last cell state, carry gradients. Where the
    gradient of a gradient would be needed, use ``run_steps``.
    """
    layer: Any = {"rnn": _RNN, "lstm": _LSTM, "gru": _GRU}.get(cell)  # torch types no apply
    if layer is None:
        return run_steps(cell, activation, inputs, state, weight_hh, bias_hh, ids)
    _keep_memory()
    how, size = (activation, product_dtype or weight_hh.dtype), state[0].shape[1]
    if cell == "rnn":
        outputs = layer.apply(inputs + bias_hh, ids, *state, weight_hh, how)
        return outputs, (outputs[-1],)
    scale = torch.full_like(bias_hh, 0.5)
    scale[2 * size : 3 * size] = 1
    if cell == "lstm":
        x, weight = (inputs + bias_hh) * scale, weight_hh * scale[:, None]
        outputs, last = layer.apply(x, ids, *state, weight, how)
        return outputs, (outputs[-1], last)
    known = (torch.arange(3 * size, device=bias_hh.device) < 2 * size).to(bias_hh.dtype)
    x = (inputs + known * bias_hh) * scale  # the reset gate scales b_hn, so it is not in x
    outputs = layer.apply(x, ids, *state, 0.5 * weight_hh, 0.5 * bias_hh[2 * size :], how)
    return outputs, (outputs[-1],)
