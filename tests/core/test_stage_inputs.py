"""A stage notices that its parameters, inputs or code changed while it ran, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from charlab.core.stage_inputs import InputsChangedError, check_unchanged, inputs_at_start

DVC_YAML = """
stages:
  vocab:
    foreach: ${texts}
    do:
      cmd: python vocab.py ${key}
      deps: [src, "data/clean/${key}.txt"]
      params: [corpus, "texts.${key}"]
  variant:
    foreach: ${study.variants}
    do:
      cmd: python variant.py ${key}
      deps: ["data/vocab/${item.text}"]
      params: ["study.variants.${key}"]
  train:
    cmd: python train.py data/vocab/${text}
    deps: [src, "data/vocab/${text}"]
    params: [seed, text]
"""
PARAMS = """
seed: 1
text: alice
texts: {alice: {chars: 100}, moby: {chars: 200}}
corpus: {val: 0.1}
study: {variants: {lstm: {text: alice}, gru: {text: moby}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project of three stages."""
    files = {
        "dvc.yaml": DVC_YAML,
        "params.yaml": PARAMS,
        "src/part.py": "one\n",
        "src/__pycache__/part.pyc": "",
        "data/clean/alice.txt": "text",
        "data/vocab/alice/ids": "1 2 3",
        "data/vocab/moby/ids": "4 5 6",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    """Replace a part of a file, which it has."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("stage", "file", "old", "new", "named"),
    [
        ("train", "params.yaml", "seed: 1", "seed: 2", "seed"),
        ("train", "params.yaml", "text: alice\n", "text: moby\n", "data/vocab/alice/ids, data/v"),
        ("train", "data/vocab/alice/ids", "1", "9", "data/vocab/alice/ids"),
        ("train", "src/part.py", "one", "two", "src/part.py"),
        ("vocab@moby", "params.yaml", "chars: 200", "chars: 300", "texts.moby"),
        ("vocab@moby", "params.yaml", "0.1", "0.2", "corpus"),
        ("variant@gru", "data/vocab/moby/ids", "4", "9", "data/vocab/moby/ids"),
        ("variant@gru", "params.yaml", ", gru: {text: moby}", "", "study.variants.gru"),
        ("train", "params.yaml", "seed: 1", "seed: [", "params.yaml"),
    ],
)
def test_an_edit_of_its_own_inputs_fails_a_stage(
    project: Path, stage: str, file: str, old: str, new: str, named: str
) -> None:
    """The message names what changed."""
    started = inputs_at_start(project, stage)
    check_unchanged(project, stage, started)
    edit(project / file, old, new)
    with pytest.raises(InputsChangedError, match=f"^.*{named}.* changed while this stage ran"):
        check_unchanged(project, stage, started)


@pytest.mark.parametrize(
    ("stage", "file", "old", "new"),
    [
        ("vocab@moby", "params.yaml", "chars: 100", "chars: 300"),
        ("variant@gru", "params.yaml", "lstm: {text: alice}", "lstm: {text: moby}"),
        ("variant@gru", "data/vocab/alice/ids", "1", "9"),
        ("train", "src/__pycache__/part.pyc", "", "compiled"),
    ],
)
def test_an_edit_elsewhere_does_not(
    project: Path, stage: str, file: str, old: str, new: str
) -> None:
    """A long training goes on while other variants are edited."""
    started = inputs_at_start(project, stage)
    edit(project / file, old, new)
    check_unchanged(project, stage, started)


def test_an_edit_that_is_undone_in_time_does_not(project: Path) -> None:
    """Values count, and not the time of a file that is small."""
    started = inputs_at_start(project, "train")
    edit(project / "params.yaml", "seed: 1", "seed: 2")
    edit(project / "params.yaml", "seed: 2", "seed: 1")
    os.utime(project / "src/part.py", (1, 1))
    check_unchanged(project, "train", started)


def test_a_large_file_is_compared_by_size_and_time(project: Path) -> None:
    """Hashing a text of megabytes twice would cost every stage time."""
    path = project / "data/vocab/alice/ids"
    path.write_bytes(bytes(2 << 20))
    started = inputs_at_start(project, "train")
    os.utime(path, (1, 1))
    with pytest.raises(InputsChangedError, match="ids changed"):
        check_unchanged(project, "train", started)


@pytest.mark.parametrize("stage", [None, "unknown", "unknown@x"])
def test_a_stage_that_dvc_does_not_run_compares_nothing(project: Path, stage: str | None) -> None:
    """A person runs the script, or has a dvc.yaml of their own."""
    assert inputs_at_start(project, stage) is None
    check_unchanged(project, stage, None)
