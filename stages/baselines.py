"""Measure the baselines of one text: n-grams, compressors, and the floor of a built-in text."""

from pathlib import Path

import click
from _stage import FOLDER, NAME, run

from charlab.baselines.measure import measure_text
from charlab.baselines.params import BaselineStageParams
from charlab.core.files import read_json
from charlab.core.schema import load
from charlab.vocab.encoded_text import EncodedText


@click.command(help=__doc__)
@NAME
@click.option("--plan", type=FOLDER, required=True, help="folder of the texts' sources")
@click.option("--texts", type=FOLDER, required=True, help="folder of the encoded texts")
@click.option("--out", type=FOLDER, required=True, help="folder for the losses, and by character")
def main(name: str, plan: Path, texts: Path, out: Path) -> None:
    """Measure the baselines of the text NAME."""
    params = load(BaselineStageParams).baselines
    source = read_json(plan / f"{name}.json")
    measured = measure_text(EncodedText.load(texts / name), params, source)
    measured.save(out / f"{name}.json", out / name)


run(main)
