"""Accuracy and speed of the cleaner on real Gutenberg files.

The input is a mirror of Project Gutenberg with a MANIFEST.csv that gives the first and last
line of each body; the output is a table, file by file. ``exact`` is the true body; a ``leak``
keeps lines of boilerplate, ``lost`` drops lines of the body. The same run measures a plain
regular expression, which knows START and END lines only, and other packages for the same
job, which are skipped where they are not installed:

    pip install --target PEERS gutenberg_cleaner gutenbergpy
    python benchmarks/cleaning.py --mirror DIR --peers PEERS
"""

from __future__ import annotations

import argparse
import csv
import importlib
import os
import platform
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlparse

from charlab.clean.cleaner import clean
from charlab.clean.reading import decode
from charlab.core.errors import CharlabError

STRIP = re.compile(
    r"\A.*?^\*\*\* ?START OF TH(?:E|IS) PROJECT GUTENBERG[^\n]*\n|"
    r"^\*\*\* ?END OF TH(?:E|IS) PROJECT GUTENBERG.*\Z",
    re.M | re.S,
)
"""The START and END lines and all beyond them, as most scripts remove them."""


def strip(raw: bytes) -> str:
    """Return a file's text without the matches of the plain regular expression."""
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    return STRIP.sub("", text).strip("\n") + "\n"


def peers(folder: Path | None) -> dict[str, Callable[[str], str]]:
    """Return the other cleaners that are installed; they take a decoded text."""
    if folder is not None:
        # At the end of the path, so that their dependencies cannot replace ours.
        sys.path.append(str(folder))
    cleaners: dict[str, Callable[[str], str]] = {}
    try:
        cleaners["gutenberg_cleaner"] = importlib.import_module("gutenberg_cleaner").simple_cleaner
    except ImportError:
        print("gutenberg_cleaner is not installed, and is skipped")
    try:
        bytes_of = importlib.import_module("gutenbergpy.textget").strip_headers
        cleaners["gutenbergpy"] = lambda text: bytes_of(text.encode()).decode()
    except ImportError:
        print("gutenbergpy is not installed, and is skipped")
    return cleaners


def others(books: list[tuple[dict[str, str], bytes]], folder: Path | None) -> None:
    """Print accuracy and speed of the other cleaners, and of the plain expression."""
    texts = [decode(raw).text for _, raw in books]
    plain = {"plain strip": lambda text: STRIP.sub("", text)}
    for name, function in (plain | peers(folder)).items():
        start = time.process_time()
        cleaned = [function(text) for text in texts]
        rate = sum(len(raw) for _, raw in books) / 1e6 / (time.process_time() - start)
        verdicts: Counter[str] = Counter()
        for (row, _), text, body in zip(books, texts, cleaned, strict=True):
            first, last = int(row["first_body_lineno"]), int(row["last_body_lineno"])
            true = Counter(filled(text.split("\n")[first - 1 : last]))
            kept = Counter(filled(body.split("\n")))
            verdicts["lost" if true - kept else "leak" if kept - true else "exact"] += 1
        counts = ", ".join(f"{verdicts[kind]} {kind}" for kind in ("exact", "leak", "lost"))
        print(f"{name}, decoded text given: {counts}; {rate:.0f} MB/s")


def filled(lines: list[str]) -> list[str]:
    """Return the lines that are not blank, stripped."""
    return [line.strip() for line in lines if line.strip()]


def default_mirror() -> Path | None:
    """Return the first folder in CHARLAB_MIRROR, or None."""
    for mirror in os.environ.get("CHARLAB_MIRROR", "").split():
        if mirror.startswith("file://"):
            return Path(unquote(urlparse(mirror.split("{")[0]).path))
    return None


def judge(raw: bytes, first: int, last: int) -> tuple[str, int]:
    """Return a verdict on one file, and the number of its wrong lines that are not blank."""
    try:
        record = clean(raw).record
    except CharlabError as error:
        return f"refused: {error}", last - first + 1
    # Blank lines are the same in any encoding, so the bytes need no decoding here.
    lines = re.split(rb"\r\n|\r|\n", raw)
    kept = range(record.body_first - 1, record.body_last)
    true = range(first - 1, last)
    lost = sum(bool(lines[n].strip()) for n in true if n not in kept)
    leak = sum(bool(lines[n].strip()) for n in kept if n not in true)
    return ("lost", lost) if lost else ("leak", leak) if leak else ("exact", 0)


def accuracy(folder: Path, books: list[tuple[dict[str, str], bytes]]) -> None:
    """Print a verdict on each file that is not exact, and their counts."""
    verdicts: Counter[str] = Counter()
    print(f"{'book':>7}  {'verdict':8}{'lines':>6}  title")
    for row, raw in books:
        first, last = int(row["first_body_lineno"]), int(row["last_body_lineno"])
        verdict, lines = judge(raw, first, last)
        verdicts[verdict.split(":")[0]] += 1
        print(f"{row['id']:>7}  {verdict:8}{lines:6}  {row['title'][:60]}")
    counts = (f"{verdicts[name]} {name}" for name in ("exact", "leak", "lost", "refused"))
    print(f"{len(books)} files of {folder.name}: {', '.join(counts)}")


def speed(books: list[bytes], function: Callable[[bytes], object]) -> float:
    """Return megabytes per second of processor time over all books."""
    start = time.process_time()
    for raw in books:
        function(raw)
    return sum(map(len, books)) / 1e6 / (time.process_time() - start)


def speeds(books: list[bytes], repeat: int) -> None:
    """Print the speeds of charlab and the plain strip in turns, and their median ratio."""
    pairs = [(speed(books, clean), speed(books, strip)) for _ in range(repeat)]
    ours, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"charlab {ours:.0f} MB/s, plain strip {plain:.0f} MB/s, ratio {ratio:.2f} ", end="")
    print(f"({repeat} paired runs over {sum(map(len, books)) / 1e6:.1f} MB, one core, ", end="")
    print(f"{platform.machine()}, Python {platform.python_version()})")


def main() -> None:
    """Read the mirror and print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--mirror", type=Path, default=default_mirror(), help="folder with MANIFEST.csv"
    )
    parser.add_argument("--repeat", type=int, default=5, help="paired runs [default: 5]")
    parser.add_argument("--peers", type=Path, help="folder in which other cleaners are installed")
    options = parser.parse_args()
    if options.mirror is None or not (options.mirror / "MANIFEST.csv").is_file():
        print("no mirror with a MANIFEST.csv; give --mirror DIR or CHARLAB_MIRROR=file:///DIR")
        return
    with (options.mirror / "MANIFEST.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    cache = options.mirror / "cache" / "epub"
    books = [(row, (cache / row["id"] / f"pg{row['id']}.txt").read_bytes()) for row in rows]
    accuracy(options.mirror, books)
    speeds([raw for _, raw in books], options.repeat)
    others(books, options.peers)


if __name__ == "__main__":
    main()
