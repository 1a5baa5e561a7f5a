"""The page shows the run's own networks, the best that fit, with what int8 costs them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from charlab.core.files import write_json
from charlab.models.weights import save_weights
from charlab.plots import kept
from charlab.report.page import data as page_data
from charlab.report.page import networks
from charlab.report.page.data import _distances, as_json, live_data
from charlab.report.study import MODEL, StudyResults
from charlab.synthetic.text import write
from charlab.vocab.encoded_text import encode_text
from charlab.vocab.params import SplitParams
from charlab.vocab.vocabulary import Vocabulary
from made_reports import MadeReports
from made_results import made_params
from random_network import random_weights


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyResults, Path]:
    """Return the made-up study, with random weights and an encoded text."""
    reports, params = MadeReports(tmp_path_factory.mktemp("made")), made_params([1, 2])
    results = reports.results(params)
    data = reports.collect(params) / "data"
    clean = data / "invented.txt"
    clean.write_text(write(6_000, 1), encoding="utf-8")
    vocab = encode_text(clean, SplitParams(), data / "vocab" / "invented")
    for slug in params.study.variants:
        write_network(data / "variants" / slug / "1", params.study.variant(slug).model, vocab)
    write_network(data / "model", params.model, vocab)
    return results, data


def write_network(folder: Path, model: Any, vocab: Vocabulary) -> None:
    """Write a model folder of random weights."""
    weights = {k: v / 12 for k, v in random_weights(model, vocab.size).items()}
    save_weights(folder / "model.safetensors", weights)
    vocab.save(folder / "vocab.json")
    config = {"model": model.model_dump(), "vocab_size": vocab.size, "text": "invented"}
    write_json(folder / "config.json", config)


def test_the_model_comes_first_and_then_one_network_of_each_cell(
    made: tuple[StudyResults, Path],
) -> None:
    """Each with its losses, close to each other, and with what made it; no NaN, no markup."""
    document = live_data(*made)
    assert document is not None
    shown = document["networks"]
    assert [network["id"] for network in shown] == [MODEL, "rnn", "gru", "lstm", "ngram"]
    for network in shown[:-1]:
        assert abs(network["int8_bpc"] - network["val_bpc"]) < 0.02
        assert network["made_by"].startswith("stage train")
        assert network["units"]
    assert shown[-1]["val_bpc"] < 4
    assert len({network["vocabulary"] for network in shown}) == 1
    assert document["passage"]["split"] == "test"
    assert len(document["snapshots"]) > 1
    assert "<" not in as_json(document)


def test_losses_and_the_builtin_text_are_kept_between_reports(
    made: tuple[StudyResults, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second page is the first; a network with other weights is read again."""
    results, data = made
    with kept.kept_in(tmp_path):
        first = live_data(results, data)
        assert first is not None
        monkeypatch.setattr(networks, "nats_per_char", None)
        monkeypatch.setattr(page_data, "write", None)
        assert live_data(results, data) == first
        path = data / "model" / "model.safetensors"
        before = path.read_bytes()
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        try:
            with pytest.raises(TypeError, match="NoneType"):
                live_data(results, data)
        finally:
            path.write_bytes(before)


def test_the_best_that_fits_opens_the_page_if_the_model_is_too_large(
    made: tuple[StudyResults, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its loss on val decides; what was left out is named."""
    _, data = made
    sizes = {
        name: len(next(networks.Exporter(data / "vocab").export([one]))["data"])
        for name, one in ((one.id, one) for one in networks.substitutes(*made))
        if name != "lstm-large"
    }
    # Enough for all but the model and the largest variant, which has the lowest loss.
    monkeypatch.setattr(networks, "BUDGET", sum(sizes.values()))
    large = networks.Candidate(MODEL, "the model", data / "variants" / "lstm-large" / "1", "")
    cells = networks.candidates(*made)[1:]
    monkeypatch.setattr("charlab.report.page.data.candidates", lambda *_: [large, *cells])
    document = live_data(*made)
    assert document is not None
    assert [network["id"] for network in document["networks"]] == ["lstm", "rnn", "gru", "ngram"]
    assert document["too_large"] == ["the model"]


def test_losses_by_distance_have_the_bins_of_the_first(made: tuple[StudyResults, Path]) -> None:
    """A network on another text has other bins, and is no row of the same table."""
    results, _ = made
    columns = ["variant", "low", "high", "chars", "bpc", "floor_bpc", "forgotten_bpc"]
    rows = [["lstm", 8, 15, 9, 0.5, 0, 2.0], ["rnn", 8, 15, 9, 1.5, 0, 2.0]]
    table = pd.DataFrame([*rows, ["gru", 4, 7, 9, 1.0, 0, 2.0]], columns=columns)
    got = _distances(dataclasses.replace(results, tables={"loss_by_distance": table}))
    # In the order of the study.
    assert [row["bins"] for row in got] == [[[8, 15, 1.5, 2.0]], [[8, 15, 0.5, 2.0]]]
    assert _distances(dataclasses.replace(results, tables={})) == []
    assert [row["label"] for row in got] == [results.styles[slug].label for slug in ("rnn", "lstm")]


def test_without_weights_there_is_no_live_part(tmp_path: Path) -> None:
    """The page is the report alone."""
    reports = MadeReports(tmp_path)
    results = reports.results(made_params([1]))
    assert live_data(results, reports.collect(made_params([1])) / "data") is None
