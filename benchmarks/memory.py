"""Memory of a training by the length of its text.

The same short training runs on texts of growing length, each in a process of its own. RssAnon
is the memory of the process itself; RssFile holds pages of the mapped text, which are the
system's cache and can be taken back at any time.

    python benchmarks/memory.py [--chars 1000000 --chars 10000000]
"""

from __future__ import annotations

import multiprocessing
import re
import tempfile
from pathlib import Path

import click
import numpy as np

from charlab.core.files import atomic
from charlab.models.params import ModelParams
from charlab.plan.params import CorpusParams
from charlab.train.params import TrainParams
from charlab.vocab.encoded_text import EncodedText, encode_text

LINE = "It is a truth universally acknowledged, that a text must be long.\n"


def measure(folder: Path) -> dict[str, int]:
    """Train for a while, and return this process's megabytes by kind."""
    from charlab.train.loop import train
    from charlab.train.model_folder import TrainingConfig

    data = EncodedText.load(folder / "encoded")
    params = TrainParams(batch_size=64, seq_len=100, max_chars=320_000, evaluations=1)
    config = TrainingConfig(ModelParams(hidden=64), params, 1)
    train(data, config, folder / "model", scratch=folder / "scratch")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    sizes = re.findall(r"^(VmHWM|RssAnon|RssFile):\s+(\d+) kB", status, flags=re.MULTILINE)
    return {name: int(size) // 1024 for name, size in sizes}


def write_text(path: Path, chars: int) -> None:
    """Write a text of about ``chars`` characters."""
    block = (LINE * (1_000_000 // len(LINE))).encode("ascii")
    with atomic(path) as stream:
        for _ in range(chars // len(block) + 1):
            stream.write(block)


@click.command(help=__doc__)
@click.option("--chars", multiple=True, default=(1_000_000, 10_000_000, 100_000_000))
def main(chars: tuple[int, ...]) -> None:
    """Print a line for each length."""
    context = multiprocessing.get_context("spawn")
    for length in chars:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_text(folder / "text.txt", length)
            # Val has the same length each time: its losses are kept in memory, 8 bytes each.
            corpus = CorpusParams(val=100_000 / length, test=0)
            encode_text(folder / "text.txt", corpus, folder / "encoded")
            size = np.load(folder / "encoded" / "train.npy", mmap_mode="r").nbytes / 1e6
            with context.Pool(1) as pool:
                sizes = pool.apply(measure, (folder,))
        print(f"{size:8.1f} MB of ids: {sizes}", flush=True)


if __name__ == "__main__":
    main()
