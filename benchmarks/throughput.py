"""Training speed of this project against torch.nn, one thread, float32.

A step is a whole update: forward, loss, backward, clipping by norm, Adam. torch.nn reads rows of an
identity matrix, clips with clip_grad_norm_ and steps with the foreach Adam, which is its quickest
way. Ours is the whole path of a training: the network in torch, its loss, and the optimizer, as
``charlab train`` runs them. Both start from the same weights, read the same chunk, and take turns
in one process; each line compares the best steps of both, in seconds of processor time, which
other programs on the machine disturb least. The last columns say which share of the core's peak in
matrix products an update reaches, counting the products' operations only, and how far the losses
differ after one step (with dropout or relu they are other networks).

    python benchmarks/throughput.py [--seconds 20] [--only lstm128]
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click
import numba
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.exact.layout import Array, aligned
from charlab.exact.products import PIECE, multiply
from charlab.models.initialization import initial_weights
from charlab.models.params import ModelParams
from charlab.models.weights import GATES
from charlab.train.params import TrainParams
from charlab.train.torch_learner import TorchLearner

VOCAB, RATE, CLIP_AT = 65, 2e-3, 5.0

CASES: list[tuple[dict[str, Any], int, int, float]] = [
    ({"cell": "lstm", "hidden": 64}, 16, 64, 1.9),
    ({"cell": "lstm", "hidden": 128}, 64, 100, 1.9),
    ({"cell": "lstm", "hidden": 256}, 64, 100, 1.5),
    ({"cell": "lstm", "hidden": 512}, 32, 64, 1.15),
    ({"cell": "gru", "hidden": 128}, 64, 100, 1.9),
    ({"cell": "gru", "hidden": 256}, 64, 100, 1.6),
    ({"cell": "rnn", "hidden": 128}, 64, 100, 1.9),
    ({"cell": "lstm", "hidden": 128, "layers": 2}, 64, 100, 1.6),
    ({"cell": "lstm", "hidden": 128, "dropout": 0.2}, 64, 100, 1.6),
    ({"cell": "lstm", "hidden": 128, "activation": "relu"}, 64, 100, 1.6),
]
"""Model, batch size, sequence length, and the ratio asked for."""

Step = Callable[[], float]


def torch_step(params: ModelParams, weights: dict[str, Array], ids: Array) -> Step:
    """Return an update as one would write it with torch.nn, with its own tanh cells."""
    kind = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[params.cell]
    layer = kind(VOCAB, params.hidden, params.layers)
    drop, head = nn.Dropout(params.dropout), nn.Linear(params.hidden, VOCAB)
    own = {f"rnn.{name}": value for name, value in layer.named_parameters()}
    own |= {f"head.{name}": value for name, value in head.named_parameters()}
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(torch.from_numpy(weights[name]))
    parameters, eye, state = list(own.values()), torch.eye(VOCAB), None
    adam = torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.99), foreach=True)
    inputs, targets = torch.from_numpy(ids[:-1].copy()), torch.from_numpy(ids[1:].copy())

    def step() -> float:
        nonlocal state
        adam.zero_grad()
        hidden, state = layer(eye[inputs], state)
        logits = head(drop(hidden) if params.dropout else hidden)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        nn.utils.clip_grad_norm_(parameters, CLIP_AT)
        adam.step()
        return loss.item()

    return step


def own_step(params: ModelParams, weights: dict[str, Array], ids: Array) -> Step:
    """Return the same update by the learner of this project."""
    seq_len, batch = ids.shape[0] - 1, ids.shape[1]
    train = TrainParams(clip_at=CLIP_AT, batch_size=batch, seq_len=seq_len)
    learner = TorchLearner(VOCAB, params, train, seed=1)
    learner.model.load(weights)
    inputs, targets = ids[:-1].copy(), ids[1:].copy()
    return lambda: float(learner.learn(inputs, targets, RATE)[0])


@numba.njit
def repeat_product(a: Array, b: Array, c: Array, rows: int, times: int) -> None:
    """Multiply the same panel again and again."""
    for _ in range(times):
        multiply(a, 0, rows * 16, b, 0, c, 0, rows, PIECE)


def peak() -> float:
    """Return the core's peak in float32 products, in GFLOP/s, all operands in its first cache."""
    rows, times, best = 12, 100, float("inf")
    a, b, c = (aligned((n * 16,), np.float32) for n in (PIECE // 16 * rows, PIECE, rows))
    for _ in range(500):
        start = time.perf_counter()
        repeat_product(a, b, c, rows, times)
        best = min(best, (time.perf_counter() - start) / times)
    return 2 * rows * 16 * PIECE / best / 1e9


def operations(params: ModelParams, chars: int) -> float:
    """Return an update's operations in matrix products: one-hot input costs none."""
    size = GATES[params.cell] * params.hidden * params.hidden
    return 6.0 * chars * (size * (2 * params.layers - 1) + params.hidden * VOCAB)


def compare(case: tuple[dict[str, Any], int, int, float], seconds: float, top: float) -> None:
    """Let both sides take steps in turn, and print a line."""
    model, batch, seq_len, asked = case
    params, rng = ModelParams(**model), np.random.default_rng(0)
    weights = initial_weights(params, VOCAB, rng)
    ids = rng.integers(0, VOCAB, (seq_len + 1, batch))
    sides = torch_step(params, weights, ids), own_step(params, weights, ids)
    first = [side() for side in sides]
    times: tuple[list[float], list[float]] = ([], [])
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(times[0]) < 10:
        for side, taken in zip(sides, times, strict=True):
            start = time.thread_time()
            side()
            taken.append(time.thread_time() - start)
    theirs, ours = map(min, times)
    chars, name = batch * seq_len, " ".join(map(str, model.values()))
    print(
        f"{name:18} B {batch:2} T {seq_len:3}  {chars / theirs:8,.0f} {chars / ours:8,.0f}"
        f"  x {theirs / ours:4.2f} (asked {asked:4.2f})"
        f"  {operations(params, chars) / ours / 1e9 / top:4.0%} of peak"
        f"  losses differ by {abs(first[0] - first[1]):.0e}",
        flush=True,
    )


@click.command(help=__doc__)
@click.option("--seconds", default=20.0, show_default=True, help="for each line")
@click.option("--only", default="", help="such as lstm128")
def main(seconds: float, only: str) -> None:
    """Print one line for each network."""
    torch.set_num_threads(1)
    top = peak()
    print(f"peak of one core in products: {top:.0f} GFLOP/s; characters/s of torch.nn, ours")
    for case in CASES:
        if f"{case[0]['cell']}{case[0]['hidden']}".startswith(only):
            compare(case, seconds, top)


if __name__ == "__main__":
    main()
