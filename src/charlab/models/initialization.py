"""What a network's weights are before training.

Every draw comes from one generator of NumPy in a fixed order, so that torch and NumPy
networks of the same seed start from the same weights.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from charlab.models.params import ModelParams
from charlab.models.weights import GATES, expected_shapes

Weights = dict[str, NDArray[np.float32]]


def initial_weights(model: ModelParams, vocab_size: int, generator: np.random.Generator) -> Weights:
    """Draw the weights of a network.

    ``uniform`` is U(-s, s) with s = ``init_scale`` or 1/sqrt(H), biases included, as torch.nn
    and char-rnn do; ``xavier`` is Glorot and Bengio (2010); ``orthogonal`` makes each gate's
    recurrent matrix orthogonal (Saxe, McClelland and Ganguli 2014); ``identity`` makes it
    the identity (Le, Jaitly and Hinton 2015, arXiv:1504.00941). The last three leave
    biases at zero and draw the other matrices by Glorot's rule. An LSTM's forget gate gets
    ``forget_bias`` (Jozefowicz, Zaremba and Sutskever 2015). A learned initial state
    starts at zero.
    """
    weights: Weights = {}
    for name, shape in expected_shapes(model, vocab_size).items():
        if name.startswith("initial."):
            weights[name] = np.zeros(shape, np.float32)
        elif model.init == "uniform":
            scale = model.init_scale or 1 / math.sqrt(model.hidden)
            weights[name] = generator.uniform(-scale, scale, shape).astype(np.float32)
        elif len(shape) == 1:
            weights[name] = np.zeros(shape, np.float32)
        else:
            weights[name] = _matrix(name, shape, model, generator).astype(np.float32)
    if model.cell == "lstm":
        for layer in range(model.layers):
            forget = slice(model.hidden, 2 * model.hidden)
            weights[f"rnn.bias_ih_l{layer}"][forget] = model.forget_bias
            weights[f"rnn.bias_hh_l{layer}"][forget] = 0.0
    return weights


def _matrix(
    name: str, shape: tuple[int, ...], model: ModelParams, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw one matrix, gate by gate where it is recurrent."""
    if "weight_hh" in name and model.init in ("orthogonal", "identity"):
        blocks = [_square(model, generator) for _ in range(GATES[model.cell])]
        return np.concatenate(blocks)
    fan_out = model.hidden if name.startswith("rnn.") else shape[0]
    bound = math.sqrt(6 / (shape[1] + fan_out))
    return generator.uniform(-bound, bound, shape)


def _square(model: ModelParams, generator: np.random.Generator) -> NDArray[np.float64]:
    if model.init == "identity":
        return np.eye(model.hidden)
    # The signs of R's diagonal make the distribution uniform over rotations.
    q, r = np.linalg.qr(generator.standard_normal((model.hidden, model.hidden)))
    return np.asarray(q * np.sign(np.diag(r)))
