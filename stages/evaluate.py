"""Look inside the trained model: where it is good, what its units follow, what it copied."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.core.files import write_json
from charlab.evaluate.evaluate import evaluate_files


@click.command(help=__doc__)
@click.option("--model", type=FOLDER, required=True, help="folder of the trained model")
@click.option("--text", type=FOLDER, required=True, help="the numbered text")
@click.option("--source", type=FILE, required=True, help="what the text is, from the plan")
@click.option("--samples", type=FILE, required=True, help="what was sampled from the model")
@click.option("--out", type=FILE, required=True, help="the findings, as JSON")
def main(model: Path, text: Path, source: Path, samples: Path, out: Path) -> None:
    """Evaluate one model."""
    write_json(out, evaluate_files(model, text, source, samples))


run(main)
