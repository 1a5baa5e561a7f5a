"""What a model wrote, set beside the text that it was trained on.

What enters are samples, as in data/samples/; what leaves are dicts for data/evaluation/.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from charlab.core.units import bits
from charlab.evaluate.bounds import bounded
from charlab.evaluate.novelty import TrainingText, character_entropy
from charlab.models.scoring import nats_per_char
from charlab.models.snapshots import load_snapshots
from charlab.vocab.vocabulary import EncodedText


def novelty(
    training: TrainingText | None, samples: dict[str, Any] | None
) -> list[dict[str, Any]] | None:
    """Set each sample beside the training text: what is copied, what is new, what is words."""
    if training is None or samples is None:
        return None
    return [_novelty_of(training, sample) for sample in samples["samples"]]


def _novelty_of(training: TrainingText, sample: dict[str, Any]) -> dict[str, Any]:
    text = sample["text"]
    copied = training.longest_copy(text)
    shares = training.novelty([text])
    return {
        "temperature": sample["temperature"],
        "longest_copied": len(copied.text),
        "copied_text": copied.text,
        "real_words": training.real_words([text]),
        "entropy_bpc": bits(character_entropy([text])),
        "novel_by_length": [{"length": n, "share": share} for n, share in shares.items()],
    }


def as_it_learned(
    model_dir: Path,
    data: EncodedText,
    training: TrainingText | None,
    samples: dict[str, Any] | None,
) -> list[dict[str, Any]] | None:
    """Measure a network as it was on the way: its loss on val, the real words that it wrote.

    Returns
    -------
    list of dict or None
        ``step``, ``chars`` read, ``val_nats`` and ``real_words`` (0 to 1, None without a
        sample) at each snapshot and in the end; None if the training kept no snapshots.
    """
    kept = load_snapshots(model_dir)
    if not kept:
        return None
    val, segments = bounded(data.val, data.segments)
    texts = {row["step"]: row["text"] for row in (samples or {}).get("as_it_learned") or []}
    return [
        {
            "step": snapshot.step,
            "chars": snapshot.chars,
            "val_nats": float(nats_per_char(snapshot.network, val, segments).mean()),
            "real_words": training.real_words([texts[snapshot.step]])
            if training is not None and snapshot.step in texts
            else None,
        }
        for snapshot in kept
    ]
