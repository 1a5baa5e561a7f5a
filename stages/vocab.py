"""Build the vocabulary of one text, and encode the text in three splits."""

from pathlib import Path

import click
from _stage import FILE, FOLDER, run

from charlab.core.schema import load
from charlab.vocab.encoded_text import encode_text
from charlab.vocab.params import VocabStageParams
from charlab.vocab.prompt_check import check_prompt


@click.command(help=__doc__)
@click.argument("text")
@click.option("--clean", type=FILE, required=True, help="the clean text")
@click.option("--out", type=FOLDER, required=True, help="folder for vocabulary and splits")
def main(text: str, clean: Path, out: Path) -> None:
    """Encode TEXT, a slug of the section texts."""
    params = load(VocabStageParams)
    vocab = encode_text(clean, params.corpus, out, chars=params.texts[text].chars)
    # All vocabularies come before the first training, which a bad prompt would waste.
    check_prompt(text, vocab)


run(main)
