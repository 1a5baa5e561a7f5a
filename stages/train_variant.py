"""Train one variant of the study, once for each seed."""

from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.core.schema import load
from charlab.train.loop import train
from charlab.train.params import VariantStageParams
from charlab.train.portable import ensure_code_path
from charlab.vocab.vocabulary import EncodedText


@click.command(help=__doc__)
@click.argument("variant")
@click.option("--text", type=FOLDER, required=True, help="the numbered text")
@click.option("--out", type=FOLDER, required=True, help="folder for one model per seed")
def main(variant: str, text: Path, out: Path) -> None:
    """Train the variant that params.yaml calls VARIANT."""
    study = load(VariantStageParams).study
    resolved = study.variant(variant)
    ensure_code_path(resolved.train)
    data = EncodedText.load(text)
    for seed in study.seeds:
        train(
            data,
            resolved.model,
            resolved.train,
            seed,
            out / str(seed),
            text=resolved.text,
            on_divergence="record",
        )


run(main)
