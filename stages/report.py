"""Write the report: Markdown with pictures, a self-contained HTML page, and a brief as PDF."""

import gc
from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.plan.params import load_params
from charlab.plots import kept
from charlab.report.render import render


@click.command(help=__doc__)
@click.option("--metrics", type=FOLDER, required=True, help="the tables")
@click.option("--plots", type=FOLDER, required=True, help="the figures' data")
@click.option("--data", type=FOLDER, required=True, help="folder of all results")
@click.option("--out", type=FOLDER, required=True, help="folder for the report")
def main(metrics: Path, plots: Path, data: Path, out: Path) -> None:
    """Render the report."""
    # Pictures are hundreds of thousands of objects. Looking for garbage among them and among those
    # of the libraries took a sixth of the stage.
    gc.freeze()
    gc.set_threshold(100_000)
    with kept.kept_in(kept.FOLDER):
        render(load_params(), metrics, plots, data, out)


run(main)
