"""Encoded texts on disk: three splits, independent of the size of pieces."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.core.errors import CharlabError
from charlab.plan.params import CorpusParams
from charlab.vocab import arrays, encoded_text
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.splits import NAMES
from charlab.vocab.vocabulary import UnknownCharacterError, Vocabulary

CHARS = st.characters(exclude_categories=["Cs"])
MANY = "".join(chr(0x4E00 + n) for n in range(300))


def _write(folder: Path, text: str) -> Path:
    path = folder / "text.txt"
    path.write_bytes(text.encode("utf-8"))
    return path


def _encoded(folder: Path, text: str, **corpus: object) -> EncodedText:
    encode_text(_write(folder, text), CorpusParams.model_validate(corpus), folder / "out")
    return EncodedText.load(folder / "out")


@pytest.mark.parametrize("piece", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("split", ["contiguous", "interleaved"])
def test_piece_borders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, split: str
) -> None:
    """The size of the pieces in which the file is read does not change the arrays."""
    text = "".join(chr(97 + n * n % 23) + "é\r\n€𝄞"[n % 5] for n in range(313))
    monkeypatch.setattr(arrays, "PIECE", piece)
    data = _encoded(tmp_path, text, split=split, streams=9)
    segments = 9 if split == "interleaved" else 1
    each = len(text) // segments
    pieces = [text[n * each : (n + 1) * each] for n in range(segments)]
    train, val = int(each * 0.8), int(each * 0.9)
    wanted = {
        "train": [p[:train] for p in pieces],
        "val": [p[train:val] for p in pieces],
        "test": [p[val:] for p in pieces],
    }
    assert data.segments == segments
    for name in NAMES:
        assert data.vocab.decode(getattr(data, name)) == "".join(wanted[name])


def test_interleaved_by_hand(tmp_path: Path) -> None:
    """Each of three segments gives its first, middle and last characters; one is left over."""
    text = "abcdefghijklmnopqrstuvwxyzABCD!"
    data = _encoded(tmp_path, text, split="interleaved", streams=3, val=0.2, test=0.2)
    parts = [data.vocab.decode(part) for part in (data.train, data.val, data.test)]
    assert parts == ["abcdefklmnopuvwxyz", "ghqrAB", "ijstCD"]
    splits = json.loads((tmp_path / "out" / "splits.json").read_text())
    assert splits == {
        "split": "interleaved",
        "segments": 3,
        "chars": 30,
        "train": 18,
        "val": 6,
        "test": 6,
    }
    assert "!" in data.vocab.chars


def test_no_test_split(tmp_path: Path) -> None:
    """With test: 0 the array of test is empty and loads like the others."""
    data = _encoded(tmp_path, "abcde" * 20, test=0)
    assert (len(data.train), len(data.val), len(data.test)) == (90, 10, 0)


def test_wide_ids_on_disk(tmp_path: Path) -> None:
    """Beyond 256 characters the arrays are uint16."""
    data = _encoded(tmp_path, MANY * 2)
    assert data.train.dtype == data.test.dtype == np.uint16
    assert data.vocab.decode(data.train) == (MANY * 2)[:480]


def test_min_count_and_unknown_on_disk(tmp_path: Path) -> None:
    """All rare characters get the last id."""
    data = _encoded(tmp_path, "abc" * 30 + "xyz", min_count=2, unknown=True, val=0.2)
    assert data.vocab.chars == ("a", "b", "c")
    assert np.asarray(data.test)[-3:].tolist() == [3, 3, 3]


def test_only_the_first_characters(tmp_path: Path) -> None:
    """With ``chars`` the rest of the file is ignored."""
    path = _write(tmp_path, "ab" * 50 + "Z" * 50)
    vocab = encode_text(path, CorpusParams(), tmp_path / "out", chars=100)
    assert vocab.chars == ("a", "b")
    assert len(EncodedText.load(tmp_path / "out").train) == 80


@pytest.mark.parametrize(
    ("text", "chars", "words"),
    [
        ("", None, "the text has 0 characters"),
        ("abc", None, "the text has 3 characters .* use a longer text"),
        ("abc" * 30, 91, "expected at least 91 characters, found 90; lower chars"),
    ],
)
def test_too_short(tmp_path: Path, text: str, chars: int | None, words: str) -> None:
    """A text that is too short is rejected before anything is written."""
    with pytest.raises(CharlabError, match=words):
        encode_text(_write(tmp_path, text), CorpusParams(), tmp_path / "out", chars=chars)
    assert not (tmp_path / "out").exists()


def test_not_utf8(tmp_path: Path) -> None:
    """The message names the file and the command that cleans it."""
    path = tmp_path / "text.txt"
    path.write_bytes(b"caf\xe9 " * 50)
    with pytest.raises(CharlabError, match=r"text\.txt: not UTF-8 .*charlab clean"):
        encode_text(path, CorpusParams(), tmp_path / "out")


def test_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If encoding stops halfway, neither arrays nor temporary files are left."""

    def broken(*_: object) -> None:
        raise UnknownCharacterError("stop")

    monkeypatch.setattr(Vocabulary, "encode_pieces", broken)
    with pytest.raises(UnknownCharacterError, match="stop"):
        encode_text(_write(tmp_path, "abc" * 30), CorpusParams(), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_text_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the second pass finds fewer characters than the first, no array is kept."""
    path = _write(tmp_path, "abc" * 30)
    reads = iter(["abc" * 30, "abc" * 29])
    monkeypatch.setattr(encoded_text, "read_pieces", lambda *_: [next(reads)])
    with pytest.raises(CharlabError, match="expected 9 characters, found 6"):
        encode_text(path, CorpusParams(), tmp_path / "out")
    assert not (tmp_path / "out" / "test.npy").exists()


def test_no_file(tmp_path: Path) -> None:
    """The message names a missing text."""
    with pytest.raises(CharlabError, match=r"absent\.txt: No such file"):
        encode_text(tmp_path / "absent.txt", CorpusParams(), tmp_path / "out")


def _remove(name: str, folder: Path) -> None:
    (folder / name).unlink()


def _empty(name: str, folder: Path) -> None:
    (folder / name).write_bytes(b"")


def _halve(name: str, folder: Path) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])


def _replace(content: bytes) -> Callable[[str, Path], None]:
    def damage(name: str, folder: Path) -> None:
        (folder / name).write_bytes(content)

    return damage


HEADER = b"\x93NUMPY\x01\x00\x76\x00"


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 an archive",
        b"\x80\x04\x95 a pickle",
        HEADER + b"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }".ljust(118),
        HEADER + b"{'descr': '|u1', 'fortran_order': False, 'shape': (1<<60,), }".ljust(118),
        HEADER
        + b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(118),
        HEADER + b"{'descr': '|u1', 'shape': (".ljust(118),
        HEADER + b"\x00" * 118,
        HEADER + b"[" * 118,
    ],
    ids=["zip", "pickle", "objects", "expression", "huge", "open", "null", "deep"],
)
def test_odd_arrays_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    """NumPy's parser of headers raises all kinds of errors; pickles and archives are not read."""
    _encoded(tmp_path, "abcde" * 100)
    _replace(content)("train.npy", tmp_path / "out")
    with pytest.raises(CharlabError, match=r"not an encoded text .*train\.npy") as error:
        EncodedText.load(tmp_path / "out")
    assert "\n" not in str(error.value)


def test_ids_outside_the_vocabulary_are_refused(tmp_path: Path) -> None:
    """The kernels do not look whether an id is in the vocabulary."""
    _encoded(tmp_path, "abcde" * 100)
    path = tmp_path / "out" / "train.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\x05")
    with pytest.raises(CharlabError, match=r"train\.npy: expected ids below 5, found 5"):
        EncodedText.load(tmp_path / "out")


@pytest.mark.parametrize("damage", [_remove, _empty, _halve])
@pytest.mark.parametrize("name", ["train.npy", "val.npy", "splits.json", "vocab.json"])
def test_damaged_folder(tmp_path: Path, name: str, damage: object) -> None:
    """A file that is missing, empty or cut off gives an error message."""
    _encoded(tmp_path, "abcde" * 100)
    damage(name, tmp_path / "out")  # type: ignore[operator]
    with pytest.raises(CharlabError, match=r"not an encoded text|not a vocabulary"):
        EncodedText.load(tmp_path / "out")


@pytest.mark.parametrize(
    "array", [np.zeros(399, np.uint8), np.zeros(400, np.int64), np.zeros((4, 100), np.uint8)]
)
def test_array_of_another_text(tmp_path: Path, array: np.ndarray) -> None:
    """An array must have the length in splits.json, the vocabulary's type and one dimension."""
    _encoded(tmp_path, "abcde" * 100)
    np.save(tmp_path / "out" / "train.npy", array)
    with pytest.raises(CharlabError, match=r"train\.npy: expected 400 uint8 ids in 1 equal"):
        EncodedText.load(tmp_path / "out")


@settings(max_examples=8)
@given(text=st.text(CHARS, min_size=40, max_size=200), streams=st.integers(1, 2))
def test_every_character_is_kept_once(
    tmp_path_factory: pytest.TempPathFactory, text: str, streams: int
) -> None:
    """The three splits of each segment, joined again, are the text."""
    folder = tmp_path_factory.mktemp("text")
    data = _encoded(folder, text, split="interleaved", streams=streams, val=0.2, test=0.2)
    rows = [getattr(data, name).reshape(streams, -1) for name in NAMES]
    again = data.vocab.decode(np.concatenate(rows, axis=1).ravel())
    assert again == text[: len(again)]
    assert len(text) - len(again) < streams
