"""Update weights by SGD, Adagrad, RMSprop or Adam, in NumPy and in torch.

With g the gradient, eta the learning rate and all operations element by element:

    sgd      w -= eta g
    adagrad  s += g^2;                 w -= eta g / (sqrt(s) + eps)    Duchi et al. 2011
    rmsprop  s = b2 s + (1 - b2) g^2;  w -= eta g / (sqrt(s) + eps)    Tieleman and Hinton 2012
    adam     m = b1 m + (1 - b1) g, s as in rmsprop, both divided by
             1 - b^t against their start at zero;
             w -= eta m / (sqrt(s) + eps)                              Kingma and Ba 2015

These are the formulas of torch.optim. Torch networks are updated by its functions, with which
tests compare the NumPy versions. Weight decay is decoupled from the gradient
(Loshchilov and Hutter 2019): w -= eta * decay * w.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.adagrad import adagrad
from torch.optim.adam import adam
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

from charlab.train.params import TrainParams

Array = NDArray[np.floating[Any]]
EPS = 1e-8
KINDS: dict[str, tuple[str, ...]] = {
    "sgd": (),
    "adagrad": ("s",),
    "rmsprop": ("s",),
    "adam": ("m", "s"),
}
"""Moments of past gradients that each optimizer accumulates, by their letters above."""


class NumpyOptimizer:
    """Updates a network's weights in place.

    Parameters
    ----------
    weights : dict of str to ndarray
    params : TrainParams
        ``optimizer``, ``betas`` and ``weight_decay``; RMSprop uses the second beta.

    Attributes
    ----------
    state : dict of str to ndarray
        Accumulated moments, which a checkpoint stores.
    """

    def __init__(self, weights: dict[str, Array], params: TrainParams) -> None:
        self.weights, self.params = weights, params
        self.update = {
            "sgd": self._sgd,
            "adagrad": self._adagrad,
            "rmsprop": self._rmsprop,
            "adam": self._adam,
        }[params.optimizer]
        self.state: dict[str, Array] = {
            f"{kind}.{name}": np.zeros_like(value)
            for kind in KINDS[params.optimizer]
            for name, value in weights.items()
        }
        self.steps = 0

    def step(self, gradients: dict[str, Array], learning_rate: float) -> None:
        """Take one step along ``gradients``."""
        self.steps += 1
        decay = learning_rate * self.params.weight_decay
        for name, gradient in gradients.items():
            weight = self.weights[name]
            if decay:
                weight *= 1 - decay
            weight -= (learning_rate * self.update(name, gradient)).astype(weight.dtype)

    def _sgd(self, name: str, gradient: Array) -> Array:
        return gradient

    def _adagrad(self, name: str, gradient: Array) -> Array:
        squares = self.state[f"s.{name}"]
        squares += gradient * gradient
        step: Array = gradient / (np.sqrt(squares) + EPS)
        return step

    def _smoothed_squares(self, name: str, gradient: Array) -> Array:
        squares, beta = self.state[f"s.{name}"], self.params.betas[1]
        squares *= beta
        squares += (1 - beta) * gradient * gradient
        return squares

    def _rmsprop(self, name: str, gradient: Array) -> Array:
        step: Array = gradient / (np.sqrt(self._smoothed_squares(name, gradient)) + EPS)
        return step

    def _adam(self, name: str, gradient: Array) -> Array:
        beta1, beta2 = self.params.betas
        mean = self.state[f"m.{name}"]
        mean *= beta1
        mean += (1 - beta1) * gradient
        squares = self._smoothed_squares(name, gradient) / (1 - beta2**self.steps)
        step: Array = mean / (1 - beta1**self.steps) / (np.sqrt(squares) + EPS)
        return step


class TorchOptimizer:
    """Updates torch's parameters in place, by the functions of torch.optim.

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

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Make one step along the gradients that the parameters hold."""
        if self.params.weight_decay:
            for parameter in self.parameters:
                parameter.mul_(1 - learning_rate * self.params.weight_decay)
        moved = [n for n, p in enumerate(self.parameters) if p.grad is not None]
        weights = [self.parameters[n] for n in moved]
        gradients = [g for p in weights if (g := p.grad) is not None]
        state = {kind: [values[n] for n in moved] for kind, values in self.state.items()}
        self._update(weights, gradients, state, learning_rate)

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


def clip_gradients(gradients: dict[str, Array], params: TrainParams) -> float:
    """Clip gradients in place and return their norm before that.

    ``value`` clips each element, which changes the direction; ``norm`` scales all of them
    together (Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063).
    """
    norm = float(np.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values())))
    for gradient in gradients.values():
        if params.clip == "value":
            np.clip(gradient, -params.clip_at, params.clip_at, out=gradient)
        elif params.clip == "norm" and norm > params.clip_at:
            gradient *= params.clip_at / norm
    return norm
