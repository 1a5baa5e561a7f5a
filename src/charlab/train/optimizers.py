"""Update weights by SGD, Adagrad, RMSprop or Adam, in NumPy.

With g the gradient, eta the learning rate and all operations element by element:

    sgd      w -= eta g
    adagrad  s += g^2;                 w -= eta g / (sqrt(s) + eps)    Duchi et al. 2011
    rmsprop  s = b2 s + (1 - b2) g^2;  w -= eta g / (sqrt(s) + eps)    Tieleman and Hinton 2012
    adam     m = b1 m + (1 - b1) g, s as in rmsprop, both divided by
             1 - b^t against their start at zero;
             w -= eta m / (sqrt(s) + eps)                              Kingma and Ba 2015

These are the formulas of torch.optim, with which tests compare these. Networks of the other
backends are updated in :mod:`charlab.train.torch_optimizers`. Weight decay is decoupled from the
gradient (Loshchilov and Hutter 2019): w -= eta * decay * w.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
