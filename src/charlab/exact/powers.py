"""Whole powers in multiplications alone, for compiled code and for Python."""

from __future__ import annotations


def power(x: float, n: int) -> float:
    """Return x^n for a whole n >= 0 by repeated squaring."""
    result = 1.0
    while n > 0:
        if n & 1:
            result *= x
        x *= x
        n >>= 1
    return result
