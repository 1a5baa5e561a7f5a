"""The loss by position in a chunk, and the pass over a sample of a split.

Input: a network and one split of a text. Output: short tables of losses in nats per
character. :func:`survey` reads a bounded sample of the split in parallel windows and yields
it in blocks of :data:`BLOCK` steps; every other part of the evaluation that needs a pass
over the text shares it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from charlab.core.sums import column_totals
from charlab.evaluate.trace import Floats, Ids, Network, State, Trace, trace
from charlab.exact.arrays import cross_entropy

MAX_CHARS = 400_000
"""Maximum number of characters of a split that the evaluation considers, from its start."""

BLOCK = 64
"""Steps in one block, and positions after the start of a chunk that are measured."""

WINDOWS = 64
"""Maximum number of windows of the split that are read side by side."""

BLOCKS_PER_WINDOW = 5
"""Maximum number of blocks in a window: 64 * 5 * 64 = 20,480 characters in total."""

WARM_UP = 192
"""Characters read before each window, so that its first state carries the text before it."""


@dataclass(frozen=True)
class Block:
    """One block of every window.

    Attributes
    ----------
    positions : ndarray of shape (seq_len, batch_size)
        Position in the split of each input character.
    inputs, targets : ndarray of shape (seq_len, batch_size)
        The ids read, and the ids that follow them.
    trace : Trace
        The forward pass, starting from the state after the preceding text.
    """

    positions: NDArray[np.intp]
    inputs: Ids
    targets: Ids
    trace: Trace

    @cached_property
    def nats(self) -> Floats:
        """The loss of each target, of the shape of ``targets``."""
        return self.trace.nats(self.targets)


class Accumulator(Protocol):
    """A part of the evaluation that consumes a survey block by block."""

    def add(self, block: Block) -> None:
        """Add one block."""

    def result(self) -> Any:
        """Return the JSON-able result of all blocks, or None without any."""


@dataclass(frozen=True)
class Layout:
    """Placement of the windows of a survey.

    Attributes
    ----------
    starts : ndarray of shape (batch_size,)
        The first measured character of each window.
    warm_up, length : int
        Characters read before ``starts``, and measured from there on.
    """

    starts: NDArray[np.intp]
    warm_up: int
    length: int


def bounded(ids: Ids, segments: int) -> tuple[Ids, int]:
    """Return the first segments of a split that fit :data:`MAX_CHARS`, and their number.

    If the first segment alone is too long, return its start.
    """
    size = len(ids) // segments
    count = max(1, min(segments, MAX_CHARS // max(size, 1)))
    return np.asarray(ids[: min(count * size, MAX_CHARS)]), count


def lay_out(chars: int, segments: int = 1) -> Layout | None:
    """Spread windows evenly over a split, each within one segment.

    Parameters
    ----------
    chars : int
        Length of the split.
    segments : int
        Number of equal, unconnected pieces in the split.

    Returns
    -------
    Layout or None
        None if a segment is too short for even one block.
    """
    size = chars // segments
    warm_up = min(WARM_UP, size // 4)
    room = size - warm_up - 1  # the last measured character needs one after it, as its target
    blocks = min(BLOCKS_PER_WINDOW, room // BLOCK)
    if blocks < 1:
        return None
    length = blocks * BLOCK
    per_segment = max(1, min(WINDOWS // segments, room // length))
    # With more segments than windows, only some segments have one.
    used = np.unique(np.linspace(0, segments - 1, min(segments, WINDOWS)).round().astype(np.intp))
    offsets = warm_up + np.arange(per_segment, dtype=np.intp) * (room // per_segment)
    starts = (used[:, None] * size + offsets).ravel()  # (used, per_segment) -> (B,)
    return Layout(starts, warm_up, length)


def survey(
    network: Network, ids: Ids, segments: int = 1, states_only: bool = False
) -> Iterator[Block]:
    """Read a bounded sample of a split in windows; yield it block by block.

    Parameters
    ----------
    network : Network
        A trained network.
    ids : ndarray of shape (chars,), integer
        One split of a text.
    segments : int
        Number of equal, unconnected pieces in ``ids``.
    states_only : bool
        Leave gates and logits out of the traces.

    Yields
    ------
    Block
        Nothing if the split is too short for one block.
    """
    layout = lay_out(len(ids), segments)
    if layout is None:
        return
    # All windows are one batch: B = len(starts) sequences.
    state = network.initial_state(len(layout.starts))
    if layout.warm_up:
        before = layout.starts + np.arange(-layout.warm_up, 0)[:, None]  # (warm_up, B)
        state = network.after(ids[before], state)
    for first in range(0, layout.length, BLOCK):
        positions = layout.starts + np.arange(first, first + BLOCK)[:, None]  # (BLOCK, B)
        inputs = np.asarray(ids[positions])
        traced = trace(network, inputs, state, states_only)
        yield Block(positions, inputs, np.asarray(ids[positions + 1]), traced)
        state = traced.end()  # carried into the next block of the same windows


class LossByPosition:
    """Mean loss by the number of characters read since the start of a chunk.

    The same chunks are read from each kind of initial state, so the curves differ by the
    state alone.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._sums: dict[str, Floats] = {}
        self._chunks = 0

    def add(self, block: Block) -> None:
        """Read the chunks of one block again from a zero and from a learned state."""
        # The carried state is that of the survey itself: no second pass.
        batch_size = block.inputs.shape[1]
        self._add("carried_nats", block.nats)
        for name, state in self._starts(batch_size):
            logits, _ = self._network.model.sequence(block.inputs, state)
            self._add(name, cross_entropy(logits, block.targets))
        self._chunks += batch_size

    def _starts(self, batch_size: int) -> Iterator[tuple[str, State]]:
        yield "zero_nats", self._network.zero_state(batch_size)
        if self._network.learned is not None:
            yield "learned_nats", self._network.initial_state(batch_size)

    def _add(self, name: str, nats: Floats) -> None:
        total = column_totals(nats.T)  # (T, B) -> (T,)
        self._sums[name] = self._sums.get(name, np.zeros_like(total)) + total

    def result(self) -> list[dict[str, Any]] | None:
        """Return one row per position; at position 1 one character of the chunk has been read."""
        if not self._chunks:
            return None
        return [
            {"position": row + 1}
            | {name: float(total[row]) / self._chunks for name, total in self._sums.items()}
            for row in range(BLOCK)
        ]
