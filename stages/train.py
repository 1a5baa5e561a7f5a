"""Train the model described by the sections model and train of params.yaml."""

from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.core.schema import load
from charlab.train.loop import train
from charlab.train.model_folder import TrainingConfig
from charlab.train.params import TrainStageParams
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.prompt_check import check_prompt


@click.command(help=__doc__)
@click.option("--texts", type=FOLDER, required=True, help="folder of the encoded texts")
@click.option("--out", type=FOLDER, required=True, help="folder for the model")
def main(texts: Path, out: Path) -> None:
    """Train one model and write its folder."""
    params = load(TrainStageParams)
    config = TrainingConfig(params.model, params.train, params.seed, params.text)
    data = EncodedText.load(texts / params.text)
    # The vocab stage checked the prompt for the texts that were in use when it ran.
    check_prompt(params.text, data.vocab)
    train(data, config, out)


run(main)
