"""Build the tables of losses in metrics/: a row per run, variant, comparison entry, or text.

Inputs are records of :mod:`charlab.compare.results`; outputs are data frames with losses in
bits per character.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from charlab.compare.results import ResultsError, Run, read_optional
from charlab.compare.text_measures import text_measures
from charlab.core.files import read_json
from charlab.core.sums import deviation, mean
from charlab.core.units import bits
from charlab.plan.params import Params
from charlab.train.params import Variant

SPLITS = ("val", "test", "train")
"""The splits in the order of the columns."""

VariantRuns = Iterable[tuple[Variant, list[Run]]]
"""Each variant with one run per seed."""


def model_metrics(run: Run, text: dict[str, Any]) -> dict[str, float]:
    """Return the numbers of *the* model that ``dvc exp show`` displays.

    Parameters
    ----------
    run : Run
        The run of *the* model.
    text : dict
        The row of its text in :func:`texts_table`.

    Returns
    -------
    dict
        At most ten numbers. Unknown ones (no test split, no floor) are left out.
    """
    numbers: dict[str, float | None] = {
        "val_bpc": run.bpc("val"),
        "test_bpc": run.bpc("test"),
        "train_bpc": run.bpc("train"),
        "parameters": run.metrics["parameters"],
        "train_chars": run.metrics["train_chars"],
        # The baselines on the same text, so that an experiment shows its distance to them.
        "ngram_test_bpc": text["ngram_test_bpc"],
        "ppmd_test_bpc": text["ppmd_test_bpc"],
        "floor_test_bpc": text["floor_test_bpc"],
    }
    return {name: value for name, value in numbers.items() if value is not None}


def seeds_table(runs: VariantRuns) -> pd.DataFrame:
    """Return one row per variant and seed, losses in bits per character."""
    rows = [
        {
            "variant": variant.slug,
            "text": variant.text,
            "seed": run.seed,
            **{f"{split}_bpc": run.bpc(split) for split in SPLITS},
            "best_step": run.metrics.get("best_step"),
            "steps": run.metrics.get("steps"),
            # Missing for a run that did not diverge.
            "diverged_at_step": run.metrics.get("diverged_at_step"),
        }
        for variant, own in runs
        for run in own
    ]
    # Named, so that a study without variants has an empty table with a header.
    columns = ["variant", "text", "seed", *(f"{split}_bpc" for split in SPLITS)]
    columns += ["best_step", "steps", "diverged_at_step"]
    return pd.DataFrame(rows, columns=columns)


def variants_table(
    runs: VariantRuns, seeds: pd.DataFrame, labels: dict[str, str], tuned_by: dict[str, str]
) -> pd.DataFrame:
    """Return one row per variant: its settings, and mean and spread over its seeds.

    The spread (``_sd``) is the sample standard deviation, missing with one seed. A seed that
    diverged is counted (``diverged``) and is part of no mean, unless all diverged. ``tuned_by`` is
    the family of the sweep that chose the variant's learning rate, empty without one.
    """
    rows = []
    for variant, own in runs:
        of_variant = seeds[seeds["variant"] == variant.slug]
        whole = of_variant[of_variant["diverged_at_step"].isna()]
        row: dict[str, Any] = {
            "variant": variant.slug,
            "title": labels[variant.slug],
            "text": variant.text,
            "cell": variant.model.cell,
            "hidden": variant.model.hidden,
            "layers": variant.model.layers,
            "learning_rate": variant.train.learning_rate,
            "tuned_by": tuned_by.get(variant.slug, ""),
            # Every seed has the same number of both.
            "parameters": own[0].metrics["parameters"],
            "train_chars": own[0].metrics["train_chars"],
            "clip": variant.train.clip,
            "clip_at": None if variant.train.clip == "none" else variant.train.clip_at,
            "clipped": clipped_share(variant, own),
            "seeds": len(of_variant),
            "diverged": len(of_variant) - len(whole),
        }
        for split in SPLITS:
            # A split that does not exist is a column of None, which has no mean.
            values = (whole if len(whole) else of_variant)[f"{split}_bpc"].astype(float).dropna()
            row |= {f"{split}_bpc": mean(values), f"{split}_sd": deviation(values)}
        rows.append(row)
    return pd.DataFrame(rows)


def clipped_share(variant: Variant, runs: list[Run]) -> float | None:
    """Return the share of the steps of all runs of a variant in which the gradient was clipped.

    None if the variant does not clip by norm. Steps after the last measurement of a run that
    diverged do not count.
    """
    if variant.train.clip != "norm":
        return None
    clipped = steps = 0
    for run in runs:
        taken = np.diff(run.history["step"].to_numpy(), prepend=0)  # (intervals,)
        shares = run.history["clipped"].to_numpy(float)
        # Whole steps again, so that no rounding of seven digits is left.
        clipped += sum(round(share * n) for share, n in zip(shares, taken.tolist(), strict=True))
        steps += sum(taken.tolist())
    return clipped / steps if steps else None


def varied_value(variant: Variant, key: str | None) -> str:
    """Return a variant's value of the key that a comparison varies, as text; '' without a key."""
    if key is None:
        return ""
    # The key may be one of model:, one of train:, or one of the variant itself (text).
    for section in (variant.model, variant.train, variant):
        if key in type(section).model_fields:
            value = getattr(section, key)
            return f"{value:g}" if isinstance(value, float) else str(value)
    return ""


def comparisons_table(params: Params, seeds: pd.DataFrame) -> pd.DataFrame:
    """Return one row per comparison, variant and seed, in the order of params.yaml."""
    columns = ["comparison", "variant", "text", "vary", "value", "seed"]
    columns += [*(f"{split}_bpc" for split in SPLITS), "diverged_at_step"]
    parts = []  # (seeds, columns) each
    for slug, comparison in params.study.comparisons.items():
        # A variant has rows in each of its comparisons.
        for name in comparison.variants:
            rows = seeds[seeds["variant"] == name].copy()
            rows["comparison"] = slug
            rows["vary"] = comparison.vary or ""
            rows["value"] = varied_value(params.study.variant(name), comparison.vary)
            parts.append(rows[columns])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def texts_table(params: Params, data: Path) -> pd.DataFrame:
    """Return one row per text: size, measures, and losses of n-grams and compressors on it.

    Raises
    ------
    ResultsError
        If the splits of a text are missing.
    """
    rows = []
    for slug, text in params.texts.items():
        folder = data / "vocab" / slug
        if not (folder / "splits.json").is_file():
            raise ResultsError(
                f"{folder / 'splits.json'}: no such file, but params.yaml names the text {slug!r}; "
                "run 'dvc repro', which prepares what is missing"
            )
        splits = read_json(folder / "splits.json")  # number of characters by split
        rows.append(
            {
                "text": slug,
                "title": text.title or slug,
                "language": text.language or "",
                "source": text.kind,
                "split": splits["split"],
                "chars": splits["chars"],
                **{f"{name}_chars": splits[name] for name in ("train", "val", "test")},
                "vocabulary": _vocabulary_size(folder / "vocab.json"),
                **text_measures(data / "clean" / f"{slug}.txt"),
                **_baselines(read_optional(data / "baselines" / f"{slug}.json") or {}),
            }
        )
    return pd.DataFrame(rows)


def baselines_table(params: Params, data: Path) -> pd.DataFrame:
    """Return one row per text, kind of baseline (ngram, ppmd, floor) and order, in bits."""
    rows = []
    for slug in params.texts:
        document = read_optional(data / "baselines" / f"{slug}.json") or {}
        for kind in ("ngram", "ppmd", "floor"):
            measured = document.get(kind) or []
            # The floor has no order.
            for losses in measured if isinstance(measured, list) else [measured]:
                row = {"text": slug, "kind": kind, "order": losses.get("order")}
                rows.append(row | _in_bits("", losses))
    return pd.DataFrame(rows)


def _vocabulary_size(path: Path) -> int | None:
    """Return the number of symbols, None without a vocabulary."""
    vocab = read_optional(path)
    # The unknown symbol is not in the list of characters.
    return None if vocab is None else len(vocab["chars"]) + bool(vocab.get("unknown"))


def _baselines(document: dict[str, Any]) -> dict[str, float | int | None]:
    """Return the baselines of a text in bits per character, None where one is missing."""
    ngram, ppmd = _best(document, "ngram", "best_order"), _best(document, "ppmd", "best_ppmd_order")
    result: dict[str, float | int | None] = {"ngram_order": ngram.get("order")}
    result |= _in_bits("ngram_", ngram)
    result |= {"ppmd_order": ppmd.get("order")} | _in_bits("ppmd_", ppmd)
    for name in ("xz", "gzip", "bzip2", "floor"):
        result |= _in_bits(f"{name}_", document.get(name) or {})
    return result


def _best(document: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    """Return the row of the order that is best on val, which the key names."""
    rows: list[dict[str, Any]] = document.get(name) or []
    return next((row for row in rows if row["order"] == document.get(key)), {})


def _in_bits(prefix: str, losses: dict[str, Any]) -> dict[str, float | int | None]:
    """Return the losses of one baseline on val and test, as columns whose names have a prefix."""
    nats = {split: losses.get(f"{split}_nats") for split in ("val", "test")}
    return {
        f"{prefix}{split}_bpc": None if value is None else bits(value)
        for split, value in nats.items()
    }
