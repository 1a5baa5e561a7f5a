"""Functions and products of whole arrays keep their bits, whatever array they are given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from charlab.exact import arrays
from charlab.exact.powers import power

Floats = NDArray[np.float64]

TINY = np.finfo(np.float64).tiny
EDGES = [
    *(0.0, 1.0, 0.5, 2.0, 88.0, 700.0, 700.0000001, 709.8, 1e300, 1.5e-323, 5e-324, TINY, np.inf),
    *(np.nextafter(1.0, 0.0), np.nextafter(1.0, 2.0), np.nextafter(TINY, 0.0), 2**0.5, np.nan),
]


def numbers(count: int) -> Floats:
    """Return numbers of every exponent, subnormal ones, NaN and infinity, of both signs."""
    generator = np.random.default_rng(11)
    edges = np.array(EDGES)
    patterns = generator.integers(0, 2**64, count, np.uint64).view(np.float64)
    subnormal = generator.integers(0, 2**52, count, np.uint64).view(np.float64)
    usual = -800 + 1600 * generator.random(count), -1 + 2 * generator.random(count)
    return np.concatenate([edges, -edges, patterns, subnormal, -subnormal, *usual])


def rows() -> Floats:
    """Return logits (n, 7): usual ones, and some with infinities, NaN and zeros of both signs."""
    generator = np.random.default_rng(12)
    usual = 50 - 100 * generator.random((300, 7))
    odd = generator.choice([*EDGES, -0.0, -np.inf, -1.0, 3.0], (300, 7))
    return np.concatenate([usual, odd, np.zeros((1, 7)), np.full((1, 7), -0.0)])


def factors() -> tuple[Floats, Floats]:
    """Return matrices whose products round, overflow and underflow."""
    generator = np.random.default_rng(13)
    left, right = generator.random((23, 37)) - 0.5, generator.random((37, 19)) - 0.5
    left[3], left[4], right[:, 5], right[:, 6] = 1e300, 1e-300, 1e300, -1e-300
    left[5, :4] = np.nan, np.inf, -0.0, 5e-324
    return left, right


def digest(values: Floats) -> str:
    """Return a hash of the bits; those of a NaN are left to the processor."""
    assert values.dtype == np.float64
    return hashlib.sha256(np.where(np.isnan(values), np.nan, values).tobytes()).hexdigest()[:16]


RESULTS: dict[str, Callable[[], Floats]] = {
    "exp": lambda: arrays.exp(numbers(20_000)),
    "log": lambda: arrays.log(numbers(20_000)),
    "log_softmax": lambda: arrays.log_softmax(rows()),
    "cross_entropy": lambda: arrays.cross_entropy(rows(), np.arange(len(rows())) % 7),
    "multiply": lambda: arrays.multiply(*factors()),
    "cosine": lambda: arrays.cosine_of_half_turns(np.arange(5_001) / 5_000),
    "power": lambda: np.array([power(x, n) for x in EDGES for n in (0, 1, 2, 7, 1_000)]),
}
HASHES = {
    "exp": "692a3e79840ba5f0",
    "log": "3021cfa425f08630",
    "log_softmax": "184280e5035997b3",
    "cross_entropy": "11a164148b05992f",
    "multiply": "614fb2b9456607b4",
    "cosine": "1df28da92a14f804",
    "power": "82319fbeb2627a40",
}


@pytest.mark.parametrize("name", RESULTS)
def test_bits_are_the_recorded_ones(name: str) -> None:
    """They change only with the arithmetic itself."""
    assert digest(RESULTS[name]()) == HASHES[name]


def read_only(values: Floats) -> Floats:
    """Return an array that may not be written to."""
    values.flags.writeable = False
    return values


def unaligned(values: Floats) -> Floats:
    """Return an array that begins in the middle of a word."""
    place = np.zeros(values.nbytes + 1, np.uint8)[1:].view(np.float64).reshape(values.shape)
    place[...] = values
    return place


LAYOUTS: dict[str, Callable[[Floats], Any]] = {
    "strided": lambda values: np.repeat(values, 2, axis=-1)[..., ::2],
    "reversed": lambda values: values[::-1].copy()[::-1],
    "by columns": np.asfortranarray,
    "read-only": read_only,
    "unaligned": unaligned,
    "other byte order": lambda values: values.astype(">f8"),
    "float32": lambda values: values.astype(np.float32),
    "list": lambda values: values.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read(layout: str) -> None:
    """The result is that of the same numbers in order."""
    # Numbers of few digits, which float32 holds too.
    values = np.arange(1.0, 61.0).reshape(3, 4, 5) / 8
    for function in (arrays.exp, arrays.log, arrays.log_softmax):
        result = function(LAYOUTS[layout](values.copy()))
        assert result.shape == values.shape
        assert result.tobytes() == function(values).tobytes()
    matrix = values.reshape(6, 10)
    if layout != "list":
        product = arrays.multiply(*(LAYOUTS[layout](m.copy()) for m in (matrix, matrix.T)))
        assert product.tobytes() == arrays.multiply(matrix, matrix.T).tobytes()


def test_arguments_stay_as_they_are() -> None:
    """A kernel may be given the caller's own array."""
    values = numbers(10)
    before = values.tobytes()
    for function in (arrays.exp, arrays.log, arrays.log_softmax):
        function(values)
        assert values.tobytes() == before


def test_a_number_and_no_numbers() -> None:
    """Shapes stay, also those without axes or elements."""
    assert arrays.exp(0.0).shape == arrays.log(np.float32(1)).shape == ()
    assert float(arrays.exp(0)) == 1.0
    for shape in ((0,), (3, 0), (0, 4)):
        assert arrays.exp(np.zeros(shape)).shape == arrays.log(np.zeros(shape)).shape == shape
    assert arrays.log_softmax(np.zeros((0, 4))).shape == (0, 4)
    assert arrays.cross_entropy(np.zeros((0, 4)), np.zeros(0, np.int64)).shape == (0,)
    assert not arrays.multiply(np.zeros((2, 0)), np.zeros((0, 3))).any()
    assert arrays.multiply(np.zeros((0, 2)), np.zeros((2, 3))).shape == (0, 3)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_product_has_the_same_bits_however_it_is_cut(rows: int) -> None:
    """In sixteens, one by one, and in pieces of k: a column and a row depend on no other."""
    generator = np.random.default_rng(14)
    left, right = generator.normal(size=(rows, 300)), generator.normal(size=(300, 37))
    whole = arrays.multiply(left, right)
    for column in range(37):
        alone = arrays.multiply(left[-1:], right[:, column : column + 1])
        assert alone.tobytes() == whole[-1, column].tobytes()
    np.testing.assert_allclose(whole, left @ right, rtol=0, atol=1e-12)
