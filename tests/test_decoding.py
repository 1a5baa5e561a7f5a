"""Bytes become characters by what they are, never by a guess."""

import codecs

import pytest

from charlab.corpus.decoding import NotTextError, decode


@pytest.mark.parametrize(
    ("raw", "text", "encoding"),
    [
        (b"plain\r\ntext\r", "plain\ntext\n", "utf-8"),
        (codecs.BOM_UTF8 + "été".encode(), "été", "utf-8"),
        ("Käthe".encode("utf-16"), "Käthe", "utf-16"),
        ("Käthe".encode("latin-1"), "Käthe", "latin-1"),
        ("“Käthe”".encode("cp1252"), "“Käthe”", "cp1252"),
        (b"Character set encoding: Latin-4\n\n" + "Väinämöinen".encode("latin-1"), None, "latin-1"),
        (b"Character set encoding: ISO-8859-2\n" + "żółw".encode("iso8859-2"), None, "iso8859-2"),
        ("e\u0301".encode(), "é", "utf-8"),
        ("it\u0092s".encode(), "it’s", "utf-8"),
    ],
)
def test_the_bytes_decide(raw: bytes, text: str | None, encoding: str) -> None:
    """BOM, strict UTF-8, then one byte per character; the declaration only where it agrees."""
    decoded = decode(raw)
    assert decoded.encoding == encoding
    if text is not None:
        assert decoded.text == text
    assert decoded.why


def test_a_binary_file_is_refused() -> None:
    """Zero bytes are in no text."""
    with pytest.raises(NotTextError, match="zero bytes"):
        decode(b"PK\x03\x04\x00\x00")
