"""Check params.yaml as a whole, and write what each text is."""

import os
from pathlib import Path

import click
from _stage import FOLDER, run

from charlab.core.params import load_params
from charlab.plan.plan import prune, write_plan


@click.command(help=__doc__)
@click.option("--own", type=FOLDER, required=True, help="folder of the user's own texts")
@click.option("--data", type=FOLDER, required=True, help="folder to remove left-overs from")
@click.option("--out", type=FOLDER, required=True, help="folder for one file per text")
def main(own: Path, data: Path, out: Path) -> None:
    """Write the plan, then remove outputs of what params.yaml no longer names."""
    params = load_params()
    write_plan(params, own, out, mirrors_given=bool(os.environ.get("CHARLAB_MIRROR")))
    for path in prune(params, data):
        click.echo(f"plan: removed {path}, which params.yaml no longer names")


run(main)
