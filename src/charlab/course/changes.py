"""List what differs between a student's workspace and the project: code, and parameters.

Nothing runs for this, git included: the lists of files are compared with the project's own.
"""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from pathlib import Path

from charlab.core.errors import shortened
from charlab.core.schema import parse_yaml
from charlab.course.handed_in import CourseError, plain_files
from charlab.course.outputs import leaves
from charlab.course.pack import MANIFEST
from charlab.course.student import FILE, read_student
from charlab.course.workspace import given_document, project_files
from charlab.plan.params import Params, load_params, parse_params

CODE = ("src", "stages", "dvc.yaml", ".dvc/config", ".dvcignore", "pyproject.toml")
"""Files and folders that determine a stage's outputs, with params.yaml and the texts."""


def changes(project: Path, workspace: Path) -> list[str]:
    """Describe what differs from the project: files of the code, and parameters.

    A workspace that says whose it is is compared with the study and the seeds that the student was
    given, any other with the project's params.yaml.

    Raises
    ------
    CourseError
        If the workspace is part of the project, or has links in place of files.
    """
    if not workspace.is_dir():
        raise CourseError(f"{workspace}: no such folder")
    ours, theirs = project.resolve(), workspace.resolve()
    if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
        raise CourseError(
            f"{workspace}: expected a folder outside of the project {project}, from which its "
            "code is taken; run the command in a checkout of your own"
        )
    code = [f"code {line}" for line in _changed_code(project, workspace)]
    return code + [f"parameter {line}" for line in _changed_params(project, workspace)]


def _changed_code(project: Path, workspace: Path) -> Iterator[str]:
    """Yield a line for each file of the code that only one side has, or that differs."""
    ours = {name for name in project_files(project) if is_code(name)}
    theirs = {name for part in CODE for name in plain_files(workspace, part)}
    # A zip file has only what the student changed.
    packed = (workspace / MANIFEST).exists()
    for name in sorted(theirs if packed else ours | theirs):
        if name not in theirs:
            yield f"missing: {name}"
        elif name not in ours:
            yield f"added: {name}"
        # shallow=False compares contents: a copy may have another date.
        elif not filecmp.cmp(project / name, workspace / name, shallow=False):
            yield f"changed: {name}"


def is_code(name: str) -> bool:
    """Return whether a path is one of :data:`CODE`, or below one."""
    return any(name == part or name.startswith(f"{part}/") for part in CODE)


def _changed_params(project: Path, workspace: Path) -> Iterator[str]:
    """Yield a line for each parameter that differs."""
    # Before it is opened: a pipe by this name would never end.
    plain_files(workspace, "params.yaml")
    both = [
        params.model_dump()
        for params in (given_params(project, workspace), load_params(workspace / "params.yaml"))
    ]
    before, after = (dict(leaves(document, "")) for document in both)
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            values = [shortened(side.get(key, "nothing")) for side in (before, after)]
            yield f"changed: {shortened(key)} is {values[1]}, in the project {values[0]}"


def given_params(project: Path, workspace: Path) -> Params:
    """Return the parameters that a workspace started with."""
    if not plain_files(workspace, FILE):
        return load_params(project / "params.yaml")
    owner = read_student(workspace)
    document = given_document(project, owner)
    return parse_params(parse_yaml(document.decode(), owner.study), f"the study {owner.study}")
