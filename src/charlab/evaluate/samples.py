"""Comparison of a model's samples with its training text.

Input: samples, as in data/samples/. Output: entries of data/evaluation/.
"""

from __future__ import annotations

from typing import Any

from charlab.core.units import bits
from charlab.evaluate.novelty import TrainingText, character_entropy


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
    losses: list[dict[str, Any]] | None,
    training: TrainingText | None,
    samples: dict[str, Any] | None,
) -> list[dict[str, Any]] | None:
    """Add to the losses of each snapshot the share of real words in its sample.

    Parameters
    ----------
    losses : list of dict or None
        Rows of :func:`charlab.evaluate.overtaking.snapshot_losses`.

    Returns
    -------
    list of dict or None
        ``step``, ``chars`` read, ``val_nats`` and ``real_words`` (0 to 1, None without a
        sample) of each snapshot and of the final model; None if there are no snapshots.
    """
    if not losses:
        return None
    # Samples may be older than the model, or missing: then no text has this step.
    texts = {row["step"]: row["text"] for row in (samples or {}).get("as_it_learned") or []}
    return [
        {name: row[name] for name in ("step", "chars", "val_nats")}
        | {
            "real_words": training.real_words(texts[row["step"]])
            if training is not None and row["step"] in texts
            else None
        }
        for row in losses
    ]
