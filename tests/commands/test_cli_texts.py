"""Commands on texts: clean, fetch, vocab; and the clean stage with a changed body."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charlab.clean.cleaner import clean
from charlab.clean.fingerprints import record
from charlab.commands.cli import cli
from charlab.core.errors import CharlabError
from command_line import refused, run
from refused_texts import REFUSED
from small_gutenberg import BOOK, make_mirror

RAW = (
    "The Project Gutenberg eBook of Mats\r\n\r\nTitle: Mats\r\n\r\n"
    "*** START OF THE PROJECT GUTENBERG EBOOK MATS ***\r\n\r\n"
    + "The cat sat on the mat.\r\n" * 60
    + "\r\n*** END OF THE PROJECT GUTENBERG EBOOK MATS ***\r\n\r\nLicence\r\n"
)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Return a raw Gutenberg file."""
    path = tmp_path / "mats.txt"
    path.write_bytes(RAW.encode("utf-8"))
    return path


def test_clean_to_stdout_and_to_a_file(
    capsys: pytest.CaptureFixture[str], raw: Path, tmp_path: Path
) -> None:
    """Only the body remains, with LF line ends, the same on stdout and in a file."""
    done = run(capsys, "clean", raw)
    assert done.status == 0
    assert done.out.count("The cat sat on the mat.\n") == 60
    assert "Gutenberg" not in done.out
    run(capsys, "clean", raw, "-o", tmp_path / "body.txt")
    assert (tmp_path / "body.txt").read_bytes() == done.out.encode("utf-8")


def test_clean_several(capsys: pytest.CaptureFixture[str], raw: Path, tmp_path: Path) -> None:
    """A file that fails is named once and does not stop the others."""
    assert "-o DIR" in refused(capsys, "clean", raw, raw)
    assert "the same name" in refused(capsys, "clean", raw, raw, "-o", tmp_path / "bodies")
    missing = tmp_path / "none.txt"
    done = run(capsys, "clean", missing, raw, "-o", tmp_path / "bodies")
    assert done.status == 1
    assert done.err == f"charlab clean: {missing}: No such file or directory; name a text file\n"
    assert [path.name for path in (tmp_path / "bodies").iterdir()] == ["mats.txt"]


def test_clean_says_what_it_wrote_where_the_user_did_not(
    capsys: pytest.CaptureFixture[str], raw: Path, tmp_path: Path
) -> None:
    """A name in a folder, and a folder that was not there; nothing if all was named."""
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "mats.txt"
    assert run(capsys, "clean", raw, "-o", target.parent).out == f"{target}: body written\n"
    assert target.is_file()
    deep = tmp_path / "new" / "deep" / "x.txt"
    said = f"{deep}: body written, in the new folder {deep.parent}\n"
    assert run(capsys, "clean", raw, "-o", deep).out == said
    assert deep.read_bytes() == target.read_bytes()
    assert run(capsys, "clean", raw, "-o", deep).out == ""


def test_clean_and_vocab_give_advice_that_fits(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Their texts have no block in params.yaml."""
    for name, (content, words) in REFUSED.items():
        path = tmp_path / name
        path.write_bytes(content)
        done = run(capsys, "clean", path)
        assert done.err.startswith(f"charlab clean: {path}: ")
        assert words in done.err
        assert "params.yaml" not in done.err
    for name in ("binary.bin", "mixed.txt"):
        path = tmp_path / name
        message = refused(capsys, "vocab", path)
        assert message.startswith(f"charlab: {path}: ")
        assert REFUSED[name][1] in message
    for options in ([], ["--min-count", 9]):
        (tmp_path / "few").write_text("abc" if options else "", encoding="utf-8")
        message = refused(capsys, "vocab", tmp_path / "few", *options)
        assert message.startswith(f"charlab: {tmp_path / 'few'}: ")
    (tmp_path / "latin").write_bytes("Ein Bär im Wald\n".encode("latin-1") * 9)
    for command in ("clean", "vocab"):
        err = run(capsys, command, tmp_path / "latin").err
        assert "If letters are wrong, name the encoding with --encoding\n" in err


def test_clean_explains(capsys: pytest.CaptureFixture[str], raw: Path) -> None:
    """--explain prints what was removed and why in place of the body."""
    done = run(capsys, "clean", raw, "--explain")
    assert done.status == 0
    assert "Mats" in done.out
    assert "The cat sat" not in done.out


def test_vocab(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Characters come by code point, with their counts; rare ones can be left out."""
    path = tmp_path / "text"
    path.write_text("zebra é aaé\n", encoding="utf-8")
    vocabulary = json.loads(run(capsys, "vocab", path).out)
    assert vocabulary["chars"] == ["\n", " ", "a", "b", "e", "r", "z", "é"]
    assert vocabulary["counts"] == [1, 2, 3, 1, 1, 1, 1, 2]
    vocabulary = json.loads(run(capsys, "vocab", path, "--min-count", 2, "--unknown").out)
    assert (vocabulary["chars"], vocabulary["unknown"], vocabulary["size"]) == (
        [" ", "a", "é"],
        True,
        4,
    )


@pytest.mark.parametrize("encoding", [None, "cp1251"])
def test_vocab_reads_any_encoding(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, encoding: str | None
) -> None:
    """A guess is named, with the option that helps; a named encoding is used."""
    path = tmp_path / "text"
    path.write_bytes("Утром в лесу\r\n".encode("cp1251"))
    done = run(capsys, "vocab", path, *(["--encoding", encoding] if encoding else []))
    if encoding is None:
        assert done.err.startswith(f"charlab: {path}: the encoding is a guess: latin-1")
        assert "--encoding" in done.err
    else:
        assert done.err == ""
        assert "У" in json.loads(done.out)["chars"]


def test_own_files_come_as_people_have_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Marks, line ends and composed letters make no difference to a vocabulary."""
    texts = {"nfc": "the café\nis open\n", "nfd": "\ufeffthe cafe\u0301\r\n\ufeffis open\r"}
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text.encode())
    outputs = {run(capsys, "vocab", tmp_path / name).out for name in texts}
    assert len(outputs) == 1


STAGES = Path(__file__).resolve().parents[2] / "stages"
CHANGED = BOOK.replace(b"says them again.", b"says them once.", 1)
NEW_HEADER = BOOK.replace(b"June 1, 1998", b"July 7, 2031")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with a record of the body of book 77, and go there."""
    monkeypatch.chdir(tmp_path)
    record("small", 77, clean(BOOK).text, tmp_path / "data" / "bodies.yaml")
    params = "texts:\n  small: {gutenberg: 77}\ntext: small\n"
    (tmp_path / "params.yaml").write_text(params, encoding="utf-8")
    return tmp_path


def charlab(*arguments: str) -> Result:
    """Run a command as ``charlab`` does."""
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize("strict", [[], ["--strict"]])
def test_clean_passes_a_new_header_in_silence(project: Path, strict: list[str]) -> None:
    """A text is identified by its body alone."""
    (project / "pg77.txt").write_bytes(NEW_HEADER)
    done = charlab("clean", "pg77.txt", "-o", "body.txt", *strict)
    assert (done.exit_code, done.stderr) == (0, "")


def test_clean_says_that_a_body_has_changed(project: Path) -> None:
    """The message says how to accept the new body, which is written."""
    (project / "pg77.txt").write_bytes(CHANGED)
    done = charlab("clean", "pg77.txt", "-o", "body.txt")
    assert done.exit_code == 0
    assert "to accept the new body, run" in done.stderr
    assert (project / "body.txt").exists()


def test_clean_strict_stops(project: Path) -> None:
    """A body that differs from its record, or has none, is not written."""
    (project / "changed.txt").write_bytes(CHANGED)
    (project / "other.txt").write_bytes(BOOK.replace(b"#77", b"#78"))
    done = charlab("clean", "changed.txt", "other.txt", "-o", "bodies", "--strict")
    assert done.exit_code == 1
    assert "changed.txt: small: the body of book 77 is not the one in" in done.stderr
    assert "other.txt: data/bodies.yaml: nothing is recorded of book 78" in done.stderr
    assert not (project / "bodies").exists()


def test_clean_in_a_subfolder_knows_the_record(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is the project's, wherever in it the command runs; outside there is none."""
    (project / "pg77.txt").write_bytes(CHANGED)
    monkeypatch.chdir(project / "data")
    assert "to accept the new body" not in charlab("clean", "../pg77.txt", "-o", "b").stderr
    (project / "dvc.yaml").touch()
    assert "to accept the new body" in charlab("clean", "../pg77.txt", "-o", "b").stderr


def test_fetch_by_hand(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw file is written as it is, and its source printed."""
    monkeypatch.setenv("CHARLAB_MIRROR", str(make_mirror(project / "m", NEW_HEADER)))
    done = charlab("fetch", "77", "--strict")
    assert done.exit_code == 0, done.output
    assert "pg77.txt is from file://" in done.stderr
    assert (project / "pg77.txt").read_bytes() == NEW_HEADER


def test_fetch_says_that_a_body_has_changed_and_strict_stops(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --strict the file is not kept."""
    monkeypatch.setenv("CHARLAB_MIRROR", str(make_mirror(project / "m", CHANGED)))
    done = charlab("fetch", "77", "-o", "strict.txt", "--strict")
    assert isinstance(done.exception, CharlabError)
    assert "to accept the new body, run" in str(done.exception)
    assert not (project / "strict.txt").exists()
    done = charlab("fetch", "77", "-o", "changed.txt")
    assert done.exit_code == 0
    assert "to accept the new body, run" in done.stderr
    assert (project / "changed.txt").read_bytes() == CHANGED


def test_fetch_names_the_book_without_a_body(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --strict it is an error, otherwise a remark about the file."""
    monkeypatch.setattr("charlab.commands.fetch.fetch_book", lambda _: (b"", "address"))
    done = charlab("fetch", "78", "-o", "new.txt", "--strict")
    words = "the file is empty, expected at least 32 characters that are not blank; check whether"
    assert str(done.exception).startswith(f"book 78: {words}")
    done = charlab("fetch", "78", "-o", "new.txt")
    assert f"the cleaner finds no body in it: {words}" in done.stderr


@pytest.mark.parametrize(
    ("raw", "options", "environment", "status"),
    [
        (NEW_HEADER, ["--strict"], {}, 0),
        (CHANGED, [], {}, 0),
        (CHANGED, ["--strict"], {}, 1),
        (CHANGED, [], {"CHARLAB_STRICT": "1"}, 1),
    ],
)
def test_the_clean_stage(
    project: Path, raw: bytes, options: list[str], environment: dict[str, str], status: int
) -> None:
    """It reports a changed body, and fails if its option or CHARLAB_STRICT asks for it."""
    (project / "raw").mkdir()
    (project / "raw" / "small.txt").write_bytes(raw)
    done = subprocess.run(
        [sys.executable, str(STAGES / "clean.py"), "small", "--raw", "raw", "--out", "out",
         "--bodies", "data/bodies.yaml", *options],
        env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert ("to accept the new body, run" in done.stderr) == (raw == CHANGED)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_outputs_that_are_no_plain_files(
    capsys: pytest.CaptureFixture[str], raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device is written to, and a link stays a link; for root, a rename would replace both."""
    assert run(capsys, "clean", raw, "-o", "/dev/null").status == 0
    assert Path("/dev/null").is_char_device()
    assert "/dev/full: cannot be written (No space" in refused(
        capsys, "clean", raw, "-o", "/dev/full"
    )
    link = tmp_path / "link"
    link.symlink_to("target")
    monkeypatch.setenv("CHARLAB_MIRROR", str(make_mirror(tmp_path / "mirror")))
    for command in (["clean", raw], ["fetch", "77"]):
        assert run(capsys, *command, "-o", link).status == 0
        assert run(capsys, *command, "-o", "/dev/null").status == 0
        assert link.is_symlink()
        assert (tmp_path / "target").stat().st_size > 1000
        (tmp_path / "target").unlink()
    assert Path("/dev/null").is_char_device()
