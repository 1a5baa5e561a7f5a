"""What benchmarks/fuzz.py attacks: for each target its seeds, its words, and the call."""

from __future__ import annotations

import atexit
import json
import random
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from charlab.clean.cleaner import clean
from charlab.core.errors import printable
from charlab.core.files import read_json
from charlab.core.restored import recorded_outputs
from charlab.core.schema import parse_yaml
from charlab.course.outputs import compared
from charlab.fetch.mirrors import mirrors
from charlab.models.params import ModelParams
from charlab.models.trained import load_trained
from charlab.models.weights import expected_shapes, save_weights
from charlab.plan.params import parse_params
from charlab.report.markdown import escape
from charlab.report.render import excerpt
from charlab.vocab.vocabulary import Vocabulary
from fuzz_seeds import (
    CREDITS,
    END,
    HANDED_IN,
    HEADER,
    KEYS,
    LICENSE,
    LOCK,
    MARKUP,
    NOTE,
    PARAMS,
    PATHS,
    PIECES,
    SAMPLES,
    START,
    TEXTS,
)
from mutations import mutate


class LawError(Exception):
    """A property of the target that does not hold for an input."""


@dataclass(frozen=True)
class Target:
    """A function to attack.

    Attributes
    ----------
    name : str
        Its name on the command line.
    share : int
        Its share of all cases, relative to the others.
    make : callable
        Returns the input of a case.
    run : callable
        Takes the input; raises CharlabError to refuse it, LawError if a law is broken.
    """

    name: str
    share: int
    make: Callable[[random.Random], bytes]
    run: Callable[[bytes], None]


def mutated(seeds: Sequence[bytes], words: Sequence[bytes]) -> Callable[[random.Random], bytes]:
    """Return a function that makes inputs from seeds and words."""
    return lambda rng: mutate(rng, rng.choice(seeds), words, seeds)


def body_lines(rng: random.Random) -> list[str]:
    """Return lines of a body, each of which can be told from all others."""
    words = re.findall(r"\w+", "the old man saw a house near the river when nobody went to it")
    lines = []
    for number in range(rng.randint(6, 40)):
        chosen = " ".join(rng.choice(words) for _ in range(rng.randint(5, 11)))
        lines.append(f"And {chosen} {'abcdefghij'[number // 10]}{'klmnopqrst'[number % 10]}.")
        if rng.random() < 0.2:
            lines.append("")
    return lines


def book(rng: random.Random) -> bytes:
    """Return a book with a body that must survive, between damaged other parts."""
    # A damaged note may be a label, whose note is then the next block: notes stay whole.
    front = mutate(rng, HEADER + START, (), (HEADER,)) + rng.choice((b"\n", CREDITS, NOTE))
    back = rng.choice((b"\n", NOTE)) + mutate(rng, END + LICENSE, (), (LICENSE,))
    # UTF-8 that no zero byte makes look like UTF-16: other damage belongs to "cleaner".
    front, back = (
        part.decode("utf-8", "ignore").replace("\0", "").encode() for part in (front, back)
    )
    return front + b"\n\n" + "\n".join(body_lines(rng)).encode() + b"\n\n" + back


def run_book(content: bytes) -> None:
    """Clean a book; no line of its body may be lost."""
    lines = set(re.findall(r"And [a-z ]+ [a-j][k-t]\.", content.decode()))
    kept = clean(content).text
    lost = [line for line in lines if line not in kept]
    if lost:
        raise LawError("a line of the body is lost")


def run_cleaner(content: bytes) -> None:
    """Clean a file, and clean the result again."""
    once = clean(content).text
    if once != unicodedata.normalize("NFC", once) or "\r" in once or "\ufeff" in once:
        raise LawError("the body is not in NFC with LF and without marks")
    if clean(once.encode("utf-8")).text != once:
        raise LawError("cleaning its own output changes it")


def run_params(content: bytes) -> None:
    """Read parameters; every name that is accepted is safe in a path and for a shell."""
    params = parse_params(parse_yaml(content, "params.yaml"))
    names = [params.text, *params.texts, *params.study.variants, *params.study.comparisons]
    names += [variant.text for variant in params.study.variants.values()]
    if not all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) for name in names):
        raise LawError("a name with odd characters is accepted")
    for slug in params.study.variants:
        params.study.variant(slug)


VOCAB = Vocabulary.from_text("a small text, and its characters!", unknown=True)


def run_vocabulary(content: bytes) -> None:
    """Load a vocabulary; encoding and decoding give the text back."""
    path = folder() / "one" / "vocab.json"
    path.write_bytes(content)
    vocabulary = Vocabulary.load(path)
    text = "".join(vocabulary.chars[:5])
    if vocabulary.decode(vocabulary.encode(text)) != text:
        raise LawError("a text is not what it was after encoding and decoding")


@cache
def folder() -> Path:
    """Return a folder of this process, with a tiny model to damage."""
    root = Path(tempfile.mkdtemp(prefix="charlab-fuzz-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    for name in ("one", "model", "given", "made"):
        (root / name).mkdir()
    model = ModelParams(cell="rnn", hidden=2)
    shapes = expected_shapes(model, VOCAB.size)
    save_weights(
        root / "model" / "model.safetensors",
        {name: np.ones(shape, np.float32) for name, shape in shapes.items()},
    )
    config = {"format": 1, "vocab_size": VOCAB.size, "seed": 1, "text": "a"}
    config |= {"model": model.model_dump(), "train": {}}
    (root / "model" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    VOCAB.save(root / "model" / "vocab.json")
    return root


def run_model(name: str) -> Callable[[bytes], None]:
    """Return a function that loads a model of which one file is damaged."""

    def run(content: bytes) -> None:
        path = folder() / "model" / name
        whole = path.read_bytes()
        path.write_bytes(content)
        try:
            load_trained(folder() / "model")
        finally:
            path.write_bytes(whole)

    return run


def model_seed(name: str) -> Callable[[random.Random], bytes]:
    """Return a function that damages one file of a model."""

    def make(rng: random.Random) -> bytes:
        seed = (folder() / "model" / name).read_bytes()
        return mutate(rng, seed, (b'"F32"', b'"F64"', b'"BF16"', b'"I8"', b"[[[["), (seed,))

    return make


def run_handed_in(content: bytes) -> None:
    """Compare a handed-in file with the right one."""
    for suffix, right in ((".json", HANDED_IN[0]), (".csv", HANDED_IN[1])):
        for side, value in (("given", content), ("made", right)):
            (folder() / side / f"out{suffix}").write_bytes(value)
        for file in compared(folder() / "given", folder() / "made", f"out{suffix}"):
            if any(len(note) > 500 or printable(note) != note for note in file.notes):
                raise LawError("a note that is long or acts on a terminal")


def run_lock(content: bytes) -> None:
    """Read dvc.lock; no path that comes from it leaves the project."""
    root = folder() / "one"
    (root / "dvc.lock").write_bytes(content)
    for output in recorded_outputs(root):
        inside = ".." not in output.path.parts and output.path.is_relative_to(root)
        if not inside or not re.fullmatch(r"[0-9a-f]{32}(\.dir)?", output.md5):
            raise LawError("a path in dvc.lock leaves the project")


def run_json(content: bytes) -> None:
    """Read a file of samples."""
    (folder() / "one" / "samples.json").write_bytes(content)
    read_json(folder() / "one" / "samples.json")


def run_mirror(content: bytes) -> None:
    """Read the setting of mirrors; an environment variable holds no NUL."""
    mirrors(content.replace(b"\0", b"").decode("utf-8", "surrogateescape"))


def run_markup(content: bytes) -> None:
    """Escape a title and a sample; what is left has no markup and one line."""
    text = content.decode("utf-8", "replace")
    shown = [escape(text), re.sub("<br>", "", excerpt(text))]
    if any(set("<>\r\n\x1b\0") & set(piece) for piece in shown):
        raise LawError("markup or a line end is left")


_TARGETS = (
    Target("lock", 6, mutated((LOCK,), PATHS), run_lock),
    Target("samples", 12, mutated((SAMPLES,), ()), run_json),
    Target("cleaner", 10, mutated(TEXTS, PIECES), run_cleaner),
    Target("book", 8, book, run_book),
    Target("params", 24, mutated(PARAMS, KEYS), run_params),
    Target("vocabulary", 12, mutated((json.dumps(VOCAB.as_dict()).encode(),), ()), run_vocabulary),
    Target("config", 6, model_seed("config.json"), run_model("config.json")),
    Target("weights", 6, model_seed("model.safetensors"), run_model("model.safetensors")),
    Target("handed-in", 3, mutated(HANDED_IN, ()), run_handed_in),
    Target(
        "mirror", 12, mutated((b"https://h/{id}.txt", b"/srv/x file:///y/{path}"), ()), run_mirror
    ),
    Target("markup", 12, mutated(MARKUP, ()), run_markup),
)
TARGETS = {target.name: target for target in _TARGETS}
"""All targets, by name."""
