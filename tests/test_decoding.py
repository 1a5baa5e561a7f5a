"""From bytes to characters: what the bytes say, not what a header claims."""

from __future__ import annotations

import codecs
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.corpus.decoding import NotTextError, decode

# Characters of a book: no control but a line end, nothing that a mark of another encoding is.
PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"], exclude_characters="\ufeff")
    | st.just("\n"),
    max_size=60,
)
LATIN = st.text(
    st.characters(min_codepoint=0xA0, max_codepoint=0xFF) | st.sampled_from("ab \n"), max_size=60
)


def _declaring(charset: str, text: str, encoding: str) -> bytes:
    """Return a file whose header names a character set."""
    return f"Title: Storms\n\nCharacter set encoding: {charset}\n\n{text}\n".encode(encoding)


@given(PLAIN)
def test_utf8_is_read_as_such(text: str) -> None:
    """Any text in UTF-8 comes back in NFC, with or without a mark at its start."""
    wanted = unicodedata.normalize("NFC", text)
    assert decode(text.encode("utf-8")).text == wanted
    assert decode(codecs.BOM_UTF8 + text.encode("utf-8")).text == wanted


@given(LATIN)
def test_what_is_no_utf8_is_latin1(text: str) -> None:
    """Bytes from 0xA0 on that are not UTF-8 are one character each."""
    raw = text.encode("latin-1")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        assert decode(raw).text == text


@given(PLAIN, st.sampled_from(["\n", "\r\n", "\r"]))
def test_line_ends(text: str, end: str) -> None:
    """Whatever ends a line, LF does afterwards; blank lines stay."""
    wanted = unicodedata.normalize("NFC", text)
    assert decode(text.replace("\n", end).encode("utf-8")).text == wanted


@pytest.mark.parametrize(
    ("raw", "text", "encoding"),
    [
        (b"plain", "plain", "utf-8"),
        ("“Été”, œuvre".encode("cp1252"), "“Été”, œuvre", "cp1252"),
        ("garçon, señor, schön".encode("latin-1"), "garçon, señor, schön", "latin-1"),
        ("schön und größer".encode(), "schön und größer", "utf-8"),
        (codecs.BOM_UTF16_LE + "Čas ≥ 1\r\n".encode("utf-16-le"), "Čas ≥ 1\n", "utf-16"),
        (codecs.BOM_UTF16_BE + "Čas ≥ 1\r\n".encode("utf-16-be"), "Čas ≥ 1\n", "utf-16"),
        (codecs.BOM_UTF32_LE + "Čas\r".encode("utf-32-le"), "Čas\n", "utf-32"),
    ],
)
def test_undeclared(raw: bytes, text: str, encoding: str) -> None:
    """A mark, then strict UTF-8, then the bytes from 0x80 to 0x9F decide."""
    decoded = decode(raw)
    assert (decoded.text, decoded.encoding) == (text, encoding)
    assert decoded.why


@pytest.mark.parametrize(
    ("charset", "text", "encoding"),
    [
        ("Latin-4", "älä mene yöhön", "latin-1"),
        ("ISO Latin-1", "één vóór twaalf", "latin-1"),
        ("ISO-646-US (US-ASCII)", "nothing but ASCII", "ascii"),
        ("ASCII", "façade", "latin-1"),
        ("UTF-8", "façade", "latin-1"),
        ("ISO-8859-1", "“quoted”", "cp1252"),
        ("ISO-8859-1", "größer Łódź Привет", "utf-8"),
        ("no such thing", "déjà vu", "latin-1"),
        ("ISO-8859-2", "żółty kąt, łąka", "iso8859-2"),
        ("ISO-8859-7", "μήνιν άειδε", "iso8859-7"),
    ],
)
def test_declared(charset: str, text: str, encoding: str) -> None:
    """A declared character set is believed where Python knows it and the bytes agree."""
    decoded = decode(_declaring(charset, text, encoding))
    assert decoded.text.endswith(f"\n\n{text}\n")


def test_controls_that_are_really_quotes() -> None:
    """Valid UTF-8 with U+0091 to U+0094 came from CP1252: they are quotation marks."""
    assert decode("\x91Well,\x92 \x93now\x94 \x97".encode()).text == "‘Well,’ “now” —"


@pytest.mark.parametrize(
    "text",
    [
        "f\u00a0l.\u00a03\u00a0\u00a0",
        "1\u2009000",
        "a\tb",
        "słowo «Русский»",
        "soft\u00adhyphen",
        "𐌲𐌿𐍄",
    ],
)
def test_nothing_else_is_changed(text: str) -> None:
    """No-break and thin spaces, tabs and other alphabets are the book's own."""
    assert decode(text.encode("utf-8")).text == unicodedata.normalize("NFC", text)


def test_nfc() -> None:
    """A letter and its accent become one character, as everywhere else in the text."""
    assert decode("e\u0301t\u00e9".encode()).text == "été"


@pytest.mark.parametrize(
    "raw",
    [
        b"PK\x03\x04" + bytes(range(256)) * 8,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        b"A book\n" * 50 + b"\0\0\0" + b"more\n" * 50,
    ],
)
def test_binary_files(raw: bytes) -> None:
    """What no text has gets a refusal in words."""
    with pytest.raises(NotTextError, match=re.compile("binary|ZIP|picture|control")):
        decode(raw)


def test_mark_without_the_encoding() -> None:
    """A file that says it is UTF-16 and ends in half a character is cut off."""
    with pytest.raises(NotTextError, match="utf-16"):
        decode(codecs.BOM_UTF16_LE + "Čas".encode("utf-16-le") + b"\x00")
