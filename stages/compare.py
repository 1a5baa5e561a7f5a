"""Collect the results: tables in metrics/, data for the figures in plots/."""

from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.compare.compare import compare
from charlab.plan.params import load_params


@click.command(help=__doc__)
@click.option("--data", type=FOLDER, required=True, help="folder of all results so far")
@click.option("--metrics", type=FOLDER, required=True, help="folder for the tables")
@click.option("--plots", type=FOLDER, required=True, help="folder for the figures' data")
def main(data: Path, metrics: Path, plots: Path) -> None:
    """Compare the model and the variants."""
    compare(load_params(), data, metrics, plots)


run(main)
