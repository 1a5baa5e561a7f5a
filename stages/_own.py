"""Bring a user's own texts into the copy of the project in which DVC runs an experiment.

``dvc exp run --temp`` and ``--queue`` copy only the files that git has, and an experiment in the
project's folder takes added files out of git's index. DVC_ROOT names the folder of the project.
"""

import os
import shutil
from pathlib import Path

OWN = Path("data/own")


def bring(folder: Path, project: str | None) -> None:
    """Copy the files of a folder that only the project's own copy of it has."""
    if not project or Path(project).resolve() == Path().resolve():
        return
    source = Path(project) / folder
    for path in source.rglob("*"):
        copy = folder / path.relative_to(source)
        if path.is_file() and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


bring(OWN, os.environ.get("DVC_ROOT"))
