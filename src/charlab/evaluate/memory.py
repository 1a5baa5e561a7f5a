"""Losses on the built-in text where a character depends on something far back.

Input: a model, the text, and its floor. Output: short tables of losses in nats per character, and
of the share of what memory is worth that the model realizes, by the distance of the dependency.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.core.files import read_json
from charlab.core.sums import mean, total
from charlab.evaluate.overtaking import Scored
from charlab.evaluate.survey import bounded
from charlab.evaluate.trace import Floats, Ids
from charlab.models.scoring import nats_per_char
from charlab.models.snapshots import Snapshot, load_snapshots
from charlab.models.trained import read_config
from charlab.vocab.encoded_text import EncodedText

CARRIER = "closing"
"""The kind of dependency by which memory is measured: it has all distances, and is worth as much at
each of them."""


@dataclass(frozen=True)
class Dependencies:
    """The part of a test split that is read, and the floor of its predictable characters.

    Attributes
    ----------
    ids : ndarray of shape (chars,)
        The first characters of the split, in equal segments.
    segments : int
        Their number.
    floor : structured ndarray of shape (known,)
        Floor of the characters whose dependency lies in their own segment.
    """

    ids: Ids
    segments: int
    floor: NDArray[np.void]
    _known: NDArray[np.bool_]
    _scored: Scored

    @classmethod
    def of(
        cls, data: EncodedText, floor: NDArray[np.void] | None, scored: Scored | None = None
    ) -> Dependencies | None:
        """Return those of a text; None without a floor or a test split.

        Losses on the whole test split that are known (``scored``) are not computed again.
        """
        if floor is None or not len(data.test):
            return None
        ids, segments = bounded(data.test, data.segments)
        offset = np.arange(len(ids)) % (len(ids) // segments)  # (chars,), within the segment
        # The first character of a segment has no loss, and the state is reset there: a
        # dependency from before the segment cannot be known.
        known = (offset > 0) & (floor["distance"][: len(ids)] <= offset)
        usable = scored or {} if len(ids) == len(data.test) else {}
        return cls(ids, segments, floor[: len(ids)][known], known[offset > 0], usable)

    def nats(self, folder: Path, snapshot: Snapshot | None = None) -> Floats:
        """Return a snapshot's or the model's loss of each of the characters of :attr:`floor`."""
        step = snapshot.step if snapshot else _steps(folder)
        nats = self._scored.get((folder, step))
        if nats is None:
            model = snapshot.network if snapshot else folder
            nats = nats_per_char(model, self.ids, self.segments)
        return nats[self._known]


def losses_by_dependency(
    dependencies: Dependencies | None, models: Sequence[Path]
) -> dict[str, list[dict[str, Any]] | None]:
    """Return all tables of this module.

    Parameters
    ----------
    dependencies : Dependencies or None
        Those of the text.
    models : sequence of Path
        Folders of the models of all seeds. The losses are those of the first.
    """
    if dependencies is None:
        return {"loss_by_distance": None, "loss_by_kind": None, "memory": None}
    nats = dependencies.nats(models[0])
    return {
        "loss_by_distance": loss_by_distance(nats, dependencies.floor),
        "loss_by_kind": loss_by_kind(nats, dependencies.floor),
        "memory": memory(dependencies, models, nats),
    }


def memory(
    dependencies: Dependencies, models: Sequence[Path], nats: Floats
) -> list[dict[str, Any]] | None:
    """Measure the share of what memory is worth that models realize, by distance.

    Parameters
    ----------
    dependencies : Dependencies
        Those of the text.
    models : sequence of Path
        Folders of the models of all seeds. For the first its snapshots are measured as well.
    nats : ndarray of shape (known,)
        Losses of the first model.

    Returns
    -------
    list of dict, or None
        One row per seed, number of characters read, and power of two ``low`` to ``high``
        (included): the number of characters that a closing mark's kind depends on
        (``chars_in_bin``), the mean that the model saves at each of them compared with a reader
        who has forgotten the opening mark (``saved_nats``), and its ``share`` of the most that
        can be saved. The last rows of each seed are those of its model.
    """
    carrier = dependencies.floor["kind"] == CARRIER
    floor = dependencies.floor[carrier]
    rows = []
    for number, folder in enumerate(models):
        seed = {"seed": read_config(folder)[2].get("seed")}
        for snapshot in load_snapshots(folder)[:-1] if number == 0 else []:
            losses = dependencies.nats(folder, snapshot)[carrier]
            rows += [seed | {"chars": snapshot.chars} | row for row in _shares(losses, floor)]
        losses = (nats if number == 0 else dependencies.nats(folder))[carrier]
        end = {"chars": _chars_read(folder)}
        rows += [seed | end | row for row in _shares(losses, floor)]
    return rows or None


def _chars_read(folder: Path) -> int:
    """Return the number of characters that a training read up to the model it kept."""
    train = read_config(folder)[2]["train"]
    return _steps(folder) * int(train["batch_size"]) * int(train["seq_len"])


def _steps(folder: Path) -> int:
    """Return the number of steps up to the model that a training kept."""
    return int(read_json(folder / "metrics.json")["best_step"])


def _shares(nats: Floats, floor: NDArray[np.void]) -> Iterator[dict[str, Any]]:
    """Yield the row of each power of two."""
    for low, chosen in _octaves(floor["distance"]):
        forgotten = floor["forgotten"][chosen]
        saved, worth = total(forgotten - nats[chosen]), total(forgotten - floor["nats"][chosen])
        chars = int(chosen.sum())
        yield {
            "low": low,
            "high": 2 * low - 1,
            "chars_in_bin": chars,
            "saved_nats": saved / chars,
            "share": saved / worth,
        }


def _octaves(distance: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield each power of two that occurs, and a mask of the distances up to the next."""
    # frexp gives distance = m * 2**e with 1/2 <= m < 1, so that 2**(e-1) <= distance < 2**e.
    power = np.frexp(distance.astype(np.float64))[1] - 1
    for k in np.unique(power[distance > 0]):
        yield 2 ** int(k), (distance > 0) & (power == k)


def loss_by_distance(nats: Floats, floor: NDArray[np.void]) -> list[dict[str, Any]] | None:
    """Average the loss of the characters with a dependency, by the dependency's distance.

    Parameters
    ----------
    nats : ndarray of shape (chars,)
        The network's loss of each character.
    floor : structured ndarray of shape (chars,)
        Distance and kind of each character's dependency, and ideal code lengths, as the
        baselines stage writes them.

    Returns
    -------
    list of dict, or None
        One row per power of two that occurs: distances ``low`` to ``high`` (included), the
        number of characters, and three means: of the network, of a reader who remembers
        everything, and of one who has forgotten the dependency. None if no character has
        a dependency.
    """
    return [
        {"low": low, "high": 2 * low - 1} | _means(nats, floor, chosen)
        for low, chosen in _octaves(floor["distance"])
    ] or None


def loss_by_kind(nats: Floats, floor: NDArray[np.void]) -> list[dict[str, Any]] | None:
    """Average the loss of the characters with a dependency, by the dependency's kind.

    Parameters
    ----------
    nats, floor : ndarray of shape (chars,)
        As in :func:`loss_by_distance`.

    Returns
    -------
    list of dict, or None
        One row per ``kind`` that occurs, with the ``median_distance`` and the means of
        :func:`loss_by_distance`.
    """
    dependent = floor["distance"] > 0
    rows = []
    for kind in np.unique(floor["kind"][dependent]):
        chosen = dependent & (floor["kind"] == kind)
        distance = float(np.median(floor["distance"][chosen]))
        rows.append({"kind": str(kind), "median_distance": distance} | _means(nats, floor, chosen))
    return rows or None


def _means(nats: Floats, floor: NDArray[np.void], chosen: NDArray[np.bool_]) -> dict[str, Any]:
    """Average over the chosen characters: a mask of shape (chars,)."""
    floor_nats, forgotten = (floor[name][chosen] for name in ("nats", "forgotten"))
    return {
        "chars": int(chosen.sum()),
        "nats": mean(nats[chosen]),
        "floor_nats": mean(floor_nats),
        "forgotten_nats": mean(forgotten),
    }
