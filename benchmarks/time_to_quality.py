"""Time and held-out loss of each recipe.

``charlab train --recipe NAME --text FILE`` runs in a process of its own, so its seconds include
everything: start-up, cleaning, encoding, training, evaluation. The n-gram and PPMd figures
of the same split are printed too.

    python benchmarks/time_to_quality.py [FILE] [--recipe fast --recipe minute]

Without a file the text is the built-in one, as long as tinyshakespeare.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from charlab.baselines.measure import measure_text
from charlab.baselines.params import BaselineParams
from charlab.commands.train import encode_file
from charlab.core.files import write_text
from charlab.plan.params import CorpusParams
from charlab.synthetic.text import write


def run_recipe(recipe: str, text: Path, seed: int) -> tuple[float, dict[str, float]]:
    """Return the seconds of the whole program, and the metrics that it prints."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--recipe", recipe, "--text", str(text), "--out", f"{folder}/model"]
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "charlab", "train", *options, "--seed", str(seed)],
            stdout=subprocess.PIPE,
            check=True,
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        seconds = time.perf_counter() - start
    metrics: dict[str, float] = json.loads(done.stdout)
    return seconds, metrics


def best(figures: list[dict[str, float]]) -> str:
    """Return the lowest loss on val and its order, as text."""
    order = min(figures, key=lambda one: one["val_nats"])
    return f"{order['val_nats']:.4f} (order {order['order']})"


def print_baselines(text: Path) -> None:
    """Print the baselines that a network has to beat on the split of the recipes."""
    corpus = CorpusParams(val=0.1, test=0)
    orders = BaselineParams(ngram_orders=[5, 6, 7, 8], ppmd_orders=[5, 6, 8])
    with tempfile.TemporaryDirectory() as folder:
        figures = measure_text(encode_file(text, corpus, Path(folder)), orders, {}).figures
    print(f"n-gram {best(figures['ngram'])}, PPMd {best(figures['ppmd'])}")


@click.command(help=__doc__)
@click.argument(
    "text", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@click.option("--recipe", multiple=True, default=("fast", "minute"), show_default=True)
@click.option("--seed", multiple=True, default=(1, 2, 3), show_default=True)
def main(text: Path | None, recipe: tuple[str, ...], seed: tuple[int, ...]) -> None:
    """Print a line for each recipe and seed."""
    with tempfile.TemporaryDirectory() as folder:
        if text is None:
            text = Path(folder) / "invented.txt"
            write_text(text, write(1_115_394, 1))
        print_all(text, recipe, seed)


def print_all(text: Path, recipe: tuple[str, ...], seed: tuple[int, ...]) -> None:
    """Print the baselines, then the result of each recipe with each seed."""
    print(f"{text.name}: first 90 % train, last 10 % val; nats per character on val")
    print_baselines(text)
    for name in recipe:
        for number in seed:
            seconds, metrics = run_recipe(name, text, number)
            print(
                f"{name}, seed {number}: {metrics['val_nats']:.4f} after {seconds:.1f} s, "
                f"{metrics['parameters']:,} parameters",
                flush=True,
            )


if __name__ == "__main__":
    main()
