"""The norm of a gradient, clipping, and the optimizers' steps, element by element.

With g the clipped gradient, eta the learning rate, t the number of steps:

    sgd      w -= eta g
    adagrad  s += g^2;                 w -= eta g / (sqrt(s) + eps)    Duchi et al. 2011
    rmsprop  s = b2 s + (1 - b2) g^2;  w -= eta g / (sqrt(s) + eps)    Tieleman and Hinton 2012
    adam     m = b1 m + (1 - b1) g, s as in rmsprop, both divided by 1 - b^t;
             w -= eta m / (sqrt(s) + eps)                              Kingma and Ba 2015

Weight decay is decoupled (Loshchilov and Hutter 2019): before the step, w -= eta * decay * w.
"""

from __future__ import annotations

import math
from typing import Any

from charlab.exact.functions import power
from charlab.exact.lanes import (
    WIDTH,
    compiled,
    fma,
    inlined,
    load,
    splat,
    square_root,
    store,
    where_above,
)
from charlab.exact.layout import Array, Ids

SGD, ADAGRAD, RMSPROP, ADAM = range(4)
KINDS = {"sgd": SGD, "adagrad": ADAGRAD, "rmsprop": RMSPROP, "adam": ADAM}
"""The number of each optimizer, by its name in params.yaml."""

NONE, NORM, VALUE = range(3)
CLIPPING = {"none": NONE, "norm": NORM, "value": VALUE}
"""The number of each way of clipping, by its name in params.yaml."""

EPS = 1e-8


@inlined
def _sum_of_squares(values: Array, count: int, chains: int) -> float:
    """Return the sum of squares of ``count`` numbers in float64: chains, then a tree.

    Element n is added to chain n mod ``chains``, a power of two. The square of a float32 is exact
    in float64.
    """
    sums = [0.0] * chains
    for n in range(count):
        x = float(values[n])
        sums[n % chains] = fma(x, x, sums[n % chains])
    half = chains // 2
    while half:
        for n in range(half):
            sums[n] += sums[n + half]
        half //= 2
    return sums[0]


@compiled
def norm(values: Array, others: float) -> float:
    """Return the Euclidean norm of a flat array and of others' sum of squares, in float64."""
    return math.sqrt(_sum_of_squares(values, len(values), 64) + others)


@compiled
def sum_of_row_squares(values: Array, count: int) -> float:
    """Return the sum of squares of the first ``count`` numbers: sixteen chains, then a tree.

    Rows have a multiple of sixteen numbers, so rows of zeros between others change no bit.
    """
    return _sum_of_squares(values, count, 16)


@inlined
def _moved(
    kind: int,
    w: Any,
    g: Any,
    m: Array,
    s: Array,
    at: int,
    rate: float,
    b1: float,
    b2: float,
    first: float,
    second: float,
) -> Any:
    """Return sixteen weights after a step; what is kept of past gradients is updated in place."""
    if kind == SGD:
        return fma(g, 0.0 - rate, w)
    if kind == ADAGRAD:
        squares = fma(g, g, load(s, at))
        store(s, at, squares)
        return w - g * rate / (square_root(squares) + EPS)
    squares = fma(g * g, 1.0 - b2, load(s, at) * b2)
    store(s, at, squares)
    if kind == RMSPROP:
        return w - g * rate / (square_root(squares) + EPS)
    mean = fma(g, 1.0 - b1, load(m, at) * b1)
    store(m, at, mean)
    return w - mean * first / fma(square_root(squares), second, EPS)


@compiled
def step(
    kind: int,
    clipping: int,
    clip_at: float,
    length: float,
    w: Array,
    g: Array,
    m: Array,
    s: Array,
    rate: float,
    decay: float,
    b1: float,
    b2: float,
    steps: int,
) -> None:
    """Clip the gradient and take one step.

    Parameters
    ----------
    kind, clipping : int
        Of :data:`KINDS` and :data:`CLIPPING`.
    clip_at, length : float
        The bound, and the norm of the whole gradient.
    w, g : ndarray of shape (P,)
        Weights, updated in place, and their gradient; P is a multiple of 16.
    m, s : ndarray of shape (P,)
        Means of gradients and of squares, updated in place; of no length if not used.
    rate, decay, b1, b2 : float
    steps : int
        Steps taken before and with this one, from 1 on.
    """
    scale = 1.0
    if clipping == NORM and length > clip_at:
        scale = clip_at / length
    first = rate
    second = 1.0
    if kind == ADAM:
        first = rate / (1.0 - power(b1, steps))
        second = 1.0 / math.sqrt(1.0 - power(b2, steps))
    factor, kept = splat(w, scale), splat(w, 1.0 - rate * decay)
    for at in range(0, len(w), WIDTH):
        gradient = load(g, at) * factor
        if clipping == VALUE:
            gradient = where_above(gradient, clip_at, clip_at, gradient)
            gradient = where_above(-clip_at, gradient, -clip_at, gradient)
        weight = load(w, at)
        if decay != 0.0:
            weight = weight * kept
        store(w, at, _moved(kind, weight, gradient, m, s, at, rate, b1, b2, first, second))


@compiled
def step_touched(
    kind: int,
    scale: float,
    bound: float,
    touched: Ids,
    width: int,
    w: Array,
    g: Array,
    m: Array,
    s: Array,
    rate: float,
    decay: float,
    b1: float,
    b2: float,
    steps: Ids,
) -> None:
    """Take a step with the rows of a table whose gradient is not zero; leave all others alone.

    So moments of a row are means over the chunks that met it, and each row counts its own steps
    ("lazy" Adam). Weight decay, too, acts on a row only where it takes a step.

    Parameters
    ----------
    scale, bound : float
        Factor of the gradient, and its largest element (infinity for none).
    touched : ndarray of shape (count,)
        Rows of the table.
    w, m, s : ndarray (N, width)
    g : ndarray (count, width)
    steps : ndarray of shape (N,)
        Steps of each row.
    """
    for place in range(len(touched)):
        row, start = touched[place], place * width
        at = start
        while at < start + width and g[at] == 0.0:
            at += 1
        if at == start + width:
            continue
        steps[row] += 1
        first, second = rate, 1.0
        if kind == ADAM:
            first = rate / (1.0 - power(b1, steps[row]))
            second = 1.0 / math.sqrt(1.0 - power(b2, steps[row]))
        for at in range(0, width, WIDTH):
            gradient = load(g, start + at) * splat(w, scale)
            gradient = where_above(gradient, bound, bound, gradient)
            gradient = where_above(-bound, gradient, -bound, gradient)
            to = row * width + at
            weight = load(w, to)
            if decay != 0.0:
                weight = weight * splat(w, 1.0 - rate * decay)
            store(w, to, _moved(kind, weight, gradient, m, s, to, rate, b1, b2, first, second))
