"""Weights on the page are the run's own, rounded by at most half a step of their row."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from charlab.models.params import ModelParams
from charlab.report.page.data import as_json
from charlab.report.page.weights import pack, quantize, rounded
from random_network import random_weights

PAGE = resources.files("charlab.report.page")


def test_a_weight_moves_by_half_a_step_at_most() -> None:
    """The step is the largest weight of the row divided by 127; a row of zeros stays."""
    values = np.random.default_rng(1).normal(size=(5, 40)).astype(np.float32)
    values[2] = 0
    scales, whole = quantize(values)
    assert np.abs(whole).max() == 127
    assert (np.abs(values - whole * scales[:, None]) <= scales[:, None] / 2 * 1.0001).all()
    assert not whole[2].any()


def test_packed_weights_can_be_read_back() -> None:
    """Every tensor begins at its place: float32 as it was, int8 as ``rounded`` says."""
    model = ModelParams(cell="gru", hidden=5, input="bigram", direct_order=2)
    weights = random_weights(model, 7)
    packed, close = pack(weights), rounded(weights)
    raw = base64.b64decode(packed["data"])
    for tensor in packed["tensors"]:
        size, at, want = int(np.prod(tensor["shape"])), tensor["at"], close[tensor["name"]]
        if tensor["kind"] == "i8":
            rows = size // tensor["shape"][-1]
            scales = np.frombuffer(raw, "<f4", rows, at)
            whole = np.frombuffer(raw, np.int8, size, at + 4 * rows).reshape(rows, -1)
            got = (whole * scales[:, None]).reshape(tensor["shape"])
        else:
            kind = "<i4" if tensor["kind"] == "i32" else "<f4"
            got = np.frombuffer(raw, kind, size, at).reshape(tensor["shape"])
        assert np.array_equal(got, want), tensor["name"]
    kinds = {tensor["name"]: tensor["kind"] for tensor in packed["tensors"]}
    assert kinds["ngrams"] == "i32"
    assert kinds["rnn.bias_ih_l0"] == "f32"
    assert kinds["direct.rows"] == kinds["rnn.weight_hh_l0"] == "i8"


def test_no_text_can_end_its_element() -> None:
    """JSON within a script element has no markup, and is the same document."""
    hostile = {"text": "</script><!--<b>&amp;\u2028😀"}
    text = as_json(hostile)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == hostile


def test_the_product_is_that_of_its_source(tmp_path: Path) -> None:
    """gemm.wasm is what wat2wasm makes of gemm.wat."""
    if shutil.which("wat2wasm") is None:
        pytest.skip("wat2wasm (package wabt) is not installed")
    (tmp_path / "gemm.wat").write_bytes(PAGE.joinpath("gemm.wat").read_bytes())
    subprocess.run(["wat2wasm", "gemm.wat", "-o", "gemm.wasm"], cwd=tmp_path, check=True)
    assert (tmp_path / "gemm.wasm").read_bytes() == PAGE.joinpath("gemm.wasm").read_bytes()
