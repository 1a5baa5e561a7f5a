"""Bounds for outputs that are not promised to be the same bits on every machine."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charlab.core.stage_inputs import lookup
from charlab.core.units import LN_2
from charlab.course.outputs import files_of
from charlab.verify.stages import Stage

BOUND = 0.05
"""Bits per character by which a final loss may differ where a library chooses the order of sums.

Training amplifies a difference in the last digit until two runs differ as those of two seeds do. On
processors with AVX2 and with AVX-512 the course study's trainings by torch and NumPy (3,905
updates) ended up to 0.021 apart; the standard deviation over seeds is 0.006 to 0.010.
"""

UNDERWAY = 0.1
"""The same bound for a loss that was measured during training; there it was up to 0.038."""

LOSSES = {"bpc": 1.0, "nats": 1 / LN_2}
"""Bits of each unit in which a model's files have losses."""

FREE = (".safetensors",)
"""Files whose numbers may all differ: the weights behind losses that hardly differ."""


@dataclass(frozen=True)
class Closeness:
    """The largest difference between two outputs, and whether it is allowed.

    Attributes
    ----------
    allowed : bool
        Whether every number that has a bound is within it, and nothing else differs.
    note : str
        The number, its difference, and the bound with its reason; or the first thing outside.
    """

    allowed: bool
    note: str


def reason(stage: Stage) -> str | None:
    """Return why a training may differ from machine to machine, or None if it may not."""
    settings = _settings(stage.params)
    if settings is None:
        return None
    backend, device = settings
    if device == "cuda":
        return "train.device is cuda, and cuDNN chooses its order of sums by device and release"
    if backend in ("torch", "numpy"):
        return f"model.backend is {backend}, whose library chooses its order of sums by processor"
    return None


def _settings(params: Mapping[str, object]) -> tuple[str, str] | None:
    """Return backend and device of the model that a stage trains; None if it trains none."""
    if "model" in params and "train" in params:
        layers: list[Any] = [dict(params)]
    elif "study.defaults" in params:
        variants = [value for key, value in params.items() if key.startswith("study.variants.")]
        layers = [params["study.defaults"], *variants]
    else:
        return None
    backend, device = "exact", "cpu"
    for layer in layers:
        backend = lookup(layer, "model.backend") or backend
        device = lookup(layer, "train.device") or device
    return backend, device


def closeness(recorded: Path, made: Path, why: str) -> Closeness:
    """Compare two folders of a training: losses by their bound, settings exactly.

    Parameters
    ----------
    recorded, made : Path
        The output as it was recorded, and that of the new run.
    why : str
        The reason for a tolerance, from :func:`reason`.
    """
    files = [sorted(files_of(root)) for root in (recorded, made)]
    if files[0] != files[1]:
        odd = min(set(files[0]) ^ set(files[1]))
        return Closeness(False, f"{odd}: only one of the two runs wrote it")
    largest, at = 0.0, ""
    for name in files[0]:
        pair = recorded / name, made / name
        if name.endswith(FREE) or pair[0].read_bytes() == pair[1].read_bytes():
            continue
        losses = [dict(_losses(path)) for path in pair]
        if not losses[0] or losses[0].keys() != losses[1].keys():
            return Closeness(False, f"{name}: differs, and is no file of losses")
        bound = BOUND if name.endswith(".json") else UNDERWAY
        for key, before in losses[0].items():
            difference = abs(before - losses[1][key])
            # Written this way so that NaN fails the check.
            if not difference <= bound:
                change = f"{before:.6g} and {losses[1][key]:.6g} bits per character"
                return Closeness(False, f"{name}, {key}: {change}, more than {bound} apart")
            if difference >= largest:
                largest, at = difference, f"{name}, {key}"
    where = f"the losses differ by at most {largest:.2g} bits per character ({at})"
    bounds = f"bound {BOUND}, {UNDERWAY} during training"
    return Closeness(True, f"{where if at else 'only weights differ'}; {bounds}, since {why}")


def closeness_to_tables(committed: Path, made: Path, stage: str, why: str) -> Closeness | None:
    """Compare final losses with the committed tables, where the recorded output is in no cache.

    Parameters
    ----------
    committed : Path
        A checkout, with metrics/.
    made : Path
        The output of the new run.
    stage : str
        ``train``, or ``train-variant@`` and the variant.
    why : str
        The reason for a tolerance, from :func:`reason`.

    Returns
    -------
    Closeness or None
        None if the tables say nothing of the stage, or nothing of some seed.
    """
    found = []
    for path in sorted(made.rglob("metrics.json")):
        recorded = _tabulated(committed / "metrics", stage.partition("@")[2], path.parent.name)
        losses = {k: v for k, v in _losses(path) if k in recorded and k.endswith("_bpc")}
        if not losses:
            return None
        where = path.relative_to(made).as_posix()
        found += [(abs(v - recorded[k]), f"{where}, {k}") for k, v in losses.items()]
    if not found:
        return None
    largest, at = max(found)
    note = (
        f"by metrics/, the final losses differ by at most {largest:.2g} bits per character ({at})"
    )
    return Closeness(largest <= BOUND, f"{note}; bound {BOUND}, since {why}")


def _tabulated(metrics: Path, variant: str, seed: str) -> dict[str, float]:
    """Return the losses of a model in metrics/, by key; none if it is not there."""
    if not variant:
        path = metrics / "model.json"
        return dict(_losses(path)) if path.is_file() else {}
    path = metrics / "seeds.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if (row.get("variant"), row.get("seed")) == (variant, seed):
                return {k: float(v) for k, v in row.items() if k.endswith("_bpc") and v}
    return {}


def _losses(path: Path) -> Iterator[tuple[str, float]]:
    """Yield the losses of a file in bits per character, by key and row."""
    rows: list[tuple[str, dict[str, Any]]] = []
    if path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = [("", content)] if isinstance(content, dict) else []
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [(f"row {n}, ", row) for n, row in enumerate(csv.DictReader(stream), start=1)]
    for place, row in rows:
        for key, value in row.items():
            unit = key.rpartition("_")[2]
            if unit in LOSSES and value not in (None, ""):
                yield f"{place}{key}", float(value) * LOSSES[unit]
