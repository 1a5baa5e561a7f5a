"""Sampling of whole texts in one compiled call: softmax, truncation, inverse CDF.

With y the logits and tau the temperature, a character's weight is exp((y - max y) / tau). Weights
are summed in blocks of sixteen by the tree of :func:`charlab.exact.lanes.total`, and the sums of
blocks one after the other in float64. A uniform number u chooses the first character whose
cumulative weight exceeds u times the total.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlab.exact.functions import exp, log
from charlab.exact.inference import Code, LookUps, Weights, Work, advance
from charlab.exact.lanes import (
    WIDTH,
    compiled,
    fma,
    inlined,
    largest,
    load,
    splat,
    store,
    total,
    where_above,
)
from charlab.exact.layout import Array, Ids
from charlab.exact.ngrams import step_rows

REACHED = 1 - 1e-6
"""Part of top_p from which it counts as reached: weights are rounded to float32."""

Options = tuple[float, int, float]
"""Temperature, top_k (0 for none) and top_p (above 1 for none)."""


@inlined
def _highest(out: Array, at: int, block: int, units: int) -> Any:
    """Return the largest logit of a stream; NaN if any is infinite or NaN."""
    top, check = load(out, at), splat(out, 0.0)
    for v in range(units):
        y = load(out, at + v * block)
        top = where_above(y, top, y, top)
        check = fma(y, 0.0, check)  # 0, or NaN
    return largest(top) + total(check)


@compiled
def truncate(weights: Array, kept: Array, order: Ids, vocab: int, options: Options) -> None:
    """Keep the likeliest characters by top_k, then by top_p; lower ids win ties.

    Parameters
    ----------
    weights : ndarray of shape (blocks of V * 16,)
        Overwritten.
    kept : ndarray of the same shape
        Written: weights of the characters kept, else 0.
    order : ndarray of shape (V,), integer
        Room for the characters kept, the likeliest first.
    """
    _, top_k, top_p = options
    whole, mass, count = 0.0, 0.0, 0
    for v in range(vocab):
        whole += weights[v]
    for v in range(len(kept)):
        kept[v] = 0
    # With top_k, the share that top_p asks for is of the k likeliest.
    most, enough = (min(top_k, vocab), np.inf) if top_k > 0 else (vocab, top_p * whole * REACHED)
    while count < most and mass < enough:
        best, value = 0, weights[0]
        for v in range(1, vocab):
            if weights[v] > value:
                best, value = v, weights[v]
        if not value > 0.0:
            break
        order[count], kept[best] = best, value
        weights[best] = -1.0
        mass += value
        count += 1
    enough, mass = top_p * mass * REACHED, 0.0
    if top_k > 0:
        for n in range(count):
            if mass >= enough:
                kept[order[n]] = 0
            else:
                mass += kept[order[n]]


@inlined
def _invert(weights: Array, units: int, u: float) -> Any:
    """Return the character that u chooses, and the total of all weights."""
    whole = 0.0
    for v in range(units):
        whole += total(load(weights, v * WIDTH))
    target, below, chosen = u * whole, 0.0, -1
    for v in range(units):
        above = below + total(load(weights, v * WIDTH))
        if above > target:
            # By rounding, the sum one by one may end below that of the tree: the last one then.
            for n in range(v * WIDTH, v * WIDTH + WIDTH):
                if weights[n] > 0.0:
                    below, chosen = below + weights[n], n
                    if below > target:
                        break
            break
        below = above
    return chosen, whole


@inlined
def _choose(
    out: Array, at: int, block: int, vocab: int, u: float, options: Options, room: Any, order: Ids
) -> Any:
    """Return the character that u chooses; -1 if a logit is not finite. Fill room[0] by weights."""
    temperature, top_k, top_p = options
    units = (vocab + WIDTH - 1) // WIDTH
    highest = _highest(out, at, block, units)
    if np.isnan(highest):
        return -1, highest, 0.0
    if temperature == 0.0:
        for v in range(vocab):
            if out[at + v // WIDTH * block + v % WIDTH] == highest:
                return v, highest, 0.0
    # Bounded, so that lanes beyond V keep a weight of 0, and equals at the top one of 1.
    inverse = min(max(1.0 / temperature, 1e-20), 1e30)
    for v in range(units):
        y = load(out, at + v * block)
        store(room[0], v * WIDTH, exp((y - highest) * inverse))
    if top_k > 0 or top_p <= 1.0:
        truncate(room[0], room[1], order, vocab, options)
        chosen, whole = _invert(room[1], units, u)
    else:
        chosen, whole = _invert(room[0], units, u)
    return chosen, highest, whole


@inlined
def _record(
    out: Array, at: int, block: int, vocab: int, chosen: int, highest: float, whole: float,
    options: Options, room: Any,
) -> Any:  # fmt: skip
    """Return the loss at temperature 1 and the entropy after all options, in nats."""
    temperature, top_k, top_p = options
    units = (vocab + WIDTH - 1) // WIDTH
    inverse = min(max(1.0 / temperature, 1e-20), 1e30) if temperature > 0.0 else 0.0
    mass, moment = splat(out, 0.0), splat(out, 0.0)
    for v in range(units):
        shifted = load(out, at + v * block) - highest
        mass = mass + exp(shifted)
        if temperature > 0.0:
            truncated = top_k > 0 or top_p <= 1.0
            weight = load(room[1], v * WIDTH) if truncated else load(room[0], v * WIDTH)
            # 0 log 0 counts as 0.
            moment = moment + where_above(weight, 0.0, weight * (shifted * inverse), 0.0)
    picked = out[at + chosen // WIDTH * block + chosen % WIDTH]
    nats = log(float(total(mass))) - (float(picked) - float(highest))
    if temperature == 0.0:
        return nats, 0.0
    return nats, max(log(whole) - total(moment) / whole, 0.0)


@inlined
def sample(
    code: Code,
    weights: Weights,
    work: Work,
    look_ups: LookUps,
    keys: Ids,
    before: Ids,
    rows: Ids,
    u: Array,
    options: Options,
    room: tuple[Array, Array],
    order: Ids,
    ids: Ids,
    nats: Array,
    entropy: Array,
) -> bool:
    """Sample texts that continue the streams whose states and logits are in ``work``.

    Parameters
    ----------
    look_ups, keys, before : tuple of tuple of int, ndarray of shape (N,), ndarray of shape (B, 2)
        See :mod:`charlab.exact.ngrams`; ``before`` is overwritten, and of shape (0, 2) without
        n-grams.
    rows : ndarray of shape (3, 1, B), integer
        Room for the rows looked up; of shape (3, 1, 0) without n-grams.
    u, ids : ndarray of shape (length, B)
        Uniform numbers, and the characters they choose.
    room : tuple of ndarray of shape (blocks of V * 16,)
    order : ndarray of shape (V,)
    nats, entropy : ndarray of shape (length, B)
        Written, in float64; of shape (0, 0) if not wanted.

    Returns
    -------
    bool
        Whether all logits were finite.
    """
    (length, batch), vocab, out = u.shape, code[4], work[4]
    block = batch * WIDTH
    # Of the types that read() gives to advance(), or Numba would compile it again.
    two: Any = np.int64(2)
    none: Any = np.int64(0)
    met = rows[:, 0]
    for t in range(length):
        for b in range(batch):
            chosen, highest, whole = _choose(
                out, b * WIDTH, block, vocab, u[t, b], options, room, order
            )
            if chosen < 0:
                return False
            ids[t, b] = chosen
            if len(nats) > 0:
                nats[t, b], entropy[t, b] = _record(
                    out, b * WIDTH, block, vocab, chosen, highest, whole, options, room
                )
        if t + 1 < length:
            if len(before) > 0:
                step_rows(keys, vocab, ids[t], before, met)
            advance(code, weights, work, ids[t], look_ups, met, (two, none, t % two, none))
    return True
