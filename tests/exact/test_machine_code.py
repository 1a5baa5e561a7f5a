"""Kernels run from object files as they do when Numba calls them, and without loading it."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from charlab.exact import machine_code
from charlab.exact.lanes import inlined
from charlab.exact.object_file import emit

PROGRAM = """
import sys
import numpy as np
from charlab.models.inference import InferenceModel
from charlab.models.params import ModelParams

sizes = {"rnn.weight_ih_l0": (8, 5), "rnn.weight_hh_l0": (8, 8), "rnn.bias_ih_l0": (8,)}
sizes |= {"rnn.bias_hh_l0": (8,), "head.weight": (5, 8), "head.bias": (5,)}
weights = {name: np.full(shape, 0.1, np.float32) for name, shape in sizes.items()}
model = InferenceModel(ModelParams(cell="rnn", hidden=8), weights)
logits, state = model.sequence(np.zeros((3, 1), np.int64), model.initial_state(1))
model.sample(logits[-1], state, np.full((4, 1), 0.5), (1.0, 0, 2.0))
assert "numba" not in sys.modules or "fresh" in sys.argv, "Numba was loaded"
"""


def test_a_second_process_does_not_load_numba() -> None:
    """Loading it takes longer than all the rest until the first character."""
    for argument in ("fresh", "kept"):
        subprocess.run([sys.executable, "-c", PROGRAM, argument], check=True)


@inlined
def mixed(numbers: tuple[int, float], arrays: tuple[np.ndarray, np.ndarray]) -> bool:
    """Write what was handed over to where the caller sees it."""
    whole, fraction = numbers
    table, out = arrays
    out[0] = whole + fraction
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            out[1] += table[row, column] * (10 * row + column)
    return whole > 0


def test_arguments_arrive_as_they_are(tmp_path: Path) -> None:
    """Numbers, tuples, and arrays of several axes."""
    table, out = np.arange(6.0, dtype=np.float32).reshape(2, 3), np.zeros(2)
    expected = sum(table[r, c] * (10 * r + c) for r in range(2) for c in range(3))
    arguments = ((7, 0.5), (table, out))
    _, function = machine_code._load(emit(mixed, arguments, machine_code.SYMBOL))
    block = np.array(list(machine_code.words(arguments)), np.int64)
    assert function(block.ctypes.data) == 1
    assert out.tolist() == [7.5, expected]
    block[0] = -1
    assert function(block.ctypes.data) == 0


def test_code_that_needs_numba_at_run_time_is_refused() -> None:
    """An object file has to run by itself."""

    @inlined
    def allocate(count: int) -> bool:
        return bool(np.empty(count)[0] > 0)

    with pytest.raises(ValueError, match="NRT_"):
        emit(allocate, (3,), machine_code.SYMBOL)


@pytest.mark.parametrize(
    "argument", [True, "text", np.zeros((4, 4))[:, 1:], np.zeros(4, ">f8"), np.broadcast_to(0.0, 1)]
)
def test_arguments_that_cannot_be_handed_over(argument: object) -> None:
    """Rather than reading the wrong memory."""
    with pytest.raises(TypeError, match="found"):
        machine_code.signature((1, argument))


def test_threads_share_one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one would free the code that another thread is running."""
    loads = []

    def load(content: bytes) -> machine_code.Loaded:
        loads.append(content)
        time.sleep(0.05)  # the other threads arrive
        return None, lambda address: 1

    monkeypatch.setattr(machine_code, "_loaded", {})
    monkeypatch.setattr(machine_code, "_content", lambda *_: b"")
    monkeypatch.setattr(machine_code, "_load", load)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda number: machine_code.call("a.kernel", number), range(4)))
    assert len(loads) == 1
