"""Train one variant of the study, once for each seed."""

from pathlib import Path

import click
from _stage import FOLDER, NAME, run

from charlab.core.schema import load, named
from charlab.train.loop import train
from charlab.train.model_folder import TrainingConfig
from charlab.train.params import VariantStageParams
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.prompt_check import check_prompt


@click.command(help=__doc__)
@NAME
@click.option("--texts", type=FOLDER, required=True, help="folder of the encoded texts")
@click.option("--out", type=FOLDER, required=True, help="folder for one model per variant and seed")
def main(name: str, texts: Path, out: Path) -> None:
    """Train the variant with the key NAME in study.variants."""
    study = load(VariantStageParams).study
    named(study.variants, name, "study.variants")
    resolved = study.variant(name)
    data = EncodedText.load(texts / resolved.text)
    # The vocab stage checked the prompt for the texts that were in use when it ran.
    check_prompt(resolved.text, data.vocab)
    for seed in study.seeds_of(name):
        config = TrainingConfig(resolved.model, resolved.train, seed, resolved.text)
        # In a comparison a diverged variant is a result, not an error.
        train(data, config, out / name / str(seed), on_divergence="record")


run(main)
