"""Train briefly in every way the kernels know, and print one hash per group of trainings.

The output of a whole run is kept in hashes.txt beside this file. After a change of the
arithmetic, and only then, write it anew:

    python tests/exact/hashes.py > tests/exact/hashes.txt

The program needs NumPy and Numba alone, so that it also runs where torch and pydantic are not
installed: below an emulator, and with other versions of Python.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numpy as np

from charlab.exact.functions import KINDS, activate
from charlab.exact.layout import CELLS, GATES, Array
from charlab.exact.network import Network
from charlab.exact.settings import DIRECT, INPUT, looks_up
from charlab.exact.updates import Optimizer

RECORDED = Path(__file__).parent / "hashes.txt"
REGENERATE = "python tests/exact/hashes.py > tests/exact/hashes.txt"
UPDATES = 3
EVERY_STEP = list(product(("adam", "rmsprop", "adagrad", "sgd"), ("norm", "value", "none")))
"""Each optimizer with each way of clipping: the trainings of a group of the grid."""

QUICK = (
    "gru tanh 2 recurrent learned",
    "lstm tanh 1 output zero",
    "gru input trigram direct 3",
)
"""Groups that the fast tests train, in float32 only, as compiling takes most of their time."""

LOOK_UPS = (("char", 1), ("char", 2), ("bigram", 0), ("bigram", 3), ("trigram", 0), ("trigram", 3))
"""Kinds of input, and orders of direct connections, that the groups with n-grams have."""

EXTREME: dict[str, dict[str, Any]] = {
    "subnormal": {"scale": 2.0**-126, "rate": 2.0**-126},
    "diverging": {"scale": 1e30, "rate": 1e30},
}
"""Bounds of the weights and learning rates at which subnormal numbers, or NaN, arise."""


@dataclass(frozen=True)
class Model:
    """What :class:`charlab.exact.settings.ModelSettings` asks for, without pydantic."""

    cell: str = "lstm"
    activation: str = "tanh"
    hidden: int = 37
    layers: int = 1
    dropout: float = 0.0
    dropout_at: str = "output"
    recurrent_dropout: float = 0.0
    initial_state: str = "zero"
    input: str = "char"
    direct_order: int = 0


@dataclass(frozen=True)
class Step:
    """What :class:`charlab.exact.settings.StepSettings` asks for."""

    optimizer: str = "adam"
    clip: str = "norm"
    clip_at: float = 0.05
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)


@dataclass(frozen=True)
class Sizes:
    """Batch size, sequence length and size of the vocabulary: odd ones, as they may be."""

    batch: int = 5
    seq_len: int = 7
    vocab: int = 29


def made_ngrams(vocab: int) -> Any:
    """Return some bigrams and trigrams of characters with low numbers, which are common."""
    pairs = [(-1, a, b) for a in range(vocab // 2) for b in range(a % 2, vocab // 2, 2)]
    triples = [(a, b, (a + b) % 7) for a in range(0, vocab // 2, 2) for b in range(vocab // 2)]
    return np.array(pairs + triples, np.int32)


def made_weights(model: Model, vocab: int, generator: Any, scale: float) -> dict[str, Array]:
    """Return weights that only integers, one exact conversion and one product lead to."""
    rows = GATES[CELLS[model.cell]] * model.hidden
    shapes: dict[str, tuple[int, ...]] = {}
    for depth in range(model.layers):
        inputs = vocab if depth == 0 else model.hidden
        shapes[f"rnn.weight_ih_l{depth}"] = (rows, inputs)
        shapes[f"rnn.weight_hh_l{depth}"] = (rows, model.hidden)
        shapes[f"rnn.bias_ih_l{depth}"] = shapes[f"rnn.bias_hh_l{depth}"] = (rows,)
    shapes |= {"head.weight": (vocab, model.hidden), "head.bias": (vocab,)}
    if model.initial_state == "learned":
        for part in "hc" if model.cell == "lstm" else "h":
            shapes[f"initial.{part}"] = (model.layers, model.hidden)
    ngrams = made_ngrams(vocab)
    pairs = int((ngrams[:, 0] < 0).sum())
    if model.input != "char":
        count = pairs if model.input == "bigram" else len(ngrams)
        shapes[INPUT] = (count, rows // model.hidden, model.hidden)
    if model.direct_order:
        count = vocab + (0, pairs, len(ngrams))[model.direct_order - 1]
        shapes[DIRECT] = (count, vocab)
    whole = 1 << 24  # the integers that float32 holds exactly
    weights: dict[str, Any] = {
        name: (generator.integers(-whole, whole, shape) * (scale / whole)).astype(np.float32)
        for name, shape in shapes.items()
    }
    return weights | ({"ngrams": ngrams} if looks_up(model) else {})


def train_briefly(
    model: Model,
    step: Step,
    sizes: Sizes = Sizes(),
    dtype: Any = np.float32,
    scale: float = 0.25,
    rate: float = 0.01,
) -> bytes:
    """Return the bytes of weights, states, losses and norms after a few updates."""
    generator = np.random.Generator(np.random.PCG64(5))
    weights = made_weights(model, sizes.vocab, generator, scale)
    network = Network(model, weights, sizes.batch, sizes.seq_len, seed=3, dtype=dtype)
    optimizer = Optimizer(network, step)
    shape = (UPDATES + 1, sizes.seq_len + 1, sizes.batch)
    chunks = [np.ascontiguousarray(ids) for ids in generator.integers(0, sizes.vocab, shape)]
    if looks_up(model):
        chunks = [ids % (sizes.vocab // 2) for ids in chunks]
    figures = []
    for ids in chunks[:-1]:
        figures.append(network.loss_and_gradients(ids[:-1], ids[1:]))
        figures.append(optimizer.step(rate))
    figures.append(network.loss(chunks[-1][:-1], chunks[-1][1:]))  # scored without dropout
    arrays = [network.parameters.flat, np.array(figures)]
    arrays += [table.values for table in network.tables.values()]
    arrays += [part for layer in network.state()[: model.layers] for part in layer]
    return b"".join(canonical(array) for array in arrays)


def canonical(values: Array) -> bytes:
    """Return an array's bytes with one NaN for all: IEEE 754 leaves their bits to the processor."""
    return np.where(values == values, values, values.dtype.type(np.nan)).tobytes()


def all_steps(model: Model, dtype: Any = np.float32) -> bytes:
    """Train with every optimizer and every way of clipping."""
    return b"".join(
        train_briefly(model, Step(optimizer, clip), dtype=dtype) for optimizer, clip in EVERY_STEP
    )


@numba.njit(error_model="numpy")
def apply(kind: int, values: Array, out: Array) -> None:
    """Call a function that is made for kernels, and that Python cannot call."""
    activate(kind, values, 0, out, 0, len(values))


def special_values(dtype: Any) -> bytes:
    """Apply each activation to zeros, subnormal and huge numbers, infinities and NaN."""
    tiny, most = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
    edges = [0.0, tiny, 3 * tiny, np.finfo(dtype).tiny, 1e-8, 7.9, 87.0, 88.7, 700.0, most, np.inf]
    values = np.array([*edges, *(-x for x in edges), np.nan, *range(-20, 21)], dtype)
    values = np.concatenate([values, np.zeros(-len(values) % 16, dtype)])
    out = np.zeros_like(values)
    result = b""
    for kind in KINDS.values():
        apply(kind, values, out)
        result += canonical(out)
    return result


def _grid() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Every cell, activation, number of layers, place of dropout and initial state."""
    places: dict[str, dict[str, Any]] = {
        "none": {},
        "output": {"dropout": 0.3},
        "between_layers": {"dropout": 0.3, "dropout_at": "between_layers"},
        "variational": {"dropout": 0.3, "dropout_at": "variational"},
        "recurrent": {"recurrent_dropout": 0.2},
    }
    for cell, activation, layers, place, start in product(
        ("rnn", "gru", "lstm"), KINDS, (1, 2), places, ("zero", "learned")
    ):
        if layers > 1 or place != "between_layers":
            model = Model(cell, activation, layers=layers, initial_state=start, **places[place])
            yield f"{cell} {activation} {layers} {place} {start}", partial(all_steps, model)


def groups() -> dict[str, Callable[[], bytes]]:
    """Return all groups of trainings by name."""
    result = dict(_grid())
    for cell in ("rnn", "gru", "lstm"):
        for hidden, batch, seq_len, vocab in (
            (1, 1, 1, 2), (16, 16, 16, 16), (33, 3, 2, 100), (64, 13, 23, 61), (300, 2, 5, 130),
        ):  # fmt: skip
            sizes = Sizes(batch, seq_len, vocab)
            name = f"{cell} hidden {hidden} batch {batch} seq_len {seq_len} vocab {vocab}"
            result[name] = partial(train_briefly, Model(cell, hidden=hidden), Step(), sizes)
        for name, change in EXTREME.items():
            model, step = Model(cell, "relu"), Step("sgd", "none")
            result[f"{cell} relu {name}"] = partial(train_briefly, model, step, **change)
        for activation in KINDS:
            model = Model(cell, activation, layers=2, dropout=0.3)
            result[f"{cell} {activation} float64"] = partial(all_steps, model, np.float64)
    for cell, (given, order) in product(("rnn", "gru", "lstm"), LOOK_UPS):
        model = Model(cell, input=given, direct_order=order, dropout=0.3)
        result[f"{cell} input {given} direct {order}"] = partial(all_steps, model)
    model = Model("gru", layers=2, initial_state="learned", input="trigram", direct_order=3)
    result["gru input trigram direct 3 float64"] = partial(all_steps, model, np.float64)
    for dtype in (np.float32, np.float64):
        result[f"special values {dtype.__name__}"] = partial(special_values, dtype)
    return result


def digest(group: Callable[[], bytes]) -> str:
    """Return the first 16 digits of the SHA-256 of what a group computes."""
    return hashlib.sha256(group()).hexdigest()[:16]


def recorded() -> dict[str, str]:
    """Return the hashes of hashes.txt by group."""
    return parsed(RECORDED.read_text(encoding="utf-8"))


def parsed(output: str) -> dict[str, str]:
    """Return the hashes by group of what the program prints."""
    lines = (line.split(" ", 1) for line in output.splitlines())
    return {name: value for value, name in lines}


def print_hashes(threads: int, only: str) -> None:
    """Print a line per group, and one of all of them; say on standard error what computed them."""
    chosen = {name: group for name, group in groups().items() if re.search(only, name)}
    with ThreadPoolExecutor(threads) as pool:
        values = list(pool.map(digest, chosen.values()))
    lines = [f"{value} {name}" for name, value in zip(chosen, values, strict=True)]
    total = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    print(f"{total} all", *lines, sep="\n")
    processor = os.environ.get("NUMBA_CPU_NAME") or llvmlite.binding.get_host_cpu_name()
    if "NUMBA_CPU_NAME" in os.environ and "NUMBA_CPU_FEATURES" not in os.environ:
        processor += " with the features of this one"
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print(
        f"{platform.machine()}, code for {processor}, {threads} threads, {versions}, "
        f"Numba {numba.__version__}, LLVM {llvmlite.binding.llvm_version_info[0]}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="groups trained side by side")
    parser.add_argument(
        "--only", default="", metavar="PATTERN", help="train the groups whose names it matches"
    )
    arguments = parser.parse_args()
    np.seterr(all="ignore")
    print_hashes(arguments.threads, arguments.only)
