"""Build the vocabulary of one text, and encode the text in three splits."""

from pathlib import Path

import click
from _stage import FOLDER, NAME, run

from charlab.core.schema import load, named
from charlab.vocab.encoded_text import encode_text
from charlab.vocab.params import VocabStageParams
from charlab.vocab.prompt_check import check_prompt


@click.command(help=__doc__)
@NAME
@click.option("--clean", type=FOLDER, required=True, help="folder of the clean texts")
@click.option("--out", type=FOLDER, required=True, help="folder for vocabulary and splits, by text")
def main(name: str, clean: Path, out: Path) -> None:
    """Encode the text with the key NAME in params.yaml."""
    params = load(VocabStageParams)
    text = named(params.texts, name, "texts")
    vocab = encode_text(clean / f"{name}.txt", params.corpus, out / name, chars=text.chars)
    # All vocabularies come before the first training, which a bad prompt would waste.
    check_prompt(name, vocab)


run(main)
