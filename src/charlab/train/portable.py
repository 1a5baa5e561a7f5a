"""Get the same bits on every x86-64 processor, at the cost of speed.

The instructions of a matrix product, and so the order of its additions, depend on the
processor. These settings choose the code path that every x86-64 processor has. The
libraries read them when they are loaded, so they must be set before Python starts.
"""

from __future__ import annotations

import os
import sys

from charlab.train.params import TrainParams

SETTINGS = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_CBWR": "COMPATIBLE",
    "OPENBLAS_CORETYPE": "Prescott",
    "NUMBA_CPU_NAME": "x86-64",
    "NUMBA_CPU_FEATURES": "",
}
"""Environment variables that fix the CPU's code path."""


def ensure_code_path(train: TrainParams) -> None:
    """Restart this Python program with ``SETTINGS`` if ``train`` asks for portable bits."""
    if train.deterministic == "portable" and any(
        os.environ.get(name) != value for name, value in SETTINGS.items()
    ):
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, command, {**os.environ, **SETTINGS})
