"""Sample text from the trained model, at several temperatures."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.core.files import read_json, write_json
from charlab.core.schema import load, slug
from charlab.sample.generate import sample_ladder
from charlab.sample.params import SampleStageParams


@click.command(help=__doc__)
@click.option("--model", type=FOLDER, required=True, help="folder of the trained model")
@click.option("--texts", type=FOLDER, required=True, help="folder of the encoded texts")
@click.option("--out", type=FILE, required=True, help="the samples, as JSON")
def main(model: Path, texts: Path, out: Path) -> None:
    """Sample from one model, whose configuration names its text."""
    params = load(SampleStageParams)
    text = texts / slug(read_json(model / "config.json")["text"])
    write_json(out, sample_ladder(model, text, params.sample, params.seed))


run(main)
