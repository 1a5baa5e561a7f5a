"""A body is known by its hash; a change is said plainly: how many lines, and which."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.clean.fingerprints import (
    ChangedBodyError,
    check,
    check_book,
    differences,
    identify,
    record,
)
from charlab.core.errors import CharlabError

LINES = [f"line {number} of the book" for number in range(1, 1001)]
BODY = "\n".join(LINES) + "\n"


def text_of(lines: list[str]) -> str:
    """Return lines as a body."""
    return "\n".join(lines) + "\n"


@pytest.fixture
def bodies(tmp_path: Path) -> Path:
    """Record BODY as the text 'book'; give the path of the record."""
    record("book", 11, BODY, tmp_path / "bodies.yaml")
    return tmp_path / "bodies.yaml"


def test_the_same_body_passes_in_silence(bodies: Path) -> None:
    """Whatever its header was, strict or not."""
    assert check("book", 11, BODY, bodies, strict=True) is None


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([*LINES[:344], "line CCCXLV", *LINES[345:]], "1 of 1000 lines differ (line 345)"),
        ([*LINES[:100], "new", "new", *LINES[100:]], "2 of 1002 lines differ (lines 101 to 102)"),
        (
            [*LINES[:100], *LINES[103:]],
            "3 of 997 lines differ (some are gone before line 101)",
        ),
        (["a", *LINES[1:500], "b", "c", *LINES[502:]], "(line 1, lines 501 to 502)"),
        ([*LINES, "one more"], "1 of 1001 lines differ (line 1001); +9 characters, +1 lines"),
        (LINES[:-5], "5 of 995 lines differ (some are gone before line 996)"),
        (["x"], "1000 of 1 lines differ (line 1)"),
    ],
)
def test_a_changed_body_is_said_and_where(bodies: Path, lines: list[str], words: str) -> None:
    """The message counts the lines that differ and names them, also behind an insertion."""
    message = check("book", 11, text_of(lines), bodies)
    assert message is not None
    assert words in message
    assert "'charlab add-text 11 --slug book --update' records the new body" in message


def test_repeated_lines_are_counted_once() -> None:
    """Some of many equal lines are gone, between two other changes: their number is told."""
    old = [*LINES[:100], *["* * *"] * 20, *LINES[100:200]]
    new = ["new", *LINES[1:100], *["* * *"] * 15, *LINES[100:199], "new"]
    told = differences(identify(11, text_of(old)), text_of(new))
    assert told.startswith("7 of 215 lines differ (line 1, some are gone before line ")


def test_many_places_are_counted_not_listed(bodies: Path) -> None:
    """Four places are named; the number of the others is given."""
    lines = [f"{line}!" if n % 100 == 50 else line for n, line in enumerate(LINES)]
    message = check("book", 11, text_of(lines), bodies)
    assert message is not None
    assert "10 of 1000 lines differ (line 51, line 151, line 251, line 351 and 6 more" in message


@given(
    st.integers(0, 990),
    st.integers(0, 8),
    st.lists(st.integers(10_000, 99_999), max_size=8, unique=True),
)
def test_one_edit_is_found_where_it_is(at: int, gone: int, new: list[int]) -> None:
    """Lines that are replaced, put in or taken out anywhere are the ones that are counted."""
    lines = [*LINES[:at], *(f"new {number}" for number in new), *LINES[at + gone :]]
    if gone == len(new) == 0:
        return
    told = differences(identify(11, BODY), text_of(lines))
    count = told.split()[0]
    # A line has one of 64 signs, so one in 64 changed lines at the edge passes for the same.
    assert count == "a" or max(gone, len(new)) - 4 <= int(count) <= max(gone, len(new))


@pytest.mark.parametrize("setting", ["1", "true"])
def test_strict_stops(bodies: Path, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    """A changed body is an error where strict asks for it, or CHARLAB_STRICT does."""
    with pytest.raises(ChangedBodyError, match=r"1 of 1001 lines differ"):
        check("book", 11, BODY + "one more\n", bodies, strict=True)
    monkeypatch.setenv("CHARLAB_STRICT", setting)
    with pytest.raises(ChangedBodyError, match=r"1 of 1001 lines differ"):
        check("book", 11, BODY + "one more\n", bodies)


def test_strict_can_be_set_to_no(bodies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CHARLAB_STRICT=0 is as if it were not set."""
    monkeypatch.setenv("CHARLAB_STRICT", "0")
    assert check("book", 11, BODY + "one more\n", bodies) is not None


def test_a_text_that_was_never_recorded_passes(bodies: Path) -> None:
    """So does one whose slug now names another book."""
    assert check("other", 11, "another\n", bodies) is None
    assert check("book", 12, "another\n", bodies) is None


def test_a_book_is_found_by_its_number(bodies: Path) -> None:
    """By hand a text has no slug; strict says so if nothing is recorded of it."""
    assert check_book(11, BODY, bodies, strict=True) is None
    assert check_book(12, BODY, bodies, strict=False) is None
    with pytest.raises(ChangedBodyError, match="nothing is recorded of book 12"):
        check_book(12, BODY, bodies, strict=True)
    with pytest.raises(ChangedBodyError, match="of a text without a book's number"):
        check_book(None, BODY, bodies, strict=True)
    with pytest.raises(ChangedBodyError, match="book: the body of book 11"):
        check_book(11, BODY + "one more\n", bodies, strict=True)


def test_texts_are_recorded_beside_each_other(bodies: Path) -> None:
    """A second text leaves the first as it is, and recording twice changes nothing."""
    record("alpha", 5, "short\n", bodies)
    before = bodies.read_bytes()
    record("alpha", 5, "short\n", bodies)
    assert bodies.read_bytes() == before
    assert check("book", 11, BODY, bodies) is None
    assert check("alpha", 5, "shorter\n", bodies) is not None


@pytest.mark.parametrize("content", ["- a list\n", "book: 3\n", "book: {sha256: a}\n", "a: [\n"])
def test_a_damaged_record_is_named(bodies: Path, content: str) -> None:
    """It is not taken for one that has nothing."""
    bodies.write_text(content, encoding="utf-8")
    with pytest.raises(
        CharlabError, match=r"(?s)bodies\.yaml: expected .* restore the file with git"
    ):
        check("book", 11, BODY, bodies)
