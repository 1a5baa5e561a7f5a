"""Train one variant of the study, once for each seed."""

from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.core.schema import load
from charlab.train.loop import train
from charlab.train.model_folder import TrainingConfig
from charlab.train.params import VariantStageParams
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.prompt_check import check_prompt


@click.command(help=__doc__)
@click.argument("variant")
@click.option("--text", type=FOLDER, required=True, help="folder of the encoded text")
@click.option("--out", type=FOLDER, required=True, help="folder for one model per seed")
def main(variant: str, text: Path, out: Path) -> None:
    """Train VARIANT, a slug of study.variants."""
    study = load(VariantStageParams).study
    resolved = study.variant(variant)
    data = EncodedText.load(text)
    # The vocab stage checked the prompt for the texts that were in use when it ran.
    check_prompt(resolved.text, data.vocab)
    for seed in study.seeds:
        config = TrainingConfig(resolved.model, resolved.train, seed, resolved.text)
        # In a comparison a diverged variant is a result, not an error.
        train(data, config, out / str(seed), on_divergence="record")


run(main)
