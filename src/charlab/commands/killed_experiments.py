"""Remove what a killed ``dvc exp run --temp`` leaves behind.

DVC copies the project to a temporary folder, and lists the experiment as running until it removes
the copy. Killed, it does neither: the copy stays, and the experiment runs for ever in its table.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from charlab.commands.mend import dvc_processes

EXPERIMENTS = Path(".dvc/tmp/exps")


def remove_killed_experiments(root: Path) -> list[str]:
    """Remove the copies of experiments in which nothing runs, with DVC's notes on them.

    Returns
    -------
    list of str
        One line for each.
    """
    copies = list(_copies(root / EXPERIMENTS))
    # A DVC that has only begun with its copy still works in the project itself.
    if not copies or dvc_processes(root):
        return []
    messages = []
    for name, note, copy in copies:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.rmtree(note.parent, ignore_errors=True)
        messages.append(f"removed the experiment {name}, which was killed with its DVC")
    return messages


def _copies(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Yield name, DVC's note and the copy of each experiment that has one."""
    for note in sorted(folder.glob("run/*/*.run")):
        try:
            entry = json.loads(note.read_text(encoding="utf-8"))
            copy, name = Path(entry["root_dir"]), str(entry["name"])
        except (OSError, ValueError, LookupError, TypeError):
            continue
        # A path in a note must not lead out of DVC's own folder.
        inside = copy.resolve().is_relative_to((folder / "standalone").resolve())
        if entry.get("location") == "tempdir" and inside and copy.is_dir():
            yield name, note, copy
