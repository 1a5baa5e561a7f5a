"""Losses on val and test of every snapshot of a training, against the characters read.

Input: the folders of trained models with their snapshots. Output: one row per snapshot, in nats
per character. With these one can say after how many characters a network overtakes an n-gram.

A snapshot is scored on windows spread evenly over the split, not on all of it. The network that
was kept is scored on the same windows, and its loss on the whole split is known from its training.
Windows that are hard for one snapshot are hard for the next, so this difference corrects the losses
of the earlier ones, by as much as they vary with it from window to window (a control variate). The
last row is thus the loss on the whole split.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from charlab.core.files import read_json
from charlab.core.sums import column_totals, mean, total
from charlab.models.scoring import Floats, Ids, nats_per_char
from charlab.models.snapshots import load_snapshots
from charlab.models.trained import read_config
from charlab.vocab.encoded_text import EncodedText

WINDOWS = 64
"""Number of windows that are read side by side."""

WARM_UP = 128
"""Characters read at the start of each window, whose losses do not count."""

MEASURED = 512
"""Characters of each window whose losses count: 64 * 512 = 32,768 in total."""


SINCE = 0.02
"""Share of the training from which the snapshots of further seeds are scored: those before it have
learned next to nothing, but take as long."""

Scored = dict[tuple[Path, int], Floats]
"""Losses of a whole test split, by the training's folder and the steps of the snapshot."""


def snapshot_losses(
    folder: Path, data: EncodedText, since: float = 0.0, whole: Scored | None = None
) -> list[dict[str, Any]] | None:
    """Score every snapshot of one training.

    Parameters
    ----------
    folder : Path
        Folder of the trained model.
    data : EncodedText
        The encoded text that it was trained on.
    since : float
        Share of the training before which snapshots are left out.
    whole : dict, optional
        The losses on the test split are added, if it is so short that it is scored as a whole.

    Returns
    -------
    list of dict or None
        ``seed``, ``step``, ``chars`` read, ``val_nats`` and ``test_nats`` (None without a test
        split) of each snapshot, the network that was kept last; None if there are no snapshots.
    """
    snapshots = load_snapshots(folder)
    if not snapshots:
        return None
    snapshots = [shot for shot in snapshots if shot.chars >= since * snapshots[-1].chars]
    seed = int(read_config(folder)[2].get("seed", 0))
    known = read_json(folder / "metrics.json")
    rows: list[dict[str, Any]] = [
        {"seed": seed, "step": shot.step, "chars": shot.chars} for shot in snapshots
    ]
    for split in ("val", "test"):
        pieces, segments, skipped = windows(getattr(data, split), data.segments)
        scored = [
            nats_per_char(shot.network, pieces, segments)
            for shot in (snapshots if len(pieces) else ())
        ]
        if whole is not None and split == "test" and skipped == 0:
            places = [(folder, shot.step) for shot in snapshots]
            whole.update(zip(places, scored, strict=False))
        # (segments * chars,) -> (segments, chars): the warm-up comes first.
        measured = [nats.reshape(segments, -1)[:, skipped:] for nats in scored]
        losses: list[Any] = list(_corrected(measured, known.get(f"{split}_nats")))
        for row, loss in zip(rows, losses or [None] * len(rows), strict=True):
            row[f"{split}_nats"] = loss
    return rows


def _corrected(measured: list[Floats], known: float | None) -> list[float]:
    """Return the loss of each snapshot on the whole split, estimated from its windows.

    Parameters
    ----------
    measured : list of ndarray of shape (windows, chars)
        Nats per character of each snapshot.
    known : float or None
        Loss of the last one on the whole split.
    """
    means = [mean(nats) for nats in measured]
    if known is None or not means:
        return means
    # (windows,) each: how much harder than the mean a window is for a snapshot.
    harder = [
        column_totals(nats.T) / nats.shape[1] - m for nats, m in zip(measured, means, strict=True)
    ]
    spread = total(harder[-1] ** 2)
    slopes = [total(h * harder[-1]) / spread if spread > 0 else 1.0 for h in harder]
    return [m + slope * (known - means[-1]) for m, slope in zip(means, slopes, strict=True)]


def windows(ids: Ids, segments: int) -> tuple[Ids, int, int]:
    """Cut windows out of a split.

    Returns
    -------
    ids : ndarray
        The windows one after the other, or the split itself if it is not longer.
    segments : int
        Number of windows, or of segments.
    skipped : int
        Losses of each that do not count.
    """
    length = WARM_UP + MEASURED + 1  # the first character of a window has no loss
    size = len(ids) // segments
    # As many windows in each segment; of more segments than windows, evenly spread ones.
    used = np.unique(np.linspace(0, segments - 1, min(segments, WINDOWS)).round().astype(np.intp))
    each = WINDOWS // len(used)
    if size < each * length:
        return np.asarray(ids), segments, 0
    offsets = np.linspace(0, size - length, each).round().astype(np.intp)
    starts = (used[:, None] * size + offsets).ravel()  # (used, each) -> (W,)
    places = starts[:, None] + np.arange(length)  # (W, length)
    return np.asarray(ids[places]).reshape(-1), len(starts), WARM_UP
