"""Cleaning and fetching by hand, and the stages, with bodies that have changed."""

from __future__ import annotations

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
from small_gutenberg import BOOK, make_mirror

STAGES = Path(__file__).resolve().parents[2] / "stages"
CHANGED = BOOK.replace(b"says them again.", b"says them once.", 1)
NEW_HEADER = BOOK.replace(b"June 1, 1998", b"July 7, 2031")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder in which the body of book 77 is recorded."""
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
    """What a text is, is its body."""
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
    """A body that is not the recorded one, or that nothing is recorded of, is not written."""
    (project / "changed.txt").write_bytes(CHANGED)
    (project / "other.txt").write_bytes(BOOK.replace(b"#77", b"#78"))
    done = charlab("clean", "changed.txt", "other.txt", "-o", "bodies", "--strict")
    assert done.exit_code == 1
    assert "changed.txt: small: the body of book 77 is not the one in" in done.stderr
    assert "other.txt: data/bodies.yaml: nothing is recorded of book 78" in done.stderr
    assert not (project / "bodies").exists()


def test_fetch_by_hand(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw file as it is, and where it came from."""
    monkeypatch.setenv("CHARLAB_MIRROR", str(make_mirror(project / "m", NEW_HEADER)))
    done = charlab("fetch", "77", "--strict")
    assert done.exit_code == 0, done.output
    assert "pg77.txt is from file://" in done.stderr
    assert (project / "pg77.txt").read_bytes() == NEW_HEADER


def test_fetch_says_that_a_body_has_changed_and_strict_stops(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under strict the file is not kept."""
    monkeypatch.setenv("CHARLAB_MIRROR", str(make_mirror(project / "m", CHANGED)))
    done = charlab("fetch", "77", "-o", "strict.txt", "--strict")
    assert isinstance(done.exception, CharlabError)
    assert "to accept the new body, run" in str(done.exception)
    assert not (project / "strict.txt").exists()
    done = charlab("fetch", "77", "-o", "told.txt")
    assert done.exit_code == 0
    assert "to accept the new body, run" in done.stderr
    assert (project / "told.txt").read_bytes() == CHANGED


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
    """It says what has changed, and stops if its option or CHARLAB_STRICT asks for it."""
    (project / "raw.txt").write_bytes(raw)
    done = subprocess.run(
        [sys.executable, str(STAGES / "clean.py"), "small", "--raw", "raw.txt", "--out", "out.txt",
         "--record", "out.json", "--bodies", "data/bodies.yaml", *options],
        env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert ("to accept the new body, run" in done.stderr) == (raw == CHANGED)
