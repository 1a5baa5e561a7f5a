"""A book comes from the first mirror that has it, and is looked at before it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlab.corpus.gutenberg import (
    DEFAULTS,
    FetchError,
    fetch_book,
    fetch_text,
    look_at,
    mirrors,
    url_of,
    user_agent,
)
from charlab.corpus.invented import write

BOOK = (
    b"The Project Gutenberg eBook of A Small Book\r\n\r\nTitle: A Small Book\r\n"
    b"Release date: June 1, 1998 [eBook #77]\r\nLanguage: English\r\n\r\n"
    b"*** START OF THE PROJECT GUTENBERG EBOOK A SMALL BOOK ***\r\n\r\n"
    + b"It has few words, and says them again.\r\n" * 40
    + b"\r\n*** END OF THE PROJECT GUTENBERG EBOOK A SMALL BOOK ***\r\n"
)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Make a mirror that has book 77 in the generated collection's layout."""
    path = tmp_path / "mirror" / "cache" / "epub" / "77" / "pg77.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(BOOK)
    return tmp_path / "mirror"


def test_a_folder_stands_for_every_layout_and_comes_before_the_defaults() -> None:
    """A mirror without {id} is a folder; the main site is asked last."""
    templates = mirrors("file:///srv/gutenberg https://host/{id}.txt")
    assert templates[0] == "file:///srv/gutenberg/cache/epub/{id}/pg{id}.txt"
    assert templates[-len(DEFAULTS) - 1] == "https://host/{id}.txt"
    assert tuple(templates[-len(DEFAULTS) :]) == DEFAULTS


@pytest.mark.parametrize(
    ("number", "url"), [(12345, "x/1/2/3/4/12345/12345-0.txt"), (7, "x/0/7/7-0.txt")]
)
def test_the_main_collection_is_filed_by_digits(number: int, url: str) -> None:
    """All digits but the last are folders; below ten it is 0."""
    assert url_of("x/{path}/{id}/{id}-0.txt", number) == url


@pytest.mark.parametrize(
    "layout", ["cache/epub/77/pg77.txt", "77/pg77.txt", "7/77/77-0.txt", "7/77/77-8.txt"]
)
def test_every_layout_is_found(layout: str, tmp_path: Path) -> None:
    """Whichever collection was copied, the book is found."""
    path = tmp_path / "m" / layout
    path.parent.mkdir(parents=True)
    path.write_bytes(BOOK)
    templates = mirrors(f"file://{tmp_path}/m")
    assert fetch_book(77, tmp_path / "out", templates, tmp_path) == f"file://{path}"
    assert (tmp_path / "out").read_bytes() == BOOK


def test_where_the_bytes_come_from_is_in_the_environment(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CHARLAB_MIRROR is no parameter of the experiment."""
    monkeypatch.setenv("CHARLAB_MIRROR", f"file://{mirror}")
    fetch_text({"gutenberg": 77}, tmp_path / "out.txt", tmp_path)
    assert (tmp_path / "out.txt").read_bytes() == BOOK


def test_one_message_says_what_was_tried_and_what_to_do(mirror: Path, tmp_path: Path) -> None:
    """Every address is named, make demo, and the setting."""
    templates = [f"file://{mirror}/{{id}}.txt", f"file://{mirror}/other/{{id}}.txt"]
    with pytest.raises(FetchError) as caught:
        fetch_book(78, tmp_path / "out", templates, tmp_path)
    for words in ("78.txt: no such file", "other/78.txt", "make demo", "CHARLAB_MIRROR"):
        assert words in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"<!DOCTYPE html><html><body>" + b"x" * 999, "a web page, not"),
        (b"\xef\xbb\xbf <html>" + b"captcha" * 200, "with a captcha"),
        (b"short", "only 5 bytes"),
        (BOOK.replace(b"#77", b"#78"), "header says book 78, not 77"),
    ],
)
def test_what_is_not_the_book_is_not_kept(raw: bytes, reason: str) -> None:
    """Pages, stumps and other books are refused with a reason."""
    with pytest.raises(FetchError, match=reason):
        look_at(raw, 77)


def test_a_wrong_book_on_one_mirror_is_passed_over(mirror: Path, tmp_path: Path) -> None:
    """The next mirror is asked."""
    wrong = tmp_path / "wrong.txt"
    wrong.write_bytes(BOOK.replace(b"#77", b"#78"))
    templates = [f"file://{wrong}", *mirrors(f"file://{mirror}")]
    assert fetch_book(77, tmp_path / "out", templates, tmp_path).endswith("pg77.txt")


def test_a_user_file_that_changes_under_way_is_noticed(tmp_path: Path) -> None:
    """The hash in the plan is what the run is about."""
    own = tmp_path / "own.txt"
    own.write_bytes(b"abc")
    with pytest.raises(FetchError, match="changed while the pipeline ran"):
        fetch_text({"path": str(own), "sha256": "0" * 64}, tmp_path / "out.txt")


def test_the_built_in_text_needs_nothing(tmp_path: Path) -> None:
    """It is written, not fetched."""
    fetch_text({"builtin": "invented", "chars": 3000, "seed": 5}, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == write(3000, 5)


def test_the_server_is_told_who_asks() -> None:
    """The user agent names the project and its version."""
    assert user_agent().startswith("charlab/0.")
