r"""Options and uniform numbers of sampling by temperature, top-k, top-p and inverse CDF.

At temperature tau

    p(w) = exp(logit_w / tau) / sum_v exp(logit_v / tau)

and a uniform number u chooses the first character whose cumulative probability exceeds u. The
choice itself is compiled, in :mod:`charlab.exact.sampling`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charlab.core.errors import CharlabError
from charlab.core.seeding import numpy_generator

Floats = npt.NDArray[np.float64]


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
            raise SamplingError(
                f"expected a finite temperature of at least 0, found {self.temperature}"
            )
        if self.top_k is not None and self.top_k < 1:
            raise SamplingError(f"expected top_k of at least 1, found {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise SamplingError(f"expected top_p above 0 and at most 1, found {self.top_p}")

    def for_kernel(self) -> tuple[float, int, float]:
        """Return temperature, top_k or 0, and top_p or 2, which keeps all."""
        top_p = 2.0 if self.top_p in (None, 1) else float(self.top_p or 0)
        return float(self.temperature), self.top_k or 0, top_p


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
