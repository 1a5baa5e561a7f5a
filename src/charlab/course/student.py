"""A student, and the seeds that are theirs alone.

The rule of the seeds, so that anybody can check them: the identifier in Unicode's form NFKC, in
lower case and without spaces at its ends, is hashed with SHA-256 as ``charlab student IDENTIFIER``;
the first eight bytes of the hash, as a number, modulo ten million, plus one, are the number of a
block; the block has one hundred seeds, from one hundred times its number. Two students share a
block with a probability of one in ten million, and otherwise share no seed. Seeds below one hundred
belong to nobody: the published studies use them.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from charlab.core.errors import UNSAFE, shortened
from charlab.core.files import read_json, write_json
from charlab.core.schema import SLUG
from charlab.course.handed_in import CourseError
from charlab.course.layout import written
from charlab.plan.document import keeping_yaml

BLOCK = 100
"""Seeds of one student."""

BLOCKS = 10_000_000
"""Number of blocks of seeds."""

FILE = "student.json"
"""File of a workspace that says whose it is."""

LONGEST = 64
"""Maximum length of an identifier."""


@dataclass(frozen=True)
class Student:
    """The owner of a workspace.

    Attributes
    ----------
    student : str
        Name or number by which the class knows them.
    study : str
        Name of the study in the workspace.
    seed : int
        First of the student's seeds.
    book : int, optional
        Number of the Gutenberg book in place of the study's built-in text.
    """

    student: str
    study: str
    seed: int
    book: int | None = None


def identifier(text: str) -> str:
    """Return the canonical form of a student's name or number.

    Raises
    ------
    CourseError
        If it is empty, too long, or has characters that no name has.
    """
    name = unicodedata.normalize("NFKC", text).strip().lower()
    allowed = name and name[0] not in ".-" and len(name) <= LONGEST
    if not allowed or UNSAFE.search(name) or set('\n\t/\\:*?"<>|') & set(name):
        raise CourseError(
            f"expected a student's name or number of at most {LONGEST} characters, without "
            f'/ \\ : * ? " < > | and line breaks, found {shortened(repr(text))}'
        )
    return name


def student_seed(text: str) -> int:
    """Return the first seed of a student; see the module for the rule.

    Examples
    --------
    >>> student_seed("Ada"), student_seed("ada ")
    (263253100, 263253100)
    """
    digest = hashlib.sha256(f"charlab student {identifier(text)}".encode()).digest()
    return BLOCK * (1 + int.from_bytes(digest[:8], "big") % BLOCKS)


def with_seed(document: bytes, seed: int) -> bytes:
    """Return a parameter file with a student's seeds, and with the same comments and order.

    *The* model has the seed itself; every list of seeds becomes that seed and the next ones, as
    many as the list has.
    """
    content: Any = keeping_yaml().load(document)
    content["seed"] = seed
    study = content.get("study") or {}
    for holder in (study, *(study.get("variants") or {}).values()):
        # A new list would lose the comments beside the old one.
        for place in range(len(holder.get("seeds") or ())):
            holder["seeds"][place] = seed + place
    return written(content)


def write_student(folder: Path, student: Student) -> None:
    """Write the file that says whose workspace a folder is."""
    write_json(folder / FILE, asdict(student))


def read_student(folder: Path) -> Student:
    """Return the owner of a workspace, from a file that may have been edited.

    Raises
    ------
    CourseError
        If there is no such file, or if it is not what charlab wrote.
    """
    path = folder / FILE
    if not path.is_file():
        raise CourseError(
            f"{folder} has no {FILE}: expected a folder that 'charlab course start' made, or a "
            "file that 'charlab course pack' wrote"
        )
    try:
        content = read_json(path)
        student = Student(**content)
        valid = (
            isinstance(student.student, str)
            and isinstance(student.study, str)
            and SLUG.fullmatch(student.study) is not None
            and type(student.seed) is int
            and 0 <= student.seed < 2**53
            and (student.book is None or (type(student.book) is int and student.book > 0))
            and identifier(student.student) == student.student
        )
    except (TypeError, ValueError, CourseError):
        valid = False
    if not valid:
        raise CourseError(
            f"{path}: expected a student's name, a study and a seed as 'charlab course start' "
            f"wrote them; restore the file ('git checkout {FILE}')"
        )
    return student
