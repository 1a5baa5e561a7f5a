"""Fetch one text as bytes: from Project Gutenberg, a file, or the built-in generator."""

from pathlib import Path

import click
from _stage import FOLDER, NAME, run

from charlab.core.files import read_json
from charlab.fetch.gutenberg import fetch_text


@click.command(help=__doc__)
@NAME
@click.option("--plan", type=FOLDER, required=True, help="folder of the texts' sources")
@click.option("--out", type=FOLDER, required=True, help="folder for the fetched texts")
def main(name: str, plan: Path, out: Path) -> None:
    """Fetch the text NAME from its source in the plan."""
    fetch_text(read_json(plan / f"{name}.json"), out / f"{name}.txt")


run(main)
