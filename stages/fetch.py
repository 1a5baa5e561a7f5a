"""Fetch one text as bytes: from Project Gutenberg, a file, or the built-in generator."""

from pathlib import Path

import click
from _stage import FILE, run

from charlab.core.files import read_json
from charlab.fetch.gutenberg import fetch_text


@click.command(help=__doc__)
@click.argument("source", type=FILE)
@click.argument("out", type=FILE)
def main(source: Path, out: Path) -> None:
    """Fetch the text that the plan describes in the file SOURCE, and write it to OUT."""
    fetch_text(read_json(source), out)


run(main)
