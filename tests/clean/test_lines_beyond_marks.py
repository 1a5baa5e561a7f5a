"""A book may quote marks: what is beyond one stays, or a warning says that it went."""

from __future__ import annotations

from pathlib import Path

import pytest
from file_forms import END, START
from gutenberg_files import BODY, LICENSE, OLD_HEADER, POEM, SMALL_PRINT, book

from charlab.clean.cleaner import Cleaned, clean
from charlab.clean.strangers import strangers
from charlab.commands.inputs import read_body

LINES = """\
They walked until the dark. The salt lay in the ruts like snow, and the mules
would not be hurried. He never told her what the ninth lamp had been, and she
did not ask him for it, since the road was long and the night was cold enough.
"""
LENGTHS = pytest.mark.parametrize("parts", [4, 15, 60, 600])
MARKS = [
    END,
    f"{END}\n\nSo ended each file of Project Gutenberg, he said.",
    SMALL_PRINT.split("\n")[-1],
    "START: FULL LICENSE",
    "*** START: FULL LICENSE ***\n\nTHE FULL PROJECT GUTENBERG LICENSE",
    "End of the Project Gutenberg EBook of The Ferry",
    "Updated editions will replace the previous one",
    "This file should be named ferry10.txt",
    "A Word from Project Gutenberg",
    START,
    "***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***",
]


def cleaned(text: str) -> Cleaned:
    """Return a cleaned file."""
    return clean(text.encode())


def story(parts: int, name: str) -> str:
    """Return so many paragraphs."""
    return "\n".join(f"{LINES}{name} {number}.\n" for number in range(parts))


@LENGTHS
@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_that_a_book_quotes_stays(mark: str, parts: int) -> None:
    """Neither what is above it nor what is below it is lost, with real marks or without."""
    body = f"{story(parts, 'First')}\n{mark}\n\n{story(parts, 'Second')}".strip() + "\n"
    for text in (book(body), book(body, end="", legal=""), body):
        found = cleaned(text)
        assert found.text == body
        assert cleaned(found.text).text == body


@LENGTHS
def test_lines_behind_the_license_go_with_a_warning(parts: int) -> None:
    """An END line with the terms below it ends the book, whatever comes after them."""
    text = book(story(9, "First")) + story(parts, "Second")
    found = cleaned(text)
    assert "Second" not in found.text
    line = text.split("\n").index(END) + 1
    (warning,) = found.record.warnings
    assert warning.startswith(f"lines {line} to ")
    assert "removed as footer and licence, but some of them read like a book" in warning
    assert f"delete line {line} of the file" in warning


def test_commands_that_read_a_text_warn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """But not about the missing marks of a user's own text."""
    path = tmp_path / "text.txt"
    path.write_text(book(story(9, "First")) + story(15, "Second"), encoding="utf-8")
    body = read_body(path)
    assert "read like a book" in capsys.readouterr().err
    path.write_text(body, encoding="utf-8")
    assert read_body(path) == body
    assert capsys.readouterr().err == ""


def test_short_lines_behind_a_closing_sentence_go_with_a_warning() -> None:
    """They may be bookmarks of the file's editor."""
    rest = "\n".join(f"The carriers counted lamp {number}." for number in range(99))
    found = cleaned(book(f"{BODY}\n\nEnd of Project Gutenberg's The Ferry\n\n\n{rest}"))
    assert found.text == BODY + "\n"
    assert "removed as closing sentence, but some" in found.record.warnings[0]


SHORT = {
    "verse": "\n\n".join([POEM] * 12),
    "play": "\n\n".join(f"ANN. I have counted lamp {n}.\n\nPER. Again!" for n in range(60)),
    "two lines": "\n\n".join("\n".join(LINES.split("\n")[:2]) for _ in range(60)),
}


@pytest.mark.parametrize("rest", SHORT.values(), ids=SHORT)
@pytest.mark.parametrize("end", [END, ""])
def test_short_lines_behind_a_quoted_end_line_stay(rest: str, end: str) -> None:
    """An END line is no closing sentence; a warning names it."""
    body = f"{story(9, 'First')}\n{END}\n\n{rest}\n"
    found = cleaned(book(body.strip(), end=end, legal=LICENSE if end else ""))
    assert found.text == body
    assert any("a mark of Project Gutenberg stays" in warning for warning in found.record.warnings)


@pytest.mark.parametrize("quoted", [3, 13, 40])
def test_terms_below_an_end_line_are_found_above_any_number_of_others(quoted: int) -> None:
    """The last of the lines is looked at first."""
    rest = "\n".join(f"{END}\n\n{story(3, 'Later')}" for _ in range(quoted))
    assert cleaned(f"{book()}\n\n{rest}").text == BODY + "\n"


def test_essay_above_a_start_line_goes_with_a_warning() -> None:
    """The mark of a header is its last line."""
    text = book(header=f"Project Gutenberg\n\n{story(12, 'First')}\n\n")
    found = cleaned(text)
    assert found.text == BODY + "\n"
    line = text.split("\n").index(START) + 1
    assert "removed as header, but some of them read like" in found.record.warnings[0]
    assert f"delete line {line} of the file" in found.record.warnings[0]


@pytest.mark.parametrize(
    "line",
    [
        '"I warrant you," he said.',
        "The Foundation Stone",
        "He had no license to distribute salt.",
        "It was electronic.",
    ],
)
def test_words_that_terms_share_with_books_begin_no_header(line: str) -> None:
    """A mark below them is quoted."""
    body = f"{line}\n\n{story(10, 'First')}\n{START}\n\n{story(20, 'Second')}"
    found = cleaned(body)
    assert found.text == body
    assert any("a mark of Project Gutenberg stays" in warning for warning in found.record.warnings)


@pytest.mark.parametrize("lines", [1, 2, 3, 8])
def test_title_above_a_start_line_goes(lines: int) -> None:
    """It is a header without fields; from three lines on, a warning says so."""
    title = "\n".join(["The Salt Road", "by Mara Venn", "London, 1899", *"ABCDE"][:lines])
    found = cleaned(book(header=f"{title}\n\n"))
    assert found.text == BODY + "\n"
    warned = any("removed as header, but some" in warning for warning in found.record.warnings)
    assert warned is (lines >= 3)


@pytest.mark.parametrize("text", [book(), f"{OLD_HEADER}\n\n{BODY}\n\n{END}{LICENSE}"])
def test_nothing_to_check_in_a_usual_file(text: str) -> None:
    """Its header and footer have no strangers."""
    assert cleaned(text).record.warnings == ()


def test_strangers_are_lines_in_long_runs_without_a_sign() -> None:
    """A run within a footer may be longer than one at its end."""
    plain, sign = "The lamp went out.", "the Project Gutenberg License"
    assert strangers([sign, *[plain] * 24, sign, *[plain, ""] * 8]) == 0
    assert strangers([sign, *[plain] * 25, sign]) == 25
    assert strangers([sign, *[plain] * 9]) == 9
    assert strangers([plain] * 2) == 0
    assert strangers([plain] * 3) == 3
