"""Layers, dropout and loss of a network as functions of autograd that run on the kernels.

The bits are the same on every processor. Between these functions, hidden states and logits
stay in the layout of the kernels: a :class:`Packed` or :class:`Logits` is a tensor of the usual
shape whose numbers are laid out for torch when an operation of torch asks for them. So
a network may do anything with them, and costs more only where it does.

What a network adds in torch's own operations is differentiated as usual; those operations'
bits depend on the processor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

from charlab.exact import dropout, layout
from charlab.exact.lanes import WIDTH
from charlab.exact.layers import steps_for
from charlab.exact.layout import ADD, GET, SET, Array, aligned, blocks
from charlab.exact.settings import Span
from charlab.exact.workspace import Layer, LookUp
from charlab.models.packed import (
    Loan,
    Packed,
    apply,
    packed,
    take_gradient,
    write_packed,
)
from charlab.models.params import ModelParams

LayerState = tuple[Tensor, ...]
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class _RunLayer(Function):
    """One recurrent layer over a chunk."""

    @staticmethod
    def forward(
        ctx: Any,
        loan: Loan,
        ids: Any,
        below: Packed | None,
        weights: Any,
        more: Tensor | None,
        *tensors: Tensor,
    ) -> Any:
        layer: Layer = loan.lent
        arrays = [value.detach().numpy() for value in tensors]
        named = {f"rnn.{p}_l{layer.depth}": a for p, a in zip(PARTS, arrays, strict=False)}
        layer.pack(named, arrays[1])
        for part, start in zip(layer.parts(), arrays[4:], strict=True):
            layout.copy_state(SET, np.ascontiguousarray(start), part, layer.steps, 0)
        ctx.look_up = None if more is None else per_place(more.detach().numpy())
        layer.forward(ids, None if below is None else below.numbers, ctx.look_up)
        ends = [np.empty((layer.batch, layer.size), layer.dtype) for _ in layer.parts()]
        for end, part in zip(ends, layer.parts(), strict=True):
            layout.copy_state(GET, end, part, layer.steps, layer.seq_len)
        ctx.set_materialize_grads(False)
        ctx.loan, ctx.ids, ctx.below, ctx.weights = loan, ids, below, weights
        shape = (layer.seq_len, layer.batch, layer.size)
        hidden = Packed(shape, tensors[0].dtype, layer.h, [layer.dh], loan)
        return hidden, *map(torch.from_numpy, ends)

    @staticmethod
    def backward(ctx: Any, d: Tensor | None, *d_ends: Tensor | None) -> Any:
        layer: Layer = ctx.loan.spend()
        below: Packed | None = ctx.below
        if d is None:
            layer.dh.fill(0)
        elif not isinstance(d, Packed):
            write_packed(layer.dh, d)
        elif d.numbers is not layer.dh:
            layer.dh[...] = d.numbers
        layer.dc.fill(0)
        for end, (part, steps, slot) in zip(
            d_ends, ((layer.dh, layer.steps, layer.seq_len), (layer.dc, 1, 0)), strict=False
        ):
            if end is not None:
                layout.copy_state(ADD, end.contiguous().numpy(), part, steps, slot)
        wanted = any(ctx.needs_input_grad[9:])  # the state before the chunk
        room = None if below is None else below.take_room()
        if room is not None:
            room.fill(0)
        numbers = None if below is None else below.numbers
        layer.backward(ctx.ids, numbers, room, wanted, ctx.look_up)
        d_more = None
        if ctx.look_up:
            shape = (layer.seq_len, layer.batch, layer.gates, layer.size)
            d_more = torch.from_numpy(gradient_per_place(ctx.look_up, shape))
        gradients = [take_gradient(weight) for weight in ctx.weights]
        layer.unpack({f"rnn.{p}_l{layer.depth}": g for p, g in zip(PARTS, gradients, strict=True)})
        starts = _RunLayer.starts(layer) if wanted else [None for _ in layer.parts()]
        d_below = None if below is None else Packed(tuple(below.shape), below.dtype, room, [])  # type: ignore[arg-type]
        return None, None, d_below, None, d_more, *map(torch.from_numpy, gradients), *starts

    @staticmethod
    def starts(layer: Layer) -> list[Tensor]:
        """Return the derivatives in the state before the chunk, (B, H) each."""
        results = [np.empty((layer.batch, layer.size), layer.dtype) for _ in layer.parts()]
        places = ((layer.dh, layer.steps), (layer.dc, 1))
        for result, (part, steps) in zip(results, places, strict=False):
            layout.copy_state(GET, result, part, steps, 0)
        return [torch.from_numpy(result) for result in results]


def per_place(values: Array) -> LookUp:
    """Return a table in which each place of a chunk looks up a row of its own, (T, B, ...)."""
    seq_len, batch, *_, columns = values.shape
    padded = (*values.shape[:-1], blocks(columns) * WIDTH)
    table, gradient = aligned(padded, values.dtype), aligned((int(np.prod(padded)),), values.dtype)
    table[..., :columns] = values
    place = np.arange(seq_len * batch)
    rows = place.reshape(1, seq_len, batch)
    return LookUp(table.reshape(-1), gradient, place, (0, 1, 0), rows)


def gradient_per_place(look_up: LookUp, shape: tuple[int, ...]) -> Array:
    """Return the derivatives in what each place looked up."""
    padded = look_up.gradient.reshape(*shape[:-1], -1)
    return np.ascontiguousarray(padded[..., : shape[-1]])


class _LookUp(Function):
    """Sums of rows of a table."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Array, span: Span) -> Tensor:
        ctx.rows, ctx.span, ctx.shape = rows, span, table.shape
        values = table.detach().numpy()
        total = np.zeros((*rows.shape[1:], *table.shape[1:]), values.dtype)
        for order in range(*span[:2]):
            met = rows[order] >= 0
            total[met] += values[rows[order][met] - span[2]]
        return torch.from_numpy(total)

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        each = d.contiguous().numpy()
        gradient = np.zeros(ctx.shape, each.dtype)
        for order in range(*ctx.span[:2]):
            met = ctx.rows[order] >= 0
            # One after the other, in order of time, then of streams.
            np.add.at(gradient, ctx.rows[order][met] - ctx.span[2], each[met])
        return torch.from_numpy(gradient), None, None


def look_up(table: Tensor, rows: Tensor, span: Span) -> Tensor:
    """Return the sum of the rows that each place looks up, (T, B, ...).

    ``rows`` are (3, T, B), -1 where there is none; see :data:`charlab.exact.settings.Span`.
    """
    total: Tensor = apply(_LookUp, table, rows.numpy(), span)
    return total


def layer(
    params: ModelParams,
    depth: int,
    x: Tensor,
    state: LayerState,
    weights: tuple[Tensor, ...],
    more: Tensor | None = None,
) -> tuple[Tensor, LayerState]:
    """Run a layer over a chunk.

    Parameters
    ----------
    params : ModelParams
    depth : int
        0 for the layer that reads characters.
    x : Tensor
        Character ids (T, B), or the outputs (T, B, H) of the layer below.
    state : tuple of Tensor of shape (B, H)
    weights : tuple of Tensor
        W_ih (G*H, V or H), W_hh (G*H, H), b_ih and b_hh (G*H,).
    more : Tensor of shape (T, B, G, H), optional
        Added to W_ih x.

    Returns
    -------
    outputs : Tensor of shape (T, B, H)
    state : tuple of Tensor of shape (B, H)
        After the last step.
    """
    seq_len, batch = x.shape[:2]
    inputs, dtype = weights[0].shape[1], weights[0].detach().numpy().dtype
    cell = (params.cell, params.activation, params.hidden)
    key = ("layer", *cell, depth, inputs, batch, seq_len, dtype)
    loan = Loan(key, lambda: Layer(params, depth, inputs, batch, seq_len, dtype))
    ids = x.long().contiguous().numpy() if depth == 0 else loan.lent.no_ids
    below = packed(x) if depth else None
    hidden, *end = apply(_RunLayer, loan, ids, below, weights, more, *weights, *state)
    return hidden, tuple(end)


class Masks:
    """The source of dropout masks: a key, and the number of the update.

    Attributes
    ----------
    key : int
        Below 2^64.
    updates : int
        Set by who trains; each update has masks of its own.
    """

    def __init__(self, key: int) -> None:
        self.key, self.updates = key, 0

    def fill(self, mask: Array, rate: float, place: int) -> None:
        """Write 0 or 1 / (1 - rate) to a flat array whose length is a multiple of four."""
        dropout.fill_mask(mask, float(rate), np.uint64(self.key), self.updates, place)


class _DropOutputs(Function):
    """Dropout on the packed outputs of a layer."""

    @staticmethod
    def forward(ctx: Any, x: Packed, loan: Loan, mask_steps: int) -> Tensor:
        _, out = loan.lent
        ctx.x, ctx.loan, ctx.room, ctx.mask_steps = x, loan, x.take_room(), mask_steps
        _DropOutputs.thin(ctx, x.numbers, out)
        dropped: Tensor = Packed(tuple(x.shape), x.dtype, out, [ctx.room], loan)
        return dropped

    @staticmethod
    def thin(ctx: Any, values: Array, out: Array) -> None:
        """Multiply a packed array by the mask."""
        seq_len, batch, hidden = ctx.x.shape
        dropout.apply_mask(
            values, ctx.loan.lent[0], blocks(hidden), steps_for(seq_len), batch, seq_len,
            ctx.mask_steps, out,
        )  # fmt: skip

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        if not isinstance(d, Packed):
            write_packed(ctx.room, d)
        _DropOutputs.thin(ctx, d.numbers if isinstance(d, Packed) else ctx.room, ctx.room)
        return Packed(tuple(d.shape), d.dtype, ctx.room, []), None, None


def drop(x: Tensor, rate: float, masks: Masks, depth: int, every_step: bool) -> Tensor:
    """Set a random share of a layer's outputs (T, B, H) to zero and scale the rest.

    With ``every_step`` each step has a mask of its own; otherwise one serves the whole chunk.
    """
    source = packed(x)
    seq_len, batch, hidden = source.shape
    steps = steps_for(seq_len) if every_step else 1
    size, dtype = blocks(hidden) * batch * WIDTH, source.numbers.dtype

    def make() -> tuple[Array, Array]:
        return aligned((size * steps,), dtype), aligned(source.numbers.shape, dtype)

    loan = Loan(("drop", steps, hidden, batch, seq_len, dtype), make)
    masks.fill(loan.lent[0], rate, 2 * depth)
    result: Tensor = apply(_DropOutputs, source, loan, steps)
    return result


class _DropWeight(Function):
    """Dropout on a matrix."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, mask: Array) -> Tensor:
        ctx.mask, ctx.weight = mask, weight
        values = weight.detach().numpy()
        thinned = np.empty_like(values)
        dropout.multiply_flat(values.reshape(-1), mask, thinned.reshape(-1))
        return torch.from_numpy(thinned)

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        gradient = take_gradient(ctx.weight)
        dropout.multiply_flat(d.contiguous().numpy().reshape(-1), ctx.mask, gradient.reshape(-1))
        return torch.from_numpy(gradient), None


def drop_weight(weight: Tensor, rate: float, masks: Masks, depth: int) -> Tensor:
    """Set a random share of W_hh's elements to zero and scale the rest."""
    mask = aligned((blocks(weight.numel()) * WIDTH,), weight.detach().numpy().dtype)
    masks.fill(mask, rate, 2 * depth + 1)
    result: Tensor = apply(_DropWeight, weight, mask)
    return result


class _Repeat(Function):
    """One layer's row of a learned initial state, for all sequences of a batch."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, depth: int, batch: int) -> Tensor:
        ctx.part, ctx.depth = part, depth
        return part[depth].expand(batch, -1).contiguous()

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        gradient = np.zeros(tuple(ctx.part.shape), d.numpy().dtype)
        for row in d.numpy():  # in order: torch's sum would choose an order of its own
            gradient[ctx.depth] += row
        return torch.from_numpy(gradient), None, None


def repeat(part: Tensor, depth: int, batch: int) -> Tensor:
    """Return row ``depth`` of (layers, H) for every sequence, (B, H)."""
    result: Tensor = apply(_Repeat, part, depth, batch)
    return result
