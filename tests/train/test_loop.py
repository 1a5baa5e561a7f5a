"""The training loop, on texts that take a fraction of a second."""

from __future__ import annotations

import csv
import itertools
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from charlab.core.errors import CharlabError
from charlab.models.scoring import nats_per_char
from charlab.train import learners
from charlab.train.batches import Batches
from charlab.train.divergence import DivergedError
from charlab.train.learners import NumpyLearner, make_learner
from charlab.train.milestones import snapshot_steps
from charlab.train.torch_learner import TorchLearner
from charlab.vocab.vocabulary import Vocabulary
from tiny_training import (
    RESULTS,
    contents,
    encoded,
    fit,
    model_params,
    periodic,
    train_params,
)

ALL = ("exact", "torch", "numpy")
BACKENDS = pytest.mark.parametrize("backend", ALL)
HEADER = ["step", "chars", "epoch", "train_nats", "val_nats", "lr", "grad_norm", "clipped"]
METRICS = {
    "val_nats",
    "test_nats",
    "val_bpc",
    "test_bpc",
    "train_nats",
    "parameters",
    "train_chars",
    "steps",
    "best_step",
}
DIVERGES: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 300.0, "clip": "none"}


def history(out: Path) -> list[dict[str, float]]:
    """Return the rows of history.csv as numbers; an empty field is NaN."""
    with (out / "history.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [{key: float(value or "nan") for key, value in row.items()} for row in rows]


def run_code(code: str, out: Path) -> int:
    """Run Python code in a process of its own; return its exit status."""
    paths = [str(Path(learners.__file__).parents[2]), str(Path(__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", code, str(out)]
    return subprocess.run(command, env=environment, check=False).returncode


def random_text(chars: int) -> str:
    """Return random letters, in which there is nothing to learn."""
    return "".join(np.random.default_rng(0).choice(list("abcdefgh"), chars))


@BACKENDS
def test_learns_a_periodic_text(tmp_path: Path, backend: str) -> None:
    """The next character is certain, and both backends learn to predict it."""
    metrics: dict[str, Any] = fit(tmp_path / "out", model={"backend": backend}, epochs=10)
    for name in ("val_nats", "test_nats", "train_nats"):
        assert metrics[name] < 0.05
    rows = history(tmp_path / "out")
    assert rows[0]["train_nats"] > 5 * rows[-1]["train_nats"]


@BACKENDS
def test_same_bytes_twice_and_other_bytes_with_another_seed(tmp_path: Path, backend: str) -> None:
    """A seed determines every file, to the bit; with dropout where the backend has it."""
    dropout = 0.0 if backend == "numpy" else 0.3
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        fit(tmp_path / name, seed=seed, model={"backend": backend, "dropout": dropout})
    one, same, other = (contents(tmp_path / name) for name in "abc")
    assert set(one) == set(RESULTS)
    assert one == same
    assert one["model.safetensors"] != other["model.safetensors"]


def test_another_dropout_rate_leaves_the_initial_weights() -> None:
    """Weights and masks have separate generators."""
    weights = []
    for dropout in (0.0, 0.5):
        learner = make_learner(4, model_params(dropout=dropout), train_params(), 1)
        weights.append(learner.weights())
    assert weights[0].keys() == weights[1].keys()
    for name, value in weights[0].items():
        np.testing.assert_array_equal(value, weights[1][name])


@pytest.mark.parametrize("init", ["uniform", "orthogonal"])
def test_all_backends_start_from_the_same_weights(init: str) -> None:
    """Seed and configuration determine the initial network for every backend."""
    models = [model_params(cell="rnn", backend=backend, init=init) for backend in ALL]
    ours = [make_learner(4, model, train_params(), 7).weights() for model in models]
    for other in ours[1:]:
        assert ours[0].keys() == other.keys()
        for name, value in ours[0].items():
            np.testing.assert_array_equal(value, other[name])


def test_all_backends_take_the_same_steps(tmp_path: Path) -> None:
    """From the same weights the losses agree to rounding in float32."""
    for backend in ALL:
        fit(tmp_path / backend, model={"cell": "rnn", "backend": backend}, evaluations=10)
    mine = history(tmp_path / "exact")
    for other in ("torch", "numpy"):
        for a, b in zip(mine, history(tmp_path / other), strict=True):
            for column in ("train_nats", "val_nats"):
                assert a[column] == pytest.approx(b[column], abs=1e-5)
            assert a["grad_norm"] == pytest.approx(b["grad_norm"], rel=1e-3)


@pytest.mark.parametrize(
    ("model", "train"),
    [
        ({"cell": "gru", "layers": 2, "initial_state": "learned"}, {}),
        ({"cell": "lstm", "layers": 2, "initial_state": "learned"}, {}),
        *(
            (
                {"cell": "gru", "input": "bigram", "direct_order": 3},
                {"optimizer": optimizer, "clip": clip, "clip_at": 0.1, "weight_decay": 0.1},
            )
            for optimizer, clip in (
                ("adam", "norm"), ("adagrad", "value"), ("rmsprop", "none"), ("sgd", "norm"),
            )
        ),
    ],
)  # fmt: skip
def test_exact_and_torch_take_the_same_steps(
    tmp_path: Path, model: dict[str, Any], train: dict[str, Any]
) -> None:
    """With a learned initial state, and with rows of n-grams, of which chunks meet only some."""
    for backend in ("exact", "torch"):
        fit(tmp_path / backend, model={**model, "backend": backend}, epochs=2, **train)
    ours, theirs = history(tmp_path / "exact"), history(tmp_path / "torch")
    for a, b in zip(ours, theirs, strict=True):
        assert a["train_nats"] == pytest.approx(b["train_nats"], abs=1e-5)
        assert a["val_nats"] == pytest.approx(b["val_nats"], abs=1e-5)


def test_the_network_by_hand_trains_without_torch(tmp_path: Path) -> None:
    """Loading torch takes seconds, for nothing where the network is NumPy's."""
    code = (
        "import sys; from pathlib import Path; from tiny_training import fit\n"
        "fit(Path(sys.argv[1]), model={'backend': 'numpy'}, max_chars=96)\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert run_code(code, tmp_path / "out") == 0


def test_bf16_on_a_cpu_is_rejected() -> None:
    """The message says what to do."""
    with pytest.raises(ValueError, match="precision: bf16 needs device: cuda, not cpu"):
        train_params(precision="bf16")


@BACKENDS
def test_a_carried_state_remembers_and_a_reset_one_does_not(tmp_path: Path, backend: str) -> None:
    """Two of four sequences begin each chunk with ab; only the chunk before tells what follows.

    One of the two continues with c, the other with a full stop. Without memory that costs
    one bit for each of them, among the 24 characters of a chunk.
    """
    known: dict[str, Any] = {
        "model": {"backend": backend},
        "seq_len": 6,
        "epochs": 6,
        "evaluations": 6,
    }
    carried: dict[str, Any] = fit(tmp_path / "carried", state="carried", **known)
    reset: dict[str, Any] = fit(tmp_path / "reset", state="reset", **known)
    floor = 2 * math.log(2) / 24
    assert carried["train_nats"] < 0.5 * floor
    assert floor * 0.99 < reset["train_nats"] < 1.5 * floor


@BACKENDS
def test_every_epoch_begins_without_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    """The state is not carried from the end of the text to its beginning."""
    kind, seen = (NumpyLearner if backend == "numpy" else TorchLearner), []
    learn: Any = kind.learn

    def watched(self: Any, *arguments: Any) -> Any:
        seen.append(all(not part.any() for layer in self.state for part in layer))
        return learn(self, *arguments)

    monkeypatch.setattr(kind, "learn", watched)
    fit(tmp_path / "out", model={"backend": backend}, epochs=2)
    chunks = len(seen) // 2
    assert chunks == 19
    assert [number for number, empty in enumerate(seen) if empty] == [0, chunks]


def test_max_chars_limits_the_training(tmp_path: Path) -> None:
    """It is rounded down to whole chunks, at least one, and epochs is ignored."""
    metrics: dict[str, Any] = fit(tmp_path / "out", max_chars=500, epochs=100)
    assert (metrics["steps"], metrics["train_chars"]) == (10, 480)
    assert history(tmp_path / "out")[-1]["chars"] == 480
    assert fit(tmp_path / "one", max_chars=1)["steps"] == 1


def test_part_of_an_epoch(tmp_path: Path) -> None:
    """Half an epoch of 19 chunks is 10 chunks, rounded by Python."""
    assert fit(tmp_path / "out", epochs=0.5)["steps"] == round(19 / 2)


def test_keep_best_or_last(tmp_path: Path) -> None:
    """On a random text the val loss soon rises, so best and last are different steps."""
    text = encoded(random_text(700), val=200, test=0)
    for keep in ("best", "last"):
        fit(tmp_path / keep, text, model={"hidden": 48}, keep=keep, epochs=12, evaluations=6)
    assert (tmp_path / "best" / "history.csv").read_bytes() == (
        tmp_path / "last" / "history.csv"
    ).read_bytes()
    rows = history(tmp_path / "best")
    lowest = min(rows, key=lambda row: row["val_nats"])
    assert lowest["step"] < rows[-1]["step"]
    for keep, row in (("best", lowest), ("last", rows[-1])):
        metrics = json.loads((tmp_path / keep / "metrics.json").read_text(encoding="utf-8"))
        assert metrics["best_step"] == row["step"]
        assert metrics["val_nats"] == pytest.approx(row["val_nats"], rel=1e-6)
        saved = nats_per_char(tmp_path / keep, text.val).mean()
        assert saved == pytest.approx(row["val_nats"], rel=1e-6)


def test_columns_of_the_history(tmp_path: Path) -> None:
    """There is one line per measurement, with the right values in its columns."""
    train: dict[str, Any] = {
        "epochs": 2,
        "evaluations": 4,
        "schedule": "cosine",
        "learning_rate": 0.01,
    }
    fit(tmp_path / "out", **train)
    first = (tmp_path / "out" / "history.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first.split(",") == HEADER
    rows = history(tmp_path / "out")
    assert [row["step"] for row in rows] == [10, 19, 28, 38]
    assert [row["chars"] for row in rows] == [48 * row["step"] for row in rows]
    assert [row["epoch"] for row in rows] == pytest.approx([row["step"] / 19 for row in rows])
    assert rows[0]["lr"] > rows[-1]["lr"] > 0
    assert all(row["grad_norm"] > 0 for row in rows)


def test_history_has_means_between_measurements(tmp_path: Path) -> None:
    """The loss and norm of a row are means over the steps since the previous row."""
    fit(tmp_path / "each", max_chars=480, evaluations=10)
    fit(tmp_path / "two", max_chars=480, evaluations=2)
    each, two = history(tmp_path / "each"), history(tmp_path / "two")
    for column in ("train_nats", "grad_norm"):
        for row, steps in zip(two, (each[:5], each[5:]), strict=True):
            assert row[column] == pytest.approx(np.mean([s[column] for s in steps]), rel=1e-5)
    assert [row["val_nats"] for row in two] == [each[4]["val_nats"], each[9]["val_nats"]]


@BACKENDS
def test_the_share_of_clipped_steps(tmp_path: Path, backend: str) -> None:
    """A step counts if its norm is above the bound; without clipping by norm there is no share."""
    chosen: dict[str, Any] = {"model": {"backend": backend}, "max_chars": 480}
    fit(tmp_path / "free", **chosen, evaluations=10, clip="none")
    norms = sorted(row["grad_norm"] for row in history(tmp_path / "free"))
    bound = (norms[2] + norms[3]) / 2
    fit(tmp_path / "each", **chosen, evaluations=10, clip="norm", clip_at=bound)
    fit(tmp_path / "two", **chosen, evaluations=2, clip="norm", clip_at=bound)
    each, two = history(tmp_path / "each"), history(tmp_path / "two")
    shares = [row["clipped"] for row in each]
    assert shares == [float(row["grad_norm"] > bound) for row in each]
    assert 0 < sum(shares) < 10
    assert [row["clipped"] for row in two] == [np.mean(shares[:5]), np.mean(shares[5:])]
    assert all(np.isnan(row["clipped"]) for row in history(tmp_path / "free"))


def test_keys_of_the_metrics(tmp_path: Path) -> None:
    """Names, units and counts are right, and the returned metrics are those on disk."""
    metrics: dict[str, Any] = fit(tmp_path / "out")
    assert metrics == json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert set(metrics) == METRICS
    for split in ("val", "test"):
        assert metrics[f"{split}_bpc"] == pytest.approx(metrics[f"{split}_nats"] / math.log(2))
    saved = load_file(tmp_path / "out" / "model.safetensors")
    assert metrics["parameters"] == sum(value.size for value in saved.values())
    assert metrics["train_chars"] == 48 * metrics["steps"] == 48 * 19


def test_configuration_and_vocabulary_are_written(tmp_path: Path) -> None:
    """Both can be loaded again."""
    fit(tmp_path / "out", seed=5, model={"dropout": 0.25}, epochs=0.2)
    config = json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))
    assert config == {
        "format": 1,
        "vocab_size": 4,
        "seed": 5,
        "text": "",
        "model": model_params(dropout=0.25).model_dump(),
        "train": train_params(epochs=0.2).model_dump(),
    }
    assert Vocabulary.load(tmp_path / "out" / "vocab.json") == periodic().vocab


@BACKENDS
@pytest.mark.parametrize("segments", [1, 4])
def test_metrics_are_those_of_the_saved_model(tmp_path: Path, backend: str, segments: int) -> None:
    """A model loaded from its files has the losses in metrics.json."""
    text = encoded("abcab." * 200, val=120, test=120, segments=segments)
    metrics: dict[str, Any] = fit(tmp_path / "out", text, model={"backend": backend})
    for split, ids in (("val", text.val), ("test", text.test)):
        loss = nats_per_char(tmp_path / "out", ids, segments).mean()
        assert metrics[f"{split}_nats"] == pytest.approx(loss, rel=1e-7)


def test_without_a_test_split(tmp_path: Path) -> None:
    """Without a text there is no loss: JSON has null for it."""
    metrics: dict[str, Any] = fit(tmp_path / "out", periodic(test=0), epochs=0.2)
    assert metrics["test_nats"] is None
    assert metrics["test_bpc"] is None
    assert '"test_nats": null' in (tmp_path / "out" / "metrics.json").read_text(encoding="utf-8")


@BACKENDS
def test_divergence_stops_with_advice(tmp_path: Path, backend: str) -> None:
    """The message has the step, the loss and suggestions; no model is written."""
    wanted = (
        r"training diverged at step \d+: loss .+ nats per character, gradient norm .+, learning "
        r"rate at most 300; try a learning_rate ten times lower, clip: norm"
    )
    with pytest.raises(DivergedError, match=wanted) as raised:
        fit(tmp_path / "out", model={"backend": backend}, **DIVERGES)
    assert f"at step {raised.value.step}:" in str(raised.value)
    assert not (tmp_path / "out").exists()


@BACKENDS
def test_divergence_can_be_a_result(tmp_path: Path, backend: str) -> None:
    """The metrics record its step, and the weights are the best ones before it."""
    model = {"backend": backend}
    with pytest.raises(DivergedError) as raised:
        fit(tmp_path / "raised", model=model, **DIVERGES)
    metrics: dict[str, Any] = fit(tmp_path / "out", model=model, on_divergence="record", **DIVERGES)
    assert metrics["diverged_at_step"] == raised.value.step == metrics["steps"]
    assert set(metrics) == METRICS | {"diverged_at_step"}
    assert math.isfinite(metrics["val_nats"])
    assert set(contents(tmp_path / "out")) == set(RESULTS)
    assert not (tmp_path / "scratch").exists()


def test_divergence_before_any_measurement_keeps_the_first_weights(tmp_path: Path) -> None:
    """There are no better weights then, and the training loss is unknown."""
    metrics: dict[str, Any] = fit(
        tmp_path / "out", on_divergence="record", **{**DIVERGES, "evaluations": 1}
    )
    assert metrics["best_step"] == 0
    assert metrics["train_nats"] is None
    first = make_learner(4, model_params(), train_params(), 1).weights()
    saved = load_file(tmp_path / "out" / "model.safetensors")
    for name, value in first.items():
        np.testing.assert_array_equal(saved[name], value)


@pytest.mark.parametrize("keep", ["best", "last"])
@BACKENDS
def test_a_divergence_found_by_a_measurement(tmp_path: Path, backend: str, keep: str) -> None:
    """If the last step destroys the weights, only the loss on val shows it."""
    metrics: dict[str, Any] = fit(
        tmp_path / "out",
        model={"backend": backend, "cell": "rnn", "activation": "relu"},
        on_divergence="record",
        keep=keep,
        max_chars=48,
        **{**DIVERGES, "learning_rate": 1e30},
    )
    assert metrics["diverged_at_step"] == 1
    assert metrics["best_step"] == 0
    assert math.isfinite(metrics["val_nats"])


@pytest.mark.parametrize("lag", [2, 5, 1000])
def test_reading_the_losses_later_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lag: int
) -> None:
    """A GPU's losses are read many steps at a time, which gives the same files, to the bit."""
    fit(tmp_path / "each")
    fit(tmp_path / "each-diverged", on_divergence="record", **DIVERGES)
    monkeypatch.setitem(learners.LAG, "cpu", lag)
    fit(tmp_path / "later")
    fit(tmp_path / "later-diverged", on_divergence="record", **DIVERGES)
    assert contents(tmp_path / "later") == contents(tmp_path / "each")
    assert contents(tmp_path / "later-diverged") == contents(tmp_path / "each-diverged")


@pytest.mark.slow
def test_torchs_compiler_is_not_loaded(tmp_path: Path) -> None:
    """Loading it takes nearly as long as torch itself; torch.optim's classes would load it."""
    code = (
        "import sys; from pathlib import Path; from tiny_training import fit\n"
        "fit(Path(sys.argv[1]), max_chars=96)\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert run_code(code, tmp_path / "out") == 0


def test_a_text_too_short_is_rejected_first(tmp_path: Path) -> None:
    """The message is that of the batches, and nothing is written."""
    with pytest.raises(CharlabError, match=r"needs 4001; train\.batch_size up to 9 would fit"):
        fit(tmp_path / "out", seq_len=100, batch_size=40)
    assert list(tmp_path.iterdir()) == []


def test_reads_all_batches_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each epoch reads every chunk once and in order."""
    read, chunk = [], Batches.chunk

    def noting(batches: Batches, number: int) -> Any:
        read.append(number)
        return chunk(batches, number)

    monkeypatch.setattr(Batches, "chunk", noting)
    fit(tmp_path / "out", epochs=2)
    assert read == [*range(19), *range(19)]


def test_weight_decay_shrinks(tmp_path: Path) -> None:
    """With the same seed the weights end closer to zero."""
    for name, decay in (("without", 0.0), ("with", 0.5)):
        fit(tmp_path / name, weight_decay=decay, keep="last")
    norms = [
        sum(float(np.square(v).sum()) for v in load_file(path / "model.safetensors").values())
        for path in (tmp_path / "with", tmp_path / "without")
    ]
    assert norms[0] < 0.95 * norms[1]


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "adagrad", "sgd"])
def test_all_backends_have_every_optimizer(tmp_path: Path, optimizer: str) -> None:
    """After ten steps with weight decay the losses agree to rounding in float32."""
    rate = {"adam": 0.01, "rmsprop": 0.003, "adagrad": 0.03, "sgd": 0.5}[optimizer]
    common: dict[str, Any] = {
        "optimizer": optimizer,
        "learning_rate": rate,
        "weight_decay": 0.1,
        "max_chars": 480,
    }
    for backend in ALL:
        fit(tmp_path / backend, model={"cell": "rnn", "backend": backend}, **common)
    mine, *others = ([r["val_nats"] for r in history(tmp_path / backend)] for backend in ALL)
    for theirs in others:
        assert mine == pytest.approx(theirs, rel=1e-3)


@BACKENDS
def test_snapshots_are_weights_during_training(tmp_path: Path, backend: str) -> None:
    """Each equals the result of a training of that many steps; older snapshots are removed."""
    same: dict[str, Any] = {
        "model": {"cell": "rnn", "backend": backend},
        "keep": "last",
        "schedule": "constant",
    }
    stale = tmp_path / "whole" / "snapshots" / "123.safetensors"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"")
    fit(tmp_path / "whole", max_chars=16 * 48, snapshots=2, **same)
    assert {path.stem for path in stale.parent.iterdir()} == {"0", "4"}
    fit(tmp_path / "part", max_chars=4 * 48, **same)
    part = (tmp_path / "part" / "model.safetensors").read_bytes()
    assert (stale.parent / "4.safetensors").read_bytes() == part
    assert not (tmp_path / "part" / "snapshots").exists()


@pytest.mark.parametrize(("steps", "count"), [(1, 3), (20, 0), (20, 1), (1000, 5), (20_000, 50)])
def test_snapshots_are_taken_at_equal_ratios(steps: int, count: int) -> None:
    """They start with the initial weights, are distinct, and exclude the last step."""
    moments = sorted(snapshot_steps(steps, count))
    assert len(moments) <= count
    assert not moments or moments[0] == 0
    assert all(0 <= step < steps for step in moments)
    ratios = [b / a for a, b in itertools.pairwise(moments) if a > 20]
    assert not ratios or max(ratios) / min(ratios) < 1.1
