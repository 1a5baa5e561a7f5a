"""Compute the loss of each character of a text under a model, with the state carried.

The loss of a character is minus the natural logarithm of its probability given all
characters before it in its segment.

One long pass over the text would leave the processor idle, because every step waits for the
one before. So a text is cut into rows that are read in parallel, with the result of one long
pass. At first all rows but the first start from the model's initial state, which is wrong.
Then each row starts again from the state at the end of the previous row, and is read until
its states agree with those of the previous pass (a recurrent network forgets how it
started). Once every row starts from the end of the previous row, the result is that of the
long pass, to within the rounding of float32. For a model that forgets slowly fewer,
longer rows are read, and finally a single one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from charlab.models.inference import load_model

Ids = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
State = list[tuple[Any, ...]]

CHUNK = 2_048
"""Characters of all rows together between two comparisons of states."""

ROWS = 64
"""Maximum number of rows read in parallel, over all segments."""

MIN_CHARS = 1_000
"""Minimum characters of a row: shorter rows would end before the model forgets."""

BLOCK = 8_192
"""Characters of each row that are read at once, which bounds the memory."""

TOLERANCE = 1e-5
"""Largest difference at which two states count as equal."""

PROGRESS = 0.1
"""Factor by which each pass must reduce the gap between ends and starts; otherwise the model
forgets too slowly, and fewer, longer rows are read."""


class ScoringModel(Protocol):
    """The interface of a model that scoring needs."""

    def initial_state(self, batch_size: int) -> State:
        """Return one tuple per layer, each part of shape (batch_size, hidden_size)."""
        ...

    def nats(
        self, inputs: Ids, targets: Ids, state: State
    ) -> tuple[npt.NDArray[np.floating], State]:
        """Return the loss of each target, (seq_len, batch_size), and the state after them."""
        ...


def nats_per_char(
    model: ScoringModel | Path,
    ids: Ids,
    segments: int = 1,
    *,
    rows: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """Return the loss of every character but the first of each segment.

    Parameters
    ----------
    model : ScoringModel or Path
        A model, or its folder.
    ids : ndarray of shape (chars,)
        The text: a concatenation of ``segments`` equally long pieces.
    rows : int, optional
        Rows per segment, for timing and testing; 1 is one long pass. The result is the same
        to about 1e-6 nats. By default it is chosen by the length of the text.
    progress : callable, optional
        Called after each block with its number of characters.

    Returns
    -------
    ndarray of shape (chars - segments,), dtype=np.float64
        Nats per character, segment after segment.

    Raises
    ------
    ValueError
        If the text cannot be divided into that many equal segments.
    """
    if segments < 1 or len(ids) % segments or len(ids) < segments:
        raise ValueError(f"expected a multiple of {segments} characters, found {len(ids)}")
    network: ScoringModel = load_model(model) if isinstance(model, Path) else model
    pieces = np.asarray(ids).reshape(segments, -1)  # (segments, chars + 1)
    chars = pieces.shape[1] - 1
    per_segment = max(rows or min(ROWS // segments, chars // MIN_CHARS), 1)
    block = per_segment * BLOCK
    result = np.empty((segments, chars))  # the first character of a segment has no loss
    state = network.initial_state(segments)
    for start in range(0, chars, block):
        piece = pieces[:, start : start + block + 1]
        result[:, start : start + block], state = _block(network, piece, state, per_segment)
        if progress is not None:
            progress(segments * (piece.shape[1] - 1))
    return result.reshape(-1)


def _block(
    model: ScoringModel, ids: Ids, state: State, rows: int
) -> tuple[npt.NDArray[np.floating], State]:
    """Score ids of shape (segments, chars + 1), each segment cut into rows.

    The returned state is that at the end of the block if ``rows`` divides chars, as it does in
    all blocks of a text but the last.
    """
    segments, chars = ids.shape[0], ids.shape[1] - 1
    length = -(-chars // rows)  # rounded up
    rows = -(-chars // length)  # without rows that are only padding
    reading = _ParallelPass(model, _cut(ids[:, :-1], rows, length), _cut(ids[:, 1:], rows, length))
    starts = _replace_first(model.initial_state(segments * rows), state, rows)
    gap = np.inf
    while True:
        ends = reading.read(starts)
        # Each row's start is the end of the previous row.
        joined = _replace_first(_shifted(ends), state, rows)
        before, gap = gap, _gap(joined, starts)
        if rows == 1 or gap <= TOLERANCE:
            nats = reading.nats.T.reshape(segments, rows * length)[:, :chars]
            return nats, [tuple(part[rows - 1 :: rows] for part in layer) for layer in ends]
        if not gap <= PROGRESS * before:  # written this way so that NaN stops, too
            # A power of two divides every block but the last, whose end state is not used.
            return _block(model, ids, state, 1 << max((rows // 8).bit_length() - 1, 0))
        starts = joined


def _cut(ids: Ids, rows: int, length: int) -> Ids:
    """Cut (segments, chars) into (length, segments * rows), with zeros after the end."""
    padded = np.zeros((len(ids), rows * length), dtype=ids.dtype)
    padded[:, : ids.shape[1]] = ids
    return np.ascontiguousarray(padded.reshape(-1, length).T)


def _replace_first(starts: State, state: State, rows: int) -> State:
    """Start the first row of each segment from that segment's true state."""
    result = [tuple(np.array(part) for part in layer) for layer in starts]
    for layer, true in zip(result, state, strict=True):
        for part, value in zip(layer, true, strict=True):
            part[::rows] = value  # (segments, H) into (segments * rows, H)
    return result


def _shifted(ends: State) -> State:
    """Return the end of each row as the start of the next."""
    return [tuple(np.roll(part, 1, axis=0) for part in layer) for layer in ends]


def _gap(one: State, other: State) -> float:
    """Return the largest difference between two states, relative where they are large.

    The cell state of an LSTM may grow to a hundred, where float32 has steps of 1e-5.
    """
    return max(
        float((np.abs(a - b) / np.maximum(np.abs(a), 1)).max())
        for layers in zip(one, other, strict=True)
        for a, b in zip(*layers, strict=True)
    )


class _ParallelPass:
    """Rows read in parallel, repeatedly, from better and better states."""

    def __init__(self, model: ScoringModel, inputs: Ids, targets: Ids) -> None:
        self.model, self.inputs, self.targets = model, inputs, targets
        self.nats = np.empty(inputs.shape, dtype=np.float64)
        self.marks: list[State] = []  # states after each chunk, in its latest pass

    def read(self, state: State) -> State:
        """Score all chunks whose states differ from the last pass; return the ends."""
        before, self.marks = self.marks, []
        length = -(-CHUNK // self.inputs.shape[1])
        for number, start in enumerate(range(0, len(self.inputs), length)):
            chunk = slice(start, start + length)
            self.nats[chunk], state = self.model.nats(
                self.inputs[chunk], self.targets[chunk], state
            )
            # From equal states on, the rest of the pass would repeat the last one.
            if before and _gap(state, before[number]) <= TOLERANCE:
                self.marks += before[number:]
                break
            self.marks.append([tuple(np.array(part) for part in layer) for layer in state])
        return self.marks[-1]
