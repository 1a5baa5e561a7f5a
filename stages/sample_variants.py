"""Sample text from every variant, with the same random numbers, and one prompt per text."""

from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.core.files import write_json
from charlab.core.schema import load
from charlab.sample.generate import sample_ladder
from charlab.sample.params import SampleVariantsStageParams


@click.command(help=__doc__)
@click.option("--variants", type=FOLDER, required=True, help="folder of the trained variants")
@click.option("--texts", type=FOLDER, required=True, help="folder of the encoded texts")
@click.option("--out", type=FOLDER, required=True, help="folder for one file per variant")
def main(variants: Path, texts: Path, out: Path) -> None:
    """Sample from the first seed of each variant."""
    params = load(SampleVariantsStageParams)
    for slug, model in params.study.first_models(variants):
        text = texts / params.study.variants[slug].text
        write_json(out / f"{slug}.json", sample_ladder(model, text, params.sample, params.seed))


run(main)
