"""Estimate the minutes that stages take, from logs of earlier runs and from parameters."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from charlab.models.weights import GATES
from charlab.plan.params import Params
from charlab.train.params import TrainParams, Variant

SPEED = re.compile(r"([\d,]+) characters/s")
"""The speed in a line of a training's log."""

WORK = 7.7e9
"""Characters per second times number of weights, of one core, where no log says a speed."""

LARGE = 1_000_000
"""Number of weights from which on a training waits for memory rather than for its core.

Weights, gradient and both moments of Adam are four times four bytes each, more than a core's own
cache holds. Beside another such training an LSTM of 512 units is a third slower on a Zen 3.
"""

SYMBOLS = 80
"""Size of a vocabulary, for the number of weights."""

MINUTES = {"baselines": 0.3, "evaluate-variants": 2.0, "sample-variants": 0.5, "report": 0.5}
"""Minutes of stages that train nothing, in the course study; others have :data:`SHORT`."""

SHORT = 0.1


class Costs:
    """Minutes of one core by stage, from the logs of a project and its parameters."""

    def __init__(self, root: Path, params: Params) -> None:
        self.root, self.params = root, params
        self.speeds = dict(self._speeds())
        variants = params.study.variants
        work = [
            speed * _weights(params.study.variant(slug).model)
            for name, speed in self.speeds.items()
            if (slug := name.partition("@")[2]) in variants
        ]
        self.work = statistics.median(work) if work else WORK

    def minutes(self, name: str) -> float:
        """Return the minutes that a stage takes."""
        kind, _, slug = name.partition("@")
        if kind == "train":
            variant = Variant(slug="", text=self.params.text, model=self.params.model,
                              train=self.params.train)  # fmt: skip
            return self._training(name, variant, 1)
        if kind == "train-variant":
            study = self.params.study
            return self._training(name, study.variant(slug), len(study.seeds_of(slug)))
        return MINUTES.get(kind, SHORT)

    def large(self, name: str) -> bool:
        """Return whether a stage trains a network for which memory is the limit."""
        kind, _, slug = name.partition("@")
        if kind not in ("train", "train-variant"):
            return False
        model = self.params.model if kind == "train" else self.params.study.variant(slug).model
        # How many n-grams a text has is not known here; they are what most weights belong to.
        return model.input != "char" or _weights(model) >= LARGE

    def _training(self, name: str, variant: Variant, runs: int) -> float:
        speed = self.speeds.get(name) or self.work / _weights(variant.model)
        return runs * self._chars(variant.text, variant.train) / speed / 60

    def _chars(self, text: str, train: TrainParams) -> float:
        """Return the number of characters that a training reads."""
        corpus = self.params.corpus
        share = 1 - corpus.val - corpus.test
        return train.max_chars or train.epochs * share * self._length(text)

    def _length(self, text: str) -> float:
        """Return the length of a text: as params.yaml limits it, or as it was recorded."""
        from charlab.clean.fingerprints import read_bodies

        if chars := self.params.texts[text].chars:
            return chars
        entry: Mapping[str, Any] = read_bodies(self.root / "data" / "bodies.yaml").get(text, {})
        return float(entry.get("chars", 500_000))

    def _speeds(self) -> Iterator[tuple[str, float]]:
        """Yield the speed of each training of which there is a log, in characters per second."""
        for path in (self.root / ".charlab" / "logs").glob("train*.log"):
            found = SPEED.findall(path.read_text(encoding="utf-8", errors="replace"))
            # The last one; the first steps compile the kernels.
            if found and (speed := float(found[-1].replace(",", ""))) > 0:
                yield path.stem, speed


def _weights(model: Any) -> float:
    """Return about how many weights a network has."""
    hidden = model.hidden
    layers = GATES[model.cell] * (hidden * (hidden + SYMBOLS) + 2 * (model.layers - 1) * hidden**2)
    return float(layers + hidden * SYMBOLS)
