"""A zip file from a stranger writes nothing but small plain files into the folder it is given."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from charlab.course import archive
from charlab.course.archive import unpack, write_archive
from charlab.course.handed_in import CourseError

FILES = {"params.yaml": b"seed: 1\n", "homework/homework.md": b"# Ada\n", "data/own/a.txt": b""}


def zipped(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Write a zip file with any entries."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for entry, content in entries:
            out.writestr(entry, content)
    return path


def special(name: str, mode: int) -> zipfile.ZipInfo:
    """Return an entry that is no plain file."""
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = mode << 16
    return entry


def refused(path: Path, out: Path, words: str) -> None:
    """Check that a zip file is refused, and that nothing was written outside of the folder."""
    out.mkdir()
    before = {entry for entry in out.parent.rglob("*") if out not in entry.parents}
    with pytest.raises(CourseError, match=words):
        unpack(path, out)
    after = {entry for entry in out.parent.rglob("*") if out not in entry.parents}
    assert before == after
    assert all(stat.S_ISREG(p.lstat().st_mode) or p.is_dir() for p in out.rglob("*"))


def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    """The same files give the same bytes, in any order; and back come the same files."""
    write_archive(tmp_path / "a.zip", FILES)
    write_archive(tmp_path / "b.zip", dict(reversed(FILES.items())))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    unpack(tmp_path / "a.zip", tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == FILES


@pytest.mark.parametrize(
    "name",
    [
        *("../evil", "homework/../../evil", "/etc/evil", "C:/evil", "homework\\..\\evil"),
        *("homework//a", "homework/./a", ".git/config", "homework/.git/hooks/pre-commit"),
        *("evil.txt", "homework/a\x1b[2J", "homework/a\nb", "homework/con", "homework/NUL.txt"),
        *("homework/a.", "homework/a ", "homework/" + 210 * "a", "homework/a/b/c/d/e/f/g/h"),
        *("homework/a?b", "homework/\u202egpj.exe", "__MACOSX/homework/a", ".", ".."),
    ],
)
def test_names_that_are_no_plain_path_are_refused(name: str, tmp_path: Path) -> None:
    """None of them is a name that the packing program writes, either."""
    path = zipped(tmp_path / "a.zip", (zipfile.ZipInfo("params.yaml"), b""), ("x", b""))
    # zipfile mends some names on writing, and so hides them: the bytes are changed instead.
    entry = zipfile.ZipInfo("x")
    entry.filename = name
    with zipfile.ZipFile(path, "w") as out:
        out.writestr(entry, b"evil")
    with zipfile.ZipFile(path) as written:
        if written.namelist() == [name]:
            refused(path, tmp_path / "out", "is not a name to unpack")
    with pytest.raises(CourseError, match="is not a name to unpack"):
        write_archive(tmp_path / "b.zip", {name: b""})


@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o644, stat.S_IFSOCK]
)
def test_links_and_devices_are_refused(mode: int, tmp_path: Path) -> None:
    """A link could let the next file be written anywhere."""
    entry = special("homework/homework.md", mode)
    refused(zipped(tmp_path / "a.zip", (entry, b"/etc/passwd")), tmp_path / "out", "is a link")


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("homework/a", "homework/A", "has homework/A twice"),
        ("homework/\u00e9", "homework/e\u0301", "twice"),
        ("homework/a", "homework/a/b", "is a file and a folder"),
        ("homework/A/b", "homework/a", "is a file and a folder"),
    ],
)
def test_names_that_meet_are_refused(one: str, other: str, words: str, tmp_path: Path) -> None:
    """The second file would replace the first, on some systems or on all."""
    refused(zipped(tmp_path / "a.zip", (one, b"1"), (other, b"2")), tmp_path / "out", words)


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is unpacked: too much for its size, too large, too many."""
    small, zeros = tmp_path / "small.zip", b"0" * 3_000_000
    refused(zipped(small, ("homework/a", zeros)), tmp_path / "1", "grows more than 250 times")
    monkeypatch.setattr(archive, "MAX_FILE", 1000)
    noise = bytes(range(256)) * 5
    refused(zipped(small, ("homework/a", noise)), tmp_path / "2", "is too large")
    with pytest.raises(CourseError, match=r"the largest is metrics/b with 0\.0 MB"):
        write_archive(small, {"homework/a": b"", "metrics/b": noise})
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    many = [(f"homework/{i}", b"") for i in range(3)]
    refused(zipped(small, *many), tmp_path / "3", "more than 2 files")
    monkeypatch.setattr(archive, "MAX_TOTAL", 1500)
    two = [(f"homework/{i}", noise[:900]) for i in range(2)]
    refused(zipped(small, *two), tmp_path / "4", "more than 2 files or 0 MB")
    monkeypatch.setattr(archive, "MAX_ZIP", 10)
    refused(small, tmp_path / "5", "expected a file of at most 0 MB")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_compressions_are_refused(method: int, tmp_path: Path) -> None:
    """Damaged LZMA raises an error that is no OSError, and its window may have 4 GB."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as out:
        out.writestr("homework/a", b"abc" * 100)
    path = tmp_path / "a.zip"
    path.write_bytes(path.read_bytes().replace(b"\x80\0", b"\xff\xff"))
    refused(path, tmp_path / "out", "by another method than deflate")


def test_a_file_that_is_larger_than_it_claims_is_refused(tmp_path: Path) -> None:
    """Sizes in the table of contents are the stranger's, too."""
    path = zipped(tmp_path / "a.zip", ("homework/a", b"0123456789" * 500))
    content = path.read_bytes().replace((5000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    refused(path, tmp_path / "out", "cannot be read")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """Whatever is cut or changed, the message says what to hand in."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("homework/a", b"abc" * 100)
    whole = buffer.getvalue()
    for number, content in enumerate((b"", b"no zip", whole[:-5], whole[10:], b"\0" * 100 + whole)):
        path = tmp_path / "a.zip"
        path.write_bytes(content)
        out_folder = tmp_path / str(number)
        out_folder.mkdir()
        try:
            unpack(path, out_folder)
        except CourseError as error:
            assert "charlab course pack" in str(error)
    path.write_bytes(whole.replace(b"homework/a", b"homework/b", 1))
    refused(path, tmp_path / "renamed", "cannot be read")


def test_every_flipped_byte_is_refused_or_harmless(tmp_path: Path) -> None:
    """No damage ends in anything but files, or in charlab's own error."""
    path = zipped(tmp_path / "a.zip", ("homework/a", b"abc" * 20), ("params.yaml", b"seed: 1"))
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        path.write_bytes(changed)
        out = tmp_path / f"out-{place}"
        out.mkdir()
        try:
            unpack(path, out)
        except CourseError:
            continue
        names = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
        assert names <= {"homework/a", "params.yaml"}


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    """The flag is enough: nobody is asked for a password."""
    path = zipped(tmp_path / "a.zip", ("homework/a", b"abc"))
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    path.write_bytes(content)
    refused(path, tmp_path / "out", "is a link or encrypted")
