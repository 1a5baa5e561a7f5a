"""Mutate bytes at random: the kinds of damage that files and hands do to texts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

NUMBERS = (
    *(b"0", b"-1", b"1e-05", b"1e999", b".inf", b".nan", b"NaN", b"-Infinity", b"0x7f", b"1_0"),
    *(b"9" * 400, b"9" * 5000, b"18446744073709551616", b"1.0e+400", b"true", b"null", b"''"),
)
"""Values in place of a number."""

ODD = (
    *(b"\0", b"\r", b"\r\n", b"\n\n\n", b"\t", b"\x1a", b"\x0c", b"\x85", b"\xff\xfe", b"\xfe\xff"),
    *("\ufeff".encode(), "\u2028".encode(), "\u202e".encode(), "e\u0301".encode(), b"\xed\xa0\x80"),
    *(
        b"\xe2\x80",
        b"\xf0\x9f\x98\x80",
        b"\xc3\x28",
        b"\x80\x81\x8d",
        b"'",
        b'"',
        b"\\",
        b"../",
        b"~",
    ),
    *(b"[" * 30, b"{" * 30, b"- " * 30, b": ", b"&a ", b"*a", b"<<: ", b"#", b"!!int ", b"---\n"),
    *(b"<script>", b"${x}", b"$(x)", b"`x`", b"%s", b"{0}", b"\x1b[2J"),
)
"""Bytes to insert anywhere."""

RECODED = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "cp437")
"""Encodings for a whole text."""


def mutate(
    rng: random.Random, seed: bytes, words: Sequence[bytes], others: Sequence[bytes]
) -> bytes:
    """Return a seed after one to six mutations.

    Parameters
    ----------
    rng : random.Random
        Source of all choices.
    seed : bytes
        The input to start from.
    words : sequence of bytes
        Pieces that mean something to the target.
    others : sequence of bytes
        Other seeds, to splice in.
    """
    content = seed
    # Small numbers of mutations are the likeliest: more of them rarely get past the first check.
    for _ in range(min(rng.choice((1, 1, 1, 2, 2, 3, 4, 6)), 6)):
        mutation = rng.choice(MUTATIONS)
        content = mutation(rng, content, words, others)
    return content


Mutation = Callable[[random.Random, bytes, Sequence[bytes], Sequence[bytes]], bytes]


def _span(rng: random.Random, content: bytes, longest: int = 200) -> tuple[int, int]:
    """Return the bounds of a random piece, which may be empty."""
    start = rng.randint(0, len(content))
    return start, min(len(content), start + rng.randint(0, longest))


def _flip(rng: random.Random, content: bytes, *_: object) -> bytes:
    """Replace one byte by a random one."""
    if not content:
        return content
    at = rng.randrange(len(content))
    return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]


def _insert(rng: random.Random, content: bytes, words: Sequence[bytes], _: object) -> bytes:
    """Insert something odd, or a word of the target, once or many times."""
    at = rng.randint(0, len(content))
    piece = rng.choice(ODD) if rng.random() < 0.5 or not words else rng.choice(words)
    return content[:at] + piece * rng.choice((1, 1, 1, 1, 2, 40)) + content[at:]


def _delete(rng: random.Random, content: bytes, *_: object) -> bytes:
    """Delete a piece."""
    start, end = _span(rng, content)
    return content[:start] + content[end:]


def _double(rng: random.Random, content: bytes, *_: object) -> bytes:
    """Repeat a piece."""
    start, end = _span(rng, content, 60)
    return content[:end] + content[start:end] * rng.choice((1, 1, 3, 20)) + content[end:]


def _truncate(rng: random.Random, content: bytes, *_: object) -> bytes:
    """Cut the end or the start off."""
    at = rng.randint(0, len(content))
    return content[:at] if rng.random() < 0.7 else content[at:]


def _lines(rng: random.Random, content: bytes, *_: object) -> bytes:
    """Swap, repeat or remove whole lines."""
    lines = content.split(b"\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(3)
    if kind == 0:
        lines[first], lines[second] = lines[second], lines[first]
    elif kind == 1:
        lines.insert(first, lines[second])
    else:
        del lines[first]
    return b"\n".join(lines)


def _number(rng: random.Random, content: bytes, *_: object) -> bytes:
    """Replace a number by another value."""
    places = [at for at, byte in enumerate(content) if 48 <= byte <= 57]
    if not places:
        return content
    start = end = rng.choice(places)
    while end < len(content) and content[end : end + 1].isdigit():
        end += 1
    return content[:start] + rng.choice(NUMBERS) + content[end:]


def _splice(rng: random.Random, content: bytes, _: object, others: Sequence[bytes]) -> bytes:
    """Insert a piece of another seed."""
    other = rng.choice(others)
    start, end = _span(rng, other, 400)
    at = rng.randint(0, len(content))
    return content[:at] + other[start:end] + content[at:]


def _recode(rng: random.Random, content: bytes, *_: object) -> bytes:
    """Write the text in another encoding, or with other line ends."""
    text = content.decode("utf-8", "replace")
    if rng.random() < 0.4:
        text = text.replace("\n", rng.choice(("\r\n", "\r", "\n\r", " \n", "\x0b", "\x1e")))
        return text.encode("utf-8", "replace")
    return text.encode(rng.choice(RECODED), "replace")


MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _flip, _insert, _insert, _delete, _double, _truncate, _lines, _lines, _number),
    *(_number, _splice, _recode),
)
"""All mutations; some are there twice, so that they are chosen twice as often."""
