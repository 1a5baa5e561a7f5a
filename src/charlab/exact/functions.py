"""exp, tanh, sigmoid, log, cosine and whole powers, in additions, products, fma and divisions.

The C library's versions differ between systems in their last bits, and NumPy's between
processors. These are the same everywhere. ``exp`` and ``tanh`` take
:class:`charlab.exact.lanes.Lanes` inside compiled code, ``activate`` arrays; the others float64.

exp is Cody and Waite's (Software Manual for the Elementary Functions, 1980): x = n ln 2 + r with n
whole and ln 2 in two parts, and a polynomial in r. The float32 polynomial is that of Moshier's
Cephes library (expf.c, within 2 units in the last place), the float64 one is Taylor's to degree 13.
tanh in float32 is the quotient of two polynomials in x^2 that Eigen uses (MathFunctionsImpl.h).
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba.extending import overload

from charlab.exact import powers
from charlab.exact.lanes import (
    WIDTH,
    address,
    external,
    fma,
    inlined,
    load,
    numbers_at,
    power_of_two,
    register,
    store,
    where_above,
)
from charlab.exact.shapes import KINDS as KINDS
from charlab.exact.shapes import RELU as RELU
from charlab.exact.shapes import SIGMOID as SIGMOID
from charlab.exact.shapes import TANH as TANH
from charlab.exact.shapes import Array

LOG2_E = 1 / 0.6931471805599453


def exp(x: Any) -> Any:
    """Return e^x; below -87 (-700 in float64) exactly 0, above 87 (700) the value there."""
    raise NotImplementedError("for compiled code only")


@overload(exp, inline="always")
def _exp(x: Any) -> Any:
    single = getattr(x, "dtype", x) == numba.float32
    return _exp32 if single else _exp64


def _exp32(x: Any) -> Any:
    inside = where_above(x, 87.0, 87.0, where_above(-87.0, x, -87.0, x))
    shifted = fma(inside, 1.4426950408889634, 12582912.0)  # n + 1.5 * 2^23: rounds to whole n
    n = shifted - 12582912.0
    r = fma(n, 2.12194440e-4, fma(n, -0.693359375, inside))
    p = fma(r, 1.9875691500e-4, 1.3981999507e-3)
    p = fma(p, r, 8.3334519073e-3)
    p = fma(p, r, 4.1665795894e-2)
    p = fma(p, r, 1.6666665459e-1)
    p = fma(p, r, 5.0000001201e-1)
    p = fma(p * r, r, r) + 1.0
    return where_above(-87.0, x, 0.0, p * power_of_two(shifted))


_T = [1 / math.factorial(n) for n in range(14)]
_T3, _T4, _T5, _T6, _T7, _T8, _T9, _T10, _T11, _T12, _T13 = _T[3:]


def _exp64(x: Any) -> Any:
    inside = where_above(x, 700.0, 700.0, where_above(-700.0, x, -700.0, x))
    shifted = fma(inside, 1.4426950408889634, 6755399441055744.0)  # n + 1.5 * 2^52
    n = shifted - 6755399441055744.0
    r = fma(n, -1.42860682030941723212e-6, fma(n, -6.93145751953125e-1, inside))
    p = fma(r, _T13, _T12)
    p = fma(p, r, _T11)
    p = fma(p, r, _T10)
    p = fma(p, r, _T9)
    p = fma(p, r, _T8)
    p = fma(p, r, _T7)
    p = fma(p, r, _T6)
    p = fma(p, r, _T5)
    p = fma(p, r, _T4)
    p = fma(p, r, _T3)
    p = fma(p, r, 0.5)
    p = fma(p * r, r, r) + 1.0
    return where_above(-700.0, x, 0.0, p * power_of_two(shifted))


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent."""
    raise NotImplementedError("for compiled code only")


@overload(tanh, inline="always")
def _tanh(x: Any) -> Any:
    single = getattr(x, "dtype", x) == numba.float32
    return _tanh32 if single else _tanh64


def _tanh32(x: Any) -> Any:
    edge = 7.90531110763549805  # beyond it the quotient no longer grows: within 3e-7 of 1
    inside = where_above(x, edge, edge, where_above(-edge, x, -edge, x))
    square = inside * inside
    p = fma(square, -2.76076847742355e-16, 2.00018790482477e-13)
    p = fma(p, square, -8.60467152213735e-11)
    p = fma(p, square, 5.12229709037114e-08)
    p = fma(p, square, 1.48572235717979e-05)
    p = fma(p, square, 6.37261928875436e-04)
    p = fma(p, square, 4.89352455891786e-03)
    q = fma(square, 1.19825839466702e-06, 1.18534705686654e-04)
    q = fma(q, square, 2.26843463243900e-03)
    q = fma(q, square, 4.89352518554385e-03)
    return inside * p / q


def _tanh64(x: Any) -> Any:
    size = where_above(0.0, x, 0.0 - x, x)
    e = exp(size * -2.0)
    y = (1.0 - e) / (1.0 + e)
    return where_above(0.0, x, 0.0 - y, y)


def _make_activate(number: Any) -> Any:
    one = number(1)

    def activate(kind: int, values_at: int, out_at: int, count: int) -> None:
        values, out = numbers_at(one, values_at), numbers_at(one, out_at)
        if kind == TANH:
            for n in range(0, count, WIDTH):
                store(out, n, tanh(load(values, n)))
        elif kind == SIGMOID:
            for n in range(0, count, WIDTH):
                store(out, n, 1.0 / (1.0 + exp(0.0 - load(values, n))))
        else:
            for n in range(0, count, WIDTH):
                x = load(values, n)
                store(out, n, where_above(0.0, x, 0.0, x))

    return activate


KERNELS = (("charlab_activate", _make_activate, 4),)
_COMPILED = register(KERNELS)
_activate = external("charlab_activate", 4)


@inlined
def activate(kind: int, values: Array, at: int, out: Array, out_at: int, count: int) -> None:
    """Write phi of ``count`` numbers, a multiple of sixteen; ``kind`` is of :data:`KINDS`."""
    _activate(values, (kind, address(values, at), address(out, out_at), count))


@inlined
def slope(kind: int, y: Any) -> Any:
    """Return phi'(x) in terms of y = phi(x)."""
    if kind == TANH:
        return 1.0 - y * y
    if kind == SIGMOID:
        return y * (1.0 - y)
    return where_above(y, 0.0, 1.0, 0.0)


@inlined
def log(x: float) -> float:
    """Return the natural logarithm of a positive normal float64.

    x = 2^e m with m in [sqrt(1/2), sqrt(2)) and log m = 2 artanh(s), s = (m - 1) / (m + 1), whose
    series converges quickly as |s| < 0.172.
    """
    if not (x > 0.0 and x < np.inf):
        return np.nan if x != np.inf else x
    bits = np.float64(x).view(np.int64)
    exponent = (bits >> 52) - 1023
    m = np.int64((bits & 0xFFFFFFFFFFFFF) | (1023 << 52)).view(np.float64)
    if m > 1.4142135623730951:
        m, exponent = m * 0.5, exponent + 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = 0.0
    for odd in range(23, 1, -2):
        p = fma(p, z, 1.0 / odd)
    result: float = fma(np.float64(exponent), 0.6931471805599453, fma(s * z * 2.0, p, 2.0 * s))
    return result


@inlined
def cosine_of_half_turns(x: float) -> float:
    """Return cos(pi x) for x in [0, 1], as the Taylor series of sin(pi (1/2 - x))."""
    y = (0.5 - x) * 3.141592653589793
    z = y * y
    p = 0.0
    for n in range(11, 0, -1):
        p = fma(p, z, 1.0) * (-1.0 / ((2 * n) * (2 * n + 1)))
    result: float = fma(p * z, y, y)
    return result


power = inlined(powers.power)
"""x^n for a whole n >= 0, in compiled code."""
