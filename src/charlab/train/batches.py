"""A text as streams side by side, read chunk after chunk.

A batch of B streams is the text cut into B equal pieces: column b of every chunk goes on where
column b of the chunk before ended, so that the state can be carried. For L characters to
predict in each stream, an epoch has floor(L / seq_len) chunks; what is left of a stream, less
than one chunk, is not read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlab.core.errors import CharlabError
from charlab.vocab.vocabulary import Ids


@dataclass(frozen=True)
class Batches:
    """The chunks of one epoch.

    Attributes
    ----------
    ids : ndarray of shape (chars,)
        The text; it may be mapped from a file, and only chunks of it are ever copied.
    batch_size, seq_len : int
        B and T.
    """

    ids: Ids
    batch_size: int
    seq_len: int

    def __post_init__(self) -> None:
        if self.chunks < 1:
            needed = self.batch_size * self.seq_len + 1
            fitting = max((len(self.ids) - 1) // self.seq_len, 0)
            advice = (
                f"train.batch_size up to {fitting}"
                if fitting
                else f"train.seq_len up to {max(len(self.ids) - 1, 0)} with train.batch_size 1"
            )
            raise CharlabError(
                f"the training split has {len(self.ids)} characters, but one batch of "
                f"{self.batch_size} streams of {self.seq_len} needs {needed}; {advice} would fit, "
                "or a longer text"
            )

    @property
    def stream_chars(self) -> int:
        """Characters to predict in each stream, L."""
        return max(len(self.ids) - 1, 0) // self.batch_size

    @property
    def chunks(self) -> int:
        """Chunks in an epoch."""
        return self.stream_chars // self.seq_len

    @property
    def chunk_chars(self) -> int:
        """Characters predicted in a chunk, B * T."""
        return self.batch_size * self.seq_len

    def chunk(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return inputs and targets of a chunk, each of shape (T, B).

        Targets are the inputs one character on.
        """
        length, start = self.stream_chars, number * self.seq_len
        end = start + self.seq_len
        used = self.batch_size * length
        inputs = self.ids[:used].reshape(self.batch_size, length)[:, start:end]
        targets = self.ids[1 : used + 1].reshape(self.batch_size, length)[:, start:end]
        return (
            np.ascontiguousarray(inputs.T, dtype=np.int64),
            np.ascontiguousarray(targets.T, dtype=np.int64),
        )
