"""Samples, losses and evaluations have the same bits on every processor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding
import pytest
from inference_hashes import digest
from targets import NARROW, TARGETS, code_for

HASH = "89e195ed3555b3a96d05fbf66ef29485fa79131ff813b2ff4fb5cd26b3057170"
"""Result on every machine. It changes only with the arithmetic itself."""


def test_hash_on_this_machine() -> None:
    """Compiled for the processor that runs the test."""
    assert digest() == HASH


PROGRAM = "import inference_hashes, sys; print(inference_hashes.digest(), 'numba' in sys.modules)"


def test_nothing_but_training_loads_numba() -> None:
    """Once the kernels are compiled; importing it takes a second of processor time."""
    assert digest() == HASH
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == [HASH, "False"], done.stderr


@pytest.mark.slow
def test_make_setup_compiles_what_the_stages_call(tmp_path: Path) -> None:
    """The first evaluation of a machine should not have to."""
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    for arguments in (["-m", "charlab.commands.compile"], ["-W", "ignore", "-c", PROGRAM]):
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [HASH, "False"]


@pytest.mark.slow
@pytest.mark.parametrize("numpy_features", ["wide", "narrow"])
@pytest.mark.parametrize("target", TARGETS)
def test_hash_for_other_processors(
    target: str, numpy_features: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Compiled for other processors, with NumPy's wide registers on and off."""
    if not llvmlite.binding.get_host_cpu_features().get(TARGETS[target], False):
        pytest.skip(f"this processor has no {TARGETS[target]}, so it cannot run code for {target}")
    cache = tmp_path_factory.getbasetemp() / f"numba-inference-{target}"
    environment = {
        **os.environ,
        **code_for(target),
        "NUMBA_CACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    if numpy_features == "narrow":
        environment["NPY_DISABLE_CPU_FEATURES"] = NARROW
    program = Path(__file__).parent / "inference_hashes.py"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == HASH
