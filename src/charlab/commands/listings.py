"""Mend damaged lists of a folder's files in DVC's cache, and what came of them.

DVC keeps a folder as a list of names and hashes, an object of its cache whose name ends in
``.dir``. From a list with a damaged name it restores a folder with a file of that name, and records
that in dvc.lock as the stage's result, under the hash of the new list. So nothing in dvc.lock leads
to the damage, and every later stage misses a file.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from charlab.commands.run_cache import runs
from charlab.core.files import write_bytes
from charlab.core.restored import recorded_outputs
from charlab.core.temporary import is_temporary


def restore_listings(root: Path) -> list[str]:
    """Write the lists anew that are damaged or missing while the folder itself is whole.

    Returns
    -------
    list of str
        One line for each list.
    """
    place = _cache(root)
    if place is None:
        return []
    messages = []
    for output in recorded_outputs(root):
        if not output.md5.endswith(".dir") or not output.path.is_dir():
            continue
        listing = place / output.md5[:2] / output.md5[2:]
        if listing.is_file() and _md5(listing.read_bytes()) == output.md5[:32]:
            continue
        content = _list_of(output.path)
        if _md5(content) == output.md5[:32]:
            listing.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(listing, content)
            listing.chmod(0o444)  # as DVC leaves what it need not hash again
            name = output.path.relative_to(root).as_posix()
            messages.append(f"the list of {name} in DVC's cache was damaged: written anew")
    return messages


def _list_of(folder: Path) -> bytes:
    """Return DVC's list of a folder's files."""
    files = [
        {"md5": _md5(path.read_bytes()), "relpath": path.relative_to(folder).as_posix()}
        for path in folder.rglob("*")
        if path.is_file() and not any(map(is_temporary, path.relative_to(folder).parts))
    ]
    return json.dumps(sorted(files, key=lambda file: file["relpath"]), sort_keys=True).encode()


def remove_damaged_listings(root: Path) -> list[str]:
    """Remove damaged lists, the runs that name them, and from dvc.lock what came of these.

    Those that dvc.lock itself names are left to :func:`charlab.core.restored.mend`.

    Returns
    -------
    list of str
        One line for each list.
    """
    named = {output.md5 for output in recorded_outputs(root)}
    damaged = {
        md5: path
        for md5, path in _listings(root)
        if md5 not in named and _md5(path.read_bytes()) != md5[:32]
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


def _cache(root: Path) -> Path | None:
    """Return the folder of DVC's cache; None if this is not a project of DVC."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            return Path(repo.cache.local.path)
    except DvcException:
        return None  # or its settings are wrong, as DVC itself says


def _listings(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the hash in each list's name, and the list."""
    place = _cache(root)
    for path in sorted(place.glob("*/*.dir")) if place else ():
        if path.is_file():
            yield path.parent.name + path.name, path


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _outs(stage: Any) -> list[dict[str, str]]:
    """Return the recorded outputs of a stage that have a path and a hash."""
    outs = stage.get("outs", []) if isinstance(stage, dict) else []
    return [out for out in outs if isinstance(out, dict) and {"path", "md5"} <= out.keys()]


def _paths(stage: Any) -> frozenset[str]:
    return frozenset(out["path"] for out in _outs(stage))


def _forget(root: Path, spoiled: set[frozenset[str]]) -> None:
    """Take the stages with these outputs out of dvc.lock, so that they run again."""
    from dvc.utils.serialize import dumps_yaml, loads_yaml

    path = root / "dvc.lock"
    if not spoiled or not path.is_file():
        return
    content = loads_yaml(path.read_text(encoding="utf-8"))
    stages = content["stages"]
    content["stages"] = {name: s for name, s in stages.items() if _paths(s) not in spoiled}
    write_bytes(path, dumps_yaml(content).encode())
