"""A student's workspace: the project with a study, tasks and an exercise, without results.

Every command of the project works in a workspace. After the student has run the study, the homework
is the report with their own figures and numbers, and with blanks for the answers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from charlab.core.files import explained, write_bytes, write_text
from charlab.core.temporary import temporary_folder
from charlab.course.exercise import write_exercise
from charlab.course.handed_in import CourseError
from charlab.course.layout import written
from charlab.course.student import Student, identifier, student_seed, with_seed, write_student
from charlab.course.tasks import tasks_page
from charlab.plan.document import complete, keeping_yaml, study_files
from charlab.plan.params import load_params

RESULTS = ("metrics", "plots", "report", "dvc.lock")
"""Results of a study that git tracks; a workspace starts without them."""

NOTHING_RUNS = tuple(
    option
    for setting in ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "commit.gpgSign=false")
    for option in ("-c", setting)
)
"""Options of git by which a repository's settings start no program."""

CODE_TEXT = "data/own/python.txt"
"""A text that no license and no network stands before: the project's own code."""

CODE_CHARS = 200_000
"""Characters of it."""

BOOK = "book"
"""Slug of the text that ``start --book`` replaces by a book of Project Gutenberg."""


def project_files(root: Path) -> list[str]:
    """Return the files of a project that are tracked by git, or new in a folder of such files.

    New files and folders beside them, such as what a class handed in and its grades, are nobody's
    to copy. Ignored files do not count.

    Raises
    ------
    CourseError
        If the folder is not in a git repository.
    """
    tracked, others = (
        git(root, "ls-files", "-z", *options).split("\0")
        for options in (("--cached",), ("--others", "--exclude-standard"))
    )
    folders = {name.split("/")[0] for name in tracked if "/" in name}
    new = [name for name in others if "/" in name and name.split("/")[0] in folders]
    # git lists deleted files and, in a merge, a file several times.
    return sorted({name for name in (*tracked, *new) if (root / name).is_file()})


def copy_project(root: Path, out: Path, left_out: tuple[str, ...] = ()) -> None:
    """Copy the files of a project, except those named or below ``left_out`` at its top level."""
    for name in project_files(root):
        if name.split("/")[0] not in left_out:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, out / name)


def new_workspace(
    root: Path, out: Path, student: str, study: str = "student", book: int | None = None
) -> Student:
    """Create a student's workspace and commit it to a git repository of its own.

    Parameters
    ----------
    root : Path
        The project.
    out : Path
        The folder to create; it must be missing or empty.
    student : str
        Name or number by which the class knows the student; their seeds follow from it.
    study : str
        A study in studies/, or that of the project's params.yaml.
    book : int, optional
        Number of a Gutenberg book that takes the place of the study's text ``book``.

    Returns
    -------
    Student

    Raises
    ------
    CourseError
        If the folder is not empty, the name is not allowed, there is no such study, or the
        project cannot be copied.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CourseError(f"{out}: not an empty folder; name a new one, so that nothing is lost")
    seed = student_seed(student)
    owner = Student(identifier(student), study, seed, book)
    document = given_document(root, owner)
    out = out.resolve()
    with ExitStack() as stack:
        with explained(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            # Beside it first, so that a kill or a full disk leaves no half of a workspace.
            copy = stack.enter_context(temporary_folder(out.parent, out.name))
            copy_project(root, copy, left_out=RESULTS)
        _fill(copy, owner, document)
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
    return owner


def _fill(copy: Path, owner: Student, document: bytes) -> None:
    """Write what a workspace has and the project has not."""
    # params.yaml replaces the copied one.
    write_bytes(copy / "params.yaml", document)
    params = load_params(copy / "params.yaml")
    if any(entry.path == CODE_TEXT for entry in params.texts.values()):
        write_text(copy / CODE_TEXT, code_text(copy))
    write_text(copy / "TASKS.md", tasks_page(params, owner))
    write_student(copy, owner)
    write_exercise(copy / "exercise")


def given_document(root: Path, owner: Student) -> bytes:
    """Return the parameter file that a student is given.

    The seeds follow from the student's name, not from the seed that a workspace claims.
    """
    study = with_book(study_document(root, owner.study), owner.book)
    return with_seed(study, student_seed(owner.student))


def study_document(root: Path, study: str) -> bytes:
    """Return the complete parameters of a study: the project's own, or one in studies/.

    Raises
    ------
    CourseError
        If there is no such study.
    """
    if load_params(root / "params.yaml").study.name == study:
        return (root / "params.yaml").read_bytes()
    known = study_files(root)
    if study not in known:
        raise CourseError(f"there is no study {study!r}; there are {', '.join(sorted(known))}")
    return completed(known[study])


def completed(path: Path) -> bytes:
    """Return the complete parameters of a study's file in studies/."""
    # Bytes that are not UTF-8 become characters that YAML refuses.
    source = path.read_text(encoding="utf-8", errors="surrogateescape")
    return _completed(source, f"studies/{path.name}")


@cache
def _completed(source: str, name: str) -> bytes:
    return complete(source, name).encode()


def with_book(document: bytes, book: int | None) -> bytes:
    """Return a parameter file in which a Gutenberg book takes the place of the built-in one.

    Raises
    ------
    CourseError
        If no text of the study is called ``book``.
    """
    if book is None:
        return document
    content: Any = keeping_yaml().load(document)
    if BOOK not in content["texts"]:
        raise CourseError(f"this study has no text called {BOOK!r}, which --book could replace")
    # Every text from the same source, so that the short one stays the start of the book.
    source = content["texts"][BOOK].get("builtin")
    for entry in content["texts"].values():
        if entry.get("builtin") == source is not None:
            del entry["builtin"]
            entry["gutenberg"] = book
            entry.pop("seed", None)
    return written(content)


def code_text(root: Path) -> str:
    """Return the beginning of the project's own code, file after file, as a text to learn from."""
    modules = sorted((root / "src" / "charlab").rglob("*.py"), key=lambda path: path.as_posix())
    return "\n\n".join(path.read_text(encoding="utf-8") for path in modules)[:CODE_CHARS]


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
