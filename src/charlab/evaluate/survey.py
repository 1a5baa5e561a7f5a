"""Where in the text a network loses: by position in a chunk, by distance of what is asked.

What enters is a network and one split of a text; what leaves are short tables of
losses in nats per character. The same pass over the text serves every other look
inside, so it is here: :func:`survey` reads a bounded sample of the split in parallel
streams and yields it in blocks of :data:`BLOCK` steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.evaluate.trace import Floats, Ids, Network, State, Trace, trace
from charlab.synthetic.text import Floor

BLOCK = 64
"""Steps in one block, and positions after the start of a chunk that are measured."""

STREAMS = 64
"""How many places of the split are read side by side."""

BLOCKS_PER_STREAM = 5
"""Blocks read from each stream: 64 * 5 * 64 = 20,480 characters at most."""

WARM_UP = 192
"""Characters read before each stream, so that its state carries what came before."""


@dataclass(frozen=True)
class Block:
    """One block of every stream.

    Attributes
    ----------
    positions : ndarray of shape (seq_len, batch_size)
        Where in the split each input character stands.
    inputs, targets : ndarray of shape (seq_len, batch_size)
        The ids read, and the ids that follow them.
    trace : Trace
        The forward pass, its state carried in from the text before.
    """

    positions: NDArray[np.intp]
    inputs: Ids
    targets: Ids
    trace: Trace


@dataclass(frozen=True)
class Layout:
    """Where the streams of a survey start, and how long they are.

    Attributes
    ----------
    starts : ndarray of shape (batch_size,)
        The first measured character of each stream.
    warm_up, length : int
        Characters read before ``starts``, and measured after it.
    """

    starts: NDArray[np.intp]
    warm_up: int
    length: int


def lay_out(chars: int, segments: int = 1) -> Layout | None:
    """Spread streams evenly over a split, none across the border of a segment.

    Parameters
    ----------
    chars : int
        Length of the split.
    segments : int
        Into how many equal, unconnected pieces the split falls.

    Returns
    -------
    Layout or None
        None if a segment is too short for even one block.
    """
    size = chars // segments
    warm_up = min(WARM_UP, size // 4)
    # The last measured character needs one after it, as its target.
    blocks = min(BLOCKS_PER_STREAM, (size - warm_up - 1) // BLOCK)
    if blocks < 1:
        return None
    length = blocks * BLOCK
    room = size - warm_up - 1
    each = max(1, min(STREAMS // segments, room // length))
    kept = np.unique(np.linspace(0, segments - 1, min(segments, STREAMS)).round().astype(np.intp))
    offsets = warm_up + np.arange(each, dtype=np.intp) * (room // each)  # (each,)
    starts = (kept[:, None] * size + offsets).ravel()
    return Layout(starts, warm_up, length)


def survey(network: Network, ids: Ids, segments: int = 1) -> Iterator[Block]:
    """Read a bounded sample of a split in streams; yield it block by block.

    Parameters
    ----------
    network : Network
        A trained network.
    ids : ndarray of shape (chars,), integer
        One split of a text.
    segments : int
        Into how many equal, unconnected pieces ``ids`` falls.

    Yields
    ------
    Block
        Nothing, if the split is too short for one block.
    """
    layout = lay_out(len(ids), segments)
    if layout is None:
        return
    state = network.initial_state(len(layout.starts))
    if layout.warm_up:
        before = layout.starts + np.arange(-layout.warm_up, 0)[:, None]  # (warm_up, B)
        state = trace(network, ids[before], state).end()
    for first in range(0, layout.length, BLOCK):
        positions = layout.starts + np.arange(first, first + BLOCK)[:, None]  # (BLOCK, B)
        inputs = np.asarray(ids[positions])
        traced = trace(network, inputs, state)
        yield Block(positions, inputs, np.asarray(ids[positions + 1]), traced)
        state = traced.end()


class LossByPosition:
    """Mean loss by the number of characters read since the start of a chunk.

    The same chunks are read from each kind of initial state, so that the curves
    differ by the state alone.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._sums: dict[str, Floats] = {}
        self._chunks = 0

    def add(self, block: Block) -> None:
        """Read the chunks of one block again from a zero and from a learned state."""
        self._add("carried_nats", block, block.trace)
        for name, state in self._starts(block.inputs.shape[1]):
            self._add(name, block, trace(self._network, block.inputs, state))
        self._chunks += block.inputs.shape[1]

    def _starts(self, batch_size: int) -> Iterator[tuple[str, State]]:
        yield "zero_nats", self._network.zero_state(batch_size)
        if self._network.learned is not None:
            yield "learned_nats", self._network.initial_state(batch_size)

    def _add(self, name: str, block: Block, traced: Trace) -> None:
        total = traced.nats(block.targets).sum(axis=1)  # (T, B) -> (T,)
        self._sums[name] = self._sums.get(name, np.zeros_like(total)) + total

    def result(self) -> list[dict[str, Any]] | None:
        """Return one row per position; the first, 1, has seen one character of the chunk."""
        if not self._chunks:
            return None
        return [
            {"position": row + 1}
            | {name: float(total[row]) / self._chunks for name, total in self._sums.items()}
            for row in range(BLOCK)
        ]


def loss_by_distance(nats: Floats, floor: Floor) -> list[dict[str, Any]] | None:
    """Average the loss of the characters that depend on something, by its distance.

    Parameters
    ----------
    nats : ndarray of shape (chars,)
        The network's loss of each character.
    floor : Floor
        What the characters depend on, and their ideal code lengths, of the same shape.

    Returns
    -------
    list of dict, or None
        One row per power of two that occurs: distances ``low`` to ``high`` (included), the
        number of characters, and three means: of the network, of a reader who remembers
        all, and of one who has forgotten what the character depends on. None if no
        character depends on anything.
    """
    far = floor.distance > 0
    # frexp gives distance = m * 2**e with 1/2 <= m < 1, so that 2**(e-1) <= distance < 2**e.
    power = np.frexp(floor.distance.astype(np.float64))[1] - 1
    return [
        {"low": 2 ** int(k), "high": 2 ** (int(k) + 1) - 1}
        | _means(nats, floor, far & (power == k))
        for k in np.unique(power[far])
    ] or None


def loss_by_kind(nats: Floats, floor: Floor) -> list[dict[str, Any]] | None:
    """Average the loss of the characters that depend on something, by what that is.

    Returns
    -------
    list of dict, or None
        One row per ``kind`` that occurs, with the ``median_distance`` and the rest as in
        :func:`loss_by_distance`, which has the parameters too.
    """
    far = floor.distance > 0
    rows = []
    for kind in np.unique(floor.kind[far]):
        chosen = far & (floor.kind == kind)
        distance = float(np.median(floor.distance[chosen]))
        rows.append({"kind": str(kind), "median_distance": distance} | _means(nats, floor, chosen))
    return rows or None


def _means(nats: Floats, floor: Floor, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "chars": int(chosen.sum()),
        "nats": float(nats[chosen].mean()),
        "floor_nats": float(floor.nats[chosen].mean()),
        "forgotten_nats": float(floor.forgotten[chosen].mean()),
    }
