"""A student's workspace: the project with their own seed and a page of tasks, without results.

Every command of the project works in a workspace. After the student has run the study, the homework
is the report with their own figures and numbers, and with blanks for the answers.
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from charlab.core.files import explained, write_bytes, write_text
from charlab.core.temporary import temporary_folder
from charlab.course.handed_in import CourseError
from charlab.plan.document import keeping_yaml
from charlab.plan.params import Params, load_params
from charlab.plan.study import ReportSection
from charlab.report.markdown import templates
from charlab.report.render import render

RESULTS = ("metrics", "plots", "report", "dvc.lock")
"""Results of a study that git tracks; a workspace starts without them."""

NOTHING_RUNS = tuple(
    option
    for setting in ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "commit.gpgSign=false")
    for option in ("-c", setting)
)
"""Options of git by which a repository's settings start no program."""

TASKS: dict[ReportSection, str] = {
    "training": "The model and its training",
    "dropout": "Task 1: dropout",
    "activations": "Task 2: activations",
    "cells": "Task 3: RNN, GRU, LSTM",
    "sizes": "Task 4: settings",
    "texts": "Task 5: texts",
    "further": "More",
}
"""Heading of each task, by the section that its comparisons have in the report."""


def project_files(root: Path) -> list[str]:
    """Return the files of a project that are tracked by git or not ignored.

    Raises
    ------
    CourseError
        If the folder is not in a git repository.
    """
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    # git lists deleted files and, in a merge, a file several times.
    return sorted({name for name in listed.split("\0") if (root / name).is_file()})


def copy_project(root: Path, out: Path, left_out: tuple[str, ...] = ()) -> None:
    """Copy the files of a project, except those named or below ``left_out`` at its top level."""
    for name in project_files(root):
        if name.split("/")[0] not in left_out:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, out / name)


def new_workspace(root: Path, out: Path, seed: int) -> None:
    """Create a student's workspace and commit it to a git repository of its own.

    Parameters
    ----------
    root : Path
        The project, whose params.yaml is the study of the class.
    out : Path
        The folder to create; it must be missing or empty.
    seed : int
        The student's seed. The model has this seed; the variants have this one and the next
        ones, as many as in the project.

    Raises
    ------
    CourseError
        If the folder is not empty, or the project cannot be copied.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CourseError(f"{out}: not an empty folder; name a new one, so that nothing is lost")
    params = load_params(root / "params.yaml")
    out = out.resolve()
    with ExitStack() as stack:
        with explained(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            # Beside it first, so that a kill or a full disk leaves no half of a workspace.
            copy = stack.enter_context(temporary_folder(out.parent, out.name))
            copy_project(root, copy, left_out=RESULTS)
        # After the copy, whose params.yaml still has the project's seed.
        write_bytes(copy / "params.yaml", with_seed((root / "params.yaml").read_bytes(), seed))
        write_text(copy / "TASKS.md", tasks_page(params, seed))
        git(copy, "init", "--quiet")
        git(copy, "add", "--all")
        # git refuses to commit without a name, and a student may not have set theirs yet.
        identity = ("-c", "user.name=charlab", "-c", "user.email=charlab@localhost")
        git(copy, *identity, "commit", "--quiet", "--message", f"Start with seed {seed}")
        with explained(out):
            copy.chmod(0o755)  # a temporary folder can be read by its owner only
            if out.exists():
                out.rmdir()
            copy.rename(out)


def with_seed(document: bytes, seed: int) -> bytes:
    """Return a parameter file with another seed, and with the same comments and order."""
    yaml = keeping_yaml()
    content: Any = yaml.load(document)
    content["seed"] = seed
    study = content.get("study") or {}
    for block in (study, *(study.get("variants") or {}).values()):
        # A new list would lose the comments beside the old one.
        for place in range(len(block.get("seeds") or [])):
            block["seeds"][place] = seed + place
    stream = io.BytesIO()
    yaml.dump(content, stream)
    return stream.getvalue()


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return its output.

    Raises
    ------
    CourseError
        With git's own message if it fails.
    """
    # git writes UTF-8 on every system; the locale's encoding may be another one.
    done = subprocess.run(
        ["git", *NOTHING_RUNS, *arguments],
        cwd=folder, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if done.returncode:
        message = done.stderr.strip()
        raise CourseError(
            f"{folder}: git {arguments[0]} failed, in what must be a git repository: {message}"
        )
    return done.stdout


def tasks_page(params: Params, seed: int) -> str:
    """Return the page of tasks: the question of each comparison, and the commands to answer it."""
    # A comparison belongs to the task of its section.
    comparisons = params.study.comparisons.items()
    tasks = [
        (heading, [(slug, entry) for slug, entry in comparisons if entry.section == section])
        for section, heading in TASKS.items()
    ]
    return (
        templates("charlab.course")
        .get_template("tasks.md.j2")
        .render(
            study=params.study,
            tasks=[task for task in tasks if task[1]],
            seed=seed,
            model=params,
            prompt=shlex.quote(params.sample.prompt or ""),
        )
    )


def fill_homework(root: Path) -> Path:
    """Write the homework of a workspace: its figures and numbers, with blanks for the answers.

    Returns
    -------
    Path
        ``homework/homework.md``.

    Raises
    ------
    CourseError
        If there are no results yet, or if there is a homework, which may contain answers.
    """
    out = root / "homework"
    if (out / "homework.md").exists():
        raise CourseError(
            f"{out / 'homework.md'}: this homework may contain your answers; "
            "rename the folder to get a new one"
        )
    if not (root / "metrics" / "model.json").is_file():
        raise CourseError(f"{root}: no results yet; run 'charlab fan-out' (or 'dvc repro') first")
    # The same templates as the report's, with blanks in place of findings.
    metrics, plots, data = (root / name for name in ("metrics", "plots", "data"))
    render(load_params(root / "params.yaml"), metrics, plots, data, out, blank=True)
    (out / "report.md").rename(out / "homework.md")
    return out / "homework.md"
