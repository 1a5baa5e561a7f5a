"""Which characters train a model, which choices are made on, and which are only reported.

``contiguous``, the honest split: the first part of the text trains, the middle part is
``val``, the last part ``test``; the model is asked about pages that come after all it read.

``interleaved``: the text is cut into equal pieces (streams) first, and each piece gives its
first, middle and last part. Test passages then lie between training passages, which
makes them easier to predict; some published figures are of this kind (Karpathy, Johnson
and Fei-Fei 2015, arXiv:1506.02078).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from charlab.core.errors import CharlabError
from charlab.vocab.params import SplitParams

NAMES = ("train", "val", "test")
SHORTEST = 2
"""Characters that a part needs: one to read, one to predict."""


@dataclass(frozen=True)
class Splits:
    """How a text of ``chars`` characters is divided.

    Attributes
    ----------
    split : str
        ``contiguous`` or ``interleaved``.
    segments : int
        Number of equal pieces that the text is cut into; 1 if contiguous.
    train, val, test : int
        Characters of each part in one segment.
    chars : int
        Characters used in all: fewer than ``segments`` are left over at the end.
    """

    split: str
    segments: int
    train: int
    val: int
    test: int

    @property
    def chars(self) -> int:
        """Characters used, over all segments."""
        return self.segments * (self.train + self.val + self.test)

    def total(self, name: str) -> int:
        """Return the characters of a part over all segments."""
        return self.segments * int(getattr(self, name))

    def as_dict(self) -> dict[str, str | int]:
        """Return what is written to ``splits.json``: characters over all segments."""
        totals = {name: self.total(name) for name in NAMES}
        return {"split": self.split, "segments": self.segments, "chars": self.chars, **totals}

    def part_bounds(self, name: str) -> tuple[int, int]:
        """Return where a part begins and ends within a segment."""
        start = {"train": 0, "val": self.train, "test": self.train + self.val}[name]
        return start, start + int(getattr(self, name))

    def within(self, position: int, length: int) -> Iterator[tuple[str, slice]]:
        """Yield which part takes which characters of a piece of the text, in order.

        Parameters
        ----------
        position : int
            Where the piece begins in the text.
        length : int
            Its characters.
        """
        each = self.train + self.val + self.test
        last = min((position + length - 1) // each, self.segments - 1)
        for segment in range(position // each, last + 1):
            for name in NAMES:
                start, end = (segment * each - position + at for at in self.part_bounds(name))
                yield name, slice(max(0, start), max(0, min(end, length)))


def divide(chars: int, corpus: SplitParams) -> Splits:
    """Divide a text of ``chars`` characters as ``corpus`` says.

    Raises
    ------
    CharlabError
        If a part that is asked for would be too short to predict anything in.
    """
    segments = corpus.streams if corpus.split == "interleaved" else 1
    each = chars // segments
    train = int(each * (1 - corpus.val - corpus.test))
    val = int(each * (1 - corpus.test)) - train
    splits = Splits(corpus.split, segments, train, val, each - train - val if corpus.test else 0)
    wanted = NAMES if corpus.test else NAMES[:2]
    for name in wanted:
        if getattr(splits, name) < SHORTEST:
            raise CharlabError(
                f"a text of {chars} characters in {segments} segments gives {name} only "
                f"{getattr(splits, name)} characters of each; use a longer text, fewer "
                f"corpus.streams, or a larger corpus.{name if name != 'train' else 'val'}"
            )
    return splits
