"""Check DVC's cache: every file that dvc.lock refers to should have the content of its name."""

from __future__ import annotations

from pathlib import Path

from charlab.core.restored import Damage, damages, recorded_outputs, remove


def verify(root: Path, *, mend: bool) -> tuple[int, list[Damage]]:
    """Find damaged files in DVC's cache.

    Parameters
    ----------
    root : Path
        The project's folder.
    mend : bool
        Remove them, and the results that were restored from them.

    Returns
    -------
    int, list of Damage
        The number of results checked, and the damaged files.
    """
    outputs = recorded_outputs(root)
    found = [damage for output in outputs for damage in damages(root, output)]
    if mend:
        remove(found)
    return len(outputs), found
