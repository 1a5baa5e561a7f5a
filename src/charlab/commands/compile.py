"""Compile the kernels for this machine: ``python -m charlab.commands.compile``.

Numba compiles a kernel at its first call and keeps the result, so the first training on a
machine would be slow. ``make setup`` runs this instead: a training of a few steps, and a sample.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from charlab.core.files import write_text
from charlab.models.inference import load_with_vocabulary
from charlab.models.params import ModelParams
from charlab.sample.distribution import SamplingOptions, uniforms
from charlab.sample.generate import sample
from charlab.synthetic.text import write
from charlab.train.loop import train
from charlab.train.model_folder import TrainingConfig
from charlab.train.params import TrainParams
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.params import SplitParams


def compile_kernels() -> None:
    """Call every kernel that training, scoring and sampling need."""
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        folder = Path(name)
        write_text(folder / "text.txt", write(4_000, 1))
        encode_text(folder / "text.txt", SplitParams(), folder / "encoded")
        # Kernels are compiled for types, not for cells or sizes, so one small network will do.
        model = ModelParams(hidden=16, dropout=0.1, input="bigram", direct_order=1)
        steps = TrainParams(batch_size=4, seq_len=8, max_chars=64, evaluations=1)
        config = TrainingConfig(model, steps, 1)
        data = EncodedText.load(folder / "encoded")
        train(data, config, folder / "model", scratch=folder / "scratch", progress=False)
        network, vocab = load_with_vocabulary(folder / "model")
        sample(network, vocab, "The ", uniforms(1, 8, 1), SamplingOptions(temperature=0.8))


if __name__ == "__main__":
    compile_kernels()
