"""Baselines of a text: n-grams, compressors, and the floor of the built-in text.

Input: an encoded text. Output: the losses on its validation and test splits, in nats per
character, and two arrays with a row for each test character, for the evaluation of models.
All choices (the best order) are made on the validation split. docs/evaluation.md explains
how to read the results.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from charlab.baselines.compressors import COMPRESSORS, Compressor, nats_added, ppmd_size
from charlab.baselines.ngram import nats_by_order
from charlab.baselines.params import BaselineParams
from charlab.core.files import atomic, remove, write_json
from charlab.core.folders import replacing
from charlab.core.sums import mean, total
from charlab.synthetic.text import Floor, NotInventedError, code_length
from charlab.vocab.encoded_text import EncodedText

Ids = npt.NDArray[np.integer]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Table = npt.NDArray[np.void]
Number = TypeVar("Number", np.int64, np.float64)

MAX_CHARS = 10_000_000
"""Maximum number of characters used of a split, from its start: about 1.5 GB of memory."""


@dataclass(frozen=True)
class Baselines:
    """The baselines of one text.

    Attributes
    ----------
    figures : dict
        The JSON document that :func:`measure` describes.
    ngram_nats : ndarray of shape (test_chars,), dtype=np.float64
        Loss of each test character under the n-gram of ``figures["best_order"]``; empty
        without a test split.
    floor : structured ndarray of shape (test_chars,), or None
        The fields of :class:`~charlab.synthetic.text.Floor` for each test character.
    """

    figures: dict[str, Any]
    ngram_nats: Floats
    floor: Table | None

    def save(self, figures: Path, folder: Path) -> None:
        """Write the document to ``figures``, the arrays to ngram.npy and floor.npy."""
        # A floor of an earlier run would be taken for this text's.
        with replacing(folder) as arrays:
            _save_array(arrays / "ngram.npy", self.ngram_nats)
            if self.floor is not None:
                _save_array(arrays / "floor.npy", self.floor)
            # Missing until the arrays are in place, so that the two never disagree.
            remove(figures)
        write_json(figures, self.figures)


def _save_array(path: Path, array: npt.NDArray[Any]) -> None:
    with atomic(path) as stream:
        np.save(stream, array, allow_pickle=False)


def measure_text(data: EncodedText, params: BaselineParams, source: dict[str, Any]) -> Baselines:
    """Measure the baselines of a text, including the floor if it is the built-in one.

    Parameters
    ----------
    data : EncodedText
        The encoded text.
    params : BaselineParams
        The orders to try.
    source : dict
        The origin of the text, as in data/plan/<text>.json.

    Returns
    -------
    Baselines
        See :func:`measure`. The floor is None where cleaning or the vocabulary changed
        the built-in text, because the code length of the result is unknown.
    """
    # The floor takes memory for each character, so very long texts have none.
    floor = None
    if source.get("builtin") is not None and len(data.train) <= MAX_CHARS:
        with contextlib.suppress(NotInventedError):
            chars, growth = int(source["chars"]), bool(source["growth"])
            floor = code_length(_whole(data), chars, growth)
    return measure(data, params, floor)


def measure(data: EncodedText, params: BaselineParams, floor: Floor | None) -> Baselines:
    """Measure n-grams, PPMd, xz, gzip and bzip2 on the splits of a text.

    Parameters
    ----------
    data : EncodedText
        The encoded text. Without a test split, the losses on test are None.
    params : BaselineParams
        The orders to try.
    floor : Floor, optional
        Floor of the whole text, in its original order, if known.

    Returns
    -------
    Baselines
        With the ``figures``: ``chars``, the number used of each split; ``ngram`` and
        ``ppmd``, lists of ``order``, ``val_nats``, ``test_nats``; ``best_order`` and
        ``best_ppmd_order``, by ``val_nats``; ``xz``, ``gzip``, ``bzip2`` and ``floor``, the
        losses on both splits. ``floor`` also has a table ``by_distance`` of the test split.
    """
    train, val, test = (_head(ids, data.segments) for ids in (data.train, data.val, data.test))
    ngram, ngram_nats = _ngram([train, val, test], data, sorted(set(params.ngram_orders)))
    # Compressors read text, not ids; an empty test split is left out.
    before, *held_out = (data.vocab.decode(ids) for ids in (train, val, test) if len(ids))

    def compressed(size: Compressor) -> dict[str, float | None]:
        """Return the losses of one compressor on both splits."""
        return _by_split(nats_added(size, before, held_out))

    ppmd = [{"order": n, **compressed(_ppmd(n))} for n in sorted(set(params.ppmd_orders))]
    figures = {
        "chars": {"train": len(train), "val": len(val), "test": len(test)},
        "ngram": ngram,
        "best_order": _best(ngram),
        "ppmd": ppmd,
        "best_ppmd_order": _best(ppmd),
        **{name: compressed(size) for name, size in COMPRESSORS.items()},
        "floor": None if floor is None else _floor(data, floor),
    }
    return Baselines(figures, ngram_nats, None if floor is None else _rows(floor, data))


def _head(ids: Ids, segments: int) -> Ids:
    """Return the start of every segment, at most MAX_CHARS characters in total."""
    if len(ids) <= MAX_CHARS:
        return np.asarray(ids)
    pieces = ids.reshape(segments, -1)  # (segments, chars per segment)
    return np.asarray(pieces[:, : MAX_CHARS // segments]).reshape(-1)


def _by_split(values: list[float]) -> dict[str, float | None]:
    """Name the loss on val and, if there is one, on test."""
    return {"val_nats": values[0], "test_nats": values[1] if len(values) > 1 else None}


def _best(rows: list[dict[str, Any]]) -> int:
    """Return the order with the lowest loss on val; of equals, the lowest order."""
    return int(min(rows, key=lambda row: (row["val_nats"], row["order"]))["order"])


def _ppmd(order: int) -> Compressor:
    return lambda data: ppmd_size(data, order)


def _predicted(values: npt.NDArray[Number], segments: int) -> npt.NDArray[Number]:
    """Drop the first character of each segment, which no network predicts."""
    # (chars,) -> (segments, chars per segment) -> (chars - segments,)
    return values.reshape(segments, -1)[:, 1:].reshape(-1)


def _ngram(
    parts: list[Ids], data: EncodedText, orders: list[int]
) -> tuple[list[dict[str, Any]], Floats]:
    """Return a row for each order, and the best order's loss of each test character."""
    # All orders are scored at once, so the counts are built only once.
    train, *held_out = (ids for ids in parts if len(ids))
    scores = nats_by_order(train, data.vocab.size, orders, held_out, data.segments)
    rows = [
        {"order": n, **_by_split([mean(_predicted(x, data.segments)) for x in scores[n]])}
        for n in orders
    ]
    _, *test = scores[_best(rows)]  # val comes first
    return rows, test[0] if test else np.empty(0)


def _places(data: EncodedText) -> list[Ints]:
    """Return the positions in the whole text of the characters of train, val and test.

    The whole text is ``segments`` equal pieces; each gives its first part to train, the
    next to val, the last to test.
    """
    sizes = [len(ids) // data.segments for ids in (data.train, data.val, data.test)]
    starts = np.arange(data.segments, dtype=np.int64)[:, None] * sum(sizes)  # (segments, 1)
    return [
        (starts + before + np.arange(size, dtype=np.int64)).reshape(-1)
        for before, size in zip((0, sizes[0], sizes[0] + sizes[1]), sizes, strict=True)
    ]


def _whole(data: EncodedText) -> str:
    """Return the text as it was before it was split."""
    # (train_chars,), (val_chars,), (test_chars,) -> (chars,)
    parts = (data.train, data.val, data.test)
    ids = np.empty(sum(map(len, parts)), dtype=np.int64)
    for positions, part in zip(_places(data), parts, strict=True):
        ids[positions] = part
    return data.vocab.decode(ids)


def _rows(floor: Floor, data: EncodedText) -> Table:
    """Return the floor of the test split as a table with a row for each character."""
    test = _places(data)[2]
    columns = {field.name: getattr(floor, field.name)[test] for field in fields(floor)}
    # The endianness is fixed so that the file has the same bytes on every machine.
    types = [(name, column.dtype.newbyteorder("<")) for name, column in columns.items()]
    table = np.empty(len(test), dtype=types)
    for name, column in columns.items():
        table[name] = column
    return table


def _floor(data: EncodedText, floor: Floor) -> dict[str, Any]:
    """Return the mean floor of val and test, and what memory saves on test by distance."""
    # The floor covers exactly the characters that a network is scored on.
    splits = [_predicted(places, data.segments) for places in _places(data)[1:] if len(places)]
    test = splits[1] if len(splits) > 1 else splits[0][:0]
    return {
        **_by_split([mean(floor.nats[places]) for places in splits]),
        "by_distance": _by_distance(floor.nats[test], floor.forgotten[test], floor.distance[test]),
    }


def _by_distance(nats: Floats, forgotten: Floats, distance: Ints) -> list[dict[str, Any]]:
    """Group characters by the distance of their dependency: 0, 1, 2-3, 4-7, ...

    Returns
    -------
    list of dict
        ``from``, ``to`` (both included), the number of ``chars`` in the group, their mean
        code length ``nats_per_char`` and ``forgotten_nats_per_char`` (for a reader who has
        forgotten the dependency), and ``saved_nats``: the amount by which remembering in
        this group alone lowers the mean loss of the whole split.
    """
    # frexp's exponent is the bit length: 0, 1, 2, 2, 3, 3, 3, 3, ...
    group = np.frexp(distance.astype(np.float64))[1]
    rows = []
    for k in np.unique(group).tolist():
        chosen = group == k  # (chars,)
        known, lost = nats[chosen], forgotten[chosen]
        rows.append(
            {
                "from": 2 ** (k - 1) if k else 0,
                "to": 2**k - 1,
                "chars": int(chosen.sum()),
                "nats_per_char": mean(known),
                "forgotten_nats_per_char": mean(lost),
                "saved_nats": total(lost - known) / len(nats),
            }
        )
    return rows
