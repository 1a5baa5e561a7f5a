"""Evaluate the trained model: its losses, its units, its gradients, and copied text."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.core.files import write_json
from charlab.evaluate.evaluate import evaluate_files


@click.command(help=__doc__)
@click.option("--model", type=FOLDER, required=True, help="folder of the trained model")
@click.option("--text", type=FOLDER, required=True, help="the encoded text")
@click.option("--baselines", type=(FILE, FOLDER), required=True, help="of the text: JSON, arrays")
@click.option("--samples", type=FILE, required=True, help="samples from the model")
@click.option("--out", type=FILE, required=True, help="file for the result, as JSON")
def main(model: Path, text: Path, baselines: tuple[Path, Path], samples: Path, out: Path) -> None:
    """Evaluate one model."""
    write_json(out, evaluate_files(model, text, baselines, samples))


run(main)
