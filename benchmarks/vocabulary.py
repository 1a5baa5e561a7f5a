"""Time and memory that it takes to encode a text of any length.

A text of the given size is written to a temporary folder: lines of words drawn from a fixed list
by a seed, with the accents, curly quotes and dashes of books. It is encoded as in the vocab
stage; the time on the processor and the peak of resident memory are printed.

    python benchmarks/vocabulary.py --megabytes 1000
"""

from __future__ import annotations

import argparse
import platform
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from charlab.plan.params import CorpusParams
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.vocabulary import Ids

TEXT = """\
the lamp had burned on quay for longer than anyone in town could say and nobody was ever seen to
fill it “keeper,” said boy; but there no keeper — naïve façade café Märchen über l’œuvre señor
CHAPTER 1887 Ω
"""
WORDS = TEXT.split()


def write_text(path: Path, megabytes: int) -> None:
    """Write lines of words until the file has the given size."""
    random = np.random.default_rng(1)
    left = megabytes * 1_000_000
    with path.open("wb") as stream:
        while left > 0:
            words = random.choice(WORDS, (10_000, 11))
            piece = "".join(" ".join(line) + "\n" for line in words).encode()[:left]
            # The last piece may end within a character, which would not be UTF-8.
            stream.write(piece.decode("utf-8", "ignore").encode())
            left -= len(piece)


def main() -> None:
    """Print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=int, default=100)
    megabytes = parser.parse_args().megabytes
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "text.txt", Path(folder) / "out"
        write_text(path, megabytes)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall, started = time.perf_counter(), time.process_time()
        vocab = encode_text(path, CorpusParams(), out)
        wall, seconds = time.perf_counter() - wall, time.process_time() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        chars = sum(len(part) for part in _parts(EncodedText.load(out)))
    print(
        f"{megabytes} MB, {chars} characters, {vocab.size} of them different: {seconds:.1f} s of "
        f"one core ({wall:.1f} s on the clock), {peak // 1024} MB resident at most, "
        f"{before // 1024} MB of them before"
    )
    print(f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")


def _parts(text: EncodedText) -> tuple[Ids, ...]:
    return text.train, text.val, text.test


if __name__ == "__main__":
    main()
