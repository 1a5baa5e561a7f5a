"""Cut a text into batches of parallel sequences, read chunk after chunk.

A batch of B sequences is the text cut into B equally long pieces. Column b of a chunk continues
column b of the chunk before, so that the state can be carried. With L characters to predict in
each sequence, an epoch has floor(L / seq_len) chunks; the rest of each sequence, less than
one chunk, is not read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charlab.core.errors import CharlabError
from charlab.core.units import counted
from charlab.vocab.vocabulary import Ids


@dataclass(frozen=True)
class Batches:
    """The chunks of one epoch.

    Attributes
    ----------
    ids : ndarray of shape (chars,)
        The text. It may be mapped from a file: only chunks of it are copied.
    batch_size, seq_len : int
        B and T.

    Raises
    ------
    CharlabError
        If the text is too short for one chunk.
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
                f"the training split has {counted(len(self.ids), 'character')}, but one batch of "
                f"{counted(self.batch_size, 'sequence')} of {self.seq_len} needs {needed}; "
                f"{advice} would fit, or a longer text"
            )

    @property
    def sequence_chars(self) -> int:
        """Characters to predict in each sequence, L."""
        # The last character of the text is only a target, never an input.
        return max(len(self.ids) - 1, 0) // self.batch_size

    @property
    def chunks(self) -> int:
        """Number of chunks in an epoch."""
        return self.sequence_chars // self.seq_len

    @property
    def chunk_chars(self) -> int:
        """Characters predicted in a chunk, B * T."""
        return self.batch_size * self.seq_len

    def chunk(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the inputs and targets of a chunk, each of shape (T, B).

        Targets are the inputs shifted by one character.
        """
        length, start = self.sequence_chars, number * self.seq_len
        end = start + self.seq_len
        used = self.batch_size * length
        inputs = self.ids[:used].reshape(self.batch_size, length)[:, start:end]  # (B, T)
        targets = self.ids[1 : used + 1].reshape(self.batch_size, length)[:, start:end]  # (B, T)
        # Networks index with 64-bit integers and read time step by time step: (T, B).
        return (
            np.ascontiguousarray(inputs.T, dtype=np.int64),
            np.ascontiguousarray(targets.T, dtype=np.int64),
        )
