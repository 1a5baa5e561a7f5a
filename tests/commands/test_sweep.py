"""``charlab sweep``: short trainings, one table, the same bytes however it was run."""

from __future__ import annotations

import csv
import io
import os
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from charlab.commands import sweep_runs
from charlab.commands.sweep import Sweep, choose
from charlab.commands.sweep_runs import Job, Outcome, Results, encoded_text
from charlab.core import folders
from charlab.core.errors import CharlabError
from charlab.plan.params import CorpusParams
from charlab.train.model_folder import TrainingConfig
from charlab.vocab.encoded_text import EncodedText, encode_text
from command_line import refused, run
from tiny_training import PERIOD, fit

PARAMS: dict[str, Any] = {
    "texts": {"book": {"builtin": "invented"}},
    "text": "book",
    "study": {
        "defaults": {
            "model": {"hidden": 8},
            "train": {"seq_len": 12, "batch_size": 4, "epochs": 1, "evaluations": 1},
        }
    },
}

SPEC: dict[str, Any] = {
    "candidates": 3,
    "families": {
        "gru": {
            "title": "GRU",
            "text": "book",
            "model": {"cell": "gru"},
            "rates": [0.001, 0.05, 0.06],
            "applies_to": ["gru", "gru-wide"],
        },
        "rnn": {
            "title": "RNN",
            "text": "book",
            "model": {"cell": "rnn", "activation": "relu"},
            "train": {"optimizer": "sgd", "clip": "none"},
            "rates": [0.01, 0.02, 1.0e9],
        },
    },
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project with one encoded text and a specification."""
    (tmp_path / "studies").mkdir()
    (tmp_path / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(PARAMS), encoding="utf-8")
    write_spec(tmp_path, SPEC)
    text = tmp_path / "book.txt"
    text.write_text(PERIOD * 200, encoding="utf-8")
    encode_text(text, CorpusParams(), tmp_path / "data" / "vocab" / "book")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_spec(root: Path, spec: dict[str, Any]) -> None:
    """Write studies/tuning.yaml."""
    document = yaml.safe_dump(spec, sort_keys=False)
    (root / "studies" / "tuning.yaml").write_text(document, encoding="utf-8")


def table(root: Path) -> list[dict[str, str]]:
    """Return the rows of studies/tuning.csv."""
    return list(csv.DictReader(io.StringIO((root / "studies/tuning.csv").read_text("utf-8"))))


def trained(monkeypatch: pytest.MonkeyPatch, stop_after: int | None = None) -> list[str]:
    """Return a list that gets the name of each training, of which the last may be interrupted."""
    names: list[str] = []
    real = sweep_runs.train_one

    def counting(job: Job, scratch: Path, folder: Path) -> Outcome:
        if len(names) == stop_after:
            raise KeyboardInterrupt
        names.append(str(job))
        return real(job, scratch, folder)

    monkeypatch.setattr(sweep_runs, "train_one", counting)
    return names


def test_the_table_has_every_run_and_the_choice(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of the specification; the diverged run has its step and no loss."""
    done = run(capsys, "sweep", "--workers", 1)
    assert done.status == 0
    assert "6 of 6" in done.err
    assert "diverged at step" in done.err
    rows = table(root)
    assert [(row["family"], float(row["learning_rate"])) for row in rows] == [
        (slug, rate) for slug, family in SPEC["families"].items() for rate in family["rates"]
    ]
    assert {row["variants"] for row in rows} == {"gru gru-wide", ""}
    assert rows[-1]["val_bpc"] == ""
    assert int(rows[-1]["diverged_at_step"]) > 0
    for family in ("gru", "rnn"):
        own = [row for row in rows if row["family"] == family and row["val_bpc"]]
        best = min(own, key=lambda row: float(row["val_bpc"]))
        assert [row for row in rows if row["family"] == family and row["chosen"] == "True"] == [
            best
        ]
    # No weights, no data, no checkpoint.
    assert {path.name for path in (root / ".charlab").rglob("*") if path.is_file()} == {
        "sweep.jsonl"
    }
    # Beside a device no file can be made by most users.
    monkeypatch.setattr(folders, "check_writable", lambda folder: pytest.fail(str(folder)))
    assert run(capsys, "sweep", "--workers", 1, "--out", os.devnull).status == 0


def test_a_run_is_the_training_of_the_library(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loss is that of ``train`` with the same settings, to all digits written."""
    assert run(capsys, "sweep", "--workers", 1).status == 0
    job = Sweep.of(root / "studies/tuning.yaml", root).jobs[1]
    assert isinstance(job.config, TrainingConfig)
    metrics = fit(
        root / "model",
        EncodedText.load(root / "data/vocab/book"),
        model=job.candidate.model.model_dump(),
        **job.candidate.train.model_dump(),
    )
    assert table(root)[1]["val_bpc"] == f"{metrics['val_bpc']:.6g}"
    assert table(root)[1]["chars"] == str(metrics["train_chars"])


@pytest.mark.slow
def test_the_same_bytes_with_two_workers(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two processes end in another order; the table is in that of the specification."""
    assert run(capsys, "sweep", "--workers", 1).status == 0
    alone = (root / "studies/tuning.csv").read_bytes()
    (root / ".charlab/sweep.jsonl").unlink()
    assert run(capsys, "sweep", "--workers", 2, "--out", root / "two.csv").status == 0
    assert (root / "two.csv").read_bytes() == alone


def test_an_interrupted_sweep_goes_on(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is done is not trained again, even if the last line was cut by a kill."""
    with monkeypatch.context() as patch:
        first = trained(patch, stop_after=4)
        assert run(capsys, "sweep", "--workers", 1).status == 1
    assert not (root / "studies/tuning.csv").exists()
    with (root / ".charlab/sweep.jsonl").open("ab") as stream:
        stream.write(b'\n{"key": "ab", "val_b')
    with monkeypatch.context() as patch:
        second = trained(patch)
        assert run(capsys, "sweep", "--workers", 1).status == 0
    assert len(first) == 4
    assert len(second) == 2
    assert not set(first) & set(second)
    with monkeypatch.context() as patch:
        third = trained(patch)
        assert run(capsys, "sweep").status == 0
    assert third == []


@pytest.mark.parametrize("change", ["settings", "text"])
def test_a_result_holds_for_its_settings_and_text(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    """Another rate is one training more; another text trains all again."""
    assert run(capsys, "sweep", "--workers", 1).status == 0
    if change == "settings":
        gru = SPEC["families"]["gru"] | {"rates": [0.001, 0.05, 0.07]}
        write_spec(root, SPEC | {"families": SPEC["families"] | {"gru": gru}})
    else:
        (root / "book.txt").write_text(PERIOD * 201, encoding="utf-8")
        encoded_text.cache_clear()
        encode_text(root / "book.txt", CorpusParams(), root / "data/vocab/book")
    names = trained(monkeypatch)
    assert run(capsys, "sweep", "--workers", 1).status == 0
    assert len(names) == (1 if change == "settings" else 6)


def test_a_dry_run_trains_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It names each family's rates and characters."""
    done = run(capsys, "sweep", "--dry")
    assert done.out.splitlines() == [
        "gru: 3 trainings of 912 characters of book, 3 to do; rates 0.001, 0.05, 0.06",
        "rnn: 3 trainings of 912 characters of book, 3 to do; rates 0.01, 0.02, 1e+09",
        "to do: 6 trainings, 5,472 characters",
    ]
    assert not (root / ".charlab").exists()


def test_a_missing_text_names_the_command(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sweep trains on the encoded texts of the pipeline."""
    (root / "data/vocab/book/splits.json").unlink()
    assert "run 'dvc repro vocab@book'" in refused(capsys, "sweep")


def test_the_test_split_is_not_read(root: Path) -> None:
    """Tuning must not see it."""
    (job, *_) = Sweep.of(root / "studies/tuning.yaml", root).jobs
    assert len(encoded_text(job.data).test) == 0


def test_a_killed_worker_is_an_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's memory killer ends one; the message says what to do."""

    class Broken(ThreadPoolExecutor):
        """A pool whose first process is killed."""

        def __init__(self, *_: Any) -> None:
            super().__init__(1)

        def submit(self, *_: Any) -> Any:  # type: ignore[override]
            """Return what a pool returns whose process has ended."""
            killed: Future[Outcome] = Future()
            killed.set_exception(BrokenProcessPool())
            return killed

    monkeypatch.setattr(sweep_runs, "ProcessPoolExecutor", Broken)
    with pytest.raises(CharlabError, match=r"a worker process was killed.*fewer --workers"):
        Sweep.of(root / "studies/tuning.yaml", root).run(2)


def made_up(root: Path, losses: dict[tuple[float, int], float | None]) -> Sweep:
    """Return a sweep of one family with made-up losses on val by rate and seed."""
    (job, *_) = Sweep.of(root / "studies/tuning.yaml", root).jobs
    jobs = [
        Job(
            replace(
                job.candidate,
                train=job.candidate.train.model_copy(update={"learning_rate": rate}),
                seed=seed,
            ),
            job.data,
            f"{rate} {seed}",
        )
        for rate, seed in losses
    ]
    results = Results(root / "made.jsonl")
    for one, loss in zip(jobs, losses.values(), strict=True):
        results.add(one.key, Outcome(100, loss, None if loss is not None else 7))
    return Sweep(jobs, {"gru": []}, results, root)


@pytest.mark.parametrize(
    ("losses", "rate", "warning"),
    [
        # The mean over the seeds counts, not the luckiest seed.
        ([(3.0, 3.0), (2.0, 2.2), (1.5, 3.5)], 0.2, ""),
        ([(2.0, 2.0), (2.5, 2.5), (3.0, 3.0)], 0.1, "add a lower rate"),
        ([(3.0, 3.0), (2.5, 2.5), (2.0, 2.0)], 0.3, "add a higher rate"),
        # One diverged seed rules a rate out, however good the other is.
        ([(3.0, 3.0), (2.5, 2.5), (1.0, None)], 0.2, ""),
        ([(2.5, 2.5), (2.5, 2.5), (2.5, 2.5)], 0.1, "add a lower rate"),
        ([(None, None)] * 3, None, "every candidate diverged"),
    ],
)
def test_the_lowest_mean_on_val_is_chosen(
    root: Path, losses: list[tuple[float | None, ...]], rate: float | None, warning: str
) -> None:
    """A choice at the edge of the grid comes with a warning."""
    by_run = {
        (rate, seed): loss
        for rate, own in zip((0.1, 0.2, 0.3), losses, strict=True)
        for seed, loss in enumerate(own, 1)
    }
    made = made_up(root, by_run)
    chosen = {job.candidate.settings[0] for job, _, chosen in made.rows() if chosen}
    assert chosen == ({rate} if rate else set())
    assert warning in " ".join(made.warnings())
    assert bool(warning) == bool(list(made.warnings()))
    settings = choose(made.jobs, [made.results.known[job.key] for job in made.jobs])["gru"]
    assert settings == (None if rate is None else (rate, "uniform"))
