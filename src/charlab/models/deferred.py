"""Run a network that was left as it is by one compiled pass, and any other by autograd.

The functions are those of :mod:`charlab.models.kernel_functions`, and so are their results to
the last bit, but nothing is computed at once. They return a :class:`Deferred`, which notes what is
to be done. If the loss of such a chain is differentiated, and the chain is
recurrent layers, dropout, output layer and loss as in ``CharRNN.forward``, then
:class:`charlab.exact.network.Network` does it without autograd, whose bookkeeping takes a third of
the time of a small network's step. As soon as an operation of torch meets a Deferred, the chain
up to it is computed by autograd's functions instead, and the operation goes on as usual.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from charlab.exact.network import Network
from charlab.exact.settings import DIRECT, INPUT, Span, spans
from charlab.models import kernel_functions, kernel_loss
from charlab.models.kernel_functions import Masks
from charlab.models.params import ModelParams

LayerState = tuple[Any, ...]


class Deferred:
    """A result that is computed when it is used: a function of torch, and its arguments."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function, self.arguments = function, arguments
        self.result: Any = None

    def real(self) -> Any:
        """Return the tensor that autograd knows."""
        if self.result is None:
            self.result = self.function(*map(_real, self.arguments))
        return self.result

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real(), name)

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run any function of torch on the tensors."""
        return function(*_real(args), **_real(kwargs or {}))

    def __float__(self) -> float:
        return float(self.real())

    def __getitem__(self, index: Any) -> Any:
        return self.real()[index]

    def __iter__(self) -> Any:
        return iter(self.real())

    def __len__(self) -> int:
        return len(self.real())


def _operator(name: str) -> Callable[..., Any]:
    return lambda self, *others: getattr(self.real(), name)(*map(_real, others))


for _name in ("add", "sub", "mul", "truediv", "pow", "matmul"):
    for _prefix in ("", "r"):
        setattr(Deferred, f"__{_prefix}{_name}__", _operator(f"__{_prefix}{_name}__"))
for _name in ("neg", "lt", "le", "gt", "ge", "abs"):
    setattr(Deferred, f"__{_name}__", _operator(f"__{_name}__"))


def _real(value: Any) -> Any:
    """Return arguments with tensors for each Deferred."""
    if isinstance(value, Deferred):
        return value.real()
    if isinstance(value, (tuple, list)):
        return type(value)(map(_real, value))
    return {key: _real(part) for key, part in value.items()} if isinstance(value, dict) else value


def _now(arguments: tuple[Any, ...]) -> bool:
    """Return whether to compute at once, as no derivative will be asked for."""
    return not torch.is_grad_enabled() or any(
        isinstance(a, Tensor) and a.is_floating_point() for a in arguments
    )


def look_up(table: Tensor, rows: Tensor, span: Span) -> Any:
    """Sum rows of a table; see :func:`charlab.models.kernel_functions.look_up`."""
    return Deferred(kernel_functions.look_up, table, rows, span)


def layer(
    params: ModelParams,
    depth: int,
    x: Any,
    state: LayerState,
    weights: tuple[Any, ...],
    more: Any = None,
) -> tuple[Any, LayerState]:
    """Run a layer over a chunk; see :func:`charlab.models.kernel_functions.layer`."""
    arguments = (params, depth, x, state, weights, more)
    if _now((x,)):
        result = kernel_functions.layer(*map(_real, arguments))
        return result[0], result[1]
    both = Deferred(kernel_functions.layer, *arguments)
    ends = tuple(Deferred(_end, both, place) for place in range(len(state)))
    return Deferred(_outputs, both, ends), ends


def _outputs(both: Any, ends: Any) -> Tensor:
    hidden: Tensor = both[0]
    return hidden


def _end(both: Any, place: int) -> Tensor:
    end: Tensor = both[1][place]
    return end


def drop(x: Any, rate: float, masks: Masks, depth: int, every_step: bool) -> Any:
    """Drop outputs of a layer; see :func:`charlab.models.kernel_functions.drop`."""
    function = kernel_functions.drop
    arguments = (x, rate, masks, depth, every_step)
    return function(*arguments) if _now(arguments) else Deferred(function, *arguments)


def drop_weight(weight: Tensor, rate: float, masks: Masks, depth: int) -> Any:
    """Drop elements of W_hh; see :func:`charlab.models.kernel_functions.drop_weight`."""
    return Deferred(kernel_functions.drop_weight, weight, rate, masks, depth)


def repeat(part: Tensor, depth: int, batch: int) -> Any:
    """Return a learned state; see :func:`charlab.models.kernel_functions.repeat`."""
    return Deferred(kernel_functions.repeat, part, depth, batch)


def linear(x: Any, weight: Tensor, bias: Tensor, more: Any = None) -> Any:
    """Return logits; see :func:`charlab.models.kernel_loss.linear`."""
    function, arguments = kernel_loss.linear, (x, weight, bias, more)
    return function(*map(_real, arguments)) if _now((x,)) else Deferred(function, *arguments)


class Loss(Deferred):
    """A mean cross-entropy.

    Attributes
    ----------
    value : float or None
        Known after a backward pass by a whole network.
    """

    value: float | None = None

    def real(self) -> Any:
        """Return the tensor that autograd knows, or after the backward pass a constant."""
        if self.result is None and self.value is not None:
            self.result = torch.tensor(self.value, dtype=torch.float64)
        return super().real()

    def detach(self) -> Any:
        """Return the loss without its history."""
        return self if self.value is not None else self.real().detach()

    def __float__(self) -> float:
        return float(self.real()) if self.value is None else self.value

    def backward(self) -> None:
        """Add the derivatives in the weights to their ``grad``."""
        chain = None if self.value is not None or self.result is not None else Chain.of(self)
        if chain is None:
            self.real().backward()
        else:
            self.value = chain.differentiate()


def cross_entropy(logits: Any, targets: Tensor) -> Any:
    """Return the mean loss; see :func:`charlab.models.kernel_loss.cross_entropy`."""
    function = kernel_loss.cross_entropy
    return function(logits, targets) if _now((logits,)) else Loss(function, logits, targets)


class Chain:
    """A chunk's pass through recurrent layers, dropout, output layer and loss.

    Attributes
    ----------
    owner : object
        The optimizer whose flat arrays hold the weights.
    layers : list of tuple
        The arguments of each layer, from the bottom.
    tables : list of Deferred
        What is looked up: at the input, and directly for the output.
    ends : list of tuple of Deferred
        The states after the chunk.
    """

    def __init__(
        self,
        owner: Any,
        layers: list[tuple[Any, ...]],
        ends: list[LayerState],
        tables: list[Any],
        targets: Tensor,
    ) -> None:
        self.owner, self.layers, self.ends, self.targets = owner, layers, ends, targets
        self.tables = tables

    @classmethod
    def of(cls, loss: Loss) -> Chain | None:
        """Return the chain that ends in a loss, or None if it is not the usual one."""
        logits, targets = loss.arguments
        if not _pending(logits, kernel_loss.linear):
            return None
        x, *weights, direct = logits.arguments
        layers: list[tuple[Any, ...]] = []
        ends: list[LayerState] = []
        while True:
            masks = None
            if _pending(x, kernel_functions.drop):
                masks, x = x.arguments[1:], x.arguments[0]
            if not _pending(x, _outputs) or not _pending(x.arguments[0], kernel_functions.layer):
                return None
            params, depth, below, state, own, more = x.arguments[0].arguments
            if not _dropped_as_usual(params, depth, masks, own[1]):
                return None
            own = (
                own[0],
                own[1].arguments[0] if isinstance(own[1], Deferred) else own[1],
                *own[2:],
            )
            layers.insert(0, (params, depth, below, state))
            ends.insert(0, x.arguments[1])
            weights, x = [*own, *weights], below
            if isinstance(x, Tensor):
                break
            if more is not None:
                return None  # only the first layer looks up rows
        tables = [table for table in (more, direct) if table is not None]
        if not _looked_up_as_usual(params, len(weights[-1]), more, direct):
            return None
        weights += [table.arguments[0] for table in tables]
        return cls._checked(weights, layers, ends, tables, targets)

    @classmethod
    def _checked(
        cls, weights: list[Any], layers: Any, ends: Any, tables: list[Any], targets: Tensor
    ) -> Chain | None:
        """Return the chain if its weights are those of one optimizer, and its states plain."""
        owner = weights[0].__dict__.get("owner")
        usual = owner is not None and len(layers) == layers[0][0].layers
        if not usual or not owner.owns(weights):
            return None
        parts = [part for *_, state in layers for part in state]
        learned = [_pending(part, kernel_functions.repeat) for part in parts]
        if not all(learned) and any(
            isinstance(part, Deferred) or part.requires_grad for part in parts
        ):
            return None
        if any(isinstance(end, Deferred) and end.result is not None for e in ends for end in e):
            return None
        return cls(owner, layers, ends, tables, targets)

    def differentiate(self) -> float:
        """Return the loss; write gradients, and states after the chunk."""
        ids = self.layers[0][2]
        network: Network = self.owner.network(self.layers[0][0], *ids.shape)
        network.updates = self.owner.updates
        states = [state for *_, state in self.layers]
        learned = isinstance(states[0][0], Deferred)
        if learned:
            network.reset_state()
        else:
            network.set_state([tuple(part.numpy() for part in state) for state in states])
        targets = self.targets.long().contiguous().numpy()
        rows = self.tables[0].arguments[1].numpy() if self.tables else None
        loss = network.loss_and_gradients(ids.long().contiguous().numpy(), targets, rows)
        for deferred, state in zip(self.ends, network.state(), strict=True):
            for end, values in zip(deferred, state, strict=True):
                end.result = torch.from_numpy(values)
        self.owner.accept(learned)
        return loss


def _pending(value: Any, function: Any) -> bool:
    """Return whether a value is a function's result and was not used yet."""
    return isinstance(value, Deferred) and value.function is function and value.result is None


def _looked_up_as_usual(params: ModelParams, vocab_size: int, more: Any, direct: Any) -> bool:
    """Return whether the rows of n-grams are added where the parameters say, and from one index."""
    usual = spans(params, vocab_size)
    tables = {name: t for name, t in ((INPUT, more), (DIRECT, direct)) if t is not None}
    if not all(_pending(table, kernel_functions.look_up) for table in tables.values()):
        return False
    one_index = len({id(table.arguments[1]) for table in tables.values()}) < 2
    return one_index and {name: table.arguments[2] for name, table in tables.items()} == usual


def _dropped_as_usual(params: ModelParams, depth: int, masks: Any, recurrent: Any) -> bool:
    """Return whether dropout is where the parameters place it."""
    last = depth == params.layers - 1
    place = params.dropout_at
    here = params.dropout > 0 and (place == "variational" or (place == "output") == last)
    if here != (masks is not None):
        return False
    if masks and (masks[0], masks[2], masks[3]) != (params.dropout, depth, place != "variational"):
        return False
    if isinstance(recurrent, Deferred):
        return _pending(recurrent, kernel_functions.drop_weight) and (
            recurrent.arguments[1] == params.recurrent_dropout
        )
    return not params.recurrent_dropout
