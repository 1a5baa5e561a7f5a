"""Bytes become the intended characters, and the evidence for the encoding is recorded."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charlab.clean.encoding import decode, detect_encoding, pieces
from charlab.clean.reject import NotTextError

plain = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1).map(
    lambda text: unicodedata.normalize("NFC", text.lstrip("\ufeff"))
)


@given(plain)
def test_utf8_round_trip(text: str) -> None:
    """Any text in NFC is unchanged."""
    assert decode(text.encode("utf-8")).text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_is_removed(encoding: str) -> None:
    """The mark determines the encoding and is not part of the text."""
    decoded = decode("Žluťoučký kůň\n".encode(encoding))
    assert (decoded.text, decoded.why) == ("Žluťoučký kůň\n", "byte order mark")


@pytest.mark.parametrize(
    ("raw", "encoding", "text"),
    [
        ("Café noir".encode("latin-1"), "latin-1", "Café noir"),
        ("“Café” – noir".encode("cp1252"), "cp1252", "“Café” – noir"),
        (b"ASCII only", "utf-8", "ASCII only"),
        (b"caf\xe9 \x81", "latin-1", "café \x81"),
    ],
)
def test_latin_1_and_cp1252(raw: bytes, encoding: str, text: str) -> None:
    """Bytes 0x80 to 0x9F are letters and quotes in CP1252, and control characters in Latin-1."""
    decoded = decode(raw)
    assert (decoded.encoding, decoded.text) == (encoding, text)


def declaring(name: str, text: str, encoding: str) -> bytes:
    """Return a text below a header that declares a character set."""
    return f"Character set encoding: {name}\r\n\r\n".encode() + text.encode(encoding)


@pytest.mark.parametrize(
    ("name", "encoding", "text"),
    [
        ("ISO-8859-2", "iso8859-2", "Zażółć gęślą jaźń, żółw łódź"),
        ("ISO-8859-7", "iso8859-7", "Καλημέρα κόσμε"),
        ("KOI8-R", "koi8-r", "Здравствуй, мир"),
        ("Windows-1251", "cp1251", "Здравствуй, мир"),
        ("Big5", "big5", "番；博得頭顱當戶列"),
        ("Shift_JIS", "shift_jis", "吾輩は猫である"),
        ("ISO-8859-3 (Latin-3)", "iso8859-3", "ŝi diris ĝin ĉiutage"),
        ("CP437", "cp437", "Ein schöner Tag für Mädchen, größer"),
    ],
)
def test_declared_encoding_is_used_if_the_bytes_agree(name: str, encoding: str, text: str) -> None:
    """A known character set in the header is used if nothing contradicts it."""
    decoded = decode(declaring(name, text, encoding))
    assert decoded.text.endswith(text)
    assert "the bytes agree" in decoded.why


@pytest.mark.parametrize(
    ("name", "encoding", "text"),
    [
        ("UTF-8", "latin-1", "Ein schöner Tag"),
        ("ASCII", "cp1252", "“Ein schöner Tag”"),
        ("Latin-4", "latin-1", "vaka vanha Väinämöinen"),
        ("ISO-646-US (US-ASCII)", "latin-1", "naïve"),
        ("ISO-8859-1", "cp1252", "“so” he said"),
        ("ISO-8859-2", "cp1252", "“so” he said"),
        ("CP437", "latin-1", "Ein schöner Tag für Mädchen"),
        ("Big5", "latin-1", "Café\xa0- à la crème"),
        ("hex", "latin-1", "Café noir"),
    ],
)
def test_refuted_declarations_are_ignored(name: str, encoding: str, text: str) -> None:
    """Wrong, unknown and impossible declarations have no effect."""
    decoded = decode(declaring(name, text, encoding))
    assert decoded.text.endswith(text)
    assert decoded.encoding in ("latin-1", "cp1252")


def test_escape_sequences_need_a_declaration() -> None:
    """ISO-2022-JP uses ASCII bytes only, so the declaration decides."""
    text = "吾輩は猫である"
    assert decode(declaring("ISO-2022-JP", text, "iso2022_jp")).text.endswith(text)


def test_c1_controls_become_cp1252_characters() -> None:
    """U+0091 was a quotation mark; U+0081 is no CP1252 character, and stays."""
    assert decode("\x91so\x92 \x81".encode()).text == "‘so’ \x81"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"PK\x03\x04" + b"x" * 100, "a ZIP or EPUB file"),
        (b"%PDF-1.4\n", "a PDF file"),
        (b"text\0text", "byte 4 is zero"),
        (bytes(range(1, 32)) * 40, "control characters"),
        (b"\xff\xfeabc", "expected utf-16, as its byte order mark says"),
    ],
)
def test_binary_files_are_refused(raw: bytes, message: str) -> None:
    """The error names the kind of file or the offending bytes."""
    with pytest.raises(NotTextError, match=message):
        decode(raw)


@given(
    plain, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "big5"]), st.integers(1, 9)
)
def test_pieces_give_the_same_text(text: str, encoding: str, size: int) -> None:
    """The size of the chunks changes neither the text nor the evidence."""
    raw = (text + "\r\nx\rÿ\x91\n" + text).encode(encoding, "ignore")
    try:
        decoded = decode(raw)
    except NotTextError as error:
        with pytest.raises(NotTextError, match=r"zero|control|byte order"):
            detect_encoding(io.BytesIO(raw), size)
        assert "zero" in str(error) or "control" in str(error)
        return
    name, why = detect_encoding(io.BytesIO(raw), size)
    assert (name, why) == (decoded.encoding, decoded.why)
    parts = list(pieces(io.BytesIO(raw), name, size))
    assert "".join(parts) == decoded.text
    assert all(part.endswith("\n") for part in parts[:-1])


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30))
@example("a\u0301")
@example("\u1100\u1161")
@example("“e\u0301”")
@example("\u212b—…’")
@example("\u2000\u2001")
def test_text_is_in_nfc(text: str) -> None:
    """The fast test for NFC on bytes agrees with unicodedata."""
    decoded = decode(("plain words, and many of them\n" + text).encode()).text
    assert unicodedata.is_normalized("NFC", decoded)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"a\rb\r", "a\nb\n"),
        (b"a\r\nb\r", "a\nb\n"),
        (b"a\r\r\nb", "a\n\nb"),
        (b"a\n\rb\n", "a\n\nb\n"),
        ("e\u0301\r\nb\rc\n".encode(), "é\nb\nc\n"),
    ],
)
def test_line_ends(raw: bytes, text: str) -> None:
    """All line ends become LF, also mixed ones, and letters are composed."""
    assert decode(raw).text == text
