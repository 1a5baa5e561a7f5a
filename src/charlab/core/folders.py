"""Replace the content of a folder as a whole.

The new files are written to a temporary folder inside the old one, so that an error leaves the old
ones as they were. Then they are moved into place one by one. A folder in which that was interrupted
has files left in ``.incomplete-*``; everything that reads such folders refuses it.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from charlab.core.errors import CharlabError
from charlab.core.files import explained, rename
from charlab.core.temporary import is_temporary, temporary_folder

INCOMPLETE = ".incomplete-"
"""Start of the name of the folder with the files that are not yet in place."""


class IncompleteError(CharlabError):
    """A folder with old and new files, because its replacement was interrupted."""


@contextlib.contextmanager
def replacing(folder: Path, old: str = "**/*") -> Iterator[Path]:
    """Yield an empty folder; move its files to ``folder`` when the block ends without an error.

    Parameters
    ----------
    folder : Path
        The folder to replace; it is made if it is missing.
    old : str
        Pattern of the files in it that are removed unless there is a new one; by default all.

    Raises
    ------
    WriteError
        If a file cannot be written; ``folder`` is then as it was.
    """
    with contextlib.ExitStack() as stack:
        with explained(folder):
            if not folder.exists():
                folder.mkdir(parents=True)
                # A folder that was made in vain does not stay.
                stack.callback(_remove_empty, folder)
            staging = stack.enter_context(temporary_folder(folder, "new"))
        yield staging
        with explained(folder):
            _put_in_place(staging, folder, old)


def check_writable(folder: Path) -> None:
    """Make a folder and a temporary one in it, so that a long computation is not in vain.

    Raises
    ------
    WriteError
        If that is not possible.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with temporary_folder(folder, "new"):
            pass


def _remove_empty(folder: Path) -> None:
    """Remove a folder if it has no files."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def _put_in_place(staging: Path, folder: Path, old: str) -> None:
    """Move all files of ``staging`` to ``folder``, and remove those that they replace."""
    names = sorted(p.relative_to(staging) for p in staging.rglob("*") if p.is_file())
    for name in names:
        # Found out before anything is moved.
        if (folder / name).is_dir():
            raise IsADirectoryError(21, f"{name} is a folder")
    unfinished = [path for path in folder.glob(f"{INCOMPLETE}*") if path.is_dir()]
    incoming = staging.rename(folder / f"{INCOMPLETE}{staging.name.split('.')[-2]}")
    # From here until the last file has moved, the folder counts as incomplete.
    for path in sorted(folder.glob(old), reverse=True):
        name = path.relative_to(folder)
        if name in names or name.parts[0].startswith(INCOMPLETE) or is_temporary(name.parts[0]):
            continue
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):
                path.rmdir()  # the files in it came first; one with new files stays
        else:
            path.unlink()
    for path in unfinished:
        shutil.rmtree(path)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        rename(incoming / name, folder / name)
    shutil.rmtree(incoming)


def require_complete(folder: Path, advice: str) -> None:
    """Refuse a folder whose replacement was interrupted.

    Raises
    ------
    IncompleteError
        The message ends with ``advice`` on how to write the folder again.
    """
    for path in folder.glob(f"{INCOMPLETE}*/**/*"):
        if path.is_file():
            raise IncompleteError(
                f"{folder}: incomplete, because writing it was interrupted ({path.name} is not in "
                f"place); {advice}"
            )
