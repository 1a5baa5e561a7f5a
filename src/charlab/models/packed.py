"""Tensors of torch whose numbers lie in the layout of the kernels.

Between the functions of :mod:`charlab.models.kernel_functions`, hidden states and logits stay in
blocks of 16 columns. To torch a :class:`Packed` is a tensor of the usual shape; its numbers are
laid out for torch when an operation of torch asks for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

from charlab.exact.lanes import WIDTH
from charlab.exact.layers import steps_for
from charlab.exact.layout import Array, aligned, blocks


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


def apply(function: Any, *arguments: Any) -> Any:
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
        return function(*plain(args), **plain(kwargs or {}))


def plain(value: Any) -> Any:
    """Return arguments of an operation with each lazy tensor made an ordinary one."""
    if isinstance(value, Lazy):
        return value.plain()
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return type(value)(map(plain, value)) if isinstance(value, (list, tuple)) else value


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
        steps = steps_view(self.numbers, seq_len, batch, hidden)  # (T, B, H / 16, 16)
        return torch.from_numpy(steps.reshape(seq_len, batch, -1)[:, :, :hidden].copy())


def steps_view(values: Array, seq_len: int, batch: int, hidden: int) -> Array:
    """Return a view (T, B, blocks, 16) of a packed array's steps 1 to T."""
    full = values.reshape(blocks(hidden), steps_for(seq_len), batch, WIDTH)
    return full[:, 1 : seq_len + 1].transpose(1, 2, 0, 3)


def write_packed(values: Array, x: Tensor) -> None:
    """Pack an ordinary tensor (T, B, H)."""
    seq_len, batch, hidden = x.shape
    source, view = x.detach().numpy(), steps_view(values, seq_len, batch, hidden)
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
        write_packed(values, x)
        packed: Tensor = Packed(tuple(x.shape), x.dtype, values, [])
        return packed

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        return d.plain() if isinstance(d, Lazy) else d


def packed(x: Tensor) -> Packed:
    """Return a tensor (T, B, H) in the layout of the kernels."""
    result: Packed = x if isinstance(x, Packed) else apply(_Pack, x)
    return result


def take_gradient(weight: Tensor) -> Array:
    """Return an array for the gradient in a weight, part of the optimizer's if it is free."""
    rooms: list[Array] = weight.__dict__.get("rooms", [])
    return rooms.pop() if rooms else np.empty(tuple(weight.shape), weight.detach().numpy().dtype)
