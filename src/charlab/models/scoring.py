"""The loss of a text under a model, character by character, with the state carried.

What enters is a model and a numbered text; what leaves is minus the natural logarithm
of the probability of each character given all those before it in its segment.

Read as one stream, a text leaves the processor idle: every step waits for the one
before. So a text is cut into streams that are read side by side, and joined again so
that the result is that of one stream. At first every stream but the first starts from
the model's initial state, which is wrong. Then each starts again from the state in
which its forerunner ended, and is read until all states meet those of the reading
before (a recurrent network forgets how it began). Once every stream starts where its
forerunner ended, the reading is the one long pass, to within the rounding of float32.
For a model that forgets slowly the streams are made fewer and longer; one that does not
forget is read as one stream after all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from charlab.models.numpy_model import load_model

Ids = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
State = list[tuple[Any, ...]]

CHUNK = 2_048
"""Characters of all streams together between two looks at the states."""

STREAMS = 64
"""Streams read side by side, segments included."""

SHORTEST = 1_000
"""Characters that a stream has at least: shorter ones would not forget in time."""

LONGEST = 8_192
"""Characters of each stream in one block; what bounds the memory."""

TOLERANCE = 1e-5
"""Largest difference of two states that counts as none."""

PROGRESS = 0.1
"""What a reading must bring the gap between ends and starts down to; if it does not, the
model forgets too slowly, and fewer, longer streams are read."""


class SequenceModel(Protocol):
    """What scoring needs to know of a model."""

    def initial_state(self, batch_size: int) -> State:
        """Return one tuple per layer, each part of shape (batch_size, hidden_size)."""
        ...

    def sequence(self, inputs: Ids, state: State) -> tuple[npt.NDArray[np.floating], State]:
        """Take inputs (seq_len, batch_size) to logits (seq_len, batch_size, vocab_size)."""
        ...


def nats_per_char(
    model: SequenceModel | Path, ids: Ids, segments: int = 1, *, streams: int | None = None
) -> Floats:
    """Return the loss of every character but the first of each segment.

    Parameters
    ----------
    model : SequenceModel or Path
        A model, or the directory of one.
    ids : ndarray of shape (chars,)
        The text: ``segments`` equally long pieces, one after the other.
    streams : int, optional
        How many to read side by side, for timing and testing; 1 is the plain long
        pass. The result is the same to about 1e-6 nats. The default suits the text.

    Returns
    -------
    ndarray of shape (chars - segments,), dtype=np.float64
        Nats per character, segment after segment.

    Raises
    ------
    ValueError
        If the text does not make that many equal segments.
    """
    if segments < 1 or len(ids) % segments or len(ids) < segments:
        raise ValueError(f"{len(ids)} characters do not make {segments} equal segments")
    network: SequenceModel = load_model(model) if isinstance(model, Path) else model
    pieces = np.asarray(ids).reshape(segments, -1)
    chars = pieces.shape[1] - 1
    per_segment = max(streams or min(STREAMS // segments, chars // SHORTEST), 1)
    block = per_segment * LONGEST
    result = np.empty((segments, chars))
    state = network.initial_state(segments)
    for start in range(0, chars, block):
        piece = pieces[:, start : start + block + 1]
        result[:, start : start + block], state = _block(network, piece, state, per_segment)
    return result.reshape(-1)


def _block(
    model: SequenceModel, ids: Ids, state: State, streams: int
) -> tuple[npt.NDArray[np.floating], State]:
    """Score ids of shape (segments, chars + 1), each segment as several streams.

    The state that is returned is the one at the end if ``streams`` divides chars;
    only the last block of a text may have another length.
    """
    segments, chars = ids.shape[0], ids.shape[1] - 1
    length = -(-chars // streams)
    streams = -(-chars // length)
    reading = _Reading(model, _cut(ids[:, :-1], streams, length), _cut(ids[:, 1:], streams, length))
    starts = _replace_first(model.initial_state(segments * streams), state, streams)
    gap = np.inf
    while True:
        ends = reading.read(starts)
        joined = _replace_first(_shifted(ends), state, streams)
        before, gap = gap, _gap(joined, starts)
        if streams == 1 or gap <= TOLERANCE:
            nats = reading.nats.T.reshape(segments, streams * length)[:, :chars]
            return nats, [tuple(part[streams - 1 :: streams] for part in layer) for layer in ends]
        if not gap <= PROGRESS * before:  # so written, a gap that is no number stops as well
            # A power of two divides every block but the last, whose end state is not used.
            return _block(model, ids, state, 1 << max((streams // 8).bit_length() - 1, 0))
        starts = joined


def _cut(ids: Ids, streams: int, length: int) -> Ids:
    """Return (segments, chars) as (length, segments * streams), the end padded with 0."""
    padded = np.zeros((len(ids), streams * length), dtype=ids.dtype)
    padded[:, : ids.shape[1]] = ids
    return np.ascontiguousarray(padded.reshape(-1, length).T)


def _replace_first(starts: State, state: State, streams: int) -> State:
    """Let the first stream of each segment start from that segment's true state."""
    result = [tuple(np.array(part) for part in layer) for layer in starts]
    for layer, true in zip(result, state, strict=True):
        for part, value in zip(layer, true, strict=True):
            part[::streams] = value
    return result


def _shifted(ends: State) -> State:
    """Hand each stream's end to the next one."""
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


class _Reading:
    """Streams read side by side, again and again, from better and better states."""

    def __init__(self, model: SequenceModel, inputs: Ids, targets: Ids) -> None:
        self.model, self.inputs, self.targets = model, inputs, targets
        self.nats = np.empty(inputs.shape, dtype=np.float64)
        self.marks: list[State] = []  # after each chunk, in the latest reading of it

    def read(self, state: State) -> State:
        """Score all chunks, or as many as differ from the last reading; return the ends."""
        before, self.marks = self.marks, []
        length = -(-CHUNK // self.inputs.shape[1])
        for number, start in enumerate(range(0, len(self.inputs), length)):
            chunk = slice(start, start + length)
            logits, state = self.model.sequence(self.inputs[chunk], state)
            self.nats[chunk] = cross_entropy(logits, self.targets[chunk])
            if before and _gap(state, before[number]) <= TOLERANCE:
                self.marks += before[number:]
                break
            self.marks.append([tuple(np.array(part) for part in layer) for layer in state])
        return self.marks[-1]


def cross_entropy(logits: npt.NDArray[np.floating], targets: Ids) -> Floats:
    """Return -log softmax(logits)[targets], in nats.

    Parameters
    ----------
    logits : ndarray of shape (seq_len, batch_size, vocab_size)
    targets : ndarray of shape (seq_len, batch_size)

    Returns
    -------
    ndarray of shape (seq_len, batch_size), dtype=np.float64
    """
    rows = logits.reshape(-1, logits.shape[-1])
    shifted = rows - rows.max(axis=1, keepdims=True)
    picked = shifted[np.arange(len(rows)), targets.reshape(-1)].astype(np.float64)
    total = np.exp(shifted).sum(axis=1).astype(np.float64)
    nats: Floats = (np.log(total) - picked).reshape(targets.shape)
    return nats
