"""The same bits on every x86-64 processor, at the cost of speed.

Which instructions a matrix product uses, and so in which order it adds, depends on the
processor. These settings choose the code path that every x86-64 processor has. The
libraries read them when they are loaded, so they must be there before Python starts.
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


def portable_environment() -> dict[str, str]:
    """Return the environment variables that fix the CPU's code path."""
    return dict(SETTINGS)


def ensure_code_path(train: TrainParams) -> None:
    """Start this Python program again with those settings if ``train`` asks for them."""
    if train.deterministic == "portable" and any(
        os.environ.get(name) != value for name, value in SETTINGS.items()
    ):
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, command, {**os.environ, **SETTINGS})
