"""Mend all that can be mended in a project: DVC's files, its caches, and the results."""

from __future__ import annotations

from pathlib import Path

from charlab.commands.killed_experiments import remove_killed_experiments
from charlab.commands.listings import remove_damaged_listings, restore_listings
from charlab.commands.mend import mend
from charlab.commands.run_cache import remove_damaged_runs
from charlab.core.restored import damages, recorded_outputs
from charlab.core.restored import mend as mend_cache


def mend_all(root: Path) -> list[str]:
    """Mend a project.

    Returns
    -------
    list of str
        One line for each thing mended; empty if all was well.

    Raises
    ------
    BusyError
        If something is damaged while DVC is running.
    """
    messages = [*mend(root), *remove_damaged_runs(root), *restore_listings(root)]
    messages += [*remove_damaged_listings(root), *remove_killed_experiments(root)]
    found = [one for output in recorded_outputs(root) for one in damages(root, output)]
    removed = mend_cache(found)
    for damage in found:
        done = (
            "removed there and here; 'dvc pull' or 'dvc repro' brings it back"
            if damage in removed
            else "replaced by the intact result"
        )
        name = damage.result.relative_to(root).as_posix()
        messages.append(f"{name} was damaged in DVC's cache: {done}")
    return messages
