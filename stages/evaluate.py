"""Evaluate the trained model: losses, units, gradients, and text copied from its training."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.core.files import read_json, write_json
from charlab.core.schema import slug
from charlab.evaluate.evaluate import evaluate_files


@click.command(help=__doc__)
@click.option("--model", type=FOLDER, required=True, help="folder of the trained model")
@click.option("--texts", type=FOLDER, required=True, help="folder of the encoded texts")
@click.option("--baselines", type=FOLDER, required=True, help="folder of the texts' baselines")
@click.option("--samples", type=FILE, required=True, help="samples from the model")
@click.option("--out", type=FILE, required=True, help="file for the result, as JSON")
def main(model: Path, texts: Path, baselines: Path, samples: Path, out: Path) -> None:
    """Evaluate one model on the text that its configuration names."""
    text = slug(read_json(model / "config.json")["text"])
    of_text = (baselines / f"{text}.json", baselines / text)
    write_json(out, evaluate_files(model, texts / text, of_text, samples))


run(main)
