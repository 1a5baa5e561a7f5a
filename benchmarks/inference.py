"""Speed of a trained network: characters sampled, and characters scored, per second.

Sampling is timed for one text and for many at once; scoring beside training on the same
network and text; ``charlab sample`` from the start of its process to its first character.
The networks have random weights: a step costs the same whatever has been learned. Scoring
a network with a long memory costs more, since it warms up longer.

    python benchmarks/inference.py [--hidden 128] [--repeats 5]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch

from charlab.core.files import write_json
from charlab.models.inference import InferenceModel
from charlab.models.initialization import initial_weights
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.models.weights import save_weights
from charlab.sample.distribution import SamplingOptions, uniforms
from charlab.sample.generate import sample
from charlab.synthetic.text import write
from charlab.train.batches import Batches
from charlab.train.learners import TorchLearner
from charlab.train.params import TrainParams
from charlab.vocab.vocabulary import Vocabulary

CHARS = 200_000


def median_rate(repeats: int, chars: int, work: Callable[[], object]) -> float:
    """Return thousands of characters per second: the median of several runs after a warm-up."""
    work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return chars / statistics.median(seconds) / 1000


def sampling_rate(model: InferenceModel, vocab: Vocabulary, count: int, repeats: int) -> float:
    """Return thousands of characters per second of ``count`` texts sampled together."""
    length = max(CHARS // 10 // count, 200)
    return median_rate(
        repeats,
        length * count,
        lambda: sample(model, vocab, "a", uniforms(1, length, count), SamplingOptions()),
    )


def training_rate(params: ModelParams, vocab: Vocabulary, ids: np.ndarray, repeats: int) -> float:
    """Return thousands of characters per second of training on batches of 64 x 100."""
    train = TrainParams(batch_size=64, seq_len=100)
    learner = TorchLearner(vocab.size, params, train, 1)
    chunk = Batches(ids, train.batch_size, train.seq_len).chunk(0)

    def work() -> None:
        for _ in range(10):
            loss, _ = learner.learn(*chunk, 1e-3)
            float(loss)

    return median_rate(repeats, 10 * 6400, work)


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


@click.command(help=__doc__)
@click.option("--hidden", default=128, show_default=True)
@click.option("--repeats", default=5, show_default=True)
def main(hidden: int, repeats: int) -> None:
    """Print a line for each figure."""
    torch.set_num_threads(1)
    text = write(CHARS, 1)
    vocab = Vocabulary.from_text(text)
    ids = vocab.encode(text)
    print("thousand characters/s, one thread; medians")
    for cell in ("lstm", "gru", "rnn"):
        params = ModelParams(cell=cell, hidden=hidden)
        weights = initial_weights(params, vocab.size, np.random.default_rng(0))
        network = InferenceModel(params, weights)
        one, many = (sampling_rate(network, vocab, count, repeats) for count in (1, 256))
        scored = median_rate(repeats, CHARS, lambda n=network: nats_per_char(n, ids))
        trained = training_rate(params, vocab, ids, repeats)
        print(
            f"{cell} {hidden}: 1 text {one:.0f}, 256 texts {many:.0f}, scoring {scored:.0f}, "
            f"training {trained:.0f}, scoring / training {scored / trained:.1f}",
            flush=True,
        )
        if cell == "lstm":
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder)
                save_weights(path / "model.safetensors", weights)
                config = {"vocab_size": vocab.size, "model": params.model_dump()}
                write_json(path / "config.json", config)
                vocab.save(path / "vocab.json")
                seconds = [start_seconds(path) for _ in range(repeats)]
            print(f"charlab sample, first character after {statistics.median(seconds):.2f} s")


if __name__ == "__main__":
    main()
