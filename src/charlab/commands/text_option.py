"""The type of options that take text: bytes that are no text are refused."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import Any

import click

from charlab.core.errors import CharlabError

HALF = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair, which is what Python makes of a byte that it cannot decode."""

FIRST_BYTE, LAST_BYTE = 0xDC80, 0xDCFF
"""Those that stand for the bytes from 0x80 on."""


class TextOption(click.ParamType[str]):
    """Text of any characters."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text as files are read: composed, lines ended by LF, no byte order mark.

        Raises
        ------
        CharlabError
            If it has a byte that is not of the terminal's encoding, or half a character.
        """
        text = str(value)
        half = HALF.search(text)
        if half is None:
            text = text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")
            if unicodedata.is_normalized("NFC", text):
                return text
            from charlab.clean.characters import nfc  # with schemas, for which few prompts wait

            return nfc(text)
        option = param.opts[0] if param is not None else "the option"
        code, encoding = ord(half[0]), sys.getfilesystemencoding().upper()
        is_byte = FIRST_BYTE <= code <= LAST_BYTE
        found = (
            f"the byte 0x{code - 0xDC00:02x}, which is not {encoding}"
            if is_byte
            else f"half a character, U+{code:04X}"
        )
        raise CharlabError(
            f"{option}: expected text, found {found}, at position {half.start()}; "
            f"type characters, in a terminal whose encoding is {encoding}"
        )


TEXT = TextOption()
