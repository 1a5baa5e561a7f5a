"""Look inside a trained model: the parts of the evaluation, composed into one JSON.

What enters is a model directory, its numbered text, and what was sampled from it; what
leaves is a dict for data/evaluation/<name>.json, whose keys docs/looking-inside.md
describes. A key is null where the model, the text or the samples have nothing to show
for it. Nothing is trained and nothing is random. At most :data:`MAX_CHARS` characters
of a split are looked at, of which the network reads about 20,000.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from charlab.core.files import read_json, write_json
from charlab.core.machine import usable_cores
from charlab.evaluate.activations import ActivationHistogram, GateSaturation, weight_pictures
from charlab.evaluate.bounds import MAX_CHARS, bounded
from charlab.evaluate.features import FEATURES, quotation_marks, text_features
from charlab.evaluate.gradient_flow import GradientByLag
from charlab.evaluate.neurons import Correlations, best_units, most_telling
from charlab.evaluate.passages import (
    COLORED_CHARS,
    colored_passage,
    read_passage,
    telling_passage,
    typical_prediction,
)
from charlab.evaluate.reference import Reference, part_of, refer
from charlab.evaluate.samples import as_it_learned, novelty
from charlab.evaluate.survey import (
    Block,
    LossByPosition,
    loss_by_distance,
    loss_by_kind,
    survey,
)
from charlab.evaluate.trace import Floats, Ids, Network
from charlab.evaluate.versus_ngram import AgainstNgram
from charlab.models.scoring import nats_per_char
from charlab.synthetic.text import write
from charlab.vocab.vocabulary import EncodedText


class Look(Protocol):
    """A part of the evaluation that reads a survey block by block."""

    def add(self, block: Block) -> None:
        """Take one block in."""

    def result(self) -> Any:
        """Return what was found, JSON-able, or None."""


def evaluate(
    model_dir: Path,
    data: EncodedText,
    reference: Reference | None = None,
    samples: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Look inside one model.

    Parameters
    ----------
    model_dir : Path
        Folder of the trained model.
    data : EncodedText
        The text that it was trained on, numbered.
    reference : Reference, optional
        What is known of the text itself; without it the model is compared with nothing.
    samples : dict, optional
        What was sampled from the model, as in data/samples/<name>.json.

    Returns
    -------
    dict
        JSON-able, floats rounded to six significant digits; the keys are in
        docs/looking-inside.md.
    """
    network = Network.load(model_dir)
    reference = reference or Reference()
    surveyed, neurons = _survey(network, data, reference)
    found: dict[str, Any] = rounded(
        {
            **surveyed,
            **_far_losses(network, data, reference),
            "neurons": neurons,
            **_passage(network, data, neurons),
            "weights": weight_pictures(network, data.vocab),
            "novelty": novelty(reference.training, samples),
            "as_it_learned": as_it_learned(model_dir, data, reference.training, samples),
        }
    )
    return found


def _survey(
    network: Network, data: EncodedText, reference: Reference
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Take every look that reads a split in blocks, in one pass over val and one over test."""
    test, segments = bounded(data.test, data.segments)
    looks: dict[str, Look] = {
        "loss_by_position": LossByPosition(network),
        "gradient_by_lag": GradientByLag(network),
        "activations": ActivationHistogram(network),
        "gates": GateSaturation(network),
    }
    order, ngram = reference.ngram_order, reference.ngram_nats
    if order is not None and ngram is not None:
        looks["against_ngram"] = AgainstNgram(test, data.vocab, order, ngram)
    on_test = _correlate(network, data, test, segments, list(looks.values()))
    on_val = _correlate(network, data, *bounded(data.val, data.segments), [])
    found = {name: look.result() for name, look in looks.items()}
    return {"against_ngram": None} | found, best_units(on_val, on_test, network.hidden_size)


def _correlate(
    network: Network, data: EncodedText, ids: Ids, segments: int, looks: list[Look]
) -> Floats:
    """Survey a split for its correlations, and for every look at the same time."""
    correlations = Correlations(network, _features(data, ids, segments))
    for block in survey(network, ids, segments):
        for look in (correlations, *looks):
            look.add(block)
    return correlations.result()


def _features(data: EncodedText, ids: Ids, segments: int) -> Floats:
    quotes = quotation_marks(data.vocab, data.vocab.decode(np.asarray(data.train[:MAX_CHARS])))
    return text_features(ids, data.vocab, segments, quotes)


def _far_losses(
    network: Network, data: EncodedText, reference: Reference
) -> dict[str, list[dict[str, Any]] | None]:
    """Set the network beside the floor where something far back matters."""
    if reference.floor is None or not len(data.test):
        return {"loss_by_distance": None, "loss_by_kind": None}
    ids, segments = bounded(data.test, data.segments)
    place = np.arange(len(ids)) % (len(ids) // segments)
    # The first character of a segment has no loss, and what something before the segment
    # decides cannot be known: the state there starts anew.
    known = (place > 0) & (reference.floor.distance[: len(ids)] <= place)
    nats = nats_per_char(network, ids, segments)[known[place > 0]]
    floor = part_of(reference.floor, np.flatnonzero(known))
    return {
        "loss_by_distance": loss_by_distance(nats, floor),
        "loss_by_kind": loss_by_kind(nats, floor),
    }


def _passage(network: Network, data: EncodedText, neurons: list[dict[str, Any]]) -> dict[str, Any]:
    """Read one passage of the test split closely."""
    test, segments = bounded(data.test, data.segments)
    neuron = most_telling(neurons)
    features = _features(data, test, segments)
    shown = features[:, FEATURES.index(neuron["feature"] if neuron else "space")]
    start = telling_passage(shown, features[:, FEATURES.index("line_break")], segments)
    if start is None:
        return {"colored": None, "next_char": None}
    passage = test[start : start + COLORED_CHARS]
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
        # Adding 0.0 makes -0.0 a plain zero.
        return float(f"{value:.{digits}g}") + 0.0 if math.isfinite(value) else None
    return value


def reference_of(text: Path, source: Path) -> tuple[EncodedText, Reference]:
    """Load a numbered text, and what it is set beside.

    Parameters
    ----------
    text : Path
        Folder of the numbered text.
    source : Path
        data/plan/<text>.json: what the text is.
    """
    data, plan = EncodedText.load(text), read_json(source)
    invented = write(plan["chars"], plan["seed"]) if "builtin" in plan else None
    return data, refer(data, invented)


def evaluate_files(model: Path, text: Path, source: Path, samples: Path) -> dict[str, Any]:
    """Look inside the model of a folder; the arguments are the stage's files."""
    data, reference = reference_of(text, source)
    return evaluate(model, data, reference, read_json(samples))


def evaluate_variants(
    models: list[tuple[str, Path]], *, texts: Path, plan: Path, samples: Path, out: Path
) -> None:
    """Look inside one model of each variant, side by side; write ``out/<slug>.json``.

    Parameters
    ----------
    models : list of (str, Path)
        Each variant's slug and its model folder, which names its text.
    texts, plan, samples : Path
        Folders of the numbered texts, of what they are, and of the variants' samples.
    out : Path
        Folder to fill.
    """
    out.mkdir(parents=True, exist_ok=True)
    by_text: dict[str, list[tuple[str, Path]]] = {}
    for slug, model in models:
        by_text.setdefault(read_json(model / "config.json")["text"], []).append((slug, model))
    # Threads, not processes: NumPy lets go of the interpreter in all that takes time.
    with ThreadPoolExecutor(usable_cores()) as pool:
        for text, group in by_text.items():
            data, reference = reference_of(texts / text, plan / f"{text}.json")

            def look(
                entry: tuple[str, Path],
                data: EncodedText = data,
                reference: Reference = reference,
            ) -> None:
                slug, model = entry
                drawn = read_json(samples / f"{slug}.json")
                write_json(out / f"{slug}.json", evaluate(model, data, reference, drawn))

            # list() waits for all, and raises what any of them raised.
            list(pool.map(look, group))
