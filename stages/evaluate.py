"""Evaluate the trained model: losses, units, gradients, and text copied from its training."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.core.files import write_json
from charlab.evaluate.evaluate import evaluate_files


@click.command(help=__doc__)
@click.option("--model", type=FOLDER, required=True, help="folder of the trained model")
@click.option("--text", type=FOLDER, required=True, help="the encoded text")
@click.option(
    "--baselines",
    type=(FILE, FOLDER),
    required=True,
    help="baselines of the text: the JSON file and the folder of arrays",
)
@click.option("--samples", type=FILE, required=True, help="samples from the model")
@click.option("--out", type=FILE, required=True, help="file for the result, as JSON")
def main(model: Path, text: Path, baselines: tuple[Path, Path], samples: Path, out: Path) -> None:
    """Evaluate one model."""
    write_json(out, evaluate_files(model, text, baselines, samples))


run(main)
