"""One zip file per student: written with the same bytes every time, read as a stranger's data.

A zip file can name files outside of the folder it is unpacked to, hold links, claim small sizes and
unpack to terabytes, or have the same file twice. All names and sizes are checked before anything is
written, and what is written is counted.
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from charlab.core.errors import UNSAFE, shortened
from charlab.core.files import atomic
from charlab.course.handed_in import CourseError

MAX_ZIP = 32_000_000
"""Maximum size of a zip file in bytes."""

MAX_FILE = 16_000_000
"""Maximum size of one file in it."""

MAX_TOTAL = 64_000_000
"""Maximum size of all files in it."""

MAX_FILES = 2_000
"""Maximum number of files."""

MAX_RATIO = 250
"""Maximum ratio of a file's size to that in the zip file; pictures and tables have up to 30."""

TOP = (
    *("student.json", "outputs.json", "params.yaml", "dvc.lock", "dvc.yaml"),
    *("homework", "exercise", "metrics", "data", "src", "stages"),
)
"""Files and folders at the top of a zip file."""

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows reserves for devices."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Date of every file: the earliest that a zip file can have."""

ADVICE = "hand in the file that 'charlab course pack' wrote, as it is"


def write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a zip file, sorted, all with the same date and mode.

    Raises
    ------
    CourseError
        If there is more than :func:`unpack` accepts; the message names the largest file.
    """
    largest = max(files, key=lambda name: len(files[name]))
    total = sum(map(len, files.values()))
    if len(files[largest]) > MAX_FILE or total > MAX_TOTAL or len(files) > MAX_FILES:
        raise CourseError(
            f"{path}: expected at most {MAX_FILES:,} files of {MAX_TOTAL / 1e6:.0f} MB, one of at "
            f"most {MAX_FILE / 1e6:.0f} MB, found {len(files):,} of {total / 1e6:.1f} MB; the "
            f"largest is {largest} with {len(files[largest]) / 1e6:.1f} MB"
        )
    for name in files:
        _check_name(path, name)
    with atomic(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, on every system
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=9)


def unpack(path: Path, out: Path) -> None:
    """Unpack a zip file from a stranger into an empty folder.

    Raises
    ------
    CourseError
        If it is not a zip file that ``charlab course pack`` can have written.
    """
    if not path.is_file() or path.stat().st_size > MAX_ZIP:
        raise CourseError(f"{path}: expected a file of at most {MAX_ZIP / 1e6:.0f} MB; {ADVICE}")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(path, entries)
            left = MAX_TOTAL
            for entry in entries:
                left -= _write_entry(archive, entry, out, left)
    except (
        *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error),
        *(EOFError, NotImplementedError, OSError, RuntimeError, UnicodeError, ValueError),
    ) as error:
        raise CourseError(f"{path}: cannot be read ({shortened(error)}); {ADVICE}") from None


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse names, kinds and sizes that the program that packs never writes."""
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_TOTAL:
        raise CourseError(
            f"{path}: more than {MAX_FILES:,} files or {MAX_TOTAL / 1e6:.0f} MB; {ADVICE}"
        )
    names: set[str] = set()
    for entry in entries:
        # Some systems have no difference between upper and lower case, or between two forms of é.
        name = unicodedata.normalize("NFC", _check_name(path, entry.filename)).casefold()
        if name in names:
            raise CourseError(f"{path}: has {shortened(entry.filename)} twice; {ADVICE}")
        names.add(name)
        mode = entry.external_attr >> 16
        # Only Unix writes a mode, and a file without a type is a plain one.
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or entry.flag_bits & 0x1:
            raise CourseError(
                f"{path}: {shortened(entry.filename)} is a link or encrypted; {ADVICE}"
            )
        # Others may ask for gigabytes of memory before the first byte.
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            name = shortened(entry.filename)
            raise CourseError(f"{path}: {name} is packed by another method than deflate; {ADVICE}")
        if entry.file_size > max(MAX_RATIO * entry.compress_size, 1000):
            raise CourseError(
                f"{path}: {shortened(entry.filename)} grows more than {MAX_RATIO} times; {ADVICE}"
            )
        if entry.file_size > MAX_FILE:
            raise CourseError(f"{path}: {shortened(entry.filename)} is too large; {ADVICE}")
    parents = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    if parents & names:
        raise CourseError(f"{path}: {shortened(min(parents & names))} is a file and a folder")


def _check_name(path: Path, name: str) -> str:
    """Return the name of a file in a zip file if it is a path that is safe on every system."""
    parts = name.split("/")
    safe = len(name) <= 200 and len(parts) <= 8 and parts[0] in TOP
    for part in parts:
        # Names that start with a dot configure programs, and "..", of course, is one.
        safe &= bool(part) and part[0] not in ". " and part[-1] not in ". "
        safe &= not set('\\:*?"<>|\n\t') & set(part) and not UNSAFE.search(part)
        safe &= not RESERVED.fullmatch(part)
    if not safe:
        raise CourseError(f"{path}: {shortened(repr(name))} is not a name to unpack; {ADVICE}")
    return name


def _write_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, out: Path, left: int) -> int:
    """Unpack one file and return its size, counted and not as the zip file claims."""
    target = out / entry.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as source, target.open("xb") as stream:
        while block := source.read(1 << 16):
            size += len(block)
            if size > min(left, MAX_FILE):
                raise zipfile.BadZipFile("it holds more than it claims")
            stream.write(block)
    return size
