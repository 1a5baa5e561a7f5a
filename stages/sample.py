"""Sample text from the trained model, at several temperatures."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.core.files import write_json
from charlab.core.schema import load
from charlab.sample.generate import sample_ladder
from charlab.sample.params import SampleStageParams


@click.command(help=__doc__)
@click.option("--model", type=FOLDER, required=True, help="folder of the trained model")
@click.option("--text", type=FOLDER, required=True, help="folder of the encoded text")
@click.option("--out", type=FILE, required=True, help="the samples, as JSON")
def main(model: Path, text: Path, out: Path) -> None:
    """Sample from one model."""
    params = load(SampleStageParams)
    write_json(out, sample_ladder(model, text, params.sample, params.seed))


run(main)
