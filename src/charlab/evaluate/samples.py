"""Comparison of a model's samples with its training text.

Input: samples, as in data/samples/. Output: entries of data/evaluation/.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from charlab.core.sums import mean
from charlab.core.units import bits
from charlab.evaluate.novelty import TrainingText, character_entropy
from charlab.evaluate.survey import bounded
from charlab.models.scoring import nats_per_char
from charlab.models.snapshots import load_snapshots
from charlab.vocab.encoded_text import EncodedText


def novelty(
    training: TrainingText | None, samples: dict[str, Any] | None
) -> list[dict[str, Any]] | None:
    """Measure copied passages, new n-grams and real words of each sample.

    Returns
    -------
    list of dict or None
        One row for each temperature; None without a training text or samples.
    """
    if training is None or samples is None:
        return None
    return [_novelty_of(training, sample) for sample in samples["samples"]]


def _novelty_of(training: TrainingText, sample: dict[str, Any]) -> dict[str, Any]:
    text = sample["text"]
    # Each sample is compared alone: temperatures are never mixed.
    copied = training.longest_copy(text)
    return {
        "temperature": sample["temperature"],
        "longest_copied": len(copied),
        "copied_text": copied,
        "real_words": training.real_words(text),
        "entropy_bpc": bits(character_entropy(text)),
        "novel_by_length": [
            {"length": n, "share": share} for n, share in training.novelty(text).items()
        ],
    }


def as_it_learned(
    model_dir: Path,
    data: EncodedText,
    training: TrainingText | None,
    samples: dict[str, Any] | None,
) -> list[dict[str, Any]] | None:
    """Measure each snapshot of a training: its loss on val, and the real words in its sample.

    Returns
    -------
    list of dict or None
        ``step``, ``chars`` read, ``val_nats`` and ``real_words`` (0 to 1, None without a
        sample) of each snapshot and of the final model; None if there are no snapshots.
    """
    snapshots = load_snapshots(model_dir)
    if not snapshots:
        return None
    # The same part of val for each snapshot, so that the losses are comparable.
    val, segments = bounded(data.val, data.segments)
    # Samples may be older than the model, or missing: then no text has this step.
    texts = {row["step"]: row["text"] for row in (samples or {}).get("as_it_learned") or []}
    return [
        {
            "step": snapshot.step,
            "chars": snapshot.chars,
            "val_nats": mean(nats_per_char(snapshot.network, val, segments)),
            "real_words": training.real_words(texts[snapshot.step])
            if training is not None and snapshot.step in texts
            else None,
        }
        for snapshot in snapshots
    ]
