"""Writes are atomic: a file is the old one or the new one, never half of one."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.core.files import atomic, read_json, sha256_of, write_bytes, write_json, write_text


class MishapError(Exception):
    """An error while a file is written."""


def names(folder: Path) -> list[str]:
    """Return the names of all files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("old", [None, b"old"])
def test_an_exception_leaves_the_old_file_and_no_temporary_one(
    tmp_path: Path, old: bytes | None
) -> None:
    """The folder is what it was before."""
    path = tmp_path / "result"
    if old is not None:
        path.write_bytes(old)
    before = names(tmp_path)
    with pytest.raises(MishapError), atomic(path) as stream:
        stream.write(b"half of the ne")
        raise MishapError
    assert names(tmp_path) == before
    assert old is None or path.read_bytes() == old


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    """A reader gets one or the other, never a part."""
    path = tmp_path / "result"
    path.write_bytes(b"old")
    with atomic(path) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["result"]


def test_a_disk_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If flushing the bytes to disk fails, the file is not renamed."""

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "result"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["result"]


def test_bytes_are_on_the_disk_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the other order, a power cut could leave an empty file under the right name."""
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def logged_fsync(handle: int) -> None:
        order.append("sync")
        fsync(handle)

    def logged_replace(self: Path, target: Path) -> Path:
        order.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", logged_fsync)
    monkeypatch.setattr(Path, "replace", logged_replace)
    write_bytes(tmp_path / "result", b"new")
    assert order == ["sync", "name"]


def test_files_can_be_read_by_others_and_folders_are_made(tmp_path: Path) -> None:
    """Temporary files are private; results are not, and missing folders are created."""
    path = tmp_path / "a" / "b" / "result"
    write_bytes(path, b"x")
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_read_only_link_is_replaced(tmp_path: Path) -> None:
    """DVC may link outputs to its cache: the original must not change."""
    original, path = tmp_path / "cache", tmp_path / "result"
    original.write_bytes(b"old")
    original.chmod(0o444)
    path.hardlink_to(original)
    write_bytes(path, b"new")
    assert (original.read_bytes(), path.read_bytes()) == (b"old", b"new")


def test_text_is_utf8_with_lf_line_ends(tmp_path: Path) -> None:
    """Every system writes the same bytes."""
    write_text(tmp_path / "text", "één\nzwei\n")
    assert (tmp_path / "text").read_bytes() == b"\xc3\xa9\xc3\xa9n\nzwei\n"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab"), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=40)
@given(JSON)
def test_json_survives_a_round_trip(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    """A value is read as it was written; writing it again gives the same bytes."""
    path = tmp_path_factory.getbasetemp() / "value.json"
    write_json(path, value)
    first = path.read_bytes()
    assert read_json(path) == value
    write_json(path, read_json(path))
    assert path.read_bytes() == first


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_a_value_that_json_cannot_hold_is_refused(tmp_path: Path, value: object) -> None:
    """Other programs cannot read NaN; the old file stays."""
    path = tmp_path / "value.json"
    write_json(path, {"loss": 1.5})
    with pytest.raises((ValueError, TypeError), match="JSON"):
        write_json(path, {"loss": value})
    assert json.loads(path.read_text(encoding="utf-8")) == {"loss": 1.5}


@pytest.mark.parametrize("size", [0, 3, 300_000])
def test_sha256(tmp_path: Path, size: int) -> None:
    """It is that of the bytes, also if the file is read in several pieces."""
    content = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "file").write_bytes(content[:size])
    assert sha256_of(tmp_path / "file") == hashlib.sha256(content[:size]).hexdigest()
