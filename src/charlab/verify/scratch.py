"""Folders in which stages run again: a clone of the commit, apart from the user's own files.

Results are only ever taken as *inputs* of a stage, after their hash was compared with dvc.lock.
No stage sees the recorded output of its own, and DVC, whose cache could supply one, does not run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from charlab.core.errors import CharlabError
from charlab.core.restored import MD5
from charlab.course.limits import own_path
from charlab.course.workspace import git
from charlab.verify.hashes import Entry, md5_of
from charlab.verify.stages import Stage, VerifyError


class StageError(VerifyError):
    """A stage that fails when it is run again."""


@dataclass(frozen=True)
class Scratch:
    """The folders of one verification.

    Attributes
    ----------
    committed : Path
        A clone in which nothing runs; recorded outputs are put there to be compared.
    work : Path
        A clone in which the stages run.
    workspace : Path
        The user's project, which is only read.
    cache : Path
        The folder of the user's DVC cache with a file for each hash, which is only read.
    """

    committed: Path
    work: Path
    workspace: Path
    cache: Path

    def listing(self, md5: str) -> list[Entry] | None:
        """Return the files of a folder in the cache, None if it is not there or is damaged."""
        stored = self._object(md5)
        if not md5.endswith(".dir") or stored is None:
            return None
        entries: list[Entry] = json.loads(stored.read_bytes())
        return entries

    def restore(self, out: str, md5: str, root: Path) -> bool:
        """Put a recorded output below a folder; return whether it is there with its hash.

        It comes from the folder itself, the commit, the user's workspace, or the cache.
        """
        target = root / out
        if md5_of(target) == md5:
            return True
        remove(target)
        for source in (self.committed / out, self.workspace / out):
            if source != target and md5_of(source) == md5:
                copy(source, target)
                return True
        if md5.endswith(".dir"):
            entries = self.listing(md5)
            stored = [(entry, self._object(entry["md5"])) for entry in entries or []]
            if entries is None or not all(path for _, path in stored):
                return False
            for entry, path in stored:
                if path is not None and ".." not in Path(entry["relpath"]).parts:
                    copy(path, target / entry["relpath"])
        elif (path := self._object(md5)) is not None:
            copy(path, target)
        if md5_of(target) == md5:
            return True
        remove(target)
        return False

    def _object(self, md5: str) -> Path | None:
        """Return a file of the cache whose content is what its name says."""
        path = self.cache / md5[:2] / md5[2:]
        if not MD5.fullmatch(md5) or not path.is_file():
            return None
        return path if md5_of(path) == md5.removesuffix(".dir") else None


@contextmanager
def cloned(root: Path, rev: str, cache: Path) -> Iterator[Scratch]:
    """Clone a commit of a project into a temporary folder.

    Raises
    ------
    VerifyError
        If there is no such commit.
    """
    with TemporaryDirectory(prefix="charlab-verify-") as name:
        commit = _commit(root, rev)
        folders = [Path(name) / part for part in ("committed", "work")]
        for folder in folders:
            git(root, "clone", "--quiet", "--shared", "--no-checkout", ".", str(folder))
            git(folder, "checkout", "--quiet", "--detach", commit)
        yield Scratch(folders[0], folders[1], root, cache)


def _commit(root: Path, rev: str) -> str:
    try:
        return git(root, "rev-parse", "--verify", "--end-of-options", f"{rev}^{{commit}}").strip()
    except CharlabError as error:
        raise VerifyError(f"no commit is called {rev!r} here ({error})") from None


def run_stage(folder: Path, stage: Stage) -> None:
    """Run the command of a stage as DVC would.

    Raises
    ------
    StageError
        With the end of its output.
    """
    # _stage.py finds the text or variant by DVC_STAGE, and its own clone's code without PYTHONPATH.
    own = {"PATH": own_path(), "DVC_STAGE": stage.name, "DVC_ROOT": str(folder)}
    environment = {**os.environ, **own}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        stage.cmd, shell=True, cwd=folder, env=environment, check=False,
        capture_output=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise StageError("\n".join(lines[-3:]) or f"it ended with status {done.returncode}")


def remove(path: Path) -> None:
    """Remove a file or a folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Copy a file or folder; files of the cache are read-only, their copies are not."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
