"""Speed of a trained network: characters sampled, and characters scored, per second.

Sampling is timed for one text and for many at once; scoring beside training on the same
network and text; ``charlab sample`` from the start of its process to its first character.
The networks have random weights: a step costs the same whatever has been learned. Scoring
a network with a long memory costs more, since it warms up longer.

    python benchmarks/inference.py [--hidden 128] [--seconds 20]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from charlab.core.files import write_json
from charlab.exact.network import Network
from charlab.exact.updates import Optimizer
from charlab.models.inference import InferenceModel
from charlab.models.initialization import initial_weights
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.models.weights import save_weights
from charlab.sample.distribution import SamplingOptions, uniforms
from charlab.sample.generate import sample
from charlab.synthetic.text import write
from charlab.train.batches import Batches
from charlab.train.params import TrainParams
from charlab.vocab.vocabulary import Vocabulary

CHARS = 200_000


Work = tuple[int, Callable[[], object]]
"""Characters, and a function that works on as many."""


def rates(seconds: float, works: dict[str, Work]) -> dict[str, float]:
    """Return thousands of characters per second of each: its best run while all take turns.

    Seconds are those of the thread, which other programs on the machine disturb least.
    """
    best = dict.fromkeys(works, float("inf"))
    for _, work in works.values():
        work()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, (_, work) in works.items():
            start = time.thread_time()
            work()
            best[name] = min(best[name], time.thread_time() - start)
    return {name: chars / best[name] / 1000 for name, (chars, _) in works.items()}


def sampling(model: InferenceModel, vocab: Vocabulary, count: int, length: int) -> Work:
    """Return the work of sampling ``count`` texts together."""
    u = uniforms(1, length, count)
    return length * count, lambda: sample(model, vocab, "a", u, SamplingOptions())


def training(params: ModelParams, weights: dict[str, np.ndarray], ids: np.ndarray) -> Work:
    """Return the work of five whole updates by the kernels, on batches of 64 x 100."""
    network = Network(params, weights, 64, 100)
    optimizer = Optimizer(network, TrainParams())
    inputs, targets = Batches(ids, 64, 100).chunk(0)
    chunk = [np.ascontiguousarray(part, np.int64) for part in (inputs, targets)]

    def work() -> None:
        for _ in range(5):
            network.loss_and_gradients(chunk[0], chunk[1])
            optimizer.step(1e-3)

    return 5 * 6400, work


def start_seconds(folder: Path) -> float:
    """Return the time from a process's start to the first character it prints."""
    options = ["sample", str(folder), "--prompt", "a", "--length", "1"]
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "charlab", *options], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        if not process.stdout.read(1):
            raise SystemExit("charlab sample printed nothing")
        return time.perf_counter() - start


def report(cell: str, hidden: int, seconds: float, ids: np.ndarray, vocab: Vocabulary) -> None:
    """Print a line for one cell."""
    params = ModelParams.model_validate({"cell": cell, "hidden": hidden})
    weights = initial_weights(params, vocab.size, np.random.default_rng(0))
    network = InferenceModel(params, weights)
    found = rates(
        seconds,
        {
            "1 text": sampling(network, vocab, 1, 5_000),
            "256 texts": sampling(network, vocab, 256, 100),
            "scoring": (len(ids), lambda: nats_per_char(network, ids)),
            "training": training(params, weights, ids),
        },
    )
    line = ", ".join(f"{name} {rate:.0f}" for name, rate in found.items())
    ratio = found["scoring"] / found["training"]
    print(f"{cell} {hidden}: {line}, scoring / training {ratio:.1f}", flush=True)
    if cell == "lstm":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            save_weights(path / "model.safetensors", weights)
            config = {"vocab_size": vocab.size, "model": params.model_dump()}
            write_json(path / "config.json", config)
            vocab.save(path / "vocab.json")
            first = min(start_seconds(path) for _ in range(5))
        print(f"charlab sample, first character after {first:.2f} s")


@click.command(help=__doc__)
@click.option("--hidden", default=128, show_default=True)
@click.option("--seconds", default=20.0, show_default=True, help="for each cell")
def main(hidden: int, seconds: float) -> None:
    """Print a line for each cell."""
    text = write(CHARS, 1)
    vocab = Vocabulary.from_text(text)
    print("thousand characters/s of one core, best runs")
    for cell in ("lstm", "gru", "rnn"):
        report(cell, hidden, seconds, vocab.encode(text), vocab)


if __name__ == "__main__":
    main()
