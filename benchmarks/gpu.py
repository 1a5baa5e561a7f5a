"""Speed of training on a GPU, and the spread of its results against the CPU.

Each network is trained on the built-in text: twice on the GPU with the same seed, which shows
whether two runs agree bit for bit, and once on the CPU with the same initial weights. The
tolerance of ``device: cuda`` in the documentation comes from the last column. A speed is the
difference of two trainings of unequal length, so that start-up and evaluation do not count.

    python benchmarks/gpu.py [--chars 2000000]
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from charlab.core.files import read_json, write_text
from charlab.models.params import ModelParams
from charlab.synthetic.text import write
from charlab.train.loop import train
from charlab.train.model_folder import TrainingConfig
from charlab.train.params import TrainParams
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.params import SplitParams

NETWORKS: list[dict[str, Any]] = [
    {"cell": cell, "hidden": hidden} for cell in ("rnn", "gru", "lstm") for hidden in (128, 512)
]


def encoded(folder: Path, chars: int) -> EncodedText:
    """Return the built-in text of this length, encoded."""
    write_text(folder / "text.txt", write(chars, 1))
    encode_text(folder / "text.txt", SplitParams(), folder / "encoded")
    return EncodedText.load(folder / "encoded")


def run(
    data: EncodedText, network: dict[str, Any], device: str, read: int, out: Path
) -> tuple[float, float, bytes]:
    """Train once; return the seconds, the loss on val in nats, and the weights' bytes."""
    model = ModelParams.model_validate({"init": "orthogonal", **network})
    rest: dict[str, Any] = {"batch_size": 64, "seq_len": 100, "evaluations": 1}
    settings = TrainParams.model_validate(
        {"device": device, "max_chars": read, "clip_at": 1.0, "learning_rate": 0.004, **rest}
    )
    started = time.perf_counter()
    train(data, TrainingConfig(model, settings, 1), out, scratch=out / "scratch", progress=False)
    seconds = time.perf_counter() - started
    val = read_json(out / "metrics.json")["val_nats"]
    return seconds, val, (out / "model.safetensors").read_bytes()


@click.command(help=__doc__)
@click.option("--chars", default=2_000_000, show_default=True, help="characters read per training")
def main(chars: int) -> None:
    """Print a line for each network."""
    if not torch.cuda.is_available():
        print("no GPU is visible to torch: nothing to measure")
        return
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, NumPy {np.__version__}")
    print("network    characters/s   two runs equal       |val GPU - val CPU| in nats")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = encoded(folder, 1_000_000)
        for network in NETWORKS:
            first = run(data, network, "cuda", chars, folder / "first")
            second = run(data, network, "cuda", chars, folder / "second")
            longer = run(data, network, "cuda", 6 * chars, folder / "longer")
            cpu = run(data, network, "cpu", chars, folder / "cpu")
            label = f"{network['cell']} {network['hidden']}"
            equal = "yes" if first[2] == second[2] else f"no, {abs(first[1] - second[1]):.2g} nats"
            speed = 5 * chars / (longer[0] - second[0])
            apart = abs(first[1] - cpu[1])
            print(f"{label:10} {speed:11,.0f}   {equal:18}   {apart:.5f}")


if __name__ == "__main__":
    main()
