"""Initialize the weights of a network.

All random numbers come from one NumPy generator in a fixed order, so that networks with the
same seed start from the same weights, with every backend and on every processor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.exact.settings import DIRECT, INPUT
from charlab.models.params import ModelParams
from charlab.models.weights import GATES, NO_NGRAMS, expected_shapes

Weights = dict[str, NDArray[np.float32]]


def initial_weights(
    model: ModelParams,
    vocab_size: int,
    generator: np.random.Generator,
    ngrams: NDArray[Any] = NO_NGRAMS,
) -> Weights:
    """Return random initial weights under their names in model.safetensors.

    ``uniform`` is U(-s, s) with s = ``init_scale`` or 1/sqrt(H), biases included, as torch.nn
    and char-rnn do; ``xavier`` is Glorot and Bengio (2010); ``orthogonal`` makes each gate's
    recurrent matrix orthogonal (Saxe, McClelland and Ganguli 2014); ``identity`` makes it
    the identity (Le, Jaitly and Hinton 2015, arXiv:1504.00941). The last three leave
    biases at zero and draw the other matrices by Glorot's rule. An LSTM's forget gate gets
    ``forget_bias`` (Jozefowicz, Zaremba and Sutskever 2015). A learned initial state and the
    rows of n-grams start at zero, so with them the rest of a network is as without.
    """
    weights: Weights = {}
    for name, shape in expected_shapes(model, vocab_size, ngrams).items():
        if name.startswith("initial.") or name in (INPUT, DIRECT):
            weights[name] = np.zeros(shape, np.float32)
        elif model.init == "uniform":
            scale = model.init_scale or 1 / math.sqrt(model.hidden)
            weights[name] = _uniform(generator, scale, shape).astype(np.float32)
        elif len(shape) == 1:
            weights[name] = np.zeros(shape, np.float32)
        else:
            weights[name] = _matrix(name, shape, model, generator).astype(np.float32)
    if model.cell == "lstm":
        for layer in range(model.layers):
            forget = slice(model.hidden, 2 * model.hidden)
            # The two biases are added, so one of them has the whole value.
            weights[f"rnn.bias_ih_l{layer}"][forget] = model.forget_bias
            weights[f"rnn.bias_hh_l{layer}"][forget] = 0.0
    return weights


def _matrix(
    name: str, shape: tuple[int, ...], model: ModelParams, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return one random matrix; a recurrent one is built gate by gate."""
    if "weight_hh" in name and model.init in ("orthogonal", "identity"):
        blocks = [_square(model, generator) for _ in range(GATES[model.cell])]
        return np.concatenate(blocks)  # (G*H, H)
    # Glorot's rule. Each gate is a layer of its own, so fan_out is H and not G*H.
    fan_out = model.hidden if name.startswith("rnn.") else shape[0]
    bound = math.sqrt(6 / (shape[1] + fan_out))
    return _uniform(generator, bound, shape)


def _square(model: ModelParams, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return the recurrent matrix (H, H) of one gate."""
    if model.init == "identity":
        return np.eye(model.hidden)
    # Only this way of initialization needs Numba, which takes a second to load.
    from charlab.exact.initial import orthogonal

    return np.asarray(orthogonal(generator, model.hidden), np.float64)


def _uniform(
    generator: np.random.Generator, bound: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return numbers in [-bound, bound)."""
    # Generator.uniform may round its product and its sum once or twice, by processor.
    return -bound + 2 * bound * generator.random(shape)
