"""Weights or gradients of a network by name, in one flat array."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from charlab.exact.lanes import WIDTH
from charlab.exact.layout import Array, aligned, blocks


class Parameters:
    """Weights or gradients by name, as views of one flat array.

    Attributes
    ----------
    flat : ndarray of shape (P,)
        Every parameter begins at a multiple of sixteen; what lies between is zero.
    views : dict of str to ndarray
    start : int
        Offset of a learned initial state, whose parameters are the last; P without one.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], dtype: DTypeLike) -> None:
        sizes = [blocks(int(np.prod(shape))) * WIDTH for shape in shapes.values()]
        self.flat = aligned((sum(sizes),), dtype)
        self.views: dict[str, Array] = {}
        self.start = sum(
            size
            for name, size in zip(shapes, sizes, strict=True)
            if not name.startswith("initial.")
        )
        start = 0
        for (name, shape), size in zip(shapes.items(), sizes, strict=True):
            self.views[name] = self.flat[start : start + int(np.prod(shape))].reshape(shape)
            start += size
