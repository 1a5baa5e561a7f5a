"""Find damaged entries of DVC's run-cache.

The run-cache has a small YAML file for each stage that has run: command, inputs, outputs. DVC skips
one that is not YAML, but half of one may be: without the list of outputs, every later run of that
stage fails, and with a part of the list, outputs are missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from charlab.core.yaml_text import CONTRADICTIONS, LOADER


def remove_damaged_runs(root: Path) -> list[str]:
    """Remove the damaged entries of a project's run-cache; return a line for each."""
    messages = []
    for folder in _folders(root):
        for path in folder.iterdir():
            # DVC writes to a temporary file beside it first.
            if len(path.name) == 64 and path.is_file() and not is_run(path):
                path.unlink(missing_ok=True)
                messages.append(f"an entry of DVC's run-cache was damaged: removed ({path.name})")
        # DVC fails at a folder without entries, such as it leaves itself when it is killed.
        if not any(folder.iterdir()):
            folder.rmdir()
            messages.append(f"removed an empty folder of DVC's run-cache ({folder.name})")
    return messages


def runs(root: Path) -> Iterator[tuple[Path, list[Any]]]:
    """Yield each folder of a project's run-cache with its whole entries."""
    for folder in _folders(root):
        paths = [path for path in sorted(folder.iterdir()) if path.is_file() and is_run(path)]
        yield folder, [yaml.load(path.read_bytes(), LOADER) for path in paths]  # a safe loader


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folders of a project's run-cache: one for each command with its inputs."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            cache = Path(repo.stage_cache.cache_dir)
    except DvcException:
        return  # not a project of DVC, or its settings are wrong, as DVC itself says
    yield from (path for path in cache.glob("*/*") if path.is_dir())


def is_run(path: Path) -> bool:
    """Check that an entry is whole: its name is the hash of what it says."""
    from dvc.utils import dict_sha256

    try:
        entry = yaml.load(path.read_bytes(), LOADER)  # a safe loader
        # DVC leaves out what it also leaves out when it compares.
        return bool(dict_sha256(entry, exclude=["size", "nfiles"]) == path.name)
    except (OSError, yaml.YAMLError, *CONTRADICTIONS):
        return False
