"""Compiled kernels are kept where equal sources share them, and no edit leaves stale ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from charlab.exact import cache


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test choose the folder anew."""
    cache.folder.cache_clear()
    cache.source_hash.cache_clear()
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)


def test_equal_sources_share_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second checkout compiles nothing: the folder depends on what the sources say."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "charlab" / f"kernels-{cache.source_hash()}"


def test_another_place_is_used_where_the_cache_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file where the folder should be; beside the sources there is room."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(cache, "PACKAGE", tmp_path / "package")
    assert cache.folder() == tmp_path / "package" / "__pycache__" / f"kernels-{cache.source_hash()}"


def test_a_user_without_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run as a user id that the system does not know, and set no HOME."""
    nobody: dict[str, str] = {}
    monkeypatch.setattr("pwd.getpwuid", lambda _: nobody["no such user"])
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    assert cache.folder() == tmp_path / "__pycache__" / f"kernels-{cache.source_hash()}"


def test_an_edit_changes_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numba would not notice an edit in a module that a kernel calls."""
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    (tmp_path / "a.py").write_text("x = 1", encoding="utf-8")
    before = cache.source_hash()
    cache.source_hash.cache_clear()
    (tmp_path / "a.py").write_text("x = 2", encoding="utf-8")
    assert cache.source_hash() != before


def test_an_upgrade_of_numba_changes_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other releases compile the same sources to other code."""
    before = cache.source_hash()
    cache.source_hash.cache_clear()
    (tmp_path / "numba").mkdir()
    for name in ("__init__.py", "_version.py"):
        (tmp_path / "numba" / name).write_text("# another release", encoding="utf-8")
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert cache.source_hash() != before
