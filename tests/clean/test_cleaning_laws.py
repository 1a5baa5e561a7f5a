"""What the cleaner keeps of characters, records, refuses, and holds for any file."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_book import BODY, END, FIELDS, GERMAN, START, assert_is, book

from charlab.clean.cleaner import CleaningError, clean, clean_file, explain
from charlab.clean.params import CleanParams

# Characters.


def test_another_encoding() -> None:
    """A German book in Latin-1 under a header that says ASCII."""
    raw = book(GERMAN, end=f"Ende dieses Projekt Gutenberg Etextes\n\n{END}").decode()
    cleaned = clean(raw.replace("UTF-8", "ASCII").replace("\n", "\r\n").encode("latin-1"))
    assert_is(cleaned, GERMAN)
    assert cleaned.record.encoding == "latin-1"


def test_only_trailing_blanks_are_changed() -> None:
    """Blanks at the ends of lines go; those inside, tabs and odd spaces stay."""
    body = BODY + "\nA\tB\u00a0C\u2009D  \nE\t\nF\u00a0\n"
    assert_is(clean(book(body)), BODY + "\nA\tB\u00a0C\u2009D\nE\nF\n")


@pytest.mark.parametrize(
    ("wanted", "before", "after"),
    [
        ("ascii_quotes", "“Yes,” ‘no’ «oui» „ja“", '"Yes," \'no\' "oui" "ja"'),
        ("ascii_dashes", "1848–49 — or not", "1848-49 -- or not"),
        ("expand_tabs", "a\tb", "a       b"),
        ("plain_spaces", "1\u2009000\u00a0fl.", "1 000 fl."),
    ],
)
def test_changes_are_made_only_when_asked_for(wanted: str, before: str, after: str) -> None:
    """Each change to characters is off by default, and does one thing."""
    body = f"{BODY}\n{before}\n"
    assert_is(clean(book(body)), body)
    assert_is(clean(book(body), params=CleanParams(**{wanted: True})), f"{BODY}\n{after}\n")


# The record.


def test_record() -> None:
    """What the header says, and which lines went and why, can be checked at a glance."""
    record = clean(book(front="Produced by Jane Doe")).record
    assert record.title is not None
    assert record.title.startswith("The Lamp on the Quay")
    assert (record.author, record.language) == ("Ada Penrose", "English")
    assert record.gutenberg == 99999
    assert "March 3, 2004" in str(record.release_date)
    lines = book(front="Produced by Jane Doe").decode().split("\n")
    assert lines[record.body_first - 1] == "THE LAMP ON THE QUAY"
    assert lines[record.body_last - 1] == "THE END"
    assert record.warnings == ()
    gone = {n for r in record.removed for n in range(r.first, r.last + 1)}
    kept = set(range(record.body_first, record.body_last + 1))
    assert not gone & kept
    assert all(lines[n - 1].strip() == "" for n in set(range(1, record.lines + 1)) - gone - kept)
    assert all(removed.why for removed in record.removed)


def test_record_as_json_and_as_words(tmp_path: Path) -> None:
    """The file beside a text and what ``--explain`` prints say the same."""
    source, out = tmp_path / "pg.txt", tmp_path / "out.txt"
    source.write_bytes(book())
    record = clean_file(source, out, tmp_path / "out.json")
    assert out.read_bytes() == BODY.encode()
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert document["author"] == "Ada Penrose"
    assert document["body_sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    words = explain(record)
    for said in ("Ada Penrose", "99999", document["body_sha256"], str(record.body_first)):
        assert said in words


def test_changed_header_leaves_the_body_hash() -> None:
    """Gutenberg rebuilds its headers; the text stays what it is."""
    other = book().replace(b"March 3, 2004", b"April 5, 2026").replace(b"\n", b"\r\n")
    assert clean(other).record.body_sha256 == clean(book()).record.body_sha256


# Refusals.


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b" \r\n\r\n\t", "empty"),
        (f"{FIELDS}\n{START}\n\nHm.\n\n{END}\n".encode(), "characters"),
        (b"<!DOCTYPE html>\n<html><body>Not found</body></html>" * 9, "web page"),
        (b"\xef\xbb\xbf\n<html><head><title>x</title></head></html>" * 9, "web page"),
        (b"<html><body>Please solve the CAPTCHA below</body></html>" * 9, "captcha page"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 9, "binary|PDF"),
        (book() + book(GERMAN), "two books"),
        (book().replace(b"The Project", b"**This is a COPYRIGHTED Project", 1), "COPYRIGHTED"),
    ],
)
def test_refusals(raw: bytes, words: str) -> None:
    """What is no book, or not free, is refused in words of its own."""
    with pytest.raises(CleaningError, match=words):
        clean(raw)


def test_copyrighted_if_allowed() -> None:
    """Who may use a copyrighted book can say so."""
    raw = book().replace(b"The Project", b"**This is a COPYRIGHTED Project", 1)
    assert_is(clean(raw, allow_copyrighted=True))


def test_a_text_without_marks() -> None:
    """A user's own text has none: it is kept whole, and that is said."""
    cleaned = clean(BODY.encode())
    assert_is(cleaned)
    assert len(cleaned.record.warnings) == 1
    assert "no mark" in cleaned.record.warnings[0] or "kept whole" in cleaned.record.warnings[0]


def test_refusal_names_the_file(tmp_path: Path) -> None:
    """With many files at once, the message says which one; nothing is written."""
    (tmp_path / "pg7.txt").write_bytes(b"<html>no</html>" * 40)
    with pytest.raises(CleaningError, match=r"pg7\.txt: .*web page"):
        clean_file(tmp_path / "pg7.txt", tmp_path / "out.txt")
    assert not (tmp_path / "out.txt").exists()


# Laws.

LINES = st.sampled_from(
    [
        "",
        "",
        "The keeper slept.",
        "  And still the lamp burned on,  ",
        "e\u0301tait l\u00e0, fl.\u00a03\t",
        "“Well,” said he,",
        "CHAPTER II",
        "* * * * *",
        "Produced by the keeper.",
        "[Note: he was not there.]",
        "Transcriber's Note: he was.",
        "Fin",
        "Project Gutenberg is a library.",
        "\u0d85\u0dcf\u0430\u0301",
    ]
)


@settings(max_examples=60)
@given(
    inner=st.lists(LINES, max_size=12),
    front=st.lists(LINES, max_size=4),
    back=st.lists(LINES, max_size=4),
    marked=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_laws(
    inner: list[str], front: list[str], back: list[str], marked: bool, line_end: str
) -> None:
    """Every line of the body was in the file, in order; it is clean, and cleaning it keeps it."""
    body = "\n".join([*front, BODY, *inner, "", BODY, *back, ""])
    raw = book(body).decode() if marked else body
    cleaned = clean(raw.replace("\n", line_end).encode("utf-8")).text
    lines = iter([unicodedata.normalize("NFC", line).rstrip() for line in raw.split("\n")])
    assert all(line in lines for line in cleaned.split("\n")[:-1])
    assert unicodedata.is_normalized("NFC", cleaned)
    assert "\r" not in cleaned
    assert all(line == line.rstrip() for line in cleaned.split("\n"))
    assert cleaned.endswith("\n")
    assert not cleaned.endswith("\n\n")
    assert clean(cleaned.encode("utf-8")).text == cleaned
