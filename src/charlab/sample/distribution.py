r"""Choose a character from the model's logits by temperature, top-k, top-p and inverse CDF.

At temperature tau

    p(w) = exp(logit_w / tau) / sum_v exp(logit_v / tau)

and a uniform number u chooses the first character whose cumulative probability exceeds u.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charlab.core.errors import CharlabError
from charlab.core.seeding import numpy_generator

Floats = npt.NDArray[np.float64]
Logits = npt.NDArray[np.floating]
Ids = npt.NDArray[np.intp]


class SamplingError(CharlabError):
    """An option cannot be used for sampling, or the model's output is not a distribution."""


@dataclass(frozen=True)
class SamplingOptions:
    """Changes to a model's distribution before a character is chosen.

    Attributes
    ----------
    temperature : float
        1 leaves the distribution unchanged, 0 chooses the likeliest character.
    top_k : int, optional
        Keep the k likeliest characters.
    top_p : float, optional
        Keep the fewest likeliest characters that together have at least this
        probability (the nucleus: Holtzman et al. 2020, arXiv:1904.09751).

    Raises
    ------
    SamplingError
        If a value is out of range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):  # NaN fails, too
            raise SamplingError(f"temperature must be 0 or more, not {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise SamplingError(f"top_k must be at least 1, not {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise SamplingError(f"top_p must be above 0 and at most 1, not {self.top_p}")

    @property
    def only_temperature(self) -> bool:
        """Whether a positive temperature is the only change, which allows a faster way."""
        return self.temperature > 0 and self.top_k is None and self.top_p is None


def uniforms(seed: int, length: int, count: int = 1) -> Floats:
    """Return the uniform numbers that choose the characters of ``count`` texts.

    They depend on nothing else, so different models, or different temperatures, sample
    with the same numbers, and their texts differ only by their distributions.

    Returns
    -------
    ndarray of shape (length, count)
        Numbers in [0, 1).
    """
    numbers = numpy_generator(seed, "sampling").random((length, count))
    # Stay clearly below 1, so that u times a sum stays below the sum after rounding.
    return np.minimum(numbers, 1 - 2**-52)


def probabilities(logits: Logits, options: SamplingOptions) -> Floats:
    """Return the distributions from which characters are chosen.

    Parameters
    ----------
    logits : ndarray of shape (batch_size, vocab_size)
    options : SamplingOptions

    Returns
    -------
    ndarray of shape (batch_size, vocab_size), dtype=np.float64
        Rows sum to 1.

    Raises
    ------
    SamplingError
        If a logit is not finite.
    """
    z = np.asarray(logits, dtype=np.float64)
    if not np.isfinite(z).all():
        raise SamplingError(
            "expected finite logits, found infinity or NaN; the training diverged: train again "
            "with a lower learning_rate or with clip: norm"
        )
    if options.temperature == 0:
        return np.asarray(np.arange(z.shape[1]) == z.argmax(axis=1)[:, None], dtype=np.float64)
    # A tiny temperature may overflow to -inf, which exp correctly turns into 0.
    with np.errstate(over="ignore"):
        weights = np.exp((z - z.max(axis=1, keepdims=True)) / options.temperature)
    weights = _truncate(weights / weights.sum(axis=1, keepdims=True), options)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _truncate(p: Floats, options: SamplingOptions) -> Floats:
    """Set the probabilities that top_k and top_p exclude to 0; lower ids win ties."""
    if options.top_k is None and options.top_p is None:
        return p
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)  # (B, V), the likeliest first
    if options.top_k is not None:
        ranked[:, options.top_k :] = 0
    if options.top_p is not None:
        # A character stays if the likelier ones together have less than top_p.
        likelier = np.cumsum(ranked, axis=1) - ranked
        ranked[likelier >= options.top_p * ranked.sum(axis=1, keepdims=True)] = 0
    result = np.empty_like(p)
    np.put_along_axis(result, order, ranked, axis=1)  # (B, V), by id again
    return result


class Picker:
    """Chooses one character for each row of logits, reusing its buffers."""

    def __init__(self, count: int, vocab_size: int, options: SamplingOptions) -> None:
        self.options = options
        self.inverse = 1 / options.temperature if options.only_temperature else 0.0
        self.sums = np.empty((count, vocab_size))
        # NumPy accumulates a single row faster as an array of one dimension.
        self.flat = self.sums[0] if count == 1 else self.sums
        self.totals = self.sums[:, -1]

    def pick(self, logits: Logits, u: Floats) -> Ids:
        """Return ids of shape (batch_size,) for uniform numbers of the same shape."""
        if self.options.only_temperature:
            # Without subtracting the maximum, exp may overflow; the sums show whether it did.
            np.copyto(self.sums, logits)  # to float64, before any arithmetic
            self.sums *= self.inverse
            np.exp(self.sums, out=self.sums)
            np.add.accumulate(self.flat, axis=-1, out=self.flat)
            if self._in_range():
                return self._invert(u)
        np.cumsum(probabilities(logits, self.options), axis=1, out=self.sums)
        return self._invert(u)

    def _in_range(self) -> bool:
        """Return whether no total has overflowed or lost its precision."""
        if len(self.totals) == 1:
            return 1e-200 < self.totals.item() < 1e300
        return bool(self.totals.min() > 1e-200 and self.totals.max() < 1e300)

    def _invert(self, u: Floats) -> Ids:
        """Return for each row the first index where the sum exceeds u times its total."""
        target = u * self.totals  # (B,)
        if len(target) == 1:
            ids: Ids = self.flat.searchsorted(target, side="right")
        else:
            ids = (self.sums > target[:, None]).argmax(axis=1)
        return ids
