"""Records, refusals, changes to characters, and files on disk."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import file_forms as forms
import gutenberg_files as files
import pytest
from file_forms import END, START
from gutenberg_files import BODY, HEADER, OLD_HEADER, POEM, book
from hypothesis import given, settings
from pydantic import ValidationError

from charlab.clean import cleaner, reject
from charlab.clean.clean_text import CleanFiles, clean_text
from charlab.clean.cleaner import clean, clean_file
from charlab.clean.params import CleanParams
from charlab.clean.record import explain
from charlab.clean.scan import OnDisk
from charlab.core.errors import CharlabError
from charlab.fetch.params import TextParams

COPYRIGHTED = book(header=f"{HEADER}** This is a COPYRIGHTED Project Gutenberg eBook **\n")


def test_record() -> None:
    """It has fields of the header, the encoding, counts, the hash, and each range of lines."""
    raw = book(BODY, "Produced by Ann Ode").replace("\n", "\r\n").encode()
    cleaned = clean(raw)
    record = json.loads(json.dumps(asdict(cleaned.record)))
    assert record["title"] == "The Salt Road A Story"
    assert (record["author"], record["language"]) == ("Mara Venn", "English")
    assert (record["gutenberg"], record["release_date"]) == (99999, "May 4, 2009 [EBook #99999]")
    assert record["body_sha256"] == hashlib.sha256(cleaned.text.encode()).hexdigest()
    assert record["characters"] == len(cleaned.text)
    assert record["warnings"] == []
    whys = [removed["why"] for removed in record["removed"]]
    assert whys == ["header", "credits", "footer and licence"]
    lines = raw.decode().split("\r\n")
    assert lines[record["body_first"] - 1] == "THE SALT ROAD"
    assert lines[record["body_last"] - 1] == "THE END"
    # Every line that is neither body nor removed is blank.
    kept = set(range(record["body_first"], record["body_last"] + 1))
    removed = {n for r in record["removed"] for n in range(r["first"], r["last"] + 1)}
    assert not removed & kept
    assert not any(lines[n - 1] for n in set(range(1, record["lines"] + 1)) - removed - kept)
    text = explain(cleaned.record)
    for words in ("Mara Venn", "99999", record["body_sha256"], "removed    line 24: credits"):
        assert words in text


def test_new_header_leaves_the_hash() -> None:
    """Gutenberg rebuilds its headers, but the text stays the same."""
    other = book().replace("May 4, 2009", "April 5, 2026").replace("\n", "\r\n")
    assert clean(other.encode()).record.body_sha256 == clean(book().encode()).record.body_sha256


def test_unmarked_text_is_kept_whole_with_a_warning() -> None:
    """A user's own text has no markers."""
    text = "Produced by nobody.\n\nThis is my own text, and all of it is to be kept.\n"
    cleaned = clean(text.encode())
    assert cleaned.text == text
    assert len(cleaned.record.warnings) == 1
    assert "no mark of Project Gutenberg" in cleaned.record.warnings[0]


@pytest.mark.parametrize(
    ("raw", "error", "message"),
    [
        (b"", reject.TinyFileError, "is empty"),
        (b" \r\n\r\n\t", reject.TinyFileError, "is empty"),
        (b"Not found\n", reject.TinyFileError, "only 8 characters"),
        (b"<!DOCTYPE html>\n<html><p>hello</p>", reject.WebPageError, "a web page"),
        (b"\xef\xbb\xbf\n<html><p>hello</p>", reject.WebPageError, "a web page"),
        (b"\n <html><title>CAPTCHA</title>", reject.WebPageError, "a captcha page"),
        (b"\x1f\x8b" + b"x" * 50, reject.NotTextError, "a gzip file"),
        (book(body="").encode(), reject.TinyFileError, "the body is empty"),
        (f"{HEADER}{START}\n\nHm.\n\n{END}\n".encode(), reject.TinyFileError, "the body has only"),
        ((book() + book(POEM)).encode(), reject.TwoBooksError, "two books in one file"),
        (COPYRIGHTED.encode(), reject.CopyrightedError, "COPYRIGHTED"),
    ],
)
def test_refusals(raw: bytes, error: type[Exception], message: str) -> None:
    """Each kind of unusable file has an error class of its own."""
    with pytest.raises(error, match=message) as caught:
        clean(raw)
    assert isinstance(caught.value, CharlabError)


def test_two_books_with_small_print() -> None:
    """Old files have no START and END lines; the closing lines of small print tell."""
    volume = f"{OLD_HEADER}\n\n\n" + (POEM + "\n\n") * 200
    with pytest.raises(reject.TwoBooksError, match="two books in one file"):
        clean((volume + volume).encode())


def test_copyrighted_book_may_be_allowed() -> None:
    """Users may have permission; laws of copyright in an old header are no notice."""
    assert clean(COPYRIGHTED.encode(), allow_copyrighted=True).text == BODY + "\n"
    assert clean(f"{OLD_HEADER}\n\n\n{BODY}\n".encode()).text == BODY + "\n"


def test_characters_stay_unless_a_change_is_asked_for() -> None:
    """Only blanks at line ends are removed; quotes, dashes, tabs and spaces are the book's."""
    text = "“It’s—so”,\tshe\u00a0said; «oui» –\u2009and so on for some more words.\nA\tB\nE\nF\n"
    assert clean(text.encode()).text == text
    blanks = text.replace("A\tB\nE\nF", "A\tB  \nE\t\nF\u00a0")
    assert clean(blanks.encode()).text == text
    changes = {
        "ascii_quotes": text.translate(str.maketrans("“”«»’", '""""\'')),
        "ascii_dashes": text.replace("—", "--").replace("–", "-"),
        "plain_spaces": text.replace("\u00a0", " ").replace("\u2009", " "),
        "expand_tabs": text.expandtabs(),
    }
    for name, expected in changes.items():
        assert clean(text.encode(), params=CleanParams(**{name: True})).text == expected


def test_wrongly_declared_encoding() -> None:
    """A German book in Latin-1 under a header that declares ASCII."""
    body = "DIE LATERNE\n\nDie Laterne brannte länger, als irgend jemand sagen konnte."
    raw = book(body).replace("UTF-8", "ASCII").replace("\n", "\r\n").encode("latin-1")
    cleaned = clean(raw)
    assert (cleaned.text, cleaned.record.encoding) == (body + "\n", "latin-1")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_byte_order_mark(encoding: str) -> None:
    """It determines the encoding of the whole file."""
    assert clean(book().encode(encoding)).text == BODY + "\n"


@settings(max_examples=30)
@given(files.files)
def test_file_on_disk_gives_the_same_bytes(text: str) -> None:
    """Reading in small chunks changes neither body nor record."""
    raw = text.encode("utf-8")
    cleaned = clean(raw)
    with tempfile.TemporaryDirectory() as folder:
        source, out, record = (Path(folder) / name for name in ("raw", "body", "record"))
        source.write_bytes(raw)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cleaner, "SMALL", 0)
            patch.setattr(cleaner, "OnDisk", partial(OnDisk, size=101))
            assert clean_file(source, out, record) == cleaned.record
        assert out.read_bytes() == cleaned.text.encode("utf-8")
        assert json.loads(record.read_text())["lines"] == cleaned.record.lines


def test_long_text_is_cleaned_by_its_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only head and tail of the text are inspected, and the result is the same."""
    body = ((POEM + "\n\n") * 2_000).strip()
    raw = book(body, "Produced by Ann Ode", forms.BACK_NOTES["list"]).encode()
    (tmp_path / "raw").write_bytes(raw)
    monkeypatch.setattr(cleaner, "SMALL", 0)
    monkeypatch.setattr(cleaner, "OnDisk", partial(OnDisk, size=10_000))
    record = clean_file(tmp_path / "raw", tmp_path / "body")
    assert (tmp_path / "body").read_text() == body + "\n"
    assert record == clean(raw).record
    assert record.body_last - record.body_first + 1 == body.count("\n") + 1


def test_refused_file_leaves_nothing(tmp_path: Path) -> None:
    """The error names the file, and no half-written body remains."""
    source = tmp_path / "page.txt"
    source.write_text("<html><p>no book</p></html>")
    with pytest.raises(reject.WebPageError, match=r"page\.txt: .*a web page"):
        clean_file(source, tmp_path / "out.txt", tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("encoding", [None, "cp1251"])
def test_stage_reads_as_the_text_says(tmp_path: Path, encoding: str | None) -> None:
    """The clean stage uses the encoding in params.yaml, and reports a guess."""
    paths = CleanFiles(*(tmp_path / name for name in ("raw", "out", "record", "bodies")))
    paths.raw.write_bytes(("Утром в лесу было тихо.\r\n" * 9).encode("cp1251"))
    text = TextParams(path="data/own/own.txt", encoding=encoding)
    messages = clean_text("own", text, CleanParams(), paths)
    assert ("У" in paths.out.read_text("utf-8")) == (encoding is not None)
    assert any("the encoding is a guess" in message for message in messages) == (encoding is None)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"path": "a", "encoding": "klingon"}, "Python knows no encoding"),
        ({"builtin": "invented", "encoding": "cp1251"}, "encoding is for a book or a file"),
        ({"path": "a", "encoding": "cp1251", "as_bytes": True}, "encoding is for a book or a file"),
    ],
)
def test_encoding_of_a_text_is_checked(keys: dict[str, Any], message: str) -> None:
    """params.yaml is refused before anything is fetched."""
    with pytest.raises(ValidationError, match=message):
        TextParams.model_validate(keys)
