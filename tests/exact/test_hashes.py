"""The same bits on every processor, and for every one that the compiler is asked to write for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aarch64
import hashes
import llvmlite.binding
import numba
import numpy as np
import pytest
from targets import NARROW, TARGETS, code_for

from charlab.exact import layers, loss, optimizers
from charlab.exact.lanes import JIT

PROGRAM = Path(__file__).parent / "hashes.py"
EMULATED = "tanh 1 none zero"
"""Groups that the emulated processor trains."""


def assert_recorded(found: Mapping[str, str]) -> None:
    """Compare hashes with those of hashes.txt."""
    expected = hashes.recorded()
    others = [name for name, value in found.items() if expected.get(name) != value]
    assert not others, (
        f"{len(others)} of {len(found)} hashes differ from tests/exact/hashes.txt: {others[:5]}. "
        "If the arithmetic was changed on purpose, the new hashes are written by: "
        f"{hashes.REGENERATE}"
    )


def compare_output(done: subprocess.CompletedProcess[str]) -> int:
    """Compare the program's output with hashes.txt, and return the number of lines compared."""
    assert done.returncode == 0, done.stdout + done.stderr
    lines = hashes.parsed(done.stdout)
    if len(lines) < len(hashes.recorded()):
        del lines["all"]
    assert_recorded(lines)
    return len(lines)


def test_every_group_is_recorded() -> None:
    """hashes.txt has a line for each group, in order, after that of all."""
    assert list(hashes.recorded()) == ["all", *hashes.groups()]


def test_hashes_on_this_machine() -> None:
    """A few groups, compiled for the processor that runs the test."""
    groups = hashes.groups()
    assert_recorded({name: hashes.digest(groups[name]) for name in hashes.QUICK})


def test_extreme_trainings_are_extreme() -> None:
    """The groups named subnormal and diverging meet subnormal numbers, and NaN."""
    rnn = hashes.Model("rnn", "relu")
    step = hashes.Step("sgd", "none")
    parts = [
        np.frombuffer(hashes.train_briefly(rnn, step, **hashes.EXTREME[name]), np.float32)
        for name in ("subnormal", "diverging")
    ]
    assert ((parts[0] != 0) & (abs(parts[0]) < np.finfo(np.float32).tiny)).sum() > 100
    assert np.isnan(parts[1]).sum() > 100


@pytest.mark.slow
@pytest.mark.parametrize(
    "kernel",
    [
        loss.head,
        optimizers.step,
        optimizers.step_touched,
        layers.forward,
    ],
)
def test_compiler_fuses_only_where_asked(kernel: Any) -> None:
    """The code has no fast-math flag, no optional fma, and no call of the C library but sqrt."""
    for name in hashes.QUICK:
        hashes.digest(hashes.groups()[name])
    again = numba.njit(**{**JIT, "cache": False})(kernel.py_func)  # a cached one cannot be read
    for signature in kernel.signatures:
        again.compile(signature)
    code = "\n".join(again.inspect_llvm().values())
    flags = r"= (tail call|call|f\w+|select) (fast|reassoc|contract|nnan|ninf|nsz|arcp|afn)\b"
    assert re.findall(r"@llvm\.fma\.", code)
    assert not re.findall(flags, code)
    assert "llvm.fmuladd" not in code
    assert not re.findall(r"@(?:llvm\.)?(exp|log|pow|sin|cos|tanh)2?f?[.(]", code)


@pytest.mark.skipif(
    "sse2" not in llvmlite.binding.get_host_cpu_features(), reason="the code is for x86"
)
def test_targets_have_their_own_features_alone() -> None:
    """Code for x86-64 calls the C library for fma, on a processor that has it, too."""
    program = (
        "import numba; from charlab.exact.lanes import fma\n"
        "f = numba.njit(lambda a, b, c: fma(a, b, c)); f(1.0, 2.0, 3.0)\n"
        "print('vfmadd' in ''.join(f.inspect_asm().values()))"
    )
    environment = {**os.environ, **code_for("x86-64"), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "False\n"


@pytest.mark.slow
@pytest.mark.parametrize(("numpy_features", "threads"), [("wide", 2), ("narrow", 1)])
@pytest.mark.parametrize("target", ["", *TARGETS])
def test_hashes_for_other_processors(
    target: str, numpy_features: str, threads: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """All groups, compiled for other processors, with NumPy's wide registers on and off."""
    needed = TARGETS.get(target, "sse2")
    if not llvmlite.binding.get_host_cpu_features().get(needed, False):
        pytest.skip(f"this processor has no {needed}, so it cannot run code for {target}")
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path_factory.getbasetemp() / f"numba-{target}"),
        "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    if target:
        environment |= code_for(target)
    if numpy_features == "narrow":
        environment["NPY_DISABLE_CPU_FEATURES"] = NARROW
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), "--threads", str(threads)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert compare_output(done) == len(hashes.recorded())


@pytest.mark.slow
def test_hashes_on_aarch64() -> None:
    """One group of each cell, on a kind of processor that QEMU emulates.

    No more than that: compiling takes minutes there.
    """
    try:
        done = aarch64.run(str(PROGRAM), "--only", EMULATED)
    except aarch64.CannotEmulateError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(str(error))
    assert compare_output(done) == 3
