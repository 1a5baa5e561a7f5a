"""The same bits whatever processor the code generator is told to write for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding
import pytest
from exact_hashes import digest

HASH = "74a1466d7f57cb9bbb7cd70d4cc3a7f8134f8c1f9a242423211bd75f13ee9907"
"""What every machine computes. It changes only when the arithmetic itself is changed."""

NARROW = "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX"
TARGETS = {
    "haswell": "avx2",
    "x86-64-v3": "avx2",
    "znver2": "avx2",
    "skylake-avx512": "avx512f",
    "x86-64": "sse2",
}
"""Code generator targets, each with the feature that a processor needs to run its code."""


def test_hash_on_this_machine() -> None:
    """Compiled for the processor that runs the test."""
    assert digest() == HASH


@pytest.mark.slow
@pytest.mark.parametrize(("numpy_features", "threads"), [("wide", 2), ("narrow", 1)])
@pytest.mark.parametrize("target", TARGETS)
def test_hash_for_other_processors(
    target: str, numpy_features: str, threads: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Compiled for other processors, with NumPy's wide registers switched off and on."""
    if not llvmlite.binding.get_host_cpu_features().get(TARGETS[target], False):
        pytest.skip(f"this processor has no {TARGETS[target]}, so it cannot run code for {target}")
    cache = tmp_path_factory.getbasetemp() / f"numba-{target}"
    environment = {
        **os.environ,
        "NUMBA_CPU_NAME": target,
        "NUMBA_CACHE_DIR": str(cache),
        "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    if numpy_features == "narrow":
        environment["NPY_DISABLE_CPU_FEATURES"] = NARROW
    program = Path(__file__).parent / "exact_hashes.py"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == HASH
