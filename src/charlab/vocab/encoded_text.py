"""Encode a text as three arrays of ids, one for each split.

:func:`encode_text` reads a clean text and writes a folder with ``vocab.json``, ``splits.json`` and
one ``.npy`` file per split (uint8, or uint16 for more than 256 characters), which training maps
into memory. It reads the file twice in pieces of fixed size, so that a text may have any length.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from charlab.core.errors import CharlabError
from charlab.core.files import read_json, write_json
from charlab.core.folders import replacing, require_complete
from charlab.core.units import counted
from charlab.vocab.arrays import count_characters, largest, map_array, read_pieces, write_splits
from charlab.vocab.splits import NAMES, divide
from charlab.vocab.vocabulary import Ids, Vocabulary

if TYPE_CHECKING:
    from charlab.vocab.params import SplitParams


@dataclass(frozen=True)
class EncodedText:
    """A text as ids in three splits.

    Attributes
    ----------
    train, val, test : ndarray of shape (chars,), dtype uint8 or uint16
        Each split is the concatenation of ``segments`` equally long pieces. ``test`` is
        empty if corpus.test is 0.
    segments : int
        1 for a contiguous split.
    vocab : Vocabulary
    """

    train: Ids
    val: Ids
    test: Ids
    segments: int
    vocab: Vocabulary

    @classmethod
    def load(cls, folder: Path) -> EncodedText:
        """Map the splits that :func:`encode_text` wrote into memory.

        Raises
        ------
        CharlabError
            If a file is missing or does not fit the others.
        """
        require_complete(folder, "run the vocab stage again")
        try:
            splits = read_json(folder / "splits.json")  # lengths over all segments
            segments, lengths = int(splits["segments"]), [int(splits[name]) for name in NAMES]
            # Mapped, since a text may be larger than the memory.
            arrays = [map_array(folder / f"{name}.npy") for name in NAMES]
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise CharlabError(
                f"{folder}: not an encoded text ({error}); run the vocab stage again"
            ) from None
        # Files from different runs of the stage would not match.
        vocab = Vocabulary.load(folder / "vocab.json")
        for name, array, length in zip(NAMES, arrays, lengths, strict=True):
            odd = segments < 1 or length % segments
            if array.dtype != vocab.dtype or array.shape != (length,) or odd:
                raise CharlabError(
                    f"{folder}/{name}.npy: expected {length} {vocab.dtype.__name__} ids in "
                    f"{segments} equal segments, found {array.dtype} of shape {array.shape}; "
                    "run the vocab stage again"
                )
            highest = largest(folder / f"{name}.npy", array)
            if highest >= vocab.size:
                raise CharlabError(
                    f"{folder}/{name}.npy: expected ids below {vocab.size}, found {highest}; "
                    "run the vocab stage again"
                )
        return cls(arrays[0], arrays[1], arrays[2], segments, vocab)


def encode_text(
    path: Path, corpus: SplitParams, out_dir: Path, *, chars: int | None = None
) -> Vocabulary:
    """Encode a clean text and write its vocabulary and splits to a folder.

    Parameters
    ----------
    path : Path
        A text in UTF-8.
    corpus : SplitParams
        The split, and the rules for rare characters.
    out_dir : Path
        Folder for ``vocab.json``, ``splits.json`` and one ``.npy`` file per split.
    chars : int, optional
        Use only this many characters from the beginning.

    Raises
    ------
    CharlabError
        If the text is too short to be split, or shorter than ``chars``.
    """
    # The first pass counts characters, which gives the splits and the dtype of the ids; the second
    # pass writes the ids.
    counts = count_characters(read_pieces(path, chars))
    total = sum(counts.values())
    if chars is not None and total < chars:
        raise CharlabError(
            f"{path}: expected at least {counted(chars, 'character')}, found {total}; lower chars"
        )
    splits = divide(total, corpus)
    vocab = Vocabulary.from_counts(counts, corpus.min_count, corpus.unknown)
    with replacing(out_dir) as folder:
        write_splits(folder, splits, vocab.dtype, vocab.encode_pieces(read_pieces(path, chars)))
        vocab.save(folder / "vocab.json")
        write_json(folder / "splits.json", splits.as_dict())
    return vocab
