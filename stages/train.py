"""Train the model that model: and train: of params.yaml describe."""

from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.core.schema import load
from charlab.train.loop import train
from charlab.train.params import TrainStageParams
from charlab.train.portable import ensure_code_path
from charlab.vocab.vocabulary import EncodedText


@click.command(help=__doc__)
@click.option("--text", type=FOLDER, required=True, help="the numbered text")
@click.option("--out", type=FOLDER, required=True, help="folder for the model")
def main(text: Path, out: Path) -> None:
    """Train one model and write its folder."""
    params = load(TrainStageParams)
    ensure_code_path(params.train)
    train(EncodedText.load(text), params.model, params.train, params.seed, out, text=params.text)


run(main)
