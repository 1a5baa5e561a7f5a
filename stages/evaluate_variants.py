"""Evaluate every variant of the study, in parallel on all cores."""

from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.core.schema import load
from charlab.evaluate.evaluate import evaluate_variants
from charlab.train.params import VariantStageParams


@click.command(help=__doc__)
@click.option("--variants", type=FOLDER, required=True, help="folder of the trained variants")
@click.option("--texts", type=FOLDER, required=True, help="folder of the encoded texts")
@click.option("--baselines", type=FOLDER, required=True, help="folder of the texts' baselines")
@click.option("--samples", type=FOLDER, required=True, help="samples from the variants")
@click.option("--out", type=FOLDER, required=True, help="folder for one file per variant")
def main(variants: Path, texts: Path, baselines: Path, samples: Path, out: Path) -> None:
    """Evaluate the first seed of each variant, and the snapshots of all seeds."""
    models = load(VariantStageParams).study.models(variants)
    evaluate_variants(models, texts=texts, baselines=baselines, samples=samples, out=out)


run(main)
