r"""One character from the model's logits: temperature, truncation, inverse of the CDF.

What enters are logits and uniform numbers; what leaves are ids. At temperature tau

    p(w) = exp(logit_w / tau) / sum_v exp(logit_v / tau)

and the character drawn is the first whose cumulative probability exceeds u.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charlab.core.errors import CharlabError
from charlab.core.seeding import numpy_generator

Floats = npt.NDArray[np.float64]
Logits = npt.NDArray[np.floating]
Places = npt.NDArray[np.intp]


class SamplingError(CharlabError):
    """What was asked for cannot be sampled, or the model gives no distribution."""


@dataclass(frozen=True)
class Shape:
    """How a model's distribution is changed before a character is drawn.

    Attributes
    ----------
    temperature : float
        1 leaves it, 0 takes the likeliest character.
    top_k : int, optional
        Keep the k likeliest characters.
    top_p : float, optional
        Keep the fewest likeliest characters that together have at least this
        probability (the nucleus: Holtzman et al. 2020, arXiv:1904.09751).
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise SamplingError(f"temperature must be 0 or more, not {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise SamplingError(f"top_k must be at least 1, not {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise SamplingError(f"top_p must be above 0 and at most 1, not {self.top_p}")

    @property
    def plain(self) -> bool:
        """Whether temperature is all there is, so that the quick way will do."""
        return self.temperature > 0 and self.top_k is None and self.top_p is None


def uniforms(seed: int, length: int, count: int) -> Floats:
    """Return the random numbers that all sampling with this seed, length and count uses.

    Returns
    -------
    ndarray of shape (length, count)
        In [0, 1). The stream is named 'sampling', apart from those of training.
    """
    drawn = numpy_generator(seed, "sampling").random((length, count))
    # One step below 1 at most, so that u times a sum stays below the sum when rounded.
    return np.minimum(drawn, 1 - 2**-52)


def probabilities(logits: Logits, shape: Shape) -> Floats:
    """Return the distributions that characters are drawn from.

    Parameters
    ----------
    logits : ndarray of shape (batch_size, vocab_size)

    Returns
    -------
    ndarray of shape (batch_size, vocab_size), dtype=np.float64
        Rows sum to 1.

    Raises
    ------
    SamplingError
        If a logit is not a number.
    """
    z = np.asarray(logits, dtype=np.float64)
    if not np.isfinite(z).all():
        raise SamplingError(
            "the model's output is not finite, so there is nothing to draw from; "
            "its training diverged: train again with a lower learning_rate or with clip: norm"
        )
    if shape.temperature == 0:
        return np.asarray(np.arange(z.shape[1]) == z.argmax(axis=1)[:, None], dtype=np.float64)
    with np.errstate(over="ignore"):  # a tiny temperature: -inf is right, exp makes it 0
        weights = np.exp((z - z.max(axis=1, keepdims=True)) / shape.temperature)
    weights = _truncate(weights / weights.sum(axis=1, keepdims=True), shape)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _truncate(p: Floats, shape: Shape) -> Floats:
    """Set to 0 what top_k and top_p leave out; among equals the lower id stays."""
    if shape.top_k is None and shape.top_p is None:
        return p
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    if shape.top_k is not None:
        ranked[:, shape.top_k :] = 0
    if shape.top_p is not None:
        above = np.cumsum(ranked, axis=1) - ranked  # what the likelier ones already have
        ranked[above >= shape.top_p * ranked.sum(axis=1, keepdims=True)] = 0
    result = np.empty_like(p)
    np.put_along_axis(result, order, ranked, axis=1)
    return result


class Picker:
    """Draws one character for each row of logits, with buffers used again and again."""

    def __init__(self, count: int, vocab_size: int, shape: Shape) -> None:
        self.shape = shape
        self.inverse = 1 / shape.temperature if shape.plain else 0.0
        self.sums = np.empty((count, vocab_size))
        # One row is summed as an array of one dimension: NumPy is faster there.
        self.flat = self.sums[0] if count == 1 else self.sums
        self.totals = self.sums[:, -1]

    def pick(self, logits: Logits, u: Floats) -> Places:
        """Return ids of shape (batch_size,) for uniform numbers of the same shape."""
        if self.shape.plain:
            # Without the maximum taken off exp can overflow; then the safe way is taken.
            np.copyto(self.sums, logits)  # to float64, before any arithmetic
            self.sums *= self.inverse
            np.exp(self.sums, out=self.sums)
            np.add.accumulate(self.flat, axis=-1, out=self.flat)
            if self._in_range():
                return self._invert(u)
        np.cumsum(probabilities(logits, self.shape), axis=1, out=self.sums)
        return self._invert(u)

    def _in_range(self) -> bool:
        if len(self.totals) == 1:
            return 1e-200 < self.totals.item() < 1e300
        return bool(self.totals.min() > 1e-200 and self.totals.max() < 1e300)

    def _invert(self, u: Floats) -> Places:
        """Return for each row the first place where the sum exceeds u of its total."""
        target = u * self.totals
        if len(target) == 1:
            found: Places = self.flat.searchsorted(target, side="right")
        else:
            found = (self.sums > target[:, None]).argmax(axis=1)
        return found
