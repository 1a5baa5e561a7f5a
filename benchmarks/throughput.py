"""Training speed: this project's networks against a plain loop over torch.nn.

Both sides start from the same weights and take the same steps (Adam, clipping by norm) on
the same chunks of the built-in text. Each has a process of its own, so that neither
affects the other's memory, and they take turns step by step, so that other load on the machine
slows both. A line gives the median rate of each, the median of the paired ratios
with its quartiles, and the difference of the losses after the same characters.

    python benchmarks/throughput.py [--steps 40] [--hidden 128 --hidden 256]
"""

from __future__ import annotations

import itertools
import math
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from charlab.models.params import ModelParams
from charlab.models.rnn_by_hand import NumpyRNN
from charlab.models.torch_model import CharRNN
from charlab.synthetic.text import write
from charlab.vocab.vocabulary import Vocabulary

BATCH, SEQ_LEN, LEARNING_RATE, CLIP_AT, WARM_UP = 64, 100, 2e-3, 5.0, 2

Step = Callable[[Tensor, Tensor], float]


def read_text() -> tuple[Tensor, int]:
    """Return ids of the built-in text, shape (chars / B, B), and the size of its vocabulary."""
    text = write(400_000, 1)
    vocab = Vocabulary.from_text(text)
    ids = vocab.encode(text).astype(np.int64)
    columns = ids[: len(ids) // BATCH * BATCH].reshape(BATCH, -1).T  # (chars / B, B)
    return torch.from_numpy(np.ascontiguousarray(columns)), vocab.size


def chunks(ids: Tensor, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets (T, B), starting over at the end of the text."""
    places = (len(ids) - 1) // SEQ_LEN
    for step in range(steps):
        at = step % places * SEQ_LEN
        yield ids[at : at + SEQ_LEN], ids[at + 1 : at + SEQ_LEN + 1]


def plain_step(vocab_size: int, model: ModelParams) -> Step:
    """Return the usual training step with torch.nn: one-hot input, recurrent layer, linear."""
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
        hidden, state = layer(F.one_hot(inputs, vocab_size).float(), state)  # (T, B, H)
        logits = head(hidden)  # (T, B, V)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        nn.utils.clip_grad_norm_(parameters, CLIP_AT)
        optimizer.step()
        return loss.item()

    return step


def own_step(vocab_size: int, model: ModelParams, precision: Any = "fp32") -> Step:
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


def numpy_step(vocab_size: int, hidden: int) -> Step:
    """Return a forward and backward pass of the hand-written RNN, batched, in float32."""
    params = ModelParams(backend="numpy", cell="rnn", hidden=hidden)
    network = NumpyRNN(vocab_size, params, np.random.default_rng(0))
    state = network.initial_state(BATCH)

    def step(inputs: Tensor, targets: Tensor) -> float:
        nonlocal state
        loss, _, state = network.loss_and_gradients(inputs.numpy(), targets.numpy(), state)
        return loss

    return step


def classic_step(vocab_size: int, hidden: int, seq_len: int = 25) -> Step:
    """Return a forward and backward pass of the classic NumPy RNN: one text, column vectors."""
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


def listing_step(vocab_size: int, model: ModelParams) -> Step:
    """Return the step of a beginner's program: one text, its one-hot input made in a loop."""
    layer, head = nn.LSTM(vocab_size, model.hidden), nn.Linear(model.hidden, vocab_size)
    optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=LEARNING_RATE)

    def step(inputs: Tensor, targets: Tensor) -> float:
        one_hot = torch.zeros(SEQ_LEN, 1, vocab_size)
        for t, character in enumerate(inputs[:, 0]):
            one_hot[t, 0, character] = 1
        logits = head(layer(one_hot)[0])
        loss = F.cross_entropy(logits.flatten(0, 1), targets[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


MAKERS: dict[str, Callable[..., Step]] = {
    "plain": plain_step,
    "own": own_step,
    "numpy": numpy_step,
    "classic": classic_step,
    "listing": listing_step,
}


def work(pipe: Connection, maker: str, arguments: tuple[Any, ...], steps: int) -> None:
    """Take one training step at each request, and send back its seconds and loss."""
    torch.set_num_threads(1)
    ids, vocab_size = read_text()
    step = MAKERS[maker](vocab_size, *arguments)
    for inputs, targets in chunks(ids, steps):
        pipe.recv()
        start = time.perf_counter()
        loss = step(inputs, targets)
        pipe.send((time.perf_counter() - start, loss))


class Side:
    """One side of a comparison: a process that takes a training step at each request."""

    def __init__(self, steps: int, size: int, maker: str, *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, maker, arguments, steps))
        self.process.start()
        theirs.close()  # so that recv fails if the process dies
        self.size, self.seconds, self.loss = size, [], math.nan

    def step(self) -> None:
        """Let the process take one step."""
        self.pipe.send(None)
        seconds, self.loss = self.pipe.recv()
        self.seconds.append(seconds / self.size)


def compare(name: str, steps: int, *sides: Side) -> None:
    """Let both sides take their steps in turn, and print their rates and the ratio."""
    for _ in range(steps):
        for side in sides:
            side.step()
    base, other = (side.seconds[WARM_UP:] for side in sides)
    rates = [1e-3 / statistics.median(part) for part in (base, other)]
    low, middle, high = statistics.quantiles([a / b for a, b in zip(base, other, strict=True)])
    print(
        f"{name:34} {rates[0]:8.0f} {rates[1]:8.0f}   x {middle:5.2f} "
        f"({low:.2f} to {high:.2f})   losses differ by {abs(sides[0].loss - sides[1].loss):.1e}",
        flush=True,
    )
    for side in sides:
        side.process.join()


@click.command(help=__doc__)
@click.option("--steps", default=40, show_default=True, help="steps of each side")
@click.option("--hidden", multiple=True, default=(128, 256), show_default=True)
@click.option("--precision", multiple=True, default=("fp32",), show_default=True)
def main(steps: int, hidden: tuple[int, ...], precision: tuple[str, ...]) -> None:
    """Print one line for each comparison."""
    steps += WARM_UP
    size = BATCH * SEQ_LEN
    print(f"B = {BATCH}, T = {SEQ_LEN}; thousand characters/s, one thread")
    for cell, units, kind in itertools.product(("lstm", "gru", "rnn"), hidden, precision):
        model = ModelParams(cell=cell, hidden=units)
        sides = Side(steps, size, "plain", model), Side(steps, size, "own", model, kind)
        compare(f"{cell} {units}: torch.nn fp32, own {kind}", steps, *sides)
    for activation in ("relu", "sigmoid"):
        models = (ModelParams(cell="lstm", activation=act) for act in ("tanh", activation))
        sides = tuple(Side(steps, size, "own", model) for model in models)
        compare(f"lstm 128: tanh, {activation}", steps, *sides)
    sides = Side(steps, 25, "classic", 100), Side(steps, size, "numpy", 100)
    compare("rnn 100: classic NumPy, batched", steps, *sides)
    model = ModelParams(cell="lstm", hidden=128)
    sides = Side(steps, SEQ_LEN, "listing", model), Side(steps, size, "own", model, "fp32")
    compare("lstm 128: one text in a loop, own", steps, *sides)


if __name__ == "__main__":
    main()
