"""Measure the loss of a network on whole splits, for history.csv and metrics.json."""

from __future__ import annotations

from charlab.core.sums import mean
from charlab.core.units import bits
from charlab.models.inference import InferenceModel
from charlab.models.params import ModelParams
from charlab.models.scoring import nats_per_char
from charlab.train.model_folder import Arrays
from charlab.train.run_state import RunState
from charlab.vocab.encoded_text import EncodedText
from charlab.vocab.vocabulary import Ids


def mean_nats(model: ModelParams, weights: Arrays, ids: Ids, segments: int) -> float:
    """Return the mean loss of a split in nats per character, with the state carried."""
    # The model of sampling and evaluation, so that their losses are exactly these.
    network = InferenceModel(model, weights)
    return mean(nats_per_char(network, ids, segments))


def final_metrics(
    data: EncodedText, model: ModelParams, run: RunState, chunk_chars: int
) -> dict[str, float | None]:
    """Return the content of metrics.json: the kept weights measured on val and test."""
    val = mean_nats(model, run.kept, data.val, data.segments)
    test = mean_nats(model, run.kept, data.test, data.segments) if len(data.test) else None
    metrics: dict[str, float | None] = {
        "val_nats": val,
        "test_nats": test,
        "val_bpc": bits(val),
        "test_bpc": None if test is None else bits(test),
        "train_nats": run.history[-1].train_nats if run.history else None,
        "parameters": sum(v.size for name, v in run.kept.items() if name != "ngrams"),
        # Fewer than planned if the training diverged.
        "train_chars": run.step * chunk_chars,
        "steps": run.step,
        "best_step": run.best_step,
    }
    if run.temperature is not None:
        metrics["temperature"] = run.temperature
    if run.diverged_at is not None:
        metrics["diverged_at_step"] = run.diverged_at
    return {name: _rounded(value) for name, value in metrics.items()}


def _rounded(value: float | None) -> float | None:
    """Round to eight significant digits, since further digits are rounding noise."""
    return float(f"{value:.8g}") if isinstance(value, float) else value
