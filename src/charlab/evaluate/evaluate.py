"""Evaluation of a trained model: its parts, composed into one JSON document.

Input: a model directory, its encoded text, the text's baselines, and samples from the model.
Output: a dict for data/evaluation/<name>.json, whose keys docs/evaluation.md describes. A
key is null where the model, the text or the samples have nothing to report. Nothing is
trained and nothing is random. At most :data:`~charlab.evaluate.survey.MAX_CHARS` characters
of a split are considered, of which the network reads about 20,000.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from charlab.core.errors import CharlabError
from charlab.core.files import read_json, write_json
from charlab.core.machine import usable_cores
from charlab.core.schema import slug as slug_of
from charlab.evaluate.activations import ActivationHistogram, GateSaturation, weight_pictures
from charlab.evaluate.features import FEATURES, quotation_marks, text_features
from charlab.evaluate.gradient_flow import GradientByLag
from charlab.evaluate.memory import Dependencies, losses_by_dependency
from charlab.evaluate.neurons import Correlations, best_units, unit_to_color
from charlab.evaluate.overtaking import SINCE, Scored, snapshot_losses
from charlab.evaluate.passages import (
    PASSAGE,
    colored_passage,
    read_passage,
    typical_prediction,
    varied_passage,
)
from charlab.evaluate.reference import Reference, load_reference
from charlab.evaluate.samples import as_it_learned, novelty
from charlab.evaluate.survey import (
    MAX_CHARS,
    Accumulator,
    LossByPosition,
    bounded,
    survey,
)
from charlab.evaluate.trace import Floats, Ids, Network
from charlab.evaluate.versus_ngram import AgainstNgram
from charlab.models.trained import read_config
from charlab.vocab.encoded_text import EncodedText


def evaluate(
    model_dir: Path,
    data: EncodedText,
    reference: Reference | None = None,
    samples: dict[str, Any] | None = None,
    others: Sequence[Path] = (),
) -> dict[str, Any]:
    """Evaluate one model.

    Parameters
    ----------
    model_dir : Path
        Folder of the trained model.
    data : EncodedText
        The encoded text that it was trained on.
    reference : Reference, optional
        Properties of the text; without it there are no comparisons.
    samples : dict, optional
        Samples from the model, as in data/samples/<name>.json.
    others : sequence of Path
        Folders of the same model with other seeds, for what is measured with every seed.

    Returns
    -------
    dict
        JSON-able, floats rounded to six digits; docs/evaluation.md describes the keys.
    """
    # Rounded only at the end: the parts work with full precision.
    network = Network.load(model_dir)
    if network.model.vocab_size != data.vocab.size:
        raise CharlabError(
            f"{model_dir}: expected a model with the {data.vocab.size} characters of the text, "
            f"found {network.model.vocab_size}; it was trained on another text: train again"
        )
    reference = reference or Reference()
    surveyed, neurons = _survey(network, data, reference)
    whole: Scored = {}
    losses = snapshot_losses(model_dir, data, whole=whole)
    of_others = [snapshot_losses(folder, data, SINCE, whole) or [] for folder in others]
    dependencies = Dependencies.of(data, reference.floor, whole)
    result: dict[str, Any] = rounded(
        {
            **surveyed,
            **losses_by_dependency(dependencies, [model_dir, *others]),
            "neurons": neurons,
            **_passage(network, data, neurons),
            "weights": weight_pictures(network, data.vocab),
            "novelty": novelty(reference.training, samples),
            "as_it_learned": as_it_learned(losses, reference.training, samples),
            "overtaking": sum(of_others, losses) if losses else None,
        }
    )
    return result


def _survey(
    network: Network, data: EncodedText, reference: Reference
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Run every part that reads a split in blocks: one pass over val and one over test."""
    test, segments = bounded(data.test, data.segments)
    parts: dict[str, Accumulator] = {
        "loss_by_position": LossByPosition(network),
        "gradient_by_lag": GradientByLag(network),
        "activations": ActivationHistogram(network),
        "gates": GateSaturation(network),
    }
    order, ngram = reference.ngram_order, reference.ngram_nats
    if order is not None and ngram is not None:
        parts["against_ngram"] = AgainstNgram(test, data.vocab, order, ngram)
    test_correlations = _correlate(network, data, test, segments, list(parts.values()))
    # Units are chosen on val, where nothing else is measured.
    val_correlations = _correlate(network, data, *bounded(data.val, data.segments), [])
    results = {name: part.result() for name, part in parts.items()}
    neurons = best_units(val_correlations, test_correlations, network.hidden_size)
    return {"against_ngram": None} | results, neurons


def _correlate(
    network: Network, data: EncodedText, ids: Ids, segments: int, parts: list[Accumulator]
) -> Floats:
    """Correlate units with features over a split, and feed the other parts in the same pass."""
    correlations = Correlations(network, _features(data, ids, segments))
    # Without other parts, nobody reads gates and logits.
    for block in survey(network, ids, segments, states_only=not parts):
        for part in (correlations, *parts):
            part.add(block)
    return correlations.result()


def _features(data: EncodedText, ids: Ids, segments: int) -> Floats:
    """Return the features of a split, shape (chars, F)."""
    # Judged on the training split, so that every split has the same features.
    quotes = quotation_marks(data.vocab, data.vocab.decode(np.asarray(data.train[:MAX_CHARS])))
    return text_features(ids, data.vocab, segments, quotes)


def _passage(network: Network, data: EncodedText, neurons: list[dict[str, Any]]) -> dict[str, Any]:
    """Trace one passage of the test split: a unit's activations, and predictions."""
    test, segments = bounded(data.test, data.segments)
    neuron = unit_to_color(neurons)
    features = _features(data, test, segments)
    # Without a unit, any passage with words in it serves for the prediction.
    shown = features[:, FEATURES.index(neuron["feature"] if neuron else "space")]
    start = varied_passage(shown, features[:, FEATURES.index("line_break")], segments)
    if start is None:
        return {"colored": None, "next_char": None}
    passage = test[start : start + PASSAGE]
    traced = read_passage(network, test, start, segments)
    colored = colored_passage(network, data.vocab, passage, traced, neuron) if neuron else None
    return {"colored": colored, "next_char": typical_prediction(passage, traced, data.vocab)}


def rounded(value: Any, digits: int = 6) -> Any:
    """Round every float in a nested structure to significant digits; NaN becomes None.

    Sums of floats depend on the order in which a processor adds them; their first six
    digits do not.
    """
    if isinstance(value, dict):
        return {key: rounded(entry, digits) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(entry, digits) for entry in value]
    if isinstance(value, float):
        # Adding 0.0 turns -0.0 into 0.0.
        return float(f"{value:.{digits}g}") + 0.0 if math.isfinite(value) else None
    return value


def evaluate_files(
    model: Path, text: Path, baselines: tuple[Path, Path], samples: Path
) -> dict[str, Any]:
    """Evaluate the model of a folder.

    Parameters
    ----------
    model, text : Path
        Folders of the model and of its encoded text.
    baselines : tuple of Path
        File of the text's baselines, and folder of their arrays.
    samples : Path
        File of the samples.
    """
    data = EncodedText.load(text)
    return evaluate(model, data, load_reference(data, *baselines), read_json(samples))


def evaluate_variants(
    models: list[tuple[str, list[Path]]], *, texts: Path, baselines: Path, samples: Path, out: Path
) -> None:
    """Evaluate the first model of each variant, in parallel; write ``out/<slug>.json``.

    Parameters
    ----------
    models : list of (str, list of Path)
        Each variant's slug and its models' folders, whose configurations name its text.
    texts, baselines, samples : Path
        Folders of the encoded texts, of their baselines, and of the variants' samples.
    out : Path
        Folder for the results.
    """
    out.mkdir(parents=True, exist_ok=True)
    by_text: dict[str, list[tuple[str, list[Path]]]] = {}
    for slug, folders in models:
        text = slug_of(str(read_config(folders[0])[2].get("text")))
        by_text.setdefault(text, []).append((slug, folders))

    def evaluate_one(
        entry: tuple[str, list[Path]], *, data: EncodedText, reference: Reference
    ) -> None:
        """Evaluate one variant and write its file."""
        slug, (first, *others) = entry
        drawn = read_json(samples / f"{slug}.json")
        write_json(out / f"{slug}.json", evaluate(first, data, reference, drawn, others))

    # Threads, not processes: NumPy releases the interpreter lock in its long operations.
    with ThreadPoolExecutor(usable_cores()) as pool:
        # The reference of a text is large: load it once, for all variants of that text.
        for text, group in by_text.items():
            data = EncodedText.load(texts / text)
            reference = load_reference(data, baselines / f"{text}.json", baselines / text)
            # list() waits for all variants, and raises the first error.
            list(pool.map(partial(evaluate_one, data=data, reference=reference), group))
