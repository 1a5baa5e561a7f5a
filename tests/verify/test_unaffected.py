"""Tests of what has to be the same beside trainings that are only close."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlab.core.files import write_text
from charlab.verify.unaffected import Names, first_difference, names_of, uncompared
from published import published

NAMES = Names(frozenset(["by-torch"]), frozenset(["backends"]), frozenset(["RNN, torch"]))

RECORDED = {
    "seeds.csv": "variant,test_bpc\nrnn,2.1\nby-torch,2.2\n",
    "comparisons.csv": "comparison,variant\nbackends,rnn\ncells,rnn\n",
    "by-torch.json": "1",
    "rnn.json": "1",
    "figures/comparison_backends.svg": "<svg/>",
    "figures/comparison_cells.svg": "<svg/>",
    "report.md": "All agree: 0.1.\n| RNN, torch | 2.2 |\nThe best of cells is 2.1.\n",
    "numbers.csv": (
        "line,printed,formula\n1,0.1,\"apart(col('seeds', variant='by-torch'))\"\n"
        "2,2.2,\"col('seeds', variant='by-torch')\"\n3,2.1,\"col('seeds', variant='rnn')\"\n"
    ),
    "index.html": "2.2 2.1",
}


def written(root: Path, changes: dict[str, str]) -> Path:
    """Write the files, with some of them changed."""
    for name, text in (RECORDED | changes).items():
        write_text(root / name, text)
    return root


@pytest.mark.parametrize(
    "name",
    ["seeds.csv", "comparisons.csv", "by-torch.json", "figures/comparison_backends.svg"],
)
def test_what_names_the_training_may_differ(tmp_path: Path, name: str) -> None:
    """A row, a file of its name, a figure of its comparison."""
    changed = (
        RECORDED[name]
        .replace("by-torch,2.2", "by-torch,2.3")
        .replace("backends,rnn", "backends,gru")
    )
    if "," not in changed:
        changed = "other"
    one, other = written(tmp_path / "one", {}), written(tmp_path / "other", {name: changed})
    assert changed != RECORDED[name]
    assert first_difference(one, other, NAMES) is None


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("seeds.csv", "rnn,2.1", "rnn,2.2"),
        ("seeds.csv", "rnn,2.1", "rnn,2.1\nrnn,2.1"),
        ("comparisons.csv", "cells,rnn", "cells,gru"),
        ("rnn.json", "1", "2"),
        ("figures/comparison_cells.svg", "<svg/>", "<svg></svg>"),
        ("report.md", "cells is 2.1", "cells is 2.0"),
        ("numbers.csv", "3,2.1", "3,2.0"),
    ],
)
def test_nothing_else_may(tmp_path: Path, name: str, before: str, after: str) -> None:
    """The first difference is named with its file."""
    changed = RECORDED[name].replace(before, after)
    one, other = written(tmp_path / "one", {}), written(tmp_path / "other", {name: changed})
    assert changed != RECORDED[name]
    assert str(first_difference(one, other, NAMES)).startswith(f"{name}: ")


def test_files_of_one_run_alone(tmp_path: Path) -> None:
    """One that is missing and one that is new."""
    one, other = written(tmp_path / "one", {}), written(tmp_path / "other", {"new.svg": "x"})
    text = "new.svg: only one of the two runs wrote it"
    assert first_difference(one, other, NAMES) == first_difference(other, one, NAMES) == text


def test_a_sentence_may_be_said_or_not(tmp_path: Path) -> None:
    """Its condition is on the training; the lines below it move up."""
    report = RECORDED["report.md"].split("\n", 1)[1]
    header, _, second, third, _ = RECORDED["numbers.csv"].split("\n")
    numbers = "\n".join([header, second.replace("2,", "1,", 1), third.replace("3,", "2,", 1), ""])
    changes = {"report.md": report, "numbers.csv": numbers, "index.html": "2.1"}
    one, other = written(tmp_path / "one", {}), written(tmp_path / "other", changes)
    assert first_difference(one, other, NAMES) is None
    assert uncompared(one, other) == ["index.html"]


def test_names_are_those_of_the_study(tmp_path: Path) -> None:
    """Slugs, comparisons and labels of the published one."""
    write_text(tmp_path / "params.yaml", published("params.yaml"))
    names = names_of(tmp_path, ["rnn-torch"])
    assert names == Names(
        frozenset(["rnn-torch"]), frozenset(["backends"]), frozenset(["RNN, torch"])
    )
