"""Processors for which Numba is asked to write code."""

from __future__ import annotations

NARROW = "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX"
"""Features that NumPy leaves unused in half of the runs, so that its loops are those for SSE."""

TARGETS = {
    "haswell": "avx2",
    "x86-64-v3": "avx2",
    "znver2": "avx2",
    "skylake-avx512": "avx512f",
    "x86-64": "sse2",
}
"""Code generator targets, each with the feature that a processor needs to run its code."""


def code_for(target: str) -> dict[str, str]:
    """Return environment variables with which Numba writes code for a target.

    Without the second one, Numba would use all features of the processor at hand.
    """
    return {"NUMBA_CPU_NAME": target, "NUMBA_CPU_FEATURES": ""}
