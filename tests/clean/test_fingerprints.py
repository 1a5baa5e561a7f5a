"""A body is identified by its hash; for a changed one, sizes and a diff are shown."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from charlab.clean.fingerprints import ChangedBodyError, check, check_book, record
from charlab.core.errors import CharlabError

LINES = [f"line {number} of the book" for number in range(1, 1001)]
BODY = "\n".join(LINES) + "\n"
LONGER = BODY + "one more\n"


@pytest.fixture
def bodies(tmp_path: Path) -> Path:
    """Record BODY as the text 'book'; return the path of the record."""
    record("book", 11, BODY, tmp_path / "data" / "bodies.yaml")
    return tmp_path / "data" / "bodies.yaml"


def put_in_cache(cache: Path, content: str = BODY) -> None:
    """Write BODY where DVC's cache has it."""
    name = hashlib.md5(BODY.encode(), usedforsecurity=False).hexdigest()
    path = cache / "files" / "md5" / name[:2] / name[2:]
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8", newline="")


def message(bodies: Path, text: str) -> str:
    """Return the message about a changed body."""
    result = check("book", 11, text, bodies)
    assert result is not None
    return result


def test_same_body_passes_in_silence(bodies: Path) -> None:
    """Strict or not."""
    assert check("book", 11, BODY, bodies, strict=True) is None


def test_change_is_reported_with_sizes(bodies: Path) -> None:
    """Without the old body, the message has both sizes and the command that accepts the new."""
    words = message(bodies, LONGER)
    assert f"book: the body of book 11 is not the one in {bodies}" in words
    assert "expected 1,000 lines, 20,893 characters" in words
    assert "found 1,001 lines, 20,902 characters" in words
    assert "to accept the new body, run 'charlab add-text 11 --slug book --update'" in words
    assert "No diff can be shown" in words


def test_change_is_reported_with_a_diff(bodies: Path) -> None:
    """With the old body in DVC's cache, the differing lines are shown."""
    put_in_cache(bodies.parents[1] / ".dvc" / "cache")
    lines = [*LINES[:344], "line CCCXLV", *LINES[345:]]
    words = message(bodies, "\n".join(lines) + "\n")
    diff = ["@@ -345 +345 @@", "-line 345 of the book", "+line CCCXLV"]
    assert words.splitlines()[-5:] == ["--- recorded body", "+++ new body", *diff]


def test_long_diff_is_cut(bodies: Path) -> None:
    """Twenty lines are shown; the number of the others is given."""
    put_in_cache(bodies.parents[1] / ".dvc" / "cache")
    words = message(bodies, BODY.replace("line", "verse")).splitlines()
    assert len(words) == 1 + 20 + 1
    assert words[-1] == "... and 1983 more lines of the diff"


def test_cache_may_be_elsewhere(bodies: Path) -> None:
    """DVC's configuration is respected; the local file overrides the other."""
    dvc = bodies.parents[1] / ".dvc"
    put_in_cache(bodies.parents[1] / "elsewhere")
    dvc.mkdir()
    (dvc / "config").write_text("[core]\n    analytics = false\n[cache]\n    dir = /nowhere\n")
    (dvc / "config.local").write_text(
        "['remote \"x\"']\n    url = a%b\n[cache]\ndir = ../elsewhere\n"
    )
    assert "+one more" in message(bodies, LONGER)


def test_damaged_cache_is_ignored(bodies: Path) -> None:
    """A file with another hash is not the recorded body."""
    put_in_cache(bodies.parents[1] / ".dvc" / "cache", "something else\n")
    assert "No diff can be shown" in message(bodies, LONGER)


@pytest.mark.parametrize("setting", ["1", "true"])
def test_strict_stops(bodies: Path, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    """A changed body is an error if the argument or CHARLAB_STRICT asks for it."""
    accept = "to accept the new body, run 'charlab add-text 11"
    with pytest.raises(ChangedBodyError, match=accept):
        check("book", 11, LONGER, bodies, strict=True)
    monkeypatch.setenv("CHARLAB_STRICT", setting)
    with pytest.raises(ChangedBodyError, match=accept):
        check("book", 11, LONGER, bodies)


def test_strict_can_be_off(bodies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CHARLAB_STRICT=0 is the same as no setting."""
    monkeypatch.setenv("CHARLAB_STRICT", "0")
    assert check("book", 11, LONGER, bodies) is not None


def test_unrecorded_text_passes(bodies: Path) -> None:
    """So does a text whose slug now names another book."""
    assert check("other", 11, "another\n", bodies) is None
    assert check("book", 12, "another\n", bodies) is None


def test_book_without_a_slug(bodies: Path) -> None:
    """On the command line a book is found by its number; strict requires a record."""
    assert check_book(11, BODY, bodies, strict=True) is None
    assert check_book(12, BODY, bodies, strict=False) is None
    with pytest.raises(ChangedBodyError, match="nothing is recorded of book 12"):
        check_book(12, BODY, bodies, strict=True)
    with pytest.raises(ChangedBodyError, match="of a text without a book's number"):
        check_book(None, BODY, bodies, strict=True)
    with pytest.raises(ChangedBodyError, match="book: the body of book 11"):
        check_book(11, LONGER, bodies, strict=True)


def test_texts_are_recorded_side_by_side(bodies: Path) -> None:
    """A second text leaves the first as it is, and recording twice changes nothing."""
    record("alpha", 5, "short\n", bodies)
    before = bodies.read_bytes()
    record("alpha", 5, "short\n", bodies)
    assert bodies.read_bytes() == before
    assert check("book", 11, BODY, bodies) is None
    assert check("alpha", 5, "shorter\n", bodies) is not None


@pytest.mark.parametrize(
    "content", ["- a list\n", "book: 3\n", "book: {sha256: a}\n", "a: [\n", "a: !!int\n"]
)
def test_damaged_record(bodies: Path, content: str) -> None:
    """The error names the file and the expected form."""
    bodies.write_text(content, encoding="utf-8")
    with pytest.raises(
        CharlabError, match=r"(?s)bodies\.yaml: expected .* restore the file with git"
    ):
        check("book", 11, BODY, bodies)
