"""Layers, dropout and loss of a network as functions of autograd that run on the kernels.

The bits are the same on every processor. Between these functions, hidden states and logits
stay in the layout of the kernels: a :class:`Packed` or :class:`Logits` is a tensor of the usual
shape whose numbers are laid out for torch when an operation of torch asks for them. So
a network may do anything with them, and costs more only where it does.

What a network adds in torch's own operations is differentiated as usual; those operations'
bits depend on the processor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.exact import dropout, layout
from charlab.exact.lanes import WIDTH
from charlab.exact.layers import steps_for
from charlab.exact.layout import ADD, GET, SET, Array, aligned, blocks
from charlab.exact.workspace import Head, Layer
from charlab.models.params import ModelParams

LayerState = tuple[Tensor, ...]
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Loan:
    """A workspace in use; it can be used again when nothing refers to the loan anymore."""

    pools: ClassVar[defaultdict[Any, list[Any]]] = defaultdict(list)

    def __init__(self, key: Any, make: Callable[[], Any]) -> None:
        self.pool = self.pools[key]
        self.lent = self.pool.pop() if self.pool else make()
        self.spent = False

    def spend(self) -> Any:
        """Return the workspace for a backward pass, which overwrites what it reads."""
        if self.spent:
            raise RuntimeError("the kernels can differentiate a chunk once; read it again first")
        self.spent = True
        return self.lent

    def __del__(self) -> None:
        self.pool.append(self.lent)


def _apply(function: Any, *arguments: Any) -> Any:
    """Call a function of autograd."""
    return function.apply(*arguments)


class Lazy(torch.Tensor):
    """A tensor whose numbers torch gets when it asks for them."""

    @staticmethod
    def __new__(cls, shape: tuple[int, ...], dtype: torch.dtype, *_: Any) -> Any:
        """Make a tensor without memory."""
        return torch.Tensor._make_wrapper_subclass(cls, shape, dtype=dtype)

    def plain(self) -> Tensor:
        """Return the same numbers as an ordinary tensor."""
        raise NotImplementedError

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run any operation of torch on ordinary tensors."""
        return function(*_plain(args), **_plain(kwargs or {}))


def _plain(value: Any) -> Any:
    """Return arguments of an operation with each lazy tensor made an ordinary one."""
    if isinstance(value, Lazy):
        return value.plain()
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return type(value)(map(_plain, value)) if isinstance(value, (list, tuple)) else value


class Packed(Lazy):
    """Hidden states, or derivatives in them, (T, B, H), in blocks (H / 16, S, B, 16).

    Attributes
    ----------
    numbers : ndarray, flat
    rooms : list of ndarray
        Where the derivative in this tensor may be written; empty once it is given away.
    loan : Loan or None
        Keeps ``numbers`` from being used for something else.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: torch.dtype, values: Array, rooms: list[Array],
        loan: Loan | None = None,
    ) -> None:  # fmt: skip
        self.numbers, self.rooms, self.loan = values, rooms, loan

    def take_room(self) -> Array:
        """Return an array for the derivative in this tensor, another one at each call."""
        return self.rooms.pop() if self.rooms else aligned(self.numbers.shape, self.numbers.dtype)

    def plain(self) -> Tensor:
        """Return the same numbers as an ordinary tensor."""
        seq_len, batch, hidden = self.shape
        steps = _steps(self.numbers, seq_len, batch, hidden)  # (T, B, H / 16, 16)
        return torch.from_numpy(steps.reshape(seq_len, batch, -1)[:, :, :hidden].copy())


def _steps(values: Array, seq_len: int, batch: int, hidden: int) -> Array:
    """Return a view (T, B, blocks, 16) of a packed array's steps 1 to T."""
    full = values.reshape(blocks(hidden), steps_for(seq_len), batch, WIDTH)
    return full[:, 1 : seq_len + 1].transpose(1, 2, 0, 3)


def _write(values: Array, x: Tensor) -> None:
    """Pack an ordinary tensor (T, B, H)."""
    seq_len, batch, hidden = x.shape
    source, view = x.detach().numpy(), _steps(values, seq_len, batch, hidden)
    for block in range(blocks(hidden)):
        part = source[:, :, block * WIDTH : (block + 1) * WIDTH]
        view[:, :, block, : part.shape[2]] = part


class _Pack(Function):
    """Packs an ordinary tensor, so that kernels can read it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        seq_len, batch, hidden = x.shape
        size = blocks(hidden) * steps_for(seq_len) * batch * WIDTH
        values = aligned((size,), x.detach().numpy().dtype)
        _write(values, x)
        packed: Tensor = Packed(tuple(x.shape), x.dtype, values, [])
        return packed

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        return d.plain() if isinstance(d, Lazy) else d


def _packed(x: Tensor) -> Packed:
    result: Packed = x if isinstance(x, Packed) else _apply(_Pack, x)
    return result


def _take(weight: Tensor) -> Array:
    """Return an array for the gradient in a weight, part of the optimizer's if it is free."""
    rooms: list[Array] = weight.__dict__.get("rooms", [])
    return rooms.pop() if rooms else np.empty(tuple(weight.shape), weight.detach().numpy().dtype)


class _RunLayer(Function):
    """One recurrent layer over a chunk."""

    @staticmethod
    def forward(
        ctx: Any, loan: Loan, ids: Any, below: Packed | None, weights: Any, *tensors: Tensor
    ) -> Any:
        layer: Layer = loan.lent
        arrays = [value.detach().numpy() for value in tensors]
        named = {f"rnn.{p}_l{layer.depth}": a for p, a in zip(PARTS, arrays, strict=False)}
        layer.pack(named, arrays[1])
        for part, start in zip(layer.parts(), arrays[4:], strict=True):
            layout.copy_state(SET, np.ascontiguousarray(start), part, layer.steps, 0)
        layer.forward(ids, None if below is None else below.numbers)
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
            _write(layer.dh, d)
        elif d.numbers is not layer.dh:
            layer.dh[...] = d.numbers
        layer.dc.fill(0)
        for end, (part, steps, slot) in zip(
            d_ends, ((layer.dh, layer.steps, layer.seq_len), (layer.dc, 1, 0)), strict=False
        ):
            if end is not None:
                layout.copy_state(ADD, end.contiguous().numpy(), part, steps, slot)
        wanted = any(ctx.needs_input_grad[8:])  # the state before the chunk
        room = None if below is None else below.take_room()
        if room is not None:
            room.fill(0)
        layer.backward(ctx.ids, None if below is None else below.numbers, room, wanted)
        gradients = [_take(weight) for weight in ctx.weights]
        layer.unpack({f"rnn.{p}_l{layer.depth}": g for p, g in zip(PARTS, gradients, strict=True)})
        starts = _RunLayer.starts(layer) if wanted else [None for _ in layer.parts()]
        d_below = None if below is None else Packed(tuple(below.shape), below.dtype, room, [])  # type: ignore[arg-type]
        return None, None, d_below, None, *map(torch.from_numpy, gradients), *starts

    @staticmethod
    def starts(layer: Layer) -> list[Tensor]:
        """Return the derivatives in the state before the chunk, (B, H) each."""
        results = [np.empty((layer.batch, layer.size), layer.dtype) for _ in layer.parts()]
        places = ((layer.dh, layer.steps), (layer.dc, 1))
        for result, (part, steps) in zip(results, places, strict=False):
            layout.copy_state(GET, result, part, steps, 0)
        return [torch.from_numpy(result) for result in results]


def layer(
    params: ModelParams, depth: int, x: Tensor, state: LayerState, weights: tuple[Tensor, ...]
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
    below = _packed(x) if depth else None
    hidden, *end = _apply(_RunLayer, loan, ids, below, weights, *weights, *state)
    return hidden, tuple(end)


class Masks:
    """Where dropout masks come from: a key, and the number of the update.

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
            _write(ctx.room, d)
        _DropOutputs.thin(ctx, d.numbers if isinstance(d, Packed) else ctx.room, ctx.room)
        return Packed(tuple(d.shape), d.dtype, ctx.room, []), None, None


def drop(x: Tensor, rate: float, masks: Masks, depth: int, every_step: bool) -> Tensor:
    """Set a random share of a layer's outputs (T, B, H) to zero and scale the rest.

    With ``every_step`` each step has a mask of its own; otherwise one serves the whole chunk.
    """
    packed = _packed(x)
    seq_len, batch, hidden = packed.shape
    steps = steps_for(seq_len) if every_step else 1
    size, dtype = blocks(hidden) * batch * WIDTH, packed.numbers.dtype

    def make() -> tuple[Array, Array]:
        return aligned((size * steps,), dtype), aligned(packed.numbers.shape, dtype)

    loan = Loan(("drop", steps, hidden, batch, seq_len, dtype), make)
    masks.fill(loan.lent[0], rate, 2 * depth)
    result: Tensor = _apply(_DropOutputs, packed, loan, steps)
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
        gradient = _take(ctx.weight)
        dropout.multiply_flat(d.contiguous().numpy().reshape(-1), ctx.mask, gradient.reshape(-1))
        return torch.from_numpy(gradient), None


def drop_weight(weight: Tensor, rate: float, masks: Masks, depth: int) -> Tensor:
    """Set a random share of W_hh's elements to zero and scale the rest."""
    mask = aligned((blocks(weight.numel()) * WIDTH,), weight.detach().numpy().dtype)
    masks.fill(mask, rate, 2 * depth + 1)
    result: Tensor = _apply(_DropWeight, weight, mask)
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
    result: Tensor = _apply(_Repeat, part, depth, batch)
    return result


class Logits(Lazy):
    """W h + b, (T, B, V), not yet computed: the loss computes it a few rows at a time."""

    def __init__(
        self, shape: tuple[int, ...], dtype: torch.dtype, x: Packed, weight: Tensor, bias: Tensor
    ) -> None:
        self.x, self.weights = x, (weight.detach(), bias.detach())

    def plain(self) -> Tensor:
        """Return the same numbers as an ordinary tensor."""
        return F.linear(self.x.plain(), *self.weights)


class _LogitsGradient(Lazy):
    """The loss's derivative in logits, of which the kernels have made all that follows from it."""

    def __init__(
        self, shape: tuple[int, ...], dtype: torch.dtype, logits: Logits, targets: Array,
        scale: float, results: tuple[Loan, Array],
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
    def forward(ctx: Any, x: Packed, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.x, ctx.weights = x, (weight, bias)
        logits: Tensor = Logits((*x.shape[:2], len(bias)), x.dtype, x, weight, bias)
        return logits

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        x: Packed = ctx.x
        if not isinstance(d, _LogitsGradient):
            flat = d.flatten(0, 1)  # (T*B, V)
            hidden = x.plain().flatten(0, 1)  # (T*B, H)
            return (flat @ ctx.weights[0]).view(x.shape), flat.T @ hidden, flat.sum(0)
        loan, dh = d.results
        weight, bias = map(_take, ctx.weights)
        loan.lent.unpack(weight, bias)
        d_x = Packed(tuple(x.shape), x.dtype, dh, [])
        return d_x, torch.from_numpy(weight), torch.from_numpy(bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return logits W h + b, (T, B, V), of hidden states (T, B, H)."""
    logits: Tensor = _apply(_Linear, _packed(x), weight, bias)
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
        ctx.logits, ctx.targets, ctx.results = logits, targets, (loan, dh)
        mean = loan.lent.loss(learn, x.numbers, dh, targets)
        return torch.tensor(mean, dtype=torch.float64)

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        loan, dh = ctx.results
        head: Head = loan.spend()
        scale = d.item()
        if scale != 1.0:
            for part in (dh, head.dweight, head.dbias):
                part *= scale
        logits: Logits = ctx.logits
        shape = tuple(logits.shape)
        return _LogitsGradient(shape, logits.dtype, logits, ctx.targets, scale, (loan, dh)), None


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean loss in nats per character; logits (T, B, V), targets (T, B)."""
    if isinstance(logits, Logits):
        loss: Tensor = _apply(_CrossEntropy, logits, targets.long().contiguous().numpy())
        return loss
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten().long())
