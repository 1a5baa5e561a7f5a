"""Update the weights of networks in torch: by the kernels, or by torch.optim's functions.

The formulas are those of :mod:`charlab.train.optimizers`.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.adagrad import adagrad
from torch.optim.adam import adam
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

from charlab.exact.network import Network
from charlab.exact.ngrams import RowTable
from charlab.exact.parameters import Parameters
from charlab.exact.settings import spans
from charlab.exact.updates import Optimizer
from charlab.models.kernel_functions import Masks
from charlab.models.params import ModelParams
from charlab.models.torch_model import CharRNN
from charlab.train.optimizers import EPS, KINDS
from charlab.train.params import TrainParams


class ExactOptimizer:
    """Clips gradients and updates a network's weights in place, by the kernels.

    The weights become views of one flat array, and so do the gradients that the kernels write,
    over which norm and step run.

    Parameters
    ----------
    model : CharRNN
        On the CPU. A learned initial state has the last parameters.
    params : TrainParams
    masks : Masks
        Told the number of each update.
    """

    def __init__(self, model: CharRNN, params: TrainParams, masks: Masks) -> None:
        self.named, self.masks, self.updates = dict(model.named_parameters()), masks, 0
        named, dtype = self.named, model.head.bias.detach().numpy().dtype
        settings, vocab_size = model.params, len(model.head.bias)
        self.tables = {
            name: RowTable(tuple(named[name].shape), span, dtype)
            for name, span in spans(settings, vocab_size).items()
        }
        shapes = {name: tuple(p.shape) for name, p in named.items() if name not in self.tables}
        self.parameters, self.gradient = Parameters(shapes, dtype), Parameters(shapes, dtype)
        self.weights = self.parameters.views | {n: table.view for n, table in self.tables.items()}
        for name, parameter in named.items():
            view = self.weights[name]
            view[...] = parameter.detach().numpy()
            parameter.data = torch.from_numpy(view)
        self.optimizer = Optimizer(self, params)
        self.tensors = {name: torch.from_numpy(g) for name, g in self.gradient.views.items()}
        self.networks: dict[tuple[int, int], Network] = {}
        self.accepted = False
        for parameter in named.values():
            parameter.__dict__["owner"] = self
        self._lend()

    def _lend(self) -> None:
        """Let the kernels write each gradient to its place, once."""
        for name, view in self.gradient.views.items():
            self.named[name].__dict__["rooms"] = [view]

    def owns(self, weights: list[Tensor]) -> bool:
        """Return whether these are all weights but a learned initial state, ready to learn."""
        named = [p for name, p in self.named.items() if not name.startswith("initial.")]
        ready = all(p.requires_grad and p.grad is None for p in self.named.values())
        same = len(weights) == len(named) and all(map(operator.is_, weights, named))
        return ready and same and not any(p._backward_hooks for p in named)

    def network(self, params: ModelParams, seq_len: int, batch: int) -> Network:
        """Return the whole network over these weights for chunks of a size."""
        if (seq_len, batch) not in self.networks:
            network = Network(params, self.weights, batch, seq_len, self.masks.key)
            network.share(self.parameters, self.gradient, self.tables)
            self.networks[seq_len, batch] = network
        return self.networks[seq_len, batch]

    def accept(self, start: bool) -> None:
        """Give the parameters the gradients that a network wrote, with ``start`` all of them.

        Those of tables stay where they are: they have rows only for what the chunk looked up.
        """
        for name, tensor in self.tensors.items():
            if start or not name.startswith("initial."):
                self.named[name].grad = tensor
        self.accepted = True

    def step(self, learning_rate: float) -> float:
        """Take a step along the gradients that the parameters hold; return their norm."""
        start = False
        for name, table in self.tables.items():
            gradient = self.named[name].grad
            if gradient is not None or not self.accepted:
                written = table.dense() if self.accepted else np.zeros(table.shape, table.dtype)
                table.take(written if gradient is None else written + gradient.numpy())
        self.accepted = False
        for name, tensor in self.tensors.items():
            gradient = self.named[name].grad
            if gradient is None:
                self.gradient.views[name].fill(0)
                continue
            start = start or name.startswith("initial.")
            if gradient is tensor:
                continue
            if gradient.data_ptr() != tensor.data_ptr():  # torch made it
                tensor.copy_(gradient)
        norm = self.optimizer.step(learning_rate, start)
        self.masks.updates = self.updates
        self._lend()
        return norm

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return copies of the moments and counts, for a checkpoint."""
        kept = self.optimizer
        return {
            "mean": kept.mean.copy(),
            "squares": kept.squares.copy(),
            "steps": np.array([*kept.steps, self.updates]),
        } | {
            f"{name}.{place}": part.copy()
            for name, parts in kept.rows.items()
            for place, part in enumerate(parts)
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Continue from :meth:`arrays`."""
        kept = self.optimizer
        kept.mean[...], kept.squares[...] = arrays["mean"], arrays["squares"]
        kept.steps[...], self.updates = arrays["steps"][:2], int(arrays["steps"][2])
        self.masks.updates = self.updates
        for name, parts in kept.rows.items():
            for place, part in enumerate(parts):
                part[...] = arrays[f"{name}.{place}"]


class TorchOptimizer:
    """Clips gradients and updates torch's parameters in place, by the functions of torch.optim.

    Its classes would do the same, but creating one loads torch's compiler, which takes
    nearly as long as loading torch itself.

    Parameters
    ----------
    parameters : list of Tensor
    params : TrainParams
        As for :class:`NumpyOptimizer`.
    tables : list of Tensor
        Those of the parameters of which a step changes only rows with a gradient, each as if
        it were a parameter of its own; see :func:`charlab.exact.optimizers.step_touched`.

    Attributes
    ----------
    state : dict of str to list of Tensor
        Moments by their letters above, and ``steps``, the number of updates of each parameter.
        As in torch.optim, a parameter without a gradient is not updated, except by decay.
    """

    def __init__(
        self, parameters: list[Tensor], params: TrainParams, tables: list[Tensor] | None = None
    ) -> None:
        self.parameters, self.params = parameters, params
        self.tables = {id(table) for table in tables or []}
        self.state = {
            kind: [torch.zeros_like(p, requires_grad=False) for p in parameters]
            for kind in KINDS[params.optimizer]
        }
        # Adam's fused kernel needs the counts on its own device, the others on the CPU.
        fused = params.optimizer == "adam"
        self.state["steps"] = [
            torch.zeros(len(p), device=p.device)
            if id(p) in self.tables
            else torch.zeros((), device=p.device if fused else "cpu")
            for p in parameters
        ]

    def clip(self) -> Tensor:
        """Clip the gradients in place and return their norm before that."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        if self.params.clip == "value":
            for gradient in gradients:
                gradient.clamp_(-self.params.clip_at, self.params.clip_at)
        elif self.params.clip == "norm":
            # A short gradient is multiplied by 1; a condition would wait for the GPU.
            factor = (self.params.clip_at / norm).clamp(max=1.0)
            for gradient in gradients:
                gradient.mul_(factor)
        return norm

    @torch.no_grad()
    def step(self, learning_rate: float) -> Tensor:
        """Take a step along the gradients that the parameters hold; return their norm."""
        norm = self.clip()
        dense = [n for n, p in enumerate(self.parameters) if id(p) not in self.tables]
        for n in {*range(len(self.parameters))} - {*dense}:
            self._step_rows(n, learning_rate)
        if self.params.weight_decay:
            for n in dense:
                self.parameters[n].mul_(1 - learning_rate * self.params.weight_decay)
        moved = [n for n in dense if self.parameters[n].grad is not None]
        weights = [self.parameters[n] for n in moved]
        gradients = [g for p in weights if (g := p.grad) is not None]
        state = {kind: [values[n] for n in moved] for kind, values in self.state.items()}
        self._update(weights, gradients, state, learning_rate)
        return norm

    def _step_rows(self, number: int, rate: float) -> None:
        """Take a step with the rows of a table whose gradient is not zero."""
        table, gradient = self.parameters[number], self.parameters[number].grad
        if gradient is None:
            return
        moves = (gradient != 0).flatten(1).any(dim=1)
        steps = self.state["steps"][number]
        steps[moves] += 1
        g, counts = gradient[moves], steps[moves].double()
        counts = counts.reshape(-1, *[1] * (table.dim() - 1))
        beta1, beta2 = self.params.betas
        kept = {kind: values[number] for kind, values in self.state.items() if kind != "steps"}
        step, kind = g, self.params.optimizer
        if "s" in kept:
            s = kept["s"][moves]
            s = s + g * g if kind == "adagrad" else beta2 * s + (1 - beta2) * g * g
            kept["s"][moves] = s
            if kind == "adam":
                m = kept["m"][moves] * beta1 + (1 - beta1) * g
                kept["m"][moves] = m
                root = (s / (1 - beta2**counts)).sqrt() + EPS
                step = m / (1 - beta1**counts) / root
            else:
                step = g / (s.sqrt() + EPS)
        table[moves] = table[moves] * (1 - rate * self.params.weight_decay) - (rate * step).to(
            g.dtype
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return copies of the moments and counts, for a checkpoint."""
        return {
            f"{kind}.{number}": value.cpu().numpy().copy()
            for kind, values in self.state.items()
            for number, value in enumerate(values)
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Continue from :meth:`arrays`."""
        for kind, values in self.state.items():
            for number, value in enumerate(values):
                value.copy_(torch.from_numpy(arrays[f"{kind}.{number}"].copy()))

    def _update(
        self,
        weights: list[Tensor],
        gradients: list[Tensor],
        state: dict[str, list[Tensor]],
        rate: float,
    ) -> None:
        """Call torch's function, without its options beyond the formulas above."""
        beta1, beta2 = self.params.betas
        kind, steps = self.params.optimizer, state["steps"]
        off: Any = {"lr": rate, "weight_decay": 0.0}
        if kind == "adam":
            off |= {"fused": True, "amsgrad": False, "maximize": False, "eps": EPS}
            moments = state["m"], state["s"]
            adam(weights, gradients, *moments, [], steps, beta1=beta1, beta2=beta2, **off)
        elif kind == "rmsprop":
            off |= {"foreach": False, "momentum": 0.0, "centered": False, "eps": EPS}
            rmsprop(weights, gradients, state["s"], [], [], steps, alpha=beta2, **off)
        elif kind == "adagrad":
            off |= {"foreach": False, "maximize": False, "eps": EPS}
            adagrad(weights, gradients, state["s"], steps, lr_decay=0.0, **off)
        else:
            off |= {"foreach": False, "maximize": False, "nesterov": False}
            none: list[Tensor | None] = [None] * len(weights)
            sgd(weights, gradients, none, momentum=0.0, dampening=0.0, **off)
