"""Make a slug, a key in params.yaml and part of file names, from a title in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

import yaml

from charlab.core.yaml_text import CONTRADICTIONS, LOADER

LATIN = str.maketrans(
    {
        # Latin letters without a decomposition.
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        # Cyrillic: Russian, Ukrainian, Belarusian, Bulgarian, Serbian.
        **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)),
        "ё": "e",
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ъ": "",
        "ь": "",
        "ю": "yu",
        "я": "ya",
        "є": "ye",
        "і": "i",
        "ї": "yi",
        "ґ": "g",
        "ў": "u",
        "ђ": "dj",
        "ј": "j",
        "љ": "lj",
        "њ": "nj",
        "ћ": "c",
        "џ": "dz",
        # Greek.
        **dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True)),
        "θ": "th",
        "χ": "ch",
        "ψ": "ps",
    }
)
"""Latin letters for those of other alphabets, in lower case."""


def slug_of(title: str) -> str:
    """Return the slug of a title: its first four words, without the subtitle.

    Examples
    --------
    >>> slug_of("Also sprach Zarathustra: Ein Buch für Alle und Keinen")
    'also-sprach-zarathustra'
    >>> slug_of("Евгений Онегин")
    'evgeniy-onegin'
    """
    main = re.split(r"[:;,.(]| or ", title, maxsplit=1)[0]
    # Some letters of the table decompose, such as й; others have accents, which NFKD splits off.
    plain = unicodedata.normalize("NFC", main.lower()).translate(LATIN)
    plain = unicodedata.normalize("NFKD", plain).translate(LATIN)
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    return "-".join(words[:4])


def reads_as(document: str | bytes, value: object) -> bool:
    """Return whether a document of YAML 1.1 has a value, as which its author meant it.

    DVC rewrites params.yaml by YAML 1.2, in which yes needs no quotes, and a shell takes them away.
    So a slug must be text without any, unlike 1984, yes, no and 12:30.
    """
    try:
        return bool(yaml.load(document, LOADER) == value)  # a safe loader
    except (yaml.YAMLError, *CONTRADICTIONS):  # such as the date 2020-13-45
        return False


def free_slug(taken: Container[str]) -> str:
    """Return the first of ``text-1``, ``text-2``, ... that is not taken."""
    number = 1
    while f"text-{number}" in taken:
        number += 1
    return f"text-{number}"
