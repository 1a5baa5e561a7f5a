"""The tables of metrics/ and plots/ from made-up results."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

from charlab.compare.compare import compare, to_csv
from charlab.compare.results import ResultsError
from charlab.compare.tables import varied_value
from charlab.core.files import read_json, write_json
from made_results import TWO_TEXTS, made_params, wobbling, write_results

PARAMS = made_params()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of made-up results."""
    return write_results(PARAMS, tmp_path_factory.mktemp("made") / "data")


@pytest.fixture(scope="module")
def tables(data: Path) -> Path:
    """Return the folder in which metrics/ and plots/ of these results lie."""
    compare(PARAMS, data, data.parent / "metrics", data.parent / "plots")
    return data.parent


def bytes_of(*folders: Path) -> dict[str, bytes]:
    """Return every file's bytes by its folder and name."""
    return {
        f"{path.parent.name}/{path.name}": path.read_bytes()
        for f in folders
        for path in f.iterdir()
    }


def test_model_metrics_are_few_and_flat(tables: Path) -> None:
    """One number each, at most ten, in bits per character."""
    metrics = read_json(tables / "metrics" / "model.json")
    assert len(metrics) <= 10
    assert all(isinstance(value, int | float) for value in metrics.values())
    assert metrics["test_bpc"] == pytest.approx(wobbling("model", 1), abs=1e-5)
    assert metrics["floor_test_bpc"] == 1.2
    assert metrics["ngram_test_bpc"] == 2.1


def test_a_row_per_variant_has_mean_and_spread_over_its_seeds(tables: Path) -> None:
    """Mean and sample standard deviation are those of the rows in seeds.csv."""
    variants = pd.read_csv(tables / "metrics" / "variants.csv").set_index("variant")
    seeds = pd.read_csv(tables / "metrics" / "seeds.csv")
    assert list(variants.index) == list(PARAMS.study.variants)
    own = seeds.loc[seeds["variant"] == "gru", "test_bpc"]
    assert list(own) == pytest.approx([wobbling("gru", seed) for seed in (1, 2, 3)], abs=1e-5)
    assert variants.loc["gru", "test_bpc"] == pytest.approx(own.mean(), abs=1e-5)
    assert variants.loc["gru", "test_sd"] == pytest.approx(own.std(ddof=1), abs=1e-5)
    assert variants.loc["gru", "seeds"] == 3


def test_variant_with_its_own_seeds_has_a_row_for_each(tmp_path: Path) -> None:
    """The others have those of the study."""
    variants = dict(TWO_TEXTS["study"]["variants"])
    variants["gru"] = variants["gru"] | {"seeds": [2, 5, 3, 4]}
    params = made_params(variants=variants)
    data = write_results(params, tmp_path / "data")
    compare(params, data, tmp_path / "metrics", tmp_path / "plots")
    seeds = pd.read_csv(tmp_path / "metrics" / "seeds.csv").groupby("variant")["seed"]
    assert list(seeds.get_group("gru")) == [2, 5, 3, 4]
    assert list(seeds.get_group("lstm")) == [1, 2, 3]
    table = pd.read_csv(tmp_path / "metrics" / "variants.csv").set_index("variant")
    assert (table.loc["gru", "seeds"], table.loc["lstm", "seeds"]) == (4, 3)


def test_comparisons_are_long_and_in_the_order_of_the_parameters(tables: Path) -> None:
    """A row per comparison, variant and seed, with the value of the key that is varied."""
    rows = pd.read_csv(tables / "metrics" / "comparisons.csv")
    hidden = rows[rows["comparison"] == "hidden_size"]
    assert list(hidden["variant"]) == ["lstm-small"] * 3 + ["lstm"] * 3 + ["lstm-large"] * 3
    assert list(hidden["value"].astype(int).unique()) == [32, 128, 512]
    assert (tables / "plots" / "comparison_hidden_size.csv").is_file()


def test_texts_have_sizes_and_the_best_baselines(tables: Path) -> None:
    """The order that is best on val, and no floor where it is unknown."""
    texts = pd.read_csv(tables / "metrics" / "texts.csv").set_index("text")
    assert texts.loc["invented", "ngram_order"] == 6
    assert texts.loc["invented", "ngram_test_bpc"] == pytest.approx(2.1)
    assert texts.loc["invented", "vocabulary"] == 6
    assert texts["floor_test_bpc"].isna()["other"]


def test_curves_are_in_bits(tables: Path) -> None:
    """The file that 'dvc plots diff' draws ends at the model's losses."""
    curve = pd.read_csv(tables / "plots" / "model_learning_curve.csv")
    assert list(curve.columns[:4]) == ["step", "chars", "train_bpc", "val_bpc"]
    metrics = read_json(tables / "metrics" / "model.json")
    assert curve["val_bpc"].iloc[-1] == pytest.approx(metrics["val_bpc"], abs=1e-5)


def test_the_same_results_give_the_same_bytes(tables: Path, data: Path, tmp_path: Path) -> None:
    """The files depend on neither time nor place, and their lines end in LF."""
    compare(PARAMS, data, tmp_path / "metrics", tmp_path / "plots")
    first = bytes_of(tables / "metrics", tables / "plots")
    assert bytes_of(tmp_path / "metrics", tmp_path / "plots") == first
    assert not any(b"\r" in content for content in first.values())


def test_leftovers_are_not_read(data: Path, tables: Path, tmp_path: Path) -> None:
    """Variants, seeds and texts that are not in params.yaml change no byte of any table."""
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    shutil.copytree(copy / "variants" / "gru", copy / "variants" / "old")
    shutil.copytree(copy / "variants" / "gru" / "1", copy / "variants" / "gru" / "99")
    shutil.copytree(copy / "vocab" / "other", copy / "vocab" / "old")
    for folder in ("evaluation/variants", "samples/variants"):
        shutil.copy(copy / folder / "gru.json", copy / folder / "old.json")
    shutil.copy(copy / "baselines" / "other.json", copy / "baselines" / "old.json")
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "comparison_old.csv").touch()
    compare(PARAMS, copy, tmp_path / "metrics", tmp_path / "plots")
    expected = bytes_of(tables / "metrics", tables / "plots")
    assert bytes_of(tmp_path / "metrics", tmp_path / "plots") == expected


def test_a_missing_training_is_named(data: Path, tmp_path: Path) -> None:
    """The message has the file, the reason why it is needed, and the remedy."""
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    shutil.rmtree(copy / "variants" / "gru" / "2")
    with pytest.raises(ResultsError, match=r"gru.2.metrics\.json: no such file.*seed 2.*dvc repro"):
        compare(PARAMS, copy, tmp_path / "metrics", tmp_path / "plots")


def test_a_broken_training_is_named(data: Path, tmp_path: Path) -> None:
    """Invalid JSON gives a message, not a traceback."""
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    (copy / "model" / "metrics.json").write_text("{")
    with pytest.raises(ResultsError, match=r"model: metrics\.json or history\.csv cannot be read"):
        compare(PARAMS, copy, tmp_path / "metrics", tmp_path / "plots")


def test_without_evaluations_there_are_fewer_tables(tmp_path: Path) -> None:
    """Without evaluations there are no tables of them, and nothing fails."""
    params = made_params([1])
    write_results(params, tmp_path / "data", evaluated=False)
    compare(params, tmp_path / "data", tmp_path / "metrics", tmp_path / "plots")
    assert not (tmp_path / "metrics" / "neurons.csv").exists()
    assert math.isnan(pd.read_csv(tmp_path / "metrics" / "variants.csv")["test_sd"][0])


def test_a_text_without_a_test_split_leaves_test_empty(tmp_path: Path) -> None:
    """A null loss is an empty field, and is left out of model.json."""
    params = made_params([1])
    write_results(params, tmp_path / "data")
    for path in (tmp_path / "data").rglob("metrics.json"):
        document = json.loads(path.read_text())
        write_json(path, document | {"test_nats": None, "test_bpc": None})
    compare(params, tmp_path / "data", tmp_path / "metrics", tmp_path / "plots")
    assert "test_bpc" not in read_json(tmp_path / "metrics" / "model.json")
    assert pd.read_csv(tmp_path / "metrics" / "seeds.csv")["test_bpc"].isna().all()


def test_numbers_have_six_significant_digits() -> None:
    """Further digits are dropped, missing values are empty fields."""
    table = pd.DataFrame(
        {"x": [1 / 3, 2.0, float("nan"), 123456789.0], "name": ["a,b", "", "c", "d"]}
    )
    assert to_csv(table) == 'x,name\n0.333333,"a,b"\n2,\n,c\n123456789,d\n'


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("cell", "rnn"),
        ("dropout", "0"),
        ("learning_rate", "0.002"),
        ("seq_len", "100"),
        ("text", "invented"),
        (None, ""),
        ("nothing", ""),
    ],
)
def test_the_varied_key_is_found_in_every_section(key: str | None, expected: str) -> None:
    """In model:, in train:, or in the variant itself."""
    assert varied_value(PARAMS.study.variant("rnn"), key) == expected
