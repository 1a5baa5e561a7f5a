"""The output layer and the loss as functions of autograd that run on the kernels.

Logits are not computed before the loss needs them, and then a few rows at a time: neither they nor
their derivatives ever lie in memory as a whole (T, B, V).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.exact.layout import Array
from charlab.exact.workspace import Head, LookUp
from charlab.models.kernel_functions import gradient_per_place, per_place
from charlab.models.packed import (
    Lazy,
    Loan,
    Packed,
    apply,
    packed,
    take_gradient,
)


class Logits(Lazy):
    """W h + b, (T, B, V), not yet computed: the loss computes it a few rows at a time."""

    def __init__(
        self, shape: tuple[int, ...], dtype: torch.dtype, x: Packed, weight: Tensor, bias: Tensor,
        more: Tensor | None,
    ) -> None:  # fmt: skip
        self.x, self.weights = x, (weight.detach(), bias.detach())
        self.more = None if more is None else more.detach()

    def plain(self) -> Tensor:
        """Return the same numbers as an ordinary tensor."""
        logits = F.linear(self.x.plain(), *self.weights)
        return logits if self.more is None else logits + self.more


class _LogitsGradient(Lazy):
    """The loss's derivative in logits, of which the kernels have made all that follows from it."""

    def __init__(
        self, shape: tuple[int, ...], dtype: torch.dtype, logits: Logits, targets: Array,
        scale: float, results: tuple[Loan, Array, LookUp | None],
    ) -> None:  # fmt: skip
        self.logits, self.targets, self.scale, self.results = logits, targets, scale, results

    def plain(self) -> Tensor:
        """Return the same numbers as an ordinary tensor."""
        p = self.logits.plain().softmax(-1)
        p.scatter_add_(-1, torch.from_numpy(self.targets)[..., None], p.new_full((1,), -1.0)
                       .expand(*self.targets.shape, 1))  # fmt: skip
        return p * (self.scale / self.targets.size)


class _Linear(Function):
    """The output layer."""

    @staticmethod
    def forward(ctx: Any, x: Packed, weight: Tensor, bias: Tensor, more: Tensor | None) -> Tensor:
        ctx.x, ctx.weights, ctx.more = x, (weight, bias), more is not None
        logits: Tensor = Logits((*x.shape[:2], len(bias)), x.dtype, x, weight, bias, more)
        return logits

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        x: Packed = ctx.x
        if not isinstance(d, _LogitsGradient):
            flat = d.flatten(0, 1)  # (T*B, V)
            hidden = x.plain().flatten(0, 1)  # (T*B, H)
            d_x = (flat @ ctx.weights[0]).view(x.shape)
            return d_x, flat.T @ hidden, flat.sum(0), d if ctx.more else None
        loan, dh, look_up = d.results
        weight, bias = map(take_gradient, ctx.weights)
        loan.lent.unpack(weight, bias)
        d_x, d_more = Packed(tuple(x.shape), x.dtype, dh, []), None
        if look_up:
            d_more = torch.from_numpy(gradient_per_place(look_up, tuple(d.shape)))
        return d_x, torch.from_numpy(weight), torch.from_numpy(bias), d_more


def linear(x: Tensor, weight: Tensor, bias: Tensor, more: Tensor | None = None) -> Tensor:
    """Return logits W h + b, (T, B, V), of hidden states (T, B, H); ``more`` is added."""
    logits: Tensor = apply(_Linear, packed(x), weight, bias, more)
    if not torch.is_grad_enabled() and isinstance(logits, Lazy):
        return logits.plain()
    return logits


class _CrossEntropy(Function):
    """Output layer, softmax and cross-entropy at once, with all derivatives."""

    @staticmethod
    def forward(ctx: Any, logits: Logits, targets: Array) -> Tensor:
        x, (weight, bias) = logits.x, (value.numpy() for value in logits.weights)
        (seq_len, batch, hidden), dtype = x.shape, x.numbers.dtype
        size = (hidden, len(bias), batch, seq_len, dtype)
        loan = Loan(("head", *size), lambda: Head(*size))
        loan.lent.pack(weight, bias)
        learn = ctx.needs_input_grad[0]
        dh = x.take_room() if learn else x.numbers
        look_up = None if logits.more is None else per_place(logits.more.numpy())
        ctx.logits, ctx.targets, ctx.results = logits, targets, (loan, dh, look_up)
        mean = loan.lent.loss(learn, x.numbers, dh, targets, look_up)
        return torch.tensor(mean, dtype=torch.float64)

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        loan, dh, look_up = ctx.results
        head: Head = loan.spend()
        scale = d.item()
        if scale != 1.0:
            parts = (dh, head.dweight, head.dbias, *([look_up.gradient] if look_up else []))
            for part in parts:
                part *= scale
        logits: Logits = ctx.logits
        shape = tuple(logits.shape)
        return _LogitsGradient(shape, logits.dtype, logits, ctx.targets, scale, ctx.results), None


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean loss in nats per character; logits (T, B, V), targets (T, B)."""
    if isinstance(logits, Logits):
        loss: Tensor = apply(_CrossEntropy, logits, targets.long().contiguous().numpy())
        return loss
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten().long())
