"""Read a folder that a stranger handed in: as data, without git, links, or anything that runs.

Nothing of the folder's own configuration is read: no .git, whose settings can name programs to
run, no .dvc, no .dvcignore. Only plain files are copied, so that everything after the copy is
free of links, devices and pipes.
"""

from __future__ import annotations

import re
import shutil
import stat
from pathlib import Path

from charlab.core.errors import CharlabError

MAX_BYTES = 4 * 1024**3
"""Maximum size of all files that one check copies; the course study has a tenth of it."""

MAX_FILES = 50_000
"""Maximum number of these files."""

SCRATCH = re.compile(r"__pycache__|.*\.egg-info")
"""Folders that Python writes beside code; they are no part of what is handed in."""


class CourseError(CharlabError):
    """A workspace that cannot be created, filled in or checked."""


def lies_in(root: Path, name: str) -> Path:
    """Return the path of ``name`` below a folder.

    Raises
    ------
    CourseError
        If it leaves the folder, or leads through a link.
    """
    parts = Path(name).parts
    if not parts or Path(name).is_absolute() or ".." in parts or Path(name).drive:
        raise CourseError(f"{name!r} leaves the folder {root}; nothing was copied or removed")
    path = root
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise CourseError(
                f"{path} is a link; hand in the file itself (if DVC made the link: "
                "'dvc config cache.type copy' and 'dvc checkout --relink')"
            )
    return path


def plain_files(root: Path, name: str) -> list[str]:
    """Return the files at or below ``name``, relative to ``root``.

    Raises
    ------
    CourseError
        If a path leaves the folder, or if anything below is a link, a device or a pipe.
    """
    start = lies_in(root, name)
    waiting, files = [start] if start.exists() else [], []
    while waiting:
        path = waiting.pop()
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            files.append(path.relative_to(root).as_posix())
        elif stat.S_ISDIR(mode):
            waiting += [entry for entry in path.iterdir() if not SCRATCH.fullmatch(entry.name)]
        else:
            kind = "a link" if stat.S_ISLNK(mode) else "neither a file nor a folder"
            raise CourseError(f"{path} is {kind}; hand in plain files and folders only")
        if len(files) + len(waiting) > MAX_FILES:
            raise CourseError(f"{root / name}: more than {MAX_FILES:,} files")
    return sorted(files)


class Copier:
    """Copies plain files, up to a total size and number.

    Parameters
    ----------
    root : Path
        The folder to copy from.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bytes = self.files = 0

    def copy(self, name: str, out: Path, *, hidden: bool = True) -> None:
        """Copy a file or folder to the same place below ``out``.

        Parameters
        ----------
        name : str
            Path below the root; nothing is copied if it does not exist.
        out : Path
            The folder to copy to.
        hidden : bool
            Copy files that configure git and DVC, too: hidden ones, dvc.yaml, *.dvc.

        Raises
        ------
        CourseError
            If the folder has something else than plain files there, or too much.
        """
        for file in plain_files(self.root, name):
            below = Path(file).relative_to(name).parts
            if not hidden and any(map(_configures, below)):
                continue
            self._count(self.root / file)
            target = out / file
            target.parent.mkdir(parents=True, exist_ok=True)
            # Contents only: no owner, no mode, no set-user-ID bit.
            shutil.copyfile(self.root / file, target, follow_symlinks=False)

    def _count(self, path: Path) -> None:
        """Count a file before it is copied; refuse it if there would be too much."""
        self.files += 1
        self.bytes += path.stat().st_size
        if self.bytes > MAX_BYTES or self.files > MAX_FILES:
            raise CourseError(
                f"{self.root}: more than {MAX_FILES:,} files or {MAX_BYTES / 1e9:.1f} GB to copy, "
                f"at {path}"
            )


def _configures(part: str) -> bool:
    """Return whether git or DVC may read a file of this name as its configuration."""
    # Some file systems do not tell upper case from lower.
    name = part.casefold()
    return name.startswith(".") or name == "dvc.yaml" or name.endswith(".dvc")
