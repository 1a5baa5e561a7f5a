"""Pack trained weights for the page: int8 with one scale per row, as base64.

A matrix row w becomes round(w / s) with s = max |w| / 127, so the error of a weight is at most half
of its row's s. Vectors (biases, the learned initial state) stay float32 and n-grams int32.

The packed bytes of a network are those of its tensors one after another, each padded to a multiple
of four bytes: float32 scales, then the int8 rows; or the values themselves.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]

LEVELS = 127
"""Largest absolute value of a quantized weight."""


def quantize(values: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Return the scales (rows,) and the int8 values (rows, columns) of a matrix.

    A tensor with more than two dimensions is a matrix of its last axis.
    """
    rows = np.asarray(values, np.float32).reshape(-1, values.shape[-1])
    scales = np.abs(rows).max(axis=1, initial=0).astype(np.float32) / np.float32(LEVELS)
    scales[scales == 0] = 1  # a row of zeros
    whole = np.rint(rows / scales[:, None]).clip(-LEVELS, LEVELS)
    return scales, whole.astype(np.int8)


def rounded(weights: Weights) -> dict[str, NDArray[Any]]:
    """Return the weights as the page computes with them, in float32."""
    result = {}
    for name, values in weights.items():
        if _is_matrix(name, values):
            scales, whole = quantize(values)
            result[name] = (whole * scales[:, None]).astype(np.float32).reshape(values.shape)
        else:
            result[name] = np.asarray(values)
    return result


def pack(weights: Weights, *, exact: bool = False) -> dict[str, Any]:
    """Return weights ready for JSON.

    Parameters
    ----------
    weights : mapping of str to ndarray
        Under their names in model.safetensors.
    exact : bool
        Keep float32, for tests of the arithmetic.

    Returns
    -------
    dict
        ``tensors``, each with ``name``, ``shape``, ``kind`` (i8, f32 or i32) and ``at``, its first
        byte; and ``data``, the bytes as base64.
    """
    tensors, parts, at = [], [], 0
    for name, values in weights.items():
        kind = "i32" if name == "ngrams" else "f32"
        if _is_matrix(name, values) and not exact:
            kind, (scales, whole) = "i8", quantize(values)
            raw = scales.astype("<f4").tobytes() + whole.tobytes()
        else:
            raw = np.asarray(values, "<i4" if kind == "i32" else "<f4").tobytes()
        tensors.append({"name": name, "shape": list(values.shape), "kind": kind, "at": at})
        raw += b"\0" * (-len(raw) % 4)  # JavaScript reads float32 at multiples of four bytes
        parts.append(raw)
        at += len(raw)
    return {"tensors": tensors, "data": base64.b64encode(b"".join(parts)).decode("ascii")}


def _is_matrix(name: str, values: NDArray[Any]) -> bool:
    """Return whether a tensor is quantized."""
    return values.ndim > 1 and name not in ("ngrams", "initial.h", "initial.c")
