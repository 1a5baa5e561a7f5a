"""The stage that trains a variant, once for each of its seeds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from charlab.core.files import read_json
from charlab.vocab.encoded_text import encode_text
from charlab.vocab.params import SplitParams
from import_graph import STAGES
from tiny_training import PERIOD

PARAMS = """\
text: book
study:
  seeds: [1]
  defaults:
    model: {cell: rnn, hidden: 4}
    train: {seq_len: 12, batch_size: 4, epochs: 1}
  variants:
    own: {text: book, seeds: [5, 2]}
    plain: {text: book}
"""


@pytest.mark.parametrize(("variant", "seeds"), [("own", ["2", "5"]), ("plain", ["1"])])
def test_variant_is_trained_with_its_seeds(tmp_path: Path, variant: str, seeds: list[str]) -> None:
    """Its own if it has any, otherwise those of the study."""
    (tmp_path / "params.yaml").write_text(PARAMS)
    (tmp_path / "text").write_text(PERIOD * 200)
    encode_text(tmp_path / "text", SplitParams(), tmp_path / "vocab" / "book")
    script = [sys.executable, str(STAGES / "train_variant.py"), variant]
    subprocess.run([*script, "--texts", "vocab", "--out", "out"], cwd=tmp_path, check=True)
    folders = sorted((tmp_path / "out" / variant).iterdir())
    assert [folder.name for folder in folders] == seeds
    assert [str(read_json(folder / "config.json")["seed"]) for folder in folders] == seeds
