"""Check the whole of params.yaml, and write the source of each text."""

import os
from pathlib import Path

import _own  # noqa: F401  # first: _stage notes the inputs of the stage
import click
from _stage import FILE, FOLDER, run

from charlab.plan.params import load_params
from charlab.plan.plan import write_plan


@click.command(help=__doc__)
@click.option("--own", type=FOLDER, required=True, help="folder of the user's own texts")
@click.option("--out", type=FOLDER, required=True, help="folder for one file per text")
@click.option("--forget", type=FILE, help="metrics of other parameters, to be removed")
def main(own: Path, out: Path, forget: Path | None) -> None:
    """Write the plan."""
    # First, so that a run that fails, here or later, does not show the numbers of another model.
    if forget is not None:
        forget.unlink(missing_ok=True)
    params = load_params()
    write_plan(params, own, out, mirrors_given=bool(os.environ.get("CHARLAB_MIRROR")))


run(main)
