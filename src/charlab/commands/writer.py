"""Write a text piece by piece with a network that keeps its state.

:mod:`charlab.sample.generate` returns whole texts. Here each piece is available as soon as it is
drawn; since a stream's bits do not depend on how its text is cut, the characters are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from charlab.models.inference import Array, InferenceModel, State, Work
from charlab.sample.distribution import Floats, SamplingError, SamplingOptions
from charlab.vocab.vocabulary import Vocabulary

PIECE_SECONDS = 0.03
"""Time that drawing a piece may take: shorter would show as lost speed, longer as a jerk."""


class Writer(InferenceModel):
    """A network with a vocabulary, and the state after all that it has read and written.

    Parameters
    ----------
    network : InferenceModel
        Its packed weights are shared, since packing them again would take time.
    vocab : Vocabulary
    """

    def __init__(self, network: InferenceModel, vocab: Vocabulary) -> None:
        vars(self).update(vars(network))
        self.vocab = vocab
        self.last_work: Work | None = None
        self.reset()

    def reset(self) -> None:
        """Forget everything that was read and written."""
        self.state: State = self.initial_state(1)
        self.logits: Array | None = None  # (1, V) once something was read

    def read(self, text: str) -> None:
        """Read a text after all that came before.

        Raises
        ------
        UnknownCharacterError
            If a character is not in the vocabulary; nothing is read then.
        SamplingError
            If the text is empty.
        """
        if not text:
            raise SamplingError("the prompt is empty; give at least one character to continue from")
        ids = self.vocab.encode(text)[:, None]  # (T, 1)
        logits, self.state = self.sequence(ids, self.state)  # (T, 1, V)
        self.logits = logits[-1]

    def write(
        self, u: Floats, options: SamplingOptions, record: bool = False
    ) -> Iterator[tuple[str, Floats]]:
        """Yield pieces of a text that continues all that came before, as they are drawn.

        The first piece is one character; further ones are as long as can be drawn in
        :data:`PIECE_SECONDS`.

        Parameters
        ----------
        u : ndarray of shape (length,)
            One uniform number per character; see :func:`charlab.sample.distribution.uniforms`.
        options : SamplingOptions
        record : bool
            Whether losses are wanted.

        Yields
        ------
        tuple of str and ndarray
            A piece, and the loss in nats of each of its characters at temperature 1; the array
            is empty if losses are not wanted.

        Raises
        ------
        SamplingError
            If the model's output is not finite.
        """
        start, size = 0, 1
        while start < len(u):
            began = time.perf_counter()
            piece = self._draw(u[start : start + size], options, record)
            seconds = time.perf_counter() - began
            yield piece
            start += size
            if seconds < PIECE_SECONDS / 2:
                size *= 2
            elif seconds > PIECE_SECONDS:
                size = max(size // 2, 1)

    def _draw(self, u: Floats, options: SamplingOptions, record: bool) -> tuple[str, Floats]:
        """Return a piece and its losses; the state is then that after the piece."""
        assert self.logits is not None, "a writer reads a prompt before it writes"
        before = self.state
        sampled = self.sample(self.logits, before, u[:, None], options.for_kernel(), record)
        if sampled is None:
            raise SamplingError(
                "expected finite logits, found infinity or NaN; the training diverged: train "
                "again with a lower learning_rate or with clip: norm"
            )
        assert self.last_work is not None
        # The kernel has read all characters but the last, its two steps of states in turns.
        unread = self._state(self.last_work, 1, 2, (len(u) - 1) % 2)
        # The n-gram's two characters are not in the kernel's states.
        self.state = [*unread, *self.rows(sampled.ids[:-1], before)[1]]
        self.logits, self.state = self.step(sampled.ids[-1], self.state)
        nats = sampled.nats[:, 0] if record else np.zeros(0)
        return self.vocab.decode(sampled.ids[:, 0]), nats

    def _work(self, *given: Any) -> Work:
        """Return the kernel's arrays, and keep them: sampling leaves its state there."""
        self.last_work = super()._work(*given)
        return self.last_work
