"""Look inside every variant of the study, side by side on all cores."""

from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.core.schema import load
from charlab.evaluate.evaluate import evaluate_variants
from charlab.train.params import VariantStageParams


@click.command(help=__doc__)
@click.option("--variants", type=FOLDER, required=True, help="folder of the trained variants")
@click.option("--texts", type=FOLDER, required=True, help="folder of the numbered texts")
@click.option("--plan", type=FOLDER, required=True, help="folder that says what each text is")
@click.option("--samples", type=FOLDER, required=True, help="what was sampled from the variants")
@click.option("--out", type=FOLDER, required=True, help="folder for one file per variant")
def main(variants: Path, texts: Path, plan: Path, samples: Path, out: Path) -> None:
    """Evaluate the first seed of each variant."""
    models = load(VariantStageParams).study.first_models(variants)
    evaluate_variants(models, texts=texts, plan=plan, samples=samples, out=out)


run(main)
