"""Run trained networks forward, for sampling, scoring and the looks inside, without torch.

An :class:`InferenceModel` packs the weights once into blocks of sixteen units and calls the
kernels of :mod:`charlab.exact.inference`. A stream's results have the same bits on every
processor, beside any other streams, and however its text is cut into calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charlab.core.errors import CharlabError
from charlab.exact import machine_code, settings, shapes
from charlab.exact.look_up import NGrams, no_characters
from charlab.exact.shapes import KINDS, NEVER, WIDTH
from charlab.models.architecture import Architecture, read_configuration
from charlab.models.packing import pack_weights
from charlab.models.weights import load_weights
from charlab.vocab.vocabulary import Vocabulary

Array = NDArray[Any]
Ids = NDArray[np.integer[Any]]
State = list[tuple[Array, ...]]
Work = tuple[Array, Array, Array, Array, Array]
Options = tuple[float, int, float]

STREAMS = 96
"""Streams sampled together: more would not stay in the second-level cache."""

FILES = ("config.json", "model.safetensors", "vocab.json")
"""Files of a model folder that a network and its vocabulary are loaded from."""

NO_IDS = np.zeros((0, 0), np.int64)
NO_NATS = np.zeros((0, 0))


@dataclass(frozen=True)
class LayerTrace:
    """Values of one layer at every step, each of shape (T, B, H).

    Attributes
    ----------
    hidden : ndarray
        h_t.
    cell, squashed : ndarray or None
        c_t of an LSTM, and phi(c_t).
    gates : tuple of ndarray
        After their nonlinearity: i, f, g, o of an LSTM; n, r, z and W_hn h + b_hn of a GRU.
    """

    hidden: Array
    cell: Array | None
    squashed: Array | None
    gates: tuple[Array, ...]


@dataclass(frozen=True)
class Sampled:
    """Texts sampled together, each array of shape (length, B).

    Attributes
    ----------
    ids : ndarray of int64
    nats : ndarray of float64
        Loss of each character at temperature 1; of shape (0, 0) if not asked for.
    entropy : ndarray of float64
        Entropy of the distribution that it was chosen from; likewise.
    """

    ids: Ids
    nats: Array
    entropy: Array


class InferenceModel:
    """A trained network, forward only.

    Parameters
    ----------
    params : ModelSettings
    weights : mapping of str to ndarray
        Under their names in model.safetensors.
    dtype : dtype
        float32 as in training, or float64 for looks inside.

    Attributes
    ----------
    vocab_size : int
    """

    def __init__(
        self,
        params: settings.ModelSettings,
        weights: Mapping[str, Array],
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.params, self.dtype = params, np.dtype(dtype)
        self.vocab_size = len(weights["head.bias"])
        self.cell = shapes.CELLS[params.cell]
        self.code = (
            int(self.cell), int(KINDS[params.activation]), params.layers, params.hidden,
            self.vocab_size,
        )  # fmt: skip
        self.units = shapes.blocks(params.hidden)
        self._outputs = shapes.blocks(self.vocab_size)
        self.parts = ("h", "c") if params.cell == "lstm" else ("h",)
        self.learned = [weights[f"initial.{p}"] for p in self.parts if f"initial.{p}" in weights]
        self.packed = pack_weights(params, weights, self.dtype)
        spans = settings.spans(params, self.vocab_size)
        none = settings.NO_SPAN
        self.look_ups = spans.get(settings.INPUT, none), spans.get(settings.DIRECT, none)
        self.ngrams = NGrams(weights["ngrams"], self.vocab_size) if spans else None

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first character: one tuple per layer, each (B, H).

        If the network looks up n-grams, the last two characters (B, 2) follow.
        """
        state = self.zero_state(batch_size)
        for d in range(self.params.layers if self.learned else 0):
            parts = (np.tile(part[d].astype(self.dtype), (batch_size, 1)) for part in self.learned)
            state[d] = tuple(parts)
        return state

    def zero_state(self, batch_size: int) -> State:
        """Return a state of zeros, before any character."""
        shape = (batch_size, self.params.hidden)
        state: State = [
            tuple(np.zeros(shape, self.dtype) for _ in self.parts)
            for _ in range(self.params.layers)
        ]
        return [*state, (no_characters(batch_size),)] if self.ngrams else state

    def step(self, inputs: Ids, state: State) -> tuple[Array, State]:
        """Read one character of each sequence, of shape (B,); return logits (B, V) and state."""
        logits, after = self.sequence(np.asarray(inputs)[None], state)
        return logits[0], after

    def sequence(self, inputs: Ids, state: State) -> tuple[Array, State]:
        """Read a chunk of text.

        Parameters
        ----------
        inputs : ndarray of shape (T, B), integer
        state : list of tuple of ndarray of shape (B, H)
            Of :meth:`initial_state`, or returned by an earlier call.

        Returns
        -------
        logits : ndarray of shape (T, B, V)
        state : list of tuple of ndarray of shape (B, H)
        """
        logits = np.empty((*inputs.shape, self.vocab_size), self.dtype)
        _, after = self._read(inputs, state, NO_IDS, logits)
        return logits, after

    def nats(self, inputs: Ids, targets: Ids, state: State) -> tuple[Array, State]:
        """Return the loss of each target (T, B) in nats, in float64, and the state after them."""
        return self._read(inputs, state, targets, np.empty((0, 0, 0), self.dtype))

    def after(self, inputs: Ids, state: State) -> State:
        """Return the state after a chunk of text (T, B), without computing what follows it."""
        return self._read(inputs, state, NO_IDS, np.empty((0, 0, 0), self.dtype))[1]

    def _read(self, inputs: Ids, state: State, targets: Ids, logits: Array) -> tuple[Array, State]:
        """Run the kernel without a trace; return the losses, if there are targets."""
        predicted = targets.size > 0 or logits.size > 0
        work = self._work(inputs.shape[1], state, 2, 0, self._outputs * predicted)
        ids, targets = self._checked(inputs), self._checked(targets)
        nats, (rows, last) = np.empty(targets.shape), self.rows(ids, state)
        self._run(work, ids, rows, (2, 0), targets, logits, nats)
        return nats, [*self._state(work, inputs.shape[1], 2, len(inputs) % 2), *last]

    def _run(self, work: Any, ids: Ids, rows: Ids, *rest: Any) -> None:
        """Call the kernel :func:`charlab.exact.inference.read`."""
        given = self.code, self.packed, work, ids, self.look_ups, rows
        machine_code.call("inference.read", *given, *rest)

    def rows(self, ids: Ids, state: State) -> tuple[Ids, State]:
        """Return the rows of n-grams (3, T, B) that a text looks up, and the end of a state."""
        if self.ngrams is None:
            return np.zeros((3, 1, 0), np.int64), []
        rows, after = self.ngrams.rows(ids, state[-1][0])
        return rows, [(after,)]

    def _checked(self, ids: Ids) -> Ids:
        """Return ids for the kernels, which do not look whether they are in the vocabulary."""
        if ids.size and not 0 <= ids.min() <= ids.max() < self.vocab_size:
            raise CharlabError(
                f"expected ids from 0 to {self.vocab_size - 1}, found {ids.min()} to {ids.max()}; "
                "the model was trained on another text"
            )
        return np.ascontiguousarray(ids, np.int64)

    def trace(
        self, inputs: Ids, state: State, states_only: bool = False
    ) -> tuple[list[LayerTrace], Array]:
        """Read a chunk (T, B); return each layer's values and the logits (T, B, V).

        If only states are wanted, there are no gates, and the logits have the shape (0, 0, 0).
        """
        seq_len, batch = inputs.shape
        shape = (0, 0, 0) if states_only else (seq_len, batch, self.vocab_size)
        logits, gates = np.empty(shape, self.dtype), 0 if states_only else seq_len
        work = self._work(batch, state, seq_len + 1, gates, 0 if states_only else self._outputs)
        ids = self._checked(inputs)
        kept, (rows, _) = (seq_len + 1, gates), self.rows(ids, state)
        self._run(work, ids, rows, kept, NO_IDS, logits, NO_NATS)
        layers, slots = self.params.layers, shapes.SLOTS[self.cell]
        gated = 0 if states_only or slots == 1 else slots
        # (L, T, slots, N, B, 16)
        pre = work[0].reshape(-1, max(gates, 1), slots, self.units, batch, WIDTH)
        # (L, T + 1, N, B, 16), without the state before the chunk
        h, c, squashed = (
            part.reshape(layers, -1, self.units, batch, WIDTH)[:, 1:] for part in work[1:4]
        )
        lstm = self.params.cell == "lstm"
        return [
            LayerTrace(
                self._columns(h[d]),
                self._columns(c[d]) if lstm else None,
                self._columns(squashed[d]) if lstm else None,
                tuple(self._columns(pre[d, :, s]) for s in range(gated)),
            )
            for d in range(layers)
        ], logits

    def sample(
        self, logits: Array, state: State, u: Array, options: Options, record: bool = False
    ) -> Sampled | None:
        """Sample texts that continue from one state and the logits after it.

        Parameters
        ----------
        logits : ndarray of shape (1, V)
        state : list of tuple of ndarray of shape (1, H)
        u : ndarray of shape (length, B)
            One uniform number in [0, 1) per character.
        options : tuple
            Temperature, top_k (0 for none), top_p (above 1 for none).
        record : bool
            Whether losses and entropies are wanted.

        Returns
        -------
        Sampled or None
            None if a logit was not finite.
        """
        groups = []
        for start in range(0, u.shape[1], STREAMS):
            numbers = np.ascontiguousarray(u[:, start : start + STREAMS], np.float64)
            group = self._sample(logits, state, numbers, options, record)
            if group is None:
                return None
            groups.append((group.ids, group.nats, group.entropy))
        return Sampled(*(np.concatenate(parts, axis=1) for parts in zip(*groups, strict=True)))

    def _sample(
        self, logits: Array, state: State, u: Array, options: Options, record: bool
    ) -> Sampled | None:
        """Sample texts side by side."""
        batch = u.shape[1]
        repeated = [tuple(np.repeat(part, batch, axis=0) for part in layer) for layer in state]
        outputs = self._outputs
        work = self._work(batch, repeated, 2, 0, outputs)
        out = np.full((outputs * WIDTH,), NEVER, self.dtype)
        out[: self.vocab_size] = logits[0]
        work[4].reshape(outputs, batch, WIDTH)[...] = out.reshape(outputs, 1, WIDTH)
        room = (np.zeros_like(out), np.zeros_like(out))
        ids, order = np.empty(u.shape, np.int64), np.empty(self.vocab_size, np.int64)
        nats, entropy = (np.empty(u.shape if record else (0, 0)) for _ in range(2))
        keys, before = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
        if self.ngrams:
            keys, before = self.ngrams.keys, repeated[-1][0]
        rows = np.empty((3, 1, len(before)), np.int64)
        finite = machine_code.call(
            "sampling.sample", self.code, self.packed, work, self.look_ups, keys, before, rows, u,
            options, room, order, ids, nats, entropy,
        )  # fmt: skip
        return Sampled(ids, nats, entropy) if finite else None

    def _work(self, batch: int, state: State, keep: int, gates: int, outputs: int) -> Work:
        """Return the arrays of the kernels, with the state at step 0.

        Without room for ``outputs``, blocks of sixteen logits, none are computed.
        """
        layers, slots = self.params.layers, shapes.SLOTS[self.cell]
        shape = (layers, keep, self.units, batch, WIDTH)
        count = int(np.prod(shape))
        pre = layers * gates * slots * self.units if gates else slots * self.units
        h = shapes.aligned((count,), self.dtype)
        c, squashed = (
            shapes.aligned((count if self.cell == shapes.LSTM else 0,), self.dtype)
            for _ in range(2)
        )
        for d, layer in enumerate(state[:layers]):
            for part, values in zip((h, c), layer, strict=False):
                padded = np.zeros((batch, self.units * WIDTH), self.dtype)
                padded[:, : values.shape[1]] = values
                # (B, N * 16) -> (N, B, 16)
                part.reshape(shape)[d, 0] = padded.reshape(batch, -1, WIDTH).swapaxes(0, 1)
        return (
            shapes.aligned((pre * batch * WIDTH,), self.dtype), h, c, squashed,
            shapes.aligned((outputs * batch * WIDTH,), self.dtype),
        )  # fmt: skip

    def _state(self, work: Work, batch: int, keep: int, step: int) -> State:
        """Return the states at a step, (B, H) each."""
        shape = (self.params.layers, keep, self.units, batch, WIDTH)
        parts = [part.reshape(shape)[:, step] for part in work[1 : 1 + len(self.parts)]]
        return [tuple(self._columns(part[d]) for part in parts) for d in range(self.params.layers)]

    def _columns(self, packed: Array) -> Array:
        """Turn (..., N, B, 16) into (..., B, H)."""
        moved = np.swapaxes(packed, -3, -2)  # (..., B, N, 16)
        flat = moved.reshape(*moved.shape[:-2], -1)
        return np.ascontiguousarray(flat[..., : self.params.hidden])


def load_model(folder: Path) -> InferenceModel:
    """Load the network from a model folder.

    Raises
    ------
    CharlabError
        If configuration or weights are missing, or they do not fit each other.
    """
    network, vocab_size, _ = read_configuration(folder, Architecture.parse)
    return InferenceModel(network, load_weights(folder / "model.safetensors", network, vocab_size))


def load_with_vocabulary(folder: Path) -> tuple[InferenceModel, Vocabulary]:
    """Load the network and the vocabulary from a model folder.

    Raises
    ------
    CharlabError
        If a file is missing, or they do not fit each other.
    """
    network, path = load_model(folder), folder / "vocab.json"
    vocabulary = Vocabulary.load(path)
    if vocabulary.size != network.vocab_size:
        raise CharlabError(
            f"{path}: expected the {network.vocab_size} characters of the weights beside it, found "
            f"{vocabulary.size}; the files are of different trainings: train again"
        )
    return network, vocabulary
