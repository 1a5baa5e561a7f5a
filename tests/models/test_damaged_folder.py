"""Model folders from strangers: each kind of damage is refused in one line, without a hang."""

from __future__ import annotations

import json
import os
import random
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from charlab.core.errors import CharlabError
from charlab.core.files import write_json
from charlab.models.inference import load_with_vocabulary
from charlab.models.params import ModelParams
from charlab.models.snapshots import load_snapshots
from charlab.models.weights import NO_NGRAMS, expected_shapes, save_weights
from charlab.vocab.vocabulary import Vocabulary

PARAMS = ModelParams(cell="gru", hidden=4)
TRIGRAMS = ModelParams(cell="gru", hidden=4, input="trigram", direct_order=2)
VOCAB = Vocabulary.from_text("abcde")


NGRAMS = np.array([[-1, 0, 1], [-1, 2, 2], [0, 1, 3]], np.int32)


def write_model(folder: Path, params: ModelParams = PARAMS) -> Path:
    """Write a tiny model folder with a snapshot."""
    rng = np.random.default_rng(0)
    ngrams = NGRAMS if params.input != "char" else NO_NGRAMS
    shapes = expected_shapes(params, VOCAB.size, ngrams)
    weights: dict[str, Any] = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    if params.input != "char":
        weights["ngrams"] = ngrams
    for name in ("model", "snapshots/3"):
        save_weights(folder / f"{name}.safetensors", weights)
    document = {"format": 1, "vocab_size": VOCAB.size, "model": params.model_dump()}
    write_json(folder / "config.json", document | {"train": {"batch_size": 4, "seq_len": 12}})
    VOCAB.save(folder / "vocab.json")
    write_json(folder / "metrics.json", {"best_step": 9})
    return folder


def load(folder: Path) -> None:
    """Read everything in a model folder."""
    load_with_vocabulary(folder)
    load_snapshots(folder)


def reweighted(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """Return a damage that changes the weights."""

    def damage(path: Path) -> None:
        weights = load_file(path)
        change(weights)
        save_file(weights, path)

    return damage


def rewritten(change: Callable[[Any], object]) -> Callable[[Path], None]:
    """Return a damage that changes a JSON document."""

    def damage(path: Path) -> None:
        document = json.loads(path.read_text(encoding="utf-8"))
        change(document)
        path.write_text(json.dumps(document), encoding="utf-8")

    return damage


def content(value: bytes) -> Callable[[Path], None]:
    """Return a damage that replaces a file's content."""

    def damage(path: Path) -> None:
        path.write_bytes(value)

    return damage


def header(document: object, body: bytes = b"") -> Callable[[Path], None]:
    """Return a damage that replaces the weights by a file with another header."""
    encoded = document if isinstance(document, bytes) else json.dumps(document).encode()
    return content(struct.pack("<Q", len(encoded)) + encoded + body)


def pipe(path: Path) -> None:
    """Put a pipe in the place of a file; reading it would wait for ever."""
    path.unlink()
    os.mkfifo(path)


def folder_instead(path: Path) -> None:
    """Put a folder in the place of a file."""
    path.unlink()
    path.mkdir()


def put(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    """Return a change that sets one entry."""
    return lambda document: document.update({name: value})


def halved(weights: dict[str, Any]) -> None:
    """Store one weight in half precision."""
    weights["head.bias"] = weights["head.bias"].astype(np.float16)


def not_a_number(weights: dict[str, Any]) -> None:
    """Put NaN into one weight."""
    weights["head.bias"][1] = np.nan


def infinite(weights: dict[str, Any]) -> None:
    """Put an infinity into one weight."""
    weights["rnn.weight_hh_l0"][0, 0] = -np.inf


ENTRY = {"dtype": "F32", "shape": [5], "data_offsets": [0, 20]}
DEEP = b"[" * 100_000
WEIGHTS, CONFIG, VOCABULARY = "model.safetensors", "config.json", "vocab.json"
DAMAGES: list[tuple[str, Callable[[Path], None], str]] = [
    (WEIGHTS, Path.unlink, "No such file"),
    (WEIGHTS, folder_instead, "found a folder"),
    (WEIGHTS, content(b""), "not a readable weights file"),
    (WEIGHTS, content(b"PK\x03\x04 an archive"), "not a readable weights file"),
    (WEIGHTS, content(b"\x80\x04\x95 a pickle"), "not a readable weights file"),
    (WEIGHTS, content(struct.pack("<Q", 1 << 62) + b"{}"), "its header would be"),
    (WEIGHTS, header({}), "missing or additional"),
    (WEIGHTS, header(DEEP), "not a readable weights file"),
    (WEIGHTS, header({"head.bias": ENTRY | {"dtype": "O"}}, bytes(20)), "not a readable"),
    (WEIGHTS, header({"head.bias": ENTRY | {"shape": [1 << 62]}}, bytes(20)), "not a readable"),
    (WEIGHTS, header({"head.bias": ENTRY | {"shape": [-5]}}, bytes(20)), "not a readable"),
    (WEIGHTS, reweighted(put("head.bias", np.zeros(6, np.float32))), r"of shape \(6,\)"),
    (WEIGHTS, reweighted(put("more", np.zeros(5, np.float32))), "additional ones: more"),
    (WEIGHTS, reweighted(put("head.bias", np.zeros(5, np.int32))), "found I32"),
    (WEIGHTS, reweighted(halved), "found float16"),
    (WEIGHTS, reweighted(not_a_number), "NaN in head.bias"),
    (WEIGHTS, reweighted(infinite), "NaN in rnn.weight_hh_l0"),
    ("snapshots/3.safetensors", reweighted(not_a_number), "NaN in head.bias"),
    ("snapshots/3.safetensors", folder_instead, "found a folder"),
    (CONFIG, Path.unlink, "No such file"),
    (CONFIG, folder_instead, "found a folder"),
    (CONFIG, content(DEEP), "nested too deeply"),
    (CONFIG, content(b"\xff\xfe"), "not JSON in UTF-8"),
    (CONFIG, content(b"[1]"), "not the configuration"),
    (CONFIG, content(b'{"vocab_size": ' + b"9" * 10_000 + b"}"), "not the configuration"),
    (CONFIG, rewritten(put("vocab_size", 1e999)), "Infinity is not a number"),
    (CONFIG, content(b'{"model": {}, "vocab_size": 1e999}'), "vocab_size is inf"),
    (CONFIG, rewritten(put("vocab_size", True)), "vocab_size is True"),
    (CONFIG, rewritten(put("vocab_size", 0)), "vocab_size is 0"),
    (CONFIG, rewritten(put("vocab_size", 1 << 40)), "vocab_size is 1099511627776"),
    (CONFIG, rewritten(put("model", {"hidden": 10**9})), "model.hidden"),
    (CONFIG, rewritten(put("model", {"layers": 10**9})), "model.layers"),
    (CONFIG, rewritten(put("model", {"more": [[[[]]]]})), "model.more"),
    (CONFIG, rewritten(put("model", [])), "not the configuration"),
    (CONFIG, rewritten(put("train", {"batch_size": "x"})), "not that of a training"),
    (VOCABULARY, Path.unlink, "No such file"),
    (VOCABULARY, folder_instead, "found a folder"),
    (VOCABULARY, content(DEEP), "nested too deeply"),
    (VOCABULARY, content(b"null"), "expected JSON with chars"),
    (VOCABULARY, rewritten(put("chars", "abcde")), "expected JSON with chars"),
    (VOCABULARY, rewritten(put("chars", ["a", "b", "c", "d", 5])), "expected JSON with chars"),
    (VOCABULARY, rewritten(put("chars", ["a", "b", "c", "d", "ef"])), "sorted by code point"),
    (VOCABULARY, rewritten(put("chars", ["a", "b", "c", "d", "\ud800"])), "sorted by code point"),
    (VOCABULARY, rewritten(put("counts", [1, 1, 1, 1, None])), "expected JSON with chars"),
    (VOCABULARY, rewritten(put("unknown", "no")), "expected JSON with chars"),
    (VOCABULARY, rewritten(put("size", 6)), "expected 5 as size"),
    (VOCABULARY, lambda path: Vocabulary.from_text("abcdef").save(path), "expected the 5 char"),
    (VOCABULARY, lambda path: Vocabulary.from_text("abcd").save(path), "expected the 5 char"),
    ("metrics.json", content(b"[]"), "not that of a training"),
    ("metrics.json", content(b'{"best_step": 1e999}'), "not that of a training"),
]  # fmt: skip
if sys.platform != "win32":
    DAMAGES += [
        (name, pipe, "found a pipe")
        for name in (WEIGHTS, CONFIG, VOCABULARY, "snapshots/3.safetensors")
    ]


@pytest.mark.parametrize(
    ("name", "damage", "message"), DAMAGES, ids=[f"{n}: {m}" for n, _, m in DAMAGES]
)
def test_damage_is_named_in_one_line(
    tmp_path: Path, name: str, damage: Callable[[Path], None], message: str
) -> None:
    """The message names the file and what is wrong with it."""
    folder = write_model(tmp_path)
    load(folder)
    damage(folder / name)
    with pytest.raises(CharlabError, match=message) as error:
        load(folder)
    assert name.split("/")[-1] in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


@pytest.mark.parametrize("seed", range(2))
def test_random_damage_is_refused_or_harmless(tmp_path: Path, seed: int) -> None:
    """Bytes are changed, cut, repeated and inserted; nothing but our own error is raised."""
    rng = random.Random(seed)
    folder = write_model(tmp_path, (PARAMS, TRIGRAMS)[seed % 2])
    names = [WEIGHTS, CONFIG, VOCABULARY, "metrics.json", "snapshots/3.safetensors"]
    originals = {name: (folder / name).read_bytes() for name in names}
    pieces = [b"null", b"1e999", b"-1", b'"', b"{", b"[[", b"NaN", b"\x00", b"\xff", b"0" * 50]
    for _ in range(60):
        name = rng.choice(names)
        damaged = bytearray(originals[name])
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(damaged) + 1)
            end = min(at + rng.choice([0, 1, 1, 4, 40]), len(damaged))
            damaged[at:end] = rng.choice([rng.randbytes(1), rng.choice(pieces), b"", damaged[:at]])
        (folder / name).write_bytes(damaged)
        try:
            load(folder)
        except CharlabError as error:
            assert "\n" not in str(error)
        (folder / name).write_bytes(originals[name])
    load(folder)
