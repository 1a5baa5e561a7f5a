"""Train one model on one file without DVC, with the same code and the same bytes as the stages."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from charlab.commands.inputs import about, read_body
from charlab.core.errors import CharlabError, printable
from charlab.core.files import WriteError, write_text
from charlab.core.folders import check_writable
from charlab.core.schema import ParamsError, apply_overrides, read_yaml
from charlab.plan.params import CorpusParams, Params, parse_params
from charlab.recipes import USUAL_LENGTH, load_recipe
from charlab.train.batches import Batches
from charlab.train.loop import train
from charlab.train.model_folder import TrainingConfig
from charlab.vocab.encoded_text import EncodedText, encode_text
from charlab.vocab.splits import divide

SLUG = "text"
"""Name of the one text in the parameters of such a training."""


def resolve(
    recipe: str | None,
    params_file: Path | None,
    overrides: list[str],
    seed: int | None,
    train_chars: int = USUAL_LENGTH,
) -> Params:
    """Return the parameters of a training outside the pipeline.

    They come from the schema's defaults, a recipe, or a parameter file; ``overrides``
    (``model.hidden=256``) and ``seed`` replace individual values. A recipe is adapted to
    ``train_chars``, the length of the training split.

    Raises
    ------
    ParamsError
        If a value is not allowed, or a file cannot be read.
    """
    if recipe is not None and params_file is not None:
        raise ParamsError("--recipe and --params exclude each other; give one of them")
    # An empty document stands for the schema's defaults.
    document: dict[str, Any] = {}
    if recipe is not None:
        document = load_recipe(recipe, train_chars)
    elif params_file is not None:
        document = _training_sections(params_file)
    document = apply_overrides(document, overrides)
    # An explicit --seed wins over "--set seed=...".
    if seed is not None:
        document["seed"] = seed
    # The schema requires a text; this one stands for the file on the command line.
    document |= {"texts": {SLUG: {"path": SLUG}}, "text": SLUG}
    return parse_params(document, "the parameters given")


def _training_sections(path: Path) -> dict[str, Any]:
    """Return the sections of a parameter file that a training uses."""
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise ParamsError(f"{path}: expected sections such as model: and train:")
    return {key: document[key] for key in ("seed", "corpus", "model", "train") if key in document}


def encode_file(
    text: Path, corpus: CorpusParams, out: Path, encoding: str | None = None
) -> EncodedText:
    """Clean ``text`` and encode it in folder ``out``.

    Raises
    ------
    CharlabError
        If the file cannot be read or is not a text.
    """
    # Go through files like the pipeline, so that the bytes are the same.
    body, content = out / "body.txt", read_body(text, corpus.clean, encoding)
    with about(text):
        divide(len(content), corpus)
    write_text(body, content)
    encode_text(body, corpus, out / "encoded")
    return EncodedText.load(out / "encoded")


def train_alone(
    text: Path,
    out: Path,
    *,
    recipe: str | None = None,
    params_file: Path | None = None,
    overrides: list[str],
    seed: int | None = None,
    encoding: str | None = None,
) -> dict[str, float | None]:
    """Train one model on one file and write its folder.

    Returns
    -------
    dict
        The model's metrics, and ``train_seconds``.

    Raises
    ------
    CharlabError
        If the parameters, the text or the folder cannot be used.
    """
    params = resolve(recipe, params_file, overrides, seed)
    _make_folder(out)
    with tempfile.TemporaryDirectory(prefix="charlab-") as folder:
        data = encode_file(text, params.corpus, Path(folder), encoding)
        params = resolve(recipe, params_file, overrides, seed, len(data.train))
        with about(text):
            Batches(data.train, params.train.batch_size, params.train.seq_len)
        # Cleaning and encoding are not timed, so that trainings can be compared.
        started = time.perf_counter()
        # A name that is not UTF-8 cannot be written to the model's folder.
        name = printable(text.stem)
        config = TrainingConfig(params.model, params.train, params.seed, name)
        metrics = train(data, config, out)
        seconds = time.perf_counter() - started
    return {**metrics, "train_seconds": round(seconds, 3)}


def _make_folder(out: Path) -> None:
    """Make the model's folder before the training: an error after it would waste hours."""
    try:
        check_writable(out)
    except WriteError as error:
        raise CharlabError(f"{error}; --out names a folder to write to") from None
