"""A body is known by its hash; a change is said plainly."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlab.corpus.identity import ChangedBodyError, check, record

BODY = "".join(f"line {number} of the book\n" for number in range(1, 1001))


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, Path]:
    """Record BODY as the text 'book'; give the paths of the record and of the body."""
    bodies, body = tmp_path / "bodies.yaml", tmp_path / "book.txt"
    record("book", 11, BODY, bodies)
    body.write_text(BODY, encoding="utf-8")
    return bodies, body


def test_the_same_body_passes_in_silence(recorded: tuple[Path, Path]) -> None:
    """Whatever its header was."""
    bodies, body = recorded
    assert check("book", 11, body, bodies) is None


def test_a_changed_body_is_said_and_where(recorded: tuple[Path, Path]) -> None:
    """The message counts lines and characters and names the first block that differs."""
    bodies, body = recorded
    body.write_text(BODY.replace("line 345 ", "line CCCXLV "), encoding="utf-8")
    message = check("book", 11, body, bodies)
    assert message is not None
    assert "+3 characters, +0 lines" in message
    assert "lines 301 to 400, 1 of 11 blocks" in message
    assert "--update" in message


def test_strict_stops(recorded: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """CHARLAB_STRICT turns the message into an error."""
    bodies, body = recorded
    body.write_text(BODY + "one more\n", encoding="utf-8")
    monkeypatch.setenv("CHARLAB_STRICT", "1")
    with pytest.raises(ChangedBodyError, match=r"\+9 characters, \+1 lines"):
        check("book", 11, body, bodies)


def test_a_text_that_was_never_recorded_passes(recorded: tuple[Path, Path]) -> None:
    """So does one whose slug now names another book."""
    bodies, body = recorded
    assert check("other", 11, body, bodies) is None
    assert check("book", 12, body, bodies) is None


def test_texts_are_recorded_beside_each_other(recorded: tuple[Path, Path]) -> None:
    """A second text leaves the first as it is, and recording twice changes nothing."""
    bodies, body = recorded
    record("alpha", 5, "short\n", bodies)
    before = bodies.read_bytes()
    record("alpha", 5, "short\n", bodies)
    assert bodies.read_bytes() == before
    assert check("book", 11, body, bodies) is None
