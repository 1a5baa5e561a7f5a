"""How exactly, and how fast, charlab finds the bodies of real Gutenberg files.

What enters is a mirror of Project Gutenberg with a MANIFEST.csv that says where the body of
each file begins and ends; what leaves is a table, file by file. ``exact`` is the true body, no
line more or less; a ``leak`` leaves lines of boilerplate, ``lost`` takes lines of the body. The
speed stands beside that of a plain regular-expression strip in the same run, which knows
START and END lines only, and of other packages that do this, which are skipped where absent:

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
from charlab.clean.encoding import decode
from charlab.core.errors import CharlabError

STRIP = re.compile(
    r"\A.*?^\*\*\* ?START OF TH(?:E|IS) PROJECT GUTENBERG[^\n]*\n|"
    r"^\*\*\* ?END OF TH(?:E|IS) PROJECT GUTENBERG.*\Z",
    re.M | re.S,
)
"""What most scripts do."""


def strip(raw: bytes) -> str:
    """Return what a plain regular expression leaves of a file."""
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    return STRIP.sub("", text).strip("\n") + "\n"


def peers(folder: Path | None) -> dict[str, Callable[[str], str]]:
    """Return the other cleaners that are installed; they are given a decoded text."""
    if folder is not None:
        # Behind everything else, so that their dependencies cannot replace ours.
        sys.path.append(str(folder))
    found: dict[str, Callable[[str], str]] = {}
    try:
        found["gutenberg_cleaner"] = importlib.import_module("gutenberg_cleaner").simple_cleaner
    except ImportError:
        print("gutenberg_cleaner is not installed, and is skipped")
    try:
        bytes_of = importlib.import_module("gutenbergpy.textget").strip_headers
        found["gutenbergpy"] = lambda text: bytes_of(text.encode()).decode()
    except ImportError:
        print("gutenbergpy is not installed, and is skipped")
    return found


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
            found = Counter(filled(body.split("\n")))
            verdicts["lost" if true - found else "leak" if found - true else "exact"] += 1
        counts = ", ".join(f"{verdicts[kind]} {kind}" for kind in ("exact", "leak", "lost"))
        print(f"{name}, decoded text given: {counts}; {rate:.0f} MB/s")


def filled(lines: list[str]) -> list[str]:
    """Return the lines that are not blank, without blanks around them."""
    return [line.strip() for line in lines if line.strip()]


def default_mirror() -> Path | None:
    """Return the folder that CHARLAB_MIRROR names, if it names one."""
    for mirror in os.environ.get("CHARLAB_MIRROR", "").split():
        if mirror.startswith("file://"):
            return Path(unquote(urlparse(mirror.split("{")[0]).path))
    return None


def judge(raw: bytes, first: int, last: int) -> tuple[str, int]:
    """Return a verdict on one file, and how many lines that are not blank are too many or few."""
    try:
        record = clean(raw).record
    except CharlabError as error:
        return f"refused: {error}", last - first + 1
    # How the bytes are decoded plays no part in which lines are blank.
    lines = re.split(rb"\r\n|\r|\n", raw)
    found = range(record.body_first - 1, record.body_last)
    true = range(first - 1, last)
    lost = sum(bool(lines[n].strip()) for n in true if n not in found)
    leak = sum(bool(lines[n].strip()) for n in found if n not in true)
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
    """Print both speeds, taken in turn, and the median of their ratios."""
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
