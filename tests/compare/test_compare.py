"""The tables of metrics/ and plots/ from made-up results."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

from charlab.compare.compare import compare, to_csv
from charlab.compare.results import ResultsError, Run
from charlab.compare.tables import clipped_share, varied_value
from charlab.compare.text_measures import text_measures
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


def test_texts_have_measures_of_their_language(tmp_path: Path) -> None:
    """Word length, marks, capitals and line length, of the letters and words that are there."""
    path = tmp_path / "text.txt"
    path.write_text("Über grün'n Ort\n\nüber Café.\n", encoding="utf-8")
    assert text_measures(path) == {
        "words": 5,
        "distinct_words": 4,
        "word_chars": pytest.approx((4 + 6 + 3 + 4 + 4) / 5),
        "diacritics": pytest.approx(4 / 20),
        "umlauts": pytest.approx(3 / 20),
        "capitals": pytest.approx(3 / 20),
        "line_chars": pytest.approx((15 + 10) / 2),
    }
    assert text_measures(tmp_path / "missing.txt")["words"] is None


def test_every_order_of_a_baseline_has_a_row(tables: Path) -> None:
    """The figure of the overtaking draws a line for each."""
    rows = pd.read_csv(tables / "metrics" / "baselines.csv")
    own = rows[rows["text"] == "invented"]
    assert list(own["kind"]) == ["ngram", "ngram", "ppmd", "floor"]
    assert list(own["test_bpc"]) == pytest.approx([2.5, 2.1, 2.05, 1.2])
    assert set(rows.loc[rows["text"] == "other", "kind"]) == {"ngram", "ppmd"}


def test_snapshots_and_memory_have_a_row_per_seed(tables: Path) -> None:
    """Losses in bits; the share is as the evaluation has it."""
    overtaking = pd.read_csv(tables / "metrics" / "overtaking.csv")
    assert list(overtaking.columns) == ["variant", "seed", "chars", "val_bpc", "test_bpc"]
    own = overtaking[(overtaking["variant"] == "gru") & (overtaking["seed"] == 2)]
    assert list(own["chars"]) == [0, 1000, 64000]
    assert own["val_bpc"].iloc[0] == pytest.approx(4.52 / math.log(2), rel=1e-5)
    memory = pd.read_csv(tables / "metrics" / "memory.csv")
    columns = ["variant", "seed", "chars", "low", "high", "chars_in_bin", "saved_bits", "share"]
    assert list(memory.columns) == columns
    assert memory["saved_bits"].iloc[0] == pytest.approx(0.1 / math.log(2), rel=1e-5)


def test_a_seed_that_diverged_is_counted_and_in_no_mean(data: Path, tmp_path: Path) -> None:
    """Its loss is that of the weights before, which says nothing about the variant."""
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    path = copy / "variants" / "gru" / "2" / "metrics.json"
    write_json(path, read_json(path) | {"test_nats": 9.0, "diverged_at_step": 5})
    compare(PARAMS, copy, tmp_path / "metrics", tmp_path / "plots")
    row = pd.read_csv(tmp_path / "metrics" / "variants.csv").set_index("variant").loc["gru"]
    assert (row["seeds"], row["diverged"]) == (3, 1)
    expected = (wobbling("gru", 1) + wobbling("gru", 3)) / 2
    assert row["test_bpc"] == pytest.approx(expected, abs=1e-5)
    comparisons = pd.read_csv(tmp_path / "metrics" / "comparisons.csv")
    own = comparisons[comparisons["variant"] == "gru"]
    assert list(own["diverged_at_step"].dropna()) == [5]


def test_the_share_of_clipped_steps_counts_steps() -> None:
    """Each measurement counts by its steps: 1, 3 of 4 and 1 of 5 are half of ten."""
    history = pd.DataFrame({"step": [1, 5, 10], "clipped": [1.0, 0.75, 0.2]})
    runs = [Run("a", 1, {}, history)]
    clipped = PARAMS.study.variant("rnn")
    for clip, expected in (("norm", 0.5), ("value", None), ("none", None)):
        train = clipped.train.model_copy(update={"clip": clip, "clip_at": 1.0})
        assert clipped_share(clipped.model_copy(update={"train": train}), runs) == expected


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
