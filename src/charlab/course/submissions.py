"""Check everything that a class has handed in: a folder of zip files, or of workspaces.

Each file is opened, checked and closed by itself. What is wrong with one is a line in its row, and
the others are checked all the same.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from charlab.core.errors import CharlabError, describe, one_line
from charlab.course.archive import unpack
from charlab.course.changes import changes
from charlab.course.check import check, verdict
from charlab.course.consistency import contradictions, foreign_seeds
from charlab.course.exercise_judge import Verdict
from charlab.course.exercise_run import run_exercise
from charlab.course.handed_in import Copier, CourseError, plain_files
from charlab.course.homework import FRAME, HOMEWORK, Answer, answers
from charlab.course.outputs import CheckedFile
from charlab.course.similarity import Runs, Shared, quoted_share, runs, shared_answers
from charlab.course.stage_files import drawn_stage
from charlab.course.student import FILE, read_student, student_seed
from charlab.plan.params import load_params

MAX_HOMEWORK = 2_000_000
"""Maximum size of a homework in bytes."""

LONGEST = 400
"""Maximum number of characters of a problem."""

QUOTED = 0.5
"""Share of an answer from which it counts as quoted from the project's own texts."""


@dataclass(frozen=True)
class Options:
    """Choices of the instructor.

    Attributes
    ----------
    stage : str, optional
        The stage to run again for everybody.
    draw : int, optional
        A number that draws a training for each student, in place of ``stage``.
    run_their_code : bool
        Run the students' exercises, and their changes of the code.
    threshold : float
        Share of two answers from which they count as shared.
    seconds : float
        Time after which a training is ended.
    """

    stage: str | None = None
    draw: int | None = None
    run_their_code: bool = False
    threshold: float = 0.5
    seconds: float = 600


@dataclass
class Submission:
    """One student's work as handed in, with the results of its check.

    Attributes
    ----------
    path : Path
        The zip file or the folder.
    student : str
        Name or number; the name of the file if it cannot be read.
    seed : int
        The first seed; 0 if unknown.
    foreign : bool
        True if params.yaml has seeds of somebody else.
    problems : list of str
        What kept it from being checked in full.
    changes : list of str
        Changed code and parameters.
    stage, rerun : str
        The stage that was run again, and the verdict.
    files : list of CheckedFile
        The outputs of that stage.
    answers : list of Answer
    exercise : list of Verdict, optional
        None if it was not run.
    shared : list of Shared
        Answers in common with another student.
    quoted : list of str
        Questions whose answers are mostly quoted from the project.
    """

    path: Path
    student: str
    seed: int = 0
    foreign: bool = False
    problems: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    stage: str = ""
    rerun: str = ""
    files: list[CheckedFile] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    exercise: list[Verdict] | None = None
    shared: list[Shared] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    frame: str = ""


def handed_in(folder: Path) -> list[Path]:
    """Return the zip files and workspaces of a class, in a folder or one folder deeper.

    Raises
    ------
    CourseError
        If there is none.
    """
    zips = [path for pattern in ("*.zip", "*/*.zip") for path in folder.glob(pattern)]
    folders = [path.parent for path in folder.glob("*/params.yaml")]
    # A zip file that a student keeps in a workspace is part of that workspace.
    paths = folders + [path for path in zips if path.parent not in folders]
    if not paths:
        raise CourseError(
            f"{folder}: expected zip files that 'charlab course pack' wrote, or workspaces, found "
            "none"
        )
    return sorted(paths)


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Yield the folder that was handed in, or that a zip file was unpacked to for a while."""
    if path.is_dir() and not path.is_symlink():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        unpack(path, Path(name))
        yield Path(name)


def check_class(
    project: Path, folder: Path, options: Options, say: Callable[[str], None]
) -> list[Submission]:
    """Check all that a class has handed in.

    Parameters
    ----------
    project : Path
        The instructor's checkout.
    folder : Path
        Folder with the zip files.
    options : Options
    say : callable
        Gets a line for each student as soon as theirs is checked.
    """
    submissions = []
    with tempfile.TemporaryDirectory(prefix="charlab-") as downloads:
        for path in handed_in(folder):
            submission = Submission(path, path.stem)
            _step(submission, partial(_check_one, project, submission, options, Path(downloads)))
            submissions.append(submission)
            said = filter(None, [submission.rerun, *submission.problems])
            say(f"{submission.student}: {'; '.join(said) or 'no problems'}")
    _compare(project, submissions, options.threshold)
    return submissions


def _step(submission: Submission, work: Callable[[], None], folder: Path | None = None) -> None:
    """Do one step of a check; what goes wrong is a problem of this submission alone."""
    try:
        work()
    except (CharlabError, OSError, MemoryError) as error:
        message = one_line(describe(error))
        # Where it was unpacked to says nothing to an instructor.
        for root in filter(None, (folder, submission.path.parent)):
            message = message.replace(f"{root}{os.sep}", "")
        if message[:LONGEST] not in submission.problems:
            submission.problems.append(message[:LONGEST])


def _check_one(project: Path, submission: Submission, options: Options, downloads: Path) -> None:
    """Check one submission, step by step."""
    with opened(submission.path) as folder:
        plain_files(folder, FILE)
        owner = read_student(folder)
        submission.student, submission.seed = owner.student, owner.seed
        if owner.seed != student_seed(owner.student):
            submission.problems.append(f"the seed {owner.seed} is not that of {owner.student}")
        steps: tuple[Callable[[], None], ...] = (
            lambda: submission.changes.extend(changes(project, folder)),
            lambda: _check_seeds(submission, folder),
            lambda: submission.problems.extend(contradictions(folder)),
            lambda: _read_answers(submission, folder),
            lambda: _rerun(project, submission, folder, options, downloads),
            lambda: _run_exercise(submission, folder, options),
        )
        for step in steps:
            _step(submission, step, folder)


def _check_seeds(submission: Submission, folder: Path) -> None:
    """Say if the trainings have the seeds of somebody else."""
    foreign = foreign_seeds(folder, submission.student)
    submission.foreign = bool(foreign)
    if foreign:
        submission.problems.append(
            f"trained with seeds that are not those of {submission.student}, such as {foreign[0]}"
        )


def _read_answers(submission: Submission, folder: Path) -> None:
    """Read the homework of a submission."""
    texts = []
    for name in (HOMEWORK, FRAME):
        if not plain_files(folder, name):
            raise CourseError(f"{name} is missing")
        if (folder / name).stat().st_size > MAX_HOMEWORK:
            raise CourseError(f"{name} is larger than {MAX_HOMEWORK / 1e6:.0f} MB")
        texts.append((folder / name).read_text(encoding="utf-8", errors="replace"))
    submission.answers, submission.frame = answers(*texts), texts[1]


def _rerun(
    project: Path, submission: Submission, folder: Path, options: Options, downloads: Path
) -> None:
    """Run a training of a submission again."""
    if options.stage is None and options.draw is None:
        return
    plain_files(folder, "params.yaml")
    params = load_params(folder / "params.yaml")
    submission.rerun = "could not be run again"
    submission.stage = options.stage or drawn_stage(params, options.draw or 0, submission.student)
    submission.files = check(
        project, folder, submission.stage,
        run_their_code=options.run_their_code, seconds=options.seconds, downloads=downloads,
    )  # fmt: skip
    submission.rerun = verdict(submission.files)


def _run_exercise(submission: Submission, folder: Path, options: Options) -> None:
    """Run the tests of an exercise, if the instructor allows it."""
    if not options.run_their_code:
        return
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        copier = Copier(folder)
        copier.copy("exercise", Path(name), hidden=False)
        submission.exercise = run_exercise(Path(name) / "exercise")


def _compare(project: Path, submissions: list[Submission], threshold: float) -> None:
    """Compare the answers of all students with each other, and with the project's own texts."""
    # A class mostly has one frame.
    template: Runs = frozenset().union(*map(runs, {one.frame for one in submissions}))
    by_name: dict[str, Submission] = {}
    for one in submissions:
        if one.student in by_name:
            one.problems.append(
                f"{one.student} handed in more than once; also {by_name[one.student].path.name}"
            )
        by_name.setdefault(one.student, one)
    blocks: dict[int, str] = {}
    for one in by_name.values():
        if one.seed and blocks.setdefault(one.seed, one.student) != one.student:
            one.problems.append(f"has the seeds of {blocks[one.seed]}")
    shared = shared_answers(
        {name: one.answers for name, one in by_name.items()}, template, threshold
    )
    for entry in shared:
        for name in entry.students:
            by_name[name].shared.append(entry)
    source = runs(own_texts(project))
    for one in submissions:
        one.quoted = [
            answer.key
            for answer in one.answers
            if quoted_share(answer.text, source, template) >= QUOTED
        ]


def own_texts(project: Path) -> str:
    """Return the texts of the project that a student could quote: its documents and its report."""
    paths = [project / "README.md", project / "report" / "report.md", project / "TASKS.md"]
    paths += [*(project / "docs").glob("*.md")]
    paths += [*(project / "src/charlab/report/templates").glob("*.j2")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path.is_file())
