"""Divide a text into train, val and test.

``contiguous``, the honest split: the first part of the text is ``train``, the middle ``val`` and
the last ``test``, so that the model is tested on pages after all those that it has read.

``interleaved``: the text is cut into equal segments (corpus.streams of them), and each is divided
in this way. Test passages then lie between training passages, which makes them easier to predict;
some published figures are of this kind (Karpathy, Johnson and Fei-Fei 2015, arXiv:1506.02078).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charlab.core.errors import CharlabError
from charlab.core.units import counted

if TYPE_CHECKING:
    from charlab.vocab.params import SplitParams

NAMES = ("train", "val", "test")
SHORTEST = 2
"""Minimum characters of a split in each segment: one to read, one to predict."""


@dataclass(frozen=True)
class Splits:
    """The division of a text into train, val and test.

    Attributes
    ----------
    split : str
        ``contiguous`` or ``interleaved``.
    segments : int
        Number of equally long pieces of the text; 1 if contiguous.
    train, val, test : int
        Characters of each split in one segment.
    """

    split: str
    segments: int
    train: int
    val: int
    test: int

    @property
    def chars(self) -> int:
        """Number of characters used; fewer than ``segments`` at the end of the text are not."""
        return self.segments * (self.train + self.val + self.test)

    def total(self, name: str) -> int:
        """Return the number of characters of a split, over all segments."""
        return self.segments * int(getattr(self, name))

    def as_dict(self) -> dict[str, str | int]:
        """Return the content of ``splits.json``; characters are counted over all segments."""
        totals = {name: self.total(name) for name in NAMES}
        return {"split": self.split, "segments": self.segments, "chars": self.chars, **totals}

    def part_bounds(self, name: str) -> tuple[int, int]:
        """Return the start and end of a split within a segment."""
        start = {"train": 0, "val": self.train, "test": self.train + self.val}[name]
        return start, start + int(getattr(self, name))

    def within(self, position: int, length: int) -> Iterator[tuple[str, slice]]:
        """Yield the splits that overlap with a piece of the text, each with the part of the piece.

        Parameters
        ----------
        position : int
            Start of the piece in the text.
        length : int
            Number of characters of the piece.

        Yields
        ------
        name : str
            A split.
        part : slice
            Indices into the piece; may be empty.
        """
        each = self.train + self.val + self.test
        last = min((position + length - 1) // each, self.segments - 1)
        for segment in range(position // each, last + 1):
            for name in NAMES:
                # Bounds relative to the piece, then clipped to it.
                start, end = (segment * each - position + at for at in self.part_bounds(name))
                yield name, slice(max(0, start), max(0, min(end, length)))


def divide(chars: int, corpus: SplitParams) -> Splits:
    """Return the division of a text of ``chars`` characters.

    Raises
    ------
    CharlabError
        If a split would be too short to contain a prediction.
    """
    # The parameter streams is the number of segments of an interleaved split.
    segments = corpus.streams if corpus.split == "interleaved" else 1
    each = chars // segments  # the remainder at the end is not used
    # Results depend on the rounding: the ends of train and of val are both rounded down.
    train = int(each * (1 - corpus.val - corpus.test))
    val = int(each * (1 - corpus.test)) - train
    splits = Splits(corpus.split, segments, train, val, each - train - val if corpus.test else 0)
    for name in NAMES if corpus.test else NAMES[:2]:
        if getattr(splits, name) < SHORTEST:
            raise CharlabError(
                f"expected at least {SHORTEST} characters of {name} in each segment, found "
                f"{getattr(splits, name)}: the text has {counted(chars, 'character')} in "
                f"{counted(segments, 'segment')}; use a longer text, fewer corpus.streams, or "
                f"a larger corpus.{name if name != 'train' else 'val'}"
            )
    return splits
