"""Batches of parallel sequences: chunks by hand, and properties that hold for any size."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.core.errors import CharlabError
from charlab.train.batches import Batches


def test_chunks_by_hand() -> None:
    """Each of two sequences continues in the next chunk where it ended."""
    batches = Batches(np.arange(14, dtype=np.uint8), batch_size=2, seq_len=3)
    # 13 characters can be predicted: 6 in each sequence, and the last one is left over.
    assert (batches.sequence_chars, batches.chunks, batches.chunk_chars) == (6, 2, 6)
    inputs, targets = batches.chunk(0)
    np.testing.assert_array_equal(inputs, [[0, 6], [1, 7], [2, 8]])
    np.testing.assert_array_equal(targets, [[1, 7], [2, 8], [3, 9]])
    inputs, targets = batches.chunk(1)
    np.testing.assert_array_equal(inputs, [[3, 9], [4, 10], [5, 11]])
    np.testing.assert_array_equal(targets, [[4, 10], [5, 11], [6, 12]])


def test_the_rest_of_a_sequence_is_not_read() -> None:
    """A sequence of five characters gives one chunk of three, and no second one of two."""
    batches = Batches(np.arange(11, dtype=np.uint8), batch_size=2, seq_len=3)
    assert (batches.sequence_chars, batches.chunks) == (5, 1)
    np.testing.assert_array_equal(batches.chunk(0)[0], [[0, 5], [1, 6], [2, 7]])


def test_chunks_are_contiguous_and_wide() -> None:
    """Networks index with 64-bit integers and read step by step."""
    for part in Batches(np.zeros(50, np.uint16), 3, 4).chunk(1):
        assert part.dtype == np.int64
        assert part.flags.c_contiguous
        assert part.shape == (4, 3)


@st.composite
def any_batches(draw: st.DrawFn) -> Batches:
    """Return batches of a text of distinct characters that has at least one chunk."""
    batch_size, seq_len = draw(st.integers(1, 9)), draw(st.integers(1, 12))
    chars = draw(st.integers(batch_size * seq_len + 1, 400))
    return Batches(np.arange(chars, dtype=np.uint16), batch_size, seq_len)


@settings(max_examples=40)
@given(any_batches())
def test_targets_are_inputs_one_on(batches: Batches) -> None:
    """In a text of 0, 1, 2, ... every target is its input plus one."""
    for number in range(batches.chunks):
        inputs, targets = batches.chunk(number)
        np.testing.assert_array_equal(targets, inputs + 1)


@settings(max_examples=40)
@given(any_batches())
def test_sequences_continue_and_do_not_overlap(batches: Batches) -> None:
    """Over all chunks each column is one piece of the text, and no character is read twice."""
    read = np.concatenate([batches.chunk(n)[0] for n in range(batches.chunks)])
    assert (np.diff(read, axis=0) == 1).all()
    np.testing.assert_array_equal(read[0], np.arange(batches.batch_size) * batches.sequence_chars)
    assert len(np.unique(read)) == read.size == batches.chunks * batches.chunk_chars
    # Less than a chunk of each sequence, and less than batch_size characters, are left.
    left = len(batches.ids) - 1 - read.size
    assert left < batches.batch_size * batches.seq_len + batches.batch_size


def test_a_text_mapped_from_a_file(tmp_path: Path) -> None:
    """A mapped array gives the same chunks as one in memory, and they are copies."""
    ids = np.random.default_rng(0).integers(0, 60, 500).astype(np.uint8)
    np.save(tmp_path / "train.npy", ids)
    mapped = Batches(np.load(tmp_path / "train.npy", mmap_mode="r"), 4, 10)
    for number in range(mapped.chunks):
        copies = Batches(ids, 4, 10).chunk(number)
        for part, copy in zip(mapped.chunk(number), copies, strict=True):
            np.testing.assert_array_equal(part, copy)
            assert not isinstance(part, np.memmap)


def test_a_text_too_short() -> None:
    """The message has the needed length, the actual one, and a batch size that fits."""
    wanted = (
        "the training split has 100 characters, but one batch of 8 sequences of 20 needs 161; "
        "train.batch_size up to 4 would fit, or a longer text"
    )
    with pytest.raises(CharlabError, match=f"^{re.escape(wanted)}$"):
        Batches(np.zeros(100, np.uint8), 8, 20)


def test_a_text_too_short_for_one_sequence() -> None:
    """If no batch size fits, the message suggests a shorter sequence."""
    with pytest.raises(CharlabError, match=r"train\.seq_len up to 9 with train\.batch_size 1"):
        Batches(np.zeros(10, np.uint8), 8, 20)


@settings(max_examples=60)
@given(st.integers(2, 200), st.integers(1, 40), st.integers(1, 40))
def test_advice_fits(chars: int, batch_size: int, seq_len: int) -> None:
    """The suggested value is the largest that works."""
    ids = np.zeros(chars, np.uint8)
    if batch_size * seq_len < chars:
        assert Batches(ids, batch_size, seq_len).chunks >= 1
        return
    with pytest.raises(CharlabError, match=f"needs {batch_size * seq_len + 1};") as raised:
        Batches(ids, batch_size, seq_len)
    key, most = re.findall(r"train\.(batch_size|seq_len) up to (\d+)", str(raised.value))[0]
    fits = {"batch_size": 1, "seq_len": seq_len} | {key: int(most)}
    assert Batches(ids, **fits).chunks == 1
    with pytest.raises(CharlabError, match="one batch of"):
        Batches(ids, **(fits | {key: int(most) + 1}))
