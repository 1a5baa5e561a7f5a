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

from charlab.exact.network import Network, Optimizer
from charlab.exact.parameters import Parameters
from charlab.models.kernel_functions import Masks
from charlab.models.params import ModelParams
from charlab.train.optimizers import EPS, KINDS
from charlab.train.params import TrainParams


class ExactOptimizer:
    """Clips gradients and updates a network's weights in place, by the kernels.

    The weights become views of one flat array, and so do the gradients that the kernels write,
    over which norm and step run.

    Parameters
    ----------
    model : torch.nn.Module
        On the CPU. A learned initial state has the last parameters.
    params : TrainParams
    masks : Masks
        Told the number of each update.
    """

    def __init__(self, model: torch.nn.Module, params: TrainParams, masks: Masks) -> None:
        named, self.masks = dict(model.named_parameters()), masks
        shapes = {name: tuple(p.shape) for name, p in named.items()}
        dtype = next(iter(named.values())).detach().numpy().dtype
        self.named, self.updates = named, 0
        self.parameters, self.gradient = Parameters(shapes, dtype), Parameters(shapes, dtype)
        for name, parameter in named.items():
            view = self.parameters.views[name]
            view[...] = parameter.detach().numpy()
            parameter.data = torch.from_numpy(view)
        self.optimizer = Optimizer(self, params)
        self.tensors = {name: torch.from_numpy(g) for name, g in self.gradient.views.items()}
        self.networks: dict[tuple[int, int], Network] = {}
        for parameter in named.values():
            parameter.__dict__["owner"] = self
        self._lend()

    def _lend(self) -> None:
        """Let the kernels write each gradient to its place, once."""
        for name, parameter in self.named.items():
            parameter.__dict__["rooms"] = [self.gradient.views[name]]

    def owns(self, weights: list[Tensor]) -> bool:
        """Return whether these are all weights but a learned initial state, ready to learn."""
        named = [p for name, p in self.named.items() if not name.startswith("initial.")]
        ready = all(p.requires_grad and p.grad is None for p in self.named.values())
        same = len(weights) == len(named) and all(map(operator.is_, weights, named))
        return ready and same and not any(p._backward_hooks for p in named)

    def network(self, params: ModelParams, seq_len: int, batch: int) -> Network:
        """Return the whole network over these weights for chunks of a size."""
        if (seq_len, batch) not in self.networks:
            network = Network(params, self.parameters.views, batch, seq_len, self.masks.key)
            network.share(self.parameters, self.gradient)
            self.networks[seq_len, batch] = network
        return self.networks[seq_len, batch]

    def accept(self, start: bool) -> None:
        """Give the parameters the gradients that a network wrote, with ``start`` all of them."""
        for name, parameter in self.named.items():
            if start or not name.startswith("initial."):
                parameter.grad = self.tensors[name]

    def step(self, learning_rate: float) -> float:
        """Take a step along the gradients that the parameters hold; return their norm."""
        start = False
        for name, parameter in self.named.items():
            gradient = parameter.grad
            if gradient is None:
                self.gradient.views[name].fill(0)
                continue
            start = start or name.startswith("initial.")
            if gradient is self.tensors[name]:
                continue
            if gradient.data_ptr() != self.tensors[name].data_ptr():  # torch made it
                self.tensors[name].copy_(gradient)
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
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Continue from :meth:`arrays`."""
        kept = self.optimizer
        kept.mean[...], kept.squares[...] = arrays["mean"], arrays["squares"]
        kept.steps[...], self.updates = arrays["steps"][:2], int(arrays["steps"][2])
        self.masks.updates = self.updates


class TorchOptimizer:
    """Clips gradients and updates torch's parameters in place, by the functions of torch.optim.

    Its classes would do the same, but creating one loads torch's compiler, which takes
    nearly as long as loading torch itself.

    Parameters
    ----------
    parameters : list of Tensor
    params : TrainParams
        As for :class:`NumpyOptimizer`.

    Attributes
    ----------
    state : dict of str to list of Tensor
        Moments by their letters above, and ``steps``, the number of updates of each parameter.
        As in torch.optim, a parameter without a gradient is not updated, except by decay.
    """

    def __init__(self, parameters: list[Tensor], params: TrainParams) -> None:
        self.parameters, self.params = parameters, params
        self.state = {
            kind: [torch.zeros_like(p, requires_grad=False) for p in parameters]
            for kind in KINDS[params.optimizer]
        }
        # Adam's fused kernel needs the counts on its own device, the others on the CPU.
        fused = params.optimizer == "adam"
        self.state["steps"] = [
            torch.zeros((), device=p.device if fused else "cpu") for p in parameters
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
        if self.params.weight_decay:
            for parameter in self.parameters:
                parameter.mul_(1 - learning_rate * self.params.weight_decay)
        moved = [n for n, p in enumerate(self.parameters) if p.grad is not None]
        weights = [self.parameters[n] for n in moved]
        gradients = [g for p in weights if (g := p.grad) is not None]
        state = {kind: [values[n] for n in moved] for kind, values in self.state.items()}
        self._update(weights, gradients, state, learning_rate)
        return norm

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
