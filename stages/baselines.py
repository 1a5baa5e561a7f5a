"""Measure the baselines of one text: n-grams, compressors, and the floor of a built-in text."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.baselines.measure import measure_text
from charlab.baselines.params import BaselineStageParams
from charlab.core.files import read_json
from charlab.core.schema import load
from charlab.vocab.encoded_text import EncodedText


@click.command(help=__doc__)
@click.option("--source", type=FILE, required=True, help="origin of the text, from the plan")
@click.option("--text", type=FOLDER, required=True, help="the encoded text")
@click.option("--out", type=FILE, required=True, help="file for the losses, as JSON")
@click.option("--arrays", type=FOLDER, required=True, help="folder for the losses per character")
def main(source: Path, text: Path, out: Path, arrays: Path) -> None:
    """Measure the baselines of one text."""
    params = load(BaselineStageParams).baselines
    measure_text(EncodedText.load(text), params, read_json(source)).save(out, arrays)


run(main)
