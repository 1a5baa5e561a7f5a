"""Time and held-out loss of each recipe, beside those of the baselines on the same split.

``charlab train --recipe NAME --text FILE`` runs in a process of its own, so its seconds include
everything: start-up, cleaning, encoding, training, evaluation. On a shared machine the seconds of
the processor are the ones to compare.

    python benchmarks/time_to_quality.py [FILE ...] [--recipe fast --recipe minute] [--test 0.1]

The split is 90/10, as for the published figures of tinyshakespeare; with ``--test 0.1`` it is
80/10/10, and losses on the test split are printed, too. Without a file the text is the built-in
one, as long as tinyshakespeare.
"""

from __future__ import annotations

import json
import os
import resource
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


def run_recipe(recipe: str, text: Path, seed: int, test: float) -> str:
    """Return a line with the losses, the seconds of the whole program, and the network's size."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--recipe", recipe, "--text", str(text), "--out", f"{folder}/model"]
        start, before = time.perf_counter(), _processor_seconds()
        done = subprocess.run(
            [sys.executable, "-m", "charlab", "train", *options, "--seed", str(seed),
             "--set", f"corpus.test={test}"],
            stdout=subprocess.PIPE,
            check=True,
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        seconds, used = time.perf_counter() - start, _processor_seconds() - before
    metrics: dict[str, float | None] = json.loads(done.stdout)
    losses = f"val {metrics['val_nats']:.4f}"
    if metrics["test_nats"] is not None:
        losses += f", test {metrics['test_nats']:.4f}"
    return (
        f"{losses} after {seconds:.1f} s ({used:.1f} s of the processor), "
        f"{metrics['parameters']:,} parameters"
    )


def _processor_seconds() -> float:
    """Return the seconds of processor time of all programs run so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def best(figures: list[dict[str, float]]) -> str:
    """Return the losses of the order with the lowest on val, as text."""
    order = min(figures, key=lambda one: one["val_nats"])
    test = order.get("test_nats")
    losses = f"val {order['val_nats']:.4f}" + ("" if test is None else f", test {test:.4f}")
    return f"{losses} (order {order['order']})"


def print_baselines(text: Path, test: float) -> None:
    """Print the baselines that a network has to beat on the split of the recipes."""
    corpus = CorpusParams(val=0.1, test=test)
    orders = BaselineParams(ngram_orders=[4, 5, 6, 7, 8], ppmd_orders=[5, 6, 8])
    with tempfile.TemporaryDirectory() as folder:
        figures = measure_text(encode_file(text, corpus, Path(folder)), orders, {}).figures
    print(f"n-gram {best(figures['ngram'])}; PPMd {best(figures['ppmd'])}", flush=True)


@click.command(help=__doc__)
@click.argument("texts", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1)
@click.option("--recipe", multiple=True, default=("fast", "minute"), show_default=True)
@click.option("--seed", multiple=True, default=(1, 2, 3), show_default=True)
@click.option("--test", default=0.0, show_default=True, help="share of the text, at its end")
def main(
    texts: tuple[Path, ...], recipe: tuple[str, ...], seed: tuple[int, ...], test: float
) -> None:
    """Print a line for each text, recipe and seed."""
    with tempfile.TemporaryDirectory() as folder:
        if not texts:
            texts = (Path(folder) / "invented.txt",)
            write_text(texts[0], write(1_115_394, 1))
        for text in texts:
            print(f"{text.name}, nats per character")
            print_baselines(text, test)
            for name in recipe:
                for number in seed:
                    line = run_recipe(name, text, number, test)
                    print(f"{name}, seed {number}: {line}", flush=True)


if __name__ == "__main__":
    main()
