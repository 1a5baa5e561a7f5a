"""Compile the kernels for this machine: ``python -m charlab.commands.compile``.

A kernel is compiled at its first call and kept, so the first training on a machine would be slow.
``make setup`` runs this instead: a training of a few steps and a look inside a network, and at the
same time a sample.
"""

from __future__ import annotations

import tempfile
from multiprocessing import Process
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from charlab.core.files import write_text
from charlab.exact import arrays
from charlab.models.inference import InferenceModel
from charlab.models.initialization import initial_weights
from charlab.models.ngrams import frequent_ngrams
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.sample.distribution import SamplingOptions, uniforms
from charlab.sample.generate import sample
from charlab.synthetic.text import write
from charlab.train.loop import train
from charlab.train.model_folder import TrainingConfig
from charlab.train.params import TrainParams
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.params import SplitParams

# Kernels are compiled for types, not for cells or sizes, so one small network will do.
MODEL = ModelParams(hidden=16, dropout=0.1, input="bigram", direct_order=1)


def compile_kernels() -> None:
    """Call every kernel that the stages need.

    Raises
    ------
    SystemExit
        If the process that compiles those of sampling fails; it has printed why.
    """
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        folder = Path(name)
        write_text(folder / "text.txt", write(4_000, 1))
        encode_text(folder / "text.txt", SplitParams(), folder / "encoded")
        data = EncodedText.load(folder / "encoded")
        # Numba compiles one function at a time. Training and sampling have few in common.
        beside = Process(target=_score_and_sample, args=(data,))
        beside.start()
        steps = TrainParams(batch_size=4, seq_len=8, max_chars=64, evaluations=1)
        config = TrainingConfig(MODEL, steps, 1)
        train(data, config, folder / "model", scratch=folder / "scratch", progress=False)
        _look_inside(data)
        beside.join()
        if beside.exitcode:
            raise SystemExit(1)


def _score_and_sample(data: EncodedText) -> None:
    """Score and sample by an untrained network, and use functions of whole arrays."""
    network = _untrained(data, np.float32)
    nats_per_char(network, data.val[:100])
    sample(network, data.vocab, "The ", uniforms(1, 8, 1), SamplingOptions(temperature=0.8))
    for function in (arrays.exp, arrays.log, arrays.log_softmax, arrays.cosine_of_half_turns):
        function([1.0])
    arrays.multiply(np.eye(1), np.eye(1))


def _look_inside(data: EncodedText) -> None:
    """Read by an untrained network in float64, as evaluations do."""
    network = _untrained(data, np.float64)
    network.step(data.val[:1], network.initial_state(1))


def _untrained(data: EncodedText, dtype: DTypeLike) -> InferenceModel:
    """Return a network with its initial weights."""
    ngrams = frequent_ngrams(data.train, data.vocab.size, MODEL)
    weights = initial_weights(MODEL, data.vocab.size, np.random.default_rng(1), ngrams)
    return InferenceModel(MODEL, weights | {"ngrams": ngrams}, dtype)


if __name__ == "__main__":
    compile_kernels()
