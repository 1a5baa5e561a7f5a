"""Training speed: this project's networks against a plain loop over torch.nn.

Both sides start from the same weights and take the same steps (Adam, clipping by norm) on
the same chunks of the built-in text, in one process and in turn, so that whatever else
the machine does meets both. A line gives the median time of a step of each, the median of
the paired ratios, and how far apart the losses are after the same characters.

    python benchmarks/throughput.py [--steps 40] [--hidden 128 --hidden 256]
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.corpus.invented import write
from charlab.corpus.vocabulary import Vocabulary
from charlab.models.char_rnn import CharRNN
from charlab.models.numpy_rnn import NumpyRNN
from charlab.params import ModelParams

BATCH, SEQ_LEN, LEARNING_RATE, CLIP_AT = 64, 100, 2e-3, 5.0

Step = Callable[[Tensor, Tensor], float]


def read_text() -> tuple[Tensor, int]:
    """Return ids of the built-in text, shape (chars / B, B), and the size of its vocabulary."""
    text = write(400_000, 1)
    vocab = Vocabulary.from_text(text)
    ids = vocab.encode(text).astype(np.int64)
    streams = ids[: len(ids) // BATCH * BATCH].reshape(BATCH, -1).T
    return torch.from_numpy(np.ascontiguousarray(streams)), vocab.size


def chunks(ids: Tensor, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets (T, B), from the start again when the text is over."""
    places = (len(ids) - 1) // SEQ_LEN
    for step in range(steps):
        at = step % places * SEQ_LEN
        yield ids[at : at + SEQ_LEN], ids[at + 1 : at + SEQ_LEN + 1]


def plain_step(model: ModelParams, vocab_size: int, bf16: bool) -> Step:
    """Return a training step as one would write it with torch.nn: one-hot in, cell, linear."""
    kind = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[model.cell]
    layer, head = kind(vocab_size, model.hidden), nn.Linear(model.hidden, vocab_size)
    weights = CharRNN(vocab_size, model, np.random.default_rng(0))
    own = {f"rnn.{k}": v for k, v in layer.named_parameters()}
    own |= {f"head.{k}": v for k, v in head.named_parameters()}
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(weights.weight(name))
    state: Any = None
    parameters = list(own.values())
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, fused=True)

    def step(inputs: Tensor, targets: Tensor) -> float:
        nonlocal state
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            hidden, state = layer(F.one_hot(inputs, vocab_size).float(), state)
            logits = head(hidden).float()
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        nn.utils.clip_grad_norm_(parameters, CLIP_AT)
        optimizer.step()
        return loss.item()

    return step


def own_step(model: ModelParams, vocab_size: int, precision: Any = "fp32") -> Step:
    """Return the same step with this project's network."""
    network = CharRNN(vocab_size, model, np.random.default_rng(0), precision=precision)
    state = network.initial_state(BATCH)
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)

    def step(inputs: Tensor, targets: Tensor) -> float:
        nonlocal state
        optimizer.zero_grad()
        logits, state = network.sequence(inputs, state)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        state = [tuple(part.detach() for part in layer) for layer in state]
        nn.utils.clip_grad_norm_(network.parameters(), CLIP_AT)
        optimizer.step()
        return loss.item()

    return step


def numpy_step(hidden: int, vocab_size: int, batch: int, seq_len: int, dtype: type) -> Step:
    """Return a gradient of the hand-written RNN; batch 1 in float64 is the classic loop's."""
    params = ModelParams(backend="numpy", cell="rnn", hidden=hidden)
    network = NumpyRNN(vocab_size, params, np.random.default_rng(0), dtype)
    state = network.initial_state(batch)

    def step(inputs: Tensor, targets: Tensor) -> float:
        nonlocal state
        chunk = inputs[:seq_len, :batch].numpy(), targets[:seq_len, :batch].numpy()
        loss, _, state = network.loss_and_gradients(*chunk, state)
        return loss

    return step


def classic_step(hidden: int, vocab_size: int, seq_len: int = 25) -> Step:
    """Return a gradient as the classic NumPy reference takes it: columns, one by one."""
    rng = np.random.default_rng(0)
    w_xh, w_hh, w_hy = (
        rng.standard_normal(shape) * 0.01
        for shape in ((hidden, vocab_size), (hidden, hidden), (vocab_size, hidden))
    )
    b_h, b_y = np.zeros((hidden, 1)), np.zeros((vocab_size, 1))

    def step(inputs: Tensor, targets: Tensor) -> float:
        xs, hs, ps, loss = {}, {-1: np.zeros((hidden, 1))}, {}, 0.0
        ids, following = inputs[:seq_len, 0].tolist(), targets[:seq_len, 0].tolist()
        for t in range(seq_len):
            xs[t] = np.zeros((vocab_size, 1))
            xs[t][ids[t]] = 1
            hs[t] = np.tanh(w_xh @ xs[t] + w_hh @ hs[t - 1] + b_h)
            y = np.exp(w_hy @ hs[t] + b_y)
            ps[t] = y / np.sum(y)
            loss -= np.log(ps[t][following[t], 0])
        gradients = [np.zeros_like(w) for w in (w_xh, w_hh, w_hy, b_h, b_y)]
        d_next = np.zeros((hidden, 1))
        for t in reversed(range(seq_len)):
            dy = ps[t].copy()
            dy[following[t]] -= 1
            da = (1 - hs[t] ** 2) * (w_hy.T @ dy + d_next)
            d_next = w_hh.T @ da
            for total, part in zip(
                gradients, (da @ xs[t].T, da @ hs[t - 1].T, dy @ hs[t].T, da, dy), strict=True
            ):
                total += part
        return loss / seq_len

    return step


def compare(
    name: str, ids: Tensor, steps: int, base: Step, other: Step, sizes: tuple[int, int]
) -> None:
    """Run two steps in turn and print how they compare; ``sizes`` are their characters."""
    seconds: tuple[list[float], list[float]] = ([], [])
    losses = [0.0, 0.0]
    for inputs, targets in chunks(ids, steps + 2):
        for k, step in enumerate((base, other)):
            start = time.perf_counter()
            losses[k] = step(inputs, targets)
            seconds[k].append((time.perf_counter() - start) / sizes[k])
    paired = [a / b for a, b in zip(seconds[0][2:], seconds[1][2:], strict=True)]
    rates = [1e-3 / statistics.median(part[2:]) for part in seconds]
    low, _, high = statistics.quantiles(paired, n=4)
    print(
        f"{name:34} {rates[0]:8.0f} {rates[1]:8.0f}   x {statistics.median(paired):5.2f} "
        f"({low:.2f} to {high:.2f})   losses differ by {abs(losses[0] - losses[1]):.1e}",
        flush=True,
    )


@click.command(help=__doc__)
@click.option("--steps", default=40, show_default=True, help="steps of each side")
@click.option("--hidden", multiple=True, default=(128, 256), show_default=True)
@click.option("--precision", multiple=True, default=("fp32",), show_default=True)
def main(steps: int, hidden: tuple[int, ...], precision: tuple[str, ...]) -> None:
    """Print one line for each comparison."""
    torch.set_num_threads(1)
    ids, vocab_size = read_text()
    size = BATCH * SEQ_LEN
    print(f"V = {vocab_size}, B = {BATCH}, T = {SEQ_LEN}; thousand characters/s, one thread")
    for cell in ("lstm", "gru", "rnn"):
        for units in hidden:
            for kind in precision:
                model = ModelParams(cell=cell, hidden=units)
                sides = plain_step(model, vocab_size, False), own_step(model, vocab_size, kind)
                name = f"{cell} {units}: torch.nn fp32, own {kind}"
                compare(name, ids, steps, *sides, (size, size))
    for activation in ("relu", "sigmoid"):
        models = (ModelParams(cell="lstm", activation=act) for act in ("tanh", activation))
        sides = [own_step(model, vocab_size) for model in models]
        compare(f"lstm 128: tanh, {activation}", ids, steps, *sides, (size, size))
    sides = classic_step(100, vocab_size), numpy_step(100, vocab_size, BATCH, SEQ_LEN, np.float32)
    compare("rnn 100: classic NumPy, batched", ids, steps, *sides, (25, size))


if __name__ == "__main__":
    main()
