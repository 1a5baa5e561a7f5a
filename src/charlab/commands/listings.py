"""Find damaged lists of a folder's files in DVC's cache.

DVC keeps a folder as a list of names and hashes, an object of its cache whose name ends in
``.dir``. From a list with a damaged name it restores a folder with a file of that name, and records
that in dvc.lock as the stage's result, under the hash of the new list. So nothing in dvc.lock leads
to the damage, and every later stage misses a file.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from charlab.commands.run_cache import runs
from charlab.core.files import write_bytes
from charlab.core.yaml_text import CONTRADICTIONS, LOADER


def remove_damaged_listings(root: Path) -> list[str]:
    """Remove damaged lists, the runs that name them, and from dvc.lock what came of these.

    Those that dvc.lock itself names are left to :func:`charlab.core.restored.mend`.

    Returns
    -------
    list of str
        One line for each list.
    """
    named = {out["md5"] for stage in _recorded(root).values() for out in _outs(stage)}
    damaged = {
        md5: path for md5, path in _listings(root) if _md5(path) != md5[:32] and md5 not in named
    }
    spoiled: set[frozenset[str]] = set()
    for folder, entries in runs(root) if damaged else ():
        outs = [out for entry in entries for out in _outs(entry)]
        if any(out["md5"] in damaged for out in outs):
            # Other runs in this folder had the same inputs, and may have been restored from it.
            shutil.rmtree(folder)
            spoiled |= {_paths(entry) for entry in entries}
    _forget(root, spoiled)
    for path in damaged.values():
        path.unlink(missing_ok=True)
    return [
        f"a list of files in DVC's cache was damaged: removed ({md5}); "
        "'dvc repro' runs its stage again"
        for md5 in sorted(damaged)
    ]


def _listings(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the hash in each list's name, and the list."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            cache = Path(repo.cache.local.path)
    except DvcException:
        return  # not a project of DVC, or its settings are wrong, as DVC itself says
    for path in sorted(cache.glob("*/*.dir")):
        if path.is_file():
            yield path.parent.name + path.name, path


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _recorded(root: Path) -> dict[str, Any]:
    """Return the stages in dvc.lock; none if it cannot be read."""
    try:
        content = yaml.load((root / "dvc.lock").read_bytes(), LOADER)  # a safe loader
        return dict(content["stages"])
    except (OSError, LookupError, TypeError, ValueError, yaml.YAMLError, *CONTRADICTIONS):
        return {}


def _outs(stage: Any) -> list[dict[str, str]]:
    """Return the recorded outputs of a stage that have a path and a hash."""
    outs = stage.get("outs", []) if isinstance(stage, dict) else []
    return [out for out in outs if isinstance(out, dict) and {"path", "md5"} <= out.keys()]


def _paths(stage: Any) -> frozenset[str]:
    return frozenset(out["path"] for out in _outs(stage))


def _forget(root: Path, spoiled: set[frozenset[str]]) -> None:
    """Take the stages with these outputs out of dvc.lock, so that they run again."""
    from dvc.utils.serialize import dumps_yaml, loads_yaml

    stages = _recorded(root)
    names = [name for name, stage in stages.items() if _paths(stage) in spoiled]
    if not names:
        return
    content = loads_yaml((root / "dvc.lock").read_text(encoding="utf-8"))
    for name in names:
        del content["stages"][name]
    write_bytes(root / "dvc.lock", dumps_yaml(content).encode())
