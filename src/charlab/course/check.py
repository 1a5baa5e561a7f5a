"""Rerun a stage of a student's workspace, and compare the outputs byte for byte.

The workspace is read as data. The stage runs in a temporary folder that holds the instructor's own
code, dvc.yaml and DVC settings; of the workspace it has params.yaml, checked first, and the
files that the stage reads. So nothing of the student's runs, unless the instructor asks for it.
"""

from __future__ import annotations

import filecmp
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from charlab.core.errors import shortened
from charlab.course.handed_in import Copier, CourseError, plain_files
from charlab.course.outputs import CheckedFile, compared, leaves
from charlab.course.workspace import RESULTS, copy_project, git, project_files
from charlab.plan.params import Params, load_params

CODE = ("src", "stages", "dvc.yaml", ".dvc/config", ".dvcignore", "pyproject.toml")
"""Files and folders that determine a stage's outputs, with params.yaml and the texts."""

THEIRS = ("src", "stages", "dvc.yaml")
"""Of these, what ``run_their_code`` takes from the workspace."""


@dataclass(frozen=True)
class StageFiles:
    """The files of one stage, by their paths in a workspace.

    Attributes
    ----------
    needed : list of str
        What the stage reads of a study's data and results.
    outputs : list of str
        What it writes.
    """

    needed: list[str]
    outputs: list[str]


def changes(project: Path, workspace: Path) -> list[str]:
    """Describe what differs from the project: files of the code, and parameters.

    Nothing runs for this, git included: the lists of files are compared with the project's own.

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
    ours = {name for name in project_files(project) if _is_code(name)}
    theirs = {name for part in CODE for name in plain_files(workspace, part)}
    for name in sorted(ours | theirs):
        if name not in theirs:
            yield f"missing: {name}"
        elif name not in ours:
            yield f"added: {name}"
        # shallow=False compares contents: a copy may have another date.
        elif not filecmp.cmp(project / name, workspace / name, shallow=False):
            yield f"changed: {name}"


def _is_code(name: str) -> bool:
    """Return whether a path is one of :data:`CODE`, or below one."""
    return any(name == part or name.startswith(f"{part}/") for part in CODE)


def _changed_params(project: Path, workspace: Path) -> Iterator[str]:
    """Yield a line for each parameter that differs."""
    # Before it is opened: a pipe by this name would never end.
    plain_files(workspace, "params.yaml")
    both = [load_params(root / "params.yaml").model_dump() for root in (project, workspace)]
    before, after = (dict(leaves(document, "")) for document in both)
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            values = [shortened(side.get(key, "nothing")) for side in (before, after)]
            yield f"changed: {shortened(key)} is {values[1]}, in the project {values[0]}"


def check(
    project: Path, workspace: Path, stage: str, *, run_their_code: bool = False
) -> list[CheckedFile]:
    """Rerun a stage in a temporary folder, and compare its outputs with a workspace's.

    Parameters
    ----------
    project : Path
        The instructor's checkout, whose code runs.
    workspace : Path
        The folder that a student handed in, with its data/.
    stage : str
        Name of the stage for DVC: ``train``, ``train-variant@gru``, ``compare``.
    run_their_code : bool
        Take src/, stages/ and dvc.yaml from the workspace. They can do whatever you can.

    Returns
    -------
    list of CheckedFile
        One for each file, by path.

    Raises
    ------
    CourseError
        If the stage was never run in the workspace, or fails now.
    """
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        handed_in, copy = Path(name) / "handed-in", Path(name) / "workspace"
        copier = Copier(workspace)
        copier.copy("params.yaml", handed_in)
        files = stage_files(project, load_params(handed_in / "params.yaml"), stage)
        for output in files.outputs:
            copier.copy(output, handed_in)
        if not any((handed_in / output).exists() for output in files.outputs):
            raise CourseError(
                f"{workspace} has no {' or '.join(files.outputs)}: the stage {stage} was not run; "
                "the student runs 'charlab fan-out' and hands in the whole folder, with data/"
            )
        theirs = THEIRS if run_their_code else ()
        copy_project(project, copy, left_out=(*RESULTS, "params.yaml", *theirs))
        for part in ("params.yaml", *files.needed, *theirs):
            copier.copy(part, copy, hidden=False)
        _run(copy, stage)
        return [file for output in files.outputs for file in compared(handed_in, copy, output)]


def stage_files(project: Path, params: Params, stage: str) -> StageFiles:
    """Return the files of a stage, from the project's dvc.yaml and checked parameters.

    Raises
    ------
    CourseError
        If there is no such stage.
    """
    stages = yaml.safe_load((project / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    name, _, key = stage.partition("@")
    entry = stages.get(name, {})
    values = {"key": key, "text": params.text}
    if "foreach" in entry:
        # "${study.variants}" -> params.study.variants
        items: Any = reduce(getattr, entry["foreach"][2:-1].split("."), params)
        known = [f"{name}@{item}" for item in items]
        if key in items:
            values["item.text"] = getattr(items[key], "text", "")
        entry = entry["do"]
    else:
        known = [name] if name in stages else list(stages)
    if stage not in known:
        raise CourseError(f"no stage is called {stage!r}; there are {', '.join(known)}")

    def filled(path: str) -> str:
        return re.sub(r"\$\{([\w.]+)\}", lambda match: values[match[1]], path)

    # An output with options is a mapping from its path to them.
    outputs = [filled(out if isinstance(out, str) else next(iter(out))) for out in entry["outs"]]
    deps = [filled(dep) for dep in entry["deps"]]
    data = [dep for dep in deps if not _is_code(dep) and dep != "params.yaml"]
    # A text of the student's own is fetched from here; no stage names the file.
    return StageFiles(["data/own", *data], outputs)


def _run(copy: Path, stage: str) -> None:
    """Run one stage without reading or writing any DVC cache."""
    # DVC requires a git repository.
    git(copy, "init", "--quiet", "--template=")
    # -P: the folder's files must not pass for Python's modules.
    command = [sys.executable, "-P", "-m", "dvc", "repro", "--single-item", "--force"]
    # A cache could supply a forged result without running anything.
    command += ["--no-run-cache", "--no-commit", stage]
    # The stage's "python" is this interpreter even if its environment is not activated.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path}
    # Not every program writes UTF-8 to a pipe; a message with a few odd letters is good enough.
    done = subprocess.run(
        command, cwd=copy, env=environment, check=False,
        capture_output=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    if done.returncode:
        output = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise CourseError(f"stage {stage} failed in the new run:\n{output}")
