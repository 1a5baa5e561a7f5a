"""Bytes become the intended characters, and the evidence for the encoding is recorded."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charlab.clean.characters import composed, nfc
from charlab.clean.encoding import detect_encoding
from charlab.clean.reading import decode, pieces, read_text
from charlab.clean.reject import EncodingError, NotTextError
from charlab.core.errors import CharlabError

plain = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1).map(
    lambda text: unicodedata.normalize("NFC", text.replace("\ufeff", "")).rstrip()
)


@given(plain)
def test_utf8_round_trip(text: str) -> None:
    """Any text in NFC is unchanged."""
    assert decode(text.encode("utf-8")).text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_is_removed(encoding: str) -> None:
    """The mark determines the encoding and is not part of the text."""
    decoded = decode("Žluťoučký kůň\n".encode(encoding))
    assert (decoded.text, decoded.evidence.why) == ("Žluťoučký kůň\n", "byte order mark")


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
    assert (decoded.evidence.encoding, decoded.text) == (encoding, text)


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
    assert "the bytes agree" in decoded.evidence.why


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
    assert decoded.evidence.encoding in ("latin-1", "cp1252")


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
    evidence = detect_encoding(io.BytesIO(raw), size)
    assert evidence == decoded.evidence
    parts = list(pieces(io.BytesIO(raw), evidence, size))
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


FRENCH = "Été à la forêt, où est l’ami ? — là. Ça va, garçon.\n"
CHINESE = "三春花事早，为花须及早。\n"


@pytest.mark.parametrize(
    ("raw", "text", "warning"),
    [
        ((CHINESE * 40).encode()[:-2], (CHINESE * 40)[:-2], "the last 2 bytes are the start"),
        ((FRENCH * 9 + "Ç").encode()[:-1], FRENCH * 9, "the last 1 byte is the start"),
        (
            FRENCH.encode() * 9 + b"Un\x92 mot.\n" + FRENCH.encode(),
            f"{FRENCH * 9}Un\ufffd mot.\n{FRENCH}",
            "1 byte is invalid and replaced by U+FFFD: 0x92 at line 10, column 3",
        ),
        (b"\xef\xbb\xbfShort \xff text\n", "Short \ufffd text\n", "0xff at line 1"),
        (declaring("UTF-8", "É\r\nÀ ", "utf-8") + b"\xe9\r\n", "", "line 4, column 3"),
        ("Matin, la forêt.\r\n".encode("utf-16") + b"x", "Matin, la forêt.\n", "the last 1 byte"),
        (declaring("Big5", "清晨，林中無聲。", "big5")[:-1], "清晨，林中無聲", "the last 1 byte"),
    ],
)  # fmt: skip
def test_damaged_text(raw: bytes, text: str, warning: str) -> None:
    """Invalid bytes are named and replaced where the encoding is certain; a cut one is dropped."""
    decoded = decode(raw)
    assert decoded.text.endswith(text)
    assert warning in "".join(decoded.evidence.warnings)
    # The size of the chunks changes nothing.
    assert detect_encoding(io.BytesIO(raw), 3) == decoded.evidence
    assert "".join(pieces(io.BytesIO(raw), decoded.evidence, 3)) == decoded.text


@pytest.mark.parametrize("parts", ["utf-8 latin-1", "latin-1 utf-8", "utf-8 cp1251 utf-8"])
def test_mixed_encodings_are_refused(parts: str) -> None:
    """The message says where the encoding changes."""
    text = "Été à la forêt, où il va.\r\n" * 9
    names = parts.split()
    raw = b"".join(
        ("Утром в лесу\r\n" * 9 if name == "cp1251" else text).encode(name) for name in names
    )
    line = 1 if parts.startswith("latin") else 10
    with pytest.raises(EncodingError, match=rf"encoding changes .* at line {line}, column 1,"):
        decode(raw)


@pytest.mark.parametrize(
    "encoding",
    ["shift_jis", "euc_jp", "big5", "gbk", "cp1251", "koi8-r", "cp437", "cp1252", "iso8859-2"],
)  # fmt: skip
def test_guess_is_never_silent(encoding: str) -> None:
    """A text in an undeclared encoding is read by guess, with a warning, or as the user says."""
    text = {
        "shift_jis": "橋の下で人を待っていた。", "euc_jp": "ある朝の事である。",
        "big5": "清晨，林中無聲。", "gbk": "清晨，林中无声。",
        "cp1251": "Утром в лесу", "koi8-r": "Утром в лесу",
        "iso8859-2": "Zażółć gęślą jaźń",
    }.get(encoding, "Le garçon était là.")  # fmt: skip
    raw = f"{text}\r\n".encode(encoding) * 9
    warning = "".join(decode(raw).evidence.warnings)
    assert "the encoding is a guess" in warning
    assert "--encoding" in warning
    named = decode(raw, encoding)
    assert (named.text, named.evidence.warnings) == (f"{text}\n" * 9, ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_without_a_mark(encoding: str) -> None:
    """The pattern of zero bytes gives the encoding and its byte order."""
    text = "Le matin, la forêt.\n三春，花 。\n" * 9
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("encoding", ["iso2022_jp", "iso2022_kr"])
def test_escape_sequences_without_a_declaration(encoding: str) -> None:
    """They show the encoding, in which every byte is ASCII."""
    text = "ある朝の事である。\n" if encoding.endswith("jp") else "안녕하세요\n"
    assert decode((text * 3).encode(encoding)).text == text * 3
    with pytest.raises(EncodingError, match="escape sequences of ISO-2022"):
        decode(b"\x1b$B\x01\x01 and so on\n")


@pytest.mark.parametrize("name", ["undefined", "idna", "punycode", "rot13", "x" * 99])
def test_codecs_that_are_no_charsets(name: str) -> None:
    """Declared, they are ignored; named by the user, they are refused."""
    assert decode(declaring(name, "Café", "latin-1")).text.endswith("Café")
    with pytest.raises(EncodingError, match="is not an encoding that Python knows"):
        decode(b"text", name)


def test_wrong_name_is_refused(tmp_path: Path) -> None:
    """The message names the file, the first invalid bytes, and what to do."""
    (tmp_path / "own.txt").write_bytes(("Été à la forêt\n" * 30).encode("latin-1"))
    with pytest.raises(EncodingError, match=r"own\.txt: .*utf-8.* line 1, column 1, .*--encoding"):
        read_text(tmp_path / "own.txt", "utf-8")
    with pytest.raises(CharlabError, match=r"none\.txt: No such file"):
        read_text(tmp_path / "none.txt")


def test_marks_are_removed_anywhere() -> None:
    """Joined files have byte order marks within."""
    raw = b"\xef\xbb\xbf\xef\xbb\xbfone\n\xef\xbb\xbftwo e\xef\xbb\xbf\xcc\x81\n \xef\xbb\xbf\n"
    assert decode(raw).text == "one\ntwo é\n\n"
    assert composed("\ufeffThe e\u0301\r\n ") == "The é\n "


@given(
    st.lists(st.sampled_from("a é\u0301\u0323\u0327\u0345\u0f73\u0344\u1100\u1161\n"), max_size=9),
    st.integers(1, 300),
)
def test_long_runs_of_marks(pattern: list[str], repeat: int) -> None:
    """They are composed as unicodedata does it, but in linear time."""
    text = "x" + "".join(pattern) * repeat
    assert nfc(text) == unicodedata.normalize("NFC", text)


def test_time_for_many_marks_is_linear() -> None:
    """Sorting 200,000 marks by insertion would take half a minute."""
    assert len(nfc("e" + "\u0301\u0323" * 100_000)) == 200_000
