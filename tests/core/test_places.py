"""Devices and links stay, disks may be full, and killed writers leave nothing that is read."""

from __future__ import annotations

import itertools
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from charlab.core import temporary
from charlab.core.files import UnreadableError, WriteError, atomic, read_json, write_bytes
from charlab.core.folders import IncompleteError, replacing, require_complete

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full, pipes and flock")


def listed(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder by relative path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@linux
def test_a_device_is_written_to_not_replaced() -> None:
    """For root, a rename over /dev/null would succeed."""
    write_bytes(Path("/dev/null"), b"content")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@linux
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """The reader gets the bytes, and the pipe stays."""
    path, got = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write_bytes(path, b"content")
    reader.join(10)
    assert got == [b"content"]
    assert stat.S_ISFIFO(path.stat().st_mode)
    with pytest.raises(UnreadableError, match="found a pipe"):
        read_json(path)


@linux
def test_an_open_file_of_the_shell_is_appended_to(tmp_path: Path) -> None:
    """``-o /dev/stdout >> log`` keeps what the log has."""
    log = tmp_path / "log"
    log.write_bytes(b"old ")
    with log.open("ab") as stream:
        write_bytes(Path(f"/dev/fd/{stream.fileno()}"), b"new")
    assert log.read_bytes() == b"old new"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a privilege there")
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path, exists: bool) -> None:
    """Also a link to a file that does not exist yet, and a relative one in another folder."""
    target, link = tmp_path / "deep" / "target", tmp_path / "links" / "link"
    for folder in (target.parent, link.parent):
        folder.mkdir()
    link.symlink_to("../deep/target")
    if exists:
        target.write_bytes(b"old")
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert {p.name for p in (*link.parent.iterdir(), *target.parent.iterdir())} == {
        "link",
        "target",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="needs a privilege there")
def test_a_link_into_dvcs_cache_is_replaced(tmp_path: Path) -> None:
    """The cache is read-only; with ``cache.type symlink`` results are links to it."""
    cache, path = tmp_path / "cache", tmp_path / "result"
    cache.write_bytes(b"old")
    cache.chmod(0o444)
    path.symlink_to(cache)
    write_bytes(path, b"new")
    assert (cache.read_bytes(), path.read_bytes(), path.is_symlink()) == (b"old", b"new", False)


def full_disk(path: Path) -> Path:
    """Return a file on a disk that is full."""
    return Path("/dev/full")


def folder_in_place(path: Path) -> Path:
    """Return a path with a folder on it."""
    path.mkdir()
    return path


def file_as_parent(path: Path) -> Path:
    """Return a path below a file."""
    path.write_bytes(b"a file")
    return path / "result"


def endless_link(path: Path) -> Path:
    """Return a link to itself."""
    path.symlink_to(path)
    return path


@linux
@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (full_disk, "No space left on device"),
        (folder_in_place, "Is a directory"),
        (file_as_parent, "Not a directory"),
        (endless_link, "Too many levels"),
        (lambda path: path.with_name("x" * 300), "File name too long"),
        (lambda _: Path("/proc/nothing/result"), "No such file"),
    ],
)
def test_an_unusable_place_is_named(
    tmp_path: Path, place: Callable[[Path], Path], reason: str
) -> None:
    """One line says what could not be written, why, and what to do."""
    path = place(tmp_path / "result")
    before = listed(tmp_path)
    with pytest.raises(WriteError, match=f"{path.name[:20]}.*cannot be written .{reason}") as error:
        write_bytes(path, b"content" * 10_000)
    assert "\n" not in str(error.value)
    assert listed(tmp_path) == before


@linux
def test_a_limit_on_file_sizes(tmp_path: Path) -> None:
    """Beyond ``ulimit -f`` the old file stays; NumPy's own writer must not go past the check."""
    import resource

    path = tmp_path / "array.npy"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        reason = r"array\.npy: cannot be written \(File too large"
        with pytest.raises(WriteError, match=reason), atomic(path) as stream:
            np.save(stream, np.zeros(100_000), allow_pickle=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert listed(tmp_path) == {"array.npy": b"old"}


def test_an_error_that_is_not_of_the_disk_keeps_its_name(tmp_path: Path) -> None:
    """Reading another file inside the block is not a failure to write this one."""
    with pytest.raises(FileNotFoundError) as error, atomic(tmp_path / "result"):
        (tmp_path / "missing").read_bytes()
    assert not isinstance(error.value, WriteError)


KILLED = """
import os, signal, sys
from pathlib import Path
from charlab.core.files import atomic
from charlab.core.folders import replacing
with atomic(Path("result")) as one, replacing(Path("folder")) as folder:
    (folder / "file").write_bytes(b"new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("name", [".dvcignore", ".gitignore"])
def test_temporary_files_are_in_no_result_and_no_commit(name: str) -> None:
    """A folder of results is hashed, and an experiment's changes are committed, as a whole."""
    lines = (Path(__file__).parents[2] / name).read_text(encoding="utf-8").splitlines()
    assert f".*{temporary.SUFFIX}" in lines
    assert temporary.is_temporary(f".result.abc{temporary.SUFFIX}")


@linux
def test_the_next_writer_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    """The killed writer's temporary files go; those of a writer at work stay."""
    source = Path(temporary.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(source)},
        check=False,
    )
    assert done.returncode == -9
    assert [path.suffix for path in tmp_path.iterdir() if path.is_file()] == [".part"]
    require_complete(tmp_path / "folder", "")
    with atomic(tmp_path / "result") as first, replacing(tmp_path / "folder") as one:
        first.write(b"first")
        (one / "file").write_bytes(b"one")
        with atomic(tmp_path / "result") as second, replacing(tmp_path / "folder") as other:
            second.write(b"second")
            (other / "file").write_bytes(b"other")
        assert listed(tmp_path / "folder")["file"] == b"other"
    assert listed(tmp_path) == {"result": b"first", "folder/file": b"one"}


def test_a_writer_whose_file_was_just_removed_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between making a temporary file and locking it, another process may take it for a rest."""
    lock = temporary._lock
    taken: list[Path] = []

    def remove_first(handle: int, path: Path) -> bool:
        if not taken:
            taken.append(path)
            path.rmdir() if path.is_dir() else path.unlink()
        return lock(handle, path)

    monkeypatch.setattr(temporary, "_lock", remove_first)
    write_bytes(tmp_path / "result", b"content")
    taken.clear()
    with replacing(tmp_path / "folder") as folder:
        (folder / "file").write_bytes(b"new")
    assert listed(tmp_path) == {"result": b"content", "folder/file": b"new"}


OLD = {"a": b"old a", "deep/b": b"old b", "gone": b"old"}
NEW = {"a": b"new a", "deep/b": b"new b", "more/c": b"new c"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the old files."""
    fill(tmp_path / "folder", OLD)
    return tmp_path / "folder"


def fill(folder: Path, files: dict[str, bytes]) -> None:
    """Write files into a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def test_a_folder_is_replaced_as_a_whole(folder: Path) -> None:
    """Files that are not among the new ones go, and nothing else is left."""
    with replacing(folder) as staging:
        fill(staging, NEW)
        assert {name: folder.joinpath(name).read_bytes() for name in OLD} == OLD
    assert listed(folder) == NEW
    assert {path.name for path in folder.iterdir()} == {"a", "deep", "more"}


def test_files_outside_the_pattern_stay(folder: Path) -> None:
    """A user's notes beside a model are not ours."""
    with replacing(folder, old="deep/*") as staging:
        fill(staging, {"a": b"new a"})
    assert listed(folder) == {"a": b"new a", "gone": b"old"}


def killed_at(change: int, work: Callable[[], None]) -> bool:
    """Do some work in a process that dies before a change to the disk; return whether it did."""
    child = os.fork()
    if child == 0:
        left = change

        def hook(event: str, _: tuple[object, ...]) -> None:
            nonlocal left
            if event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}:
                left -= 1
                if left < 0:
                    os._exit(9)

        sys.addaudithook(hook)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@linux
def test_a_kill_is_noticed_whenever_it_comes(tmp_path: Path) -> None:
    """Before each change the folder has the old files or the new ones, or it is refused."""
    refused = 0
    for change in itertools.count():
        folder = tmp_path / str(change)
        fill(folder, OLD)

        def work(folder: Path = folder) -> None:
            with replacing(folder) as staging:
                fill(staging, NEW)

        died = killed_at(change, work)
        content = {n: c for n, c in listed(folder).items() if not n.startswith(".")}
        try:
            require_complete(folder, "train again")
        except IncompleteError:
            refused += 1
        else:
            assert content in (OLD, NEW)
        work()
        assert listed(folder) == NEW
        require_complete(folder, "")
        if not died:
            break
    assert change > 12
    assert refused > 4


def test_an_error_leaves_the_old_folder(folder: Path) -> None:
    """Also one that shows only when the files are moved: a folder in the place of a file."""
    with pytest.raises(ZeroDivisionError), replacing(folder / "new"):
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), replacing(folder) as staging:
        fill(staging, NEW)
        raise ZeroDivisionError
    assert listed(folder) == OLD
    with pytest.raises(WriteError, match="deep is a folder"), replacing(folder) as staging:
        fill(staging, {"a": b"new", "deep": b"a file"})
    assert listed(folder) == OLD


@linux
def test_a_file_in_a_new_folder_is_named_by_its_final_path(folder: Path) -> None:
    """The temporary folder's name says nothing to a user."""
    with pytest.raises(WriteError) as error, replacing(folder) as staging:
        (staging / "deep").symlink_to("/proc/nothing")
        write_bytes(staging / "deep" / "file", b"x")
    assert str(error.value).startswith(f"{folder}/deep/file: cannot be written")
