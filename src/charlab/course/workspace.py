"""A student's workspace: the project with a seed of their own, a page of tasks, no results.

What enters is a project and a seed; what leaves is a folder in which every command of the
project works, and which holds nobody's results or answers. Once the student has run the
study, the homework is the report with their own figures and numbers, and room for answers.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jinja2
from ruamel.yaml import YAML

from charlab.core.errors import CharlabError
from charlab.core.files import write_bytes, write_text
from charlab.plan.params import Params, load_params
from charlab.report.findings import escape
from charlab.report.render import render

RESULTS = ("metrics", "plots", "report", "dvc.lock")
"""What a run of the study leaves in git: not for a student's workspace."""

TASKS = {
    "The model and its training": ("numpy_vs_torch", "clipping", "clipping_adam", "initial_state"),
    "Task 1: dropout": ("dropout", "dropout_place"),
    "Task 2: activations": ("activations_rnn", "activations_lstm"),
    "Task 3: RNN, GRU, LSTM": ("cells", "cells_equal_parameters", "cells_invented"),
    "Task 4: settings": (
        *("hidden_size", "seq_len", "learning_rate", "learning_rate_rnn", "learning_rate_gru"),
    ),
    "Task 5: texts": ("texts",),
}
"""The tasks of the course, and the comparisons that answer them; others come last."""


class CourseError(CharlabError):
    """A workspace cannot be made, filled or checked."""


def project_files(root: Path) -> list[str]:
    """Return the files of a project that are its own: tracked by git, or not ignored.

    Raises
    ------
    CourseError
        If the folder is not in a git repository.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CourseError(f"{root}: {done.stderr.strip()}; a charlab project is a git repository")
    return sorted({name for name in done.stdout.split("\0") if (root / name).is_file()})


def copy_project(root: Path, out: Path, left_out: tuple[str, ...] = ()) -> None:
    """Copy a project's own files, but for some folders or files at its top."""
    for name in project_files(root):
        if name.split("/")[0] not in left_out:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, out / name)


def new_workspace(root: Path, out: Path, seed: int) -> None:
    """Make a student's workspace.

    Parameters
    ----------
    root : Path
        The project; its params.yaml is the study that the class works on.
    out : Path
        The folder to make; it must not hold anything yet.
    seed : int
        The student's own. The model has it, and the study's variants have it and those after
        it, as many as in the project.

    Raises
    ------
    CourseError
        If the folder is there already, or the project cannot be copied.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CourseError(f"{out}: already there; name a new folder, so that nothing is lost")
    params = load_params(root / "params.yaml")
    copy_project(root, out, left_out=RESULTS)
    write_bytes(out / "params.yaml", with_seed((root / "params.yaml").read_bytes(), seed))
    write_text(out / "TASKS.md", tasks_page(params, seed))
    _git(out, "init", "--quiet")
    _git(out, "add", "--all")
    identity = ("-c", "user.name=charlab", "-c", "user.email=charlab@localhost")
    _git(out, *identity, "commit", "--quiet", "--message", f"Start with seed {seed}")


def with_seed(document: bytes, seed: int) -> bytes:
    """Return a parameter file with another seed, its comments and its order kept."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    content: Any = yaml.load(document)
    content["seed"] = seed
    seeds = (content.get("study") or {}).get("seeds")
    if seeds is not None:
        for place in range(len(seeds)):
            seeds[place] = seed + place
    stream = io.BytesIO()
    yaml.dump(content, stream)
    return stream.getvalue()


def _git(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CourseError(f"git {arguments[0]} in {folder}: {done.stderr.strip()}")


def tasks_page(params: Params, seed: int) -> str:
    """Return the page of tasks: each comparison's question, and the commands that answer it."""
    comparisons = params.study.comparisons
    known = {slug for slugs in TASKS.values() for slug in slugs}
    groups = TASKS | {"More": tuple(slug for slug in comparisons if slug not in known)}
    tasks = [
        (heading, [(slug, comparisons[slug]) for slug in slugs if slug in comparisons])
        for heading, slugs in groups.items()
    ]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("charlab.course"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = escape
    return environment.get_template("tasks.md.j2").render(
        study=params.study, tasks=[task for task in tasks if task[1]], seed=seed, model=params
    )


def fill_homework(root: Path) -> Path:
    """Write the homework of a workspace: its own figures and numbers, and blank answers.

    Returns
    -------
    Path
        ``homework/homework.md``.

    Raises
    ------
    CourseError
        If nothing was run yet, or there is a homework already, which may hold answers.
    """
    out = root / "homework"
    if (out / "homework.md").exists():
        raise CourseError(
            f"{out / 'homework.md'}: already there, perhaps with your answers; "
            "rename the folder to have a new one"
        )
    if not (root / "metrics" / "model.json").is_file():
        raise CourseError(f"{root}: no results yet; run 'charlab fan-out' (or 'dvc repro') first")
    metrics, plots, data = (root / name for name in ("metrics", "plots", "data"))
    render(load_params(root / "params.yaml"), metrics, plots, data, out, blank=True)
    (out / "report.md").rename(out / "homework.md")
    return out / "homework.md"
