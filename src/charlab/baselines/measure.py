"""What a network has to beat on a text: n-grams, compressors, and the floor below all.

What enters is a numbered text; what leaves is one JSON document with the figures of
its validation and test splits, in nats per character. All choices (the best order) are
made on the validation split. docs/baselines.md says how to read them.
"""

from __future__ import annotations

import contextlib
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from charlab.baselines.compressors import COMPRESSORS, Compressor, nats_added, ppmd_size
from charlab.baselines.ngram import nats_by_order
from charlab.baselines.params import BaselineParams
from charlab.synthetic.text import Floor, NotInventedError, code_length
from charlab.vocab.vocabulary import EncodedText

Ids = npt.NDArray[np.integer]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)

MAX_CHARS = 10_000_000
"""Of a longer split only this many characters, from its start, are used: about 1.5 GB
of memory. The figures say how many there were."""


def measure_text(
    data: EncodedText, params: BaselineParams, source: dict[str, Any]
) -> dict[str, Any]:
    """Measure the baselines of a text, with its floor if it is the built-in one.

    Parameters
    ----------
    data : EncodedText
        The numbered text.
    source : dict
        What the text is, as the plan of the pipeline writes it.

    Returns
    -------
    dict
        As :func:`measure`. The floor is None where cleaning or the vocabulary changed
        the built-in text, since the code length of what is left is not known.
    """
    floor = None
    if source.get("builtin") is not None and len(data.train) <= MAX_CHARS:
        with contextlib.suppress(NotInventedError):
            floor = code_length(_whole(data))
    return measure(data, params, floor)


def measure(data: EncodedText, params: BaselineParams, floor: Floor | None) -> dict[str, Any]:
    """Measure n-grams, PPMd, xz, gzip and bzip2 on the splits of a text.

    Parameters
    ----------
    data : EncodedText
        The numbered text. Without a test split its figures are None.
    params : BaselineParams
        The orders to try.
    floor : Floor, optional
        Of the whole text, in its own order, where that is known.

    Returns
    -------
    dict
        ``chars``: how many of each split were used; ``ngram`` and ``ppmd``: a list with
        ``order``, ``val_nats``, ``test_nats`` each; ``best_order`` and
        ``best_ppmd_order``: by ``val_nats``; ``xz``, ``gzip``, ``bzip2`` and ``floor``:
        both figures. ``floor`` has a table ``by_distance`` of the test split as well.
    """
    train, val, test = (_head(ids, data.segments) for ids in (data.train, data.val, data.test))
    ngram = _ngram([train, val, test], data, sorted(set(params.ngram_orders)))
    before, *held_out = (data.vocab.decode(ids) for ids in (train, val, test) if len(ids))

    def compressed(size: Compressor) -> dict[str, float | None]:
        return _figures(nats_added(size, before, held_out))

    ppmd = [{"order": n, **compressed(_ppmd(n))} for n in sorted(set(params.ppmd_orders))]
    return {
        "chars": {"train": len(train), "val": len(val), "test": len(test)},
        "ngram": ngram,
        "best_order": _best(ngram),
        "ppmd": ppmd,
        "best_ppmd_order": _best(ppmd),
        **{name: compressed(size) for name, size in COMPRESSORS.items()},
        "floor": None if floor is None else _floor(data, floor),
    }


def _head(ids: Ids, segments: int) -> Ids:
    """Return the start of every segment, MAX_CHARS characters together at most."""
    if len(ids) <= MAX_CHARS:
        return np.asarray(ids)
    return np.asarray(ids.reshape(segments, -1)[:, : MAX_CHARS // segments]).reshape(-1)


def _figures(values: list[float]) -> dict[str, float | None]:
    """Name the figure of val and, if there is one, of test."""
    return {"val_nats": values[0], "test_nats": values[1] if len(values) > 1 else None}


def _best(rows: list[dict[str, Any]]) -> int:
    """Return the order with the lowest loss on val; the lowest order, where two are equal."""
    return int(min(rows, key=lambda row: (row["val_nats"], row["order"]))["order"])


def _ppmd(order: int) -> Compressor:
    return lambda data: ppmd_size(data, order)


def _predicted(values: npt.NDArray[Number], segments: int) -> npt.NDArray[Number]:
    """Leave out the first character of each segment, which no network is asked for."""
    return values.reshape(segments, -1)[:, 1:].reshape(-1)


def _ngram(parts: list[Ids], data: EncodedText, orders: list[int]) -> list[dict[str, Any]]:
    train, *held_out = (ids for ids in parts if len(ids))
    scores = nats_by_order(train, data.vocab.size, orders, held_out, data.segments)
    return [
        {"order": n, **_figures([float(_predicted(x, data.segments).mean()) for x in scores[n]])}
        for n in orders
    ]


def _places(data: EncodedText) -> list[Ints]:
    """Return where in the whole text the characters of train, val and test stand.

    The whole text is ``segments`` equal pieces; each gives its first part to train, the
    next to val, the last to test.
    """
    sizes = [len(ids) // data.segments for ids in (data.train, data.val, data.test)]
    starts = np.arange(data.segments, dtype=np.int64)[:, None] * sum(sizes)
    return [
        (starts + before + np.arange(size, dtype=np.int64)).reshape(-1)
        for before, size in zip((0, sizes[0], sizes[0] + sizes[1]), sizes, strict=True)
    ]


def _whole(data: EncodedText) -> str:
    """Return the text as it was before it was divided."""
    parts = (data.train, data.val, data.test)
    ids = np.empty(sum(map(len, parts)), dtype=np.int64)
    for where, part in zip(_places(data), parts, strict=True):
        ids[where] = part
    return data.vocab.decode(ids)


def _floor(data: EncodedText, floor: Floor) -> dict[str, Any]:
    """Return the mean floor of val and test, and what remembering saves in test."""
    places = [_predicted(where, data.segments) for where in _places(data)[1:] if len(where)]
    test = places[1] if len(places) > 1 else places[0][:0]
    return {
        **_figures([float(floor.nats[where].mean()) for where in places]),
        "by_distance": _by_distance(floor.nats[test], floor.forgotten[test], floor.distance[test]),
    }


def _by_distance(nats: Floats, forgotten: Floats, distance: Ints) -> list[dict[str, Any]]:
    """Group characters by how far back the thing is that they depend on: 0, 1, 2-3, 4-7, ...

    Returns
    -------
    list of dict
        ``from``, ``to`` (both included), ``chars`` in the group, their mean code length
        ``nats_per_char`` and ``forgotten_nats_per_char`` (for a reader who has forgotten
        that thing), and ``saved_nats``: what remembering in this group alone takes off
        the mean loss of the whole split.
    """
    group = np.frexp(distance.astype(np.float64))[1]  # 0, 1, 2, 2, 3, 3, 3, 3, ...
    rows = []
    for k in np.unique(group).tolist():
        own, known, lost = group == k, nats[group == k], forgotten[group == k]
        rows.append(
            {
                "from": 2 ** (k - 1) if k else 0,
                "to": 2**k - 1,
                "chars": int(own.sum()),
                "nats_per_char": float(known.mean()),
                "forgotten_nats_per_char": float(lost.mean()),
                "saved_nats": float((lost - known).sum() / len(nats)),
            }
        )
    return rows
