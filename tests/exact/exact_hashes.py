"""Brief trainings of every cell, activation, optimizer, clipping and dropout place, hashed.

Run as a program it prints the hash, so that a test can run it with the code generator told
to be another processor's.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from charlab.exact.network import Network, Optimizer
from charlab.models.initialization import initial_weights
from charlab.models.params import ModelParams
from charlab.train.params import TrainParams

V, B, T, UPDATES = 21, 7, 9, 3

CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    *(
        ({"cell": cell, "activation": activation}, {})
        for cell in ("rnn", "gru", "lstm")
        for activation in ("tanh", "relu", "sigmoid")
    ),
    *(({"cell": "gru"}, {"optimizer": name}) for name in ("adam", "rmsprop", "adagrad", "sgd")),
    *(({"cell": "lstm"}, {"clip": name, "clip_at": 0.05}) for name in ("norm", "value", "none")),
    *(
        ({"cell": "lstm", "layers": 2, "dropout": 0.3, "dropout_at": place}, {"weight_decay": 0.1})
        for place in ("output", "between_layers", "variational")
    ),
    ({"cell": "gru", "layers": 2, "recurrent_dropout": 0.2, "initial_state": "learned"}, {}),
]


def train_briefly(model: dict[str, Any], train: dict[str, Any], dtype: Any) -> bytes:
    """Return the bytes of weights, losses and norms after a few updates."""
    params = ModelParams(hidden=37, **model)
    rng = np.random.default_rng(5)
    network = Network(params, initial_weights(params, V, rng), B, T, seed=3, dtype=dtype)
    optimizer = Optimizer(network, TrainParams(**train))
    ids = rng.integers(0, V, (UPDATES, T + 1, B))
    figures = []
    for chunk in ids:
        figures.append(network.loss_and_gradients(chunk[:-1], np.ascontiguousarray(chunk[1:])))
        figures.append(optimizer.step(0.01))
    return network.parameters.flat.tobytes() + np.array(figures).tobytes()


def digest() -> str:
    """Return one hash of all cases, in float32 and two of them in float64."""
    total = hashlib.sha256()
    for model, train in CASES:
        total.update(train_briefly(model, train, np.float32))
    for cell in ("gru", "lstm"):
        total.update(train_briefly({"cell": cell}, {}, np.float64))
    return total.hexdigest()


if __name__ == "__main__":
    print(digest())
