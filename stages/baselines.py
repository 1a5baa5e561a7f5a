"""Measure what one text yields to n-grams and compressors, and its floor if it has one."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.baselines.measure import measure_text
from charlab.baselines.params import BaselineStageParams
from charlab.core.files import read_json, write_json
from charlab.core.schema import load
from charlab.vocab.vocabulary import EncodedText


@click.command(help=__doc__)
@click.option("--source", type=FILE, required=True, help="what the text is, from the plan")
@click.option("--text", type=FOLDER, required=True, help="the numbered text")
@click.option("--out", type=FILE, required=True, help="the figures, as JSON")
def main(source: Path, text: Path, out: Path) -> None:
    """Measure the baselines of one text."""
    baselines = load(BaselineStageParams).baselines
    write_json(out, measure_text(EncodedText.load(text), baselines, read_json(source)))


run(main)
