"""The table of experiments has the columns that a person compares."""

from __future__ import annotations

import re
import webbrowser
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from charlab.commands import experiments
from charlab.commands.cli import cli
from charlab.commands.experiments import DROPPED, KEPT, without_borrowed


@pytest.mark.parametrize(
    "column",
    ["params.yaml", "metrics", "data/model", "src/charlab/core", "ngram_test_bpc", "Executor"],
)
def test_what_says_nothing_of_a_changed_key_is_left_out(column: str) -> None:
    """A hash says nothing to a person, and a baseline is the same whatever the model is."""
    assert re.match(DROPPED, column)


@pytest.mark.parametrize("column", ["Experiment", "test_bpc", "State", "model.hidden", "text"])
def test_names_losses_and_settings_stay(column: str) -> None:
    """The same expressions as DVC's --drop and --keep, which match at the start."""
    assert not re.match(DROPPED, column)


def test_losses_stay_even_if_all_are_equal() -> None:
    """DVC leaves out columns of equal values, and with one row all are."""
    assert all(re.match(KEPT, column) for column in ("Experiment", "val_bpc", "test_bpc"))


@pytest.mark.parametrize(
    ("arguments", "page", "options"),
    [
        (["--all-commits"], None, ["--all-commits"]),
        (["--page"], "experiments.html", []),
        (["--page", "--sort-by", "test_bpc"], "experiments.html", ["--sort-by", "test_bpc"]),
        (["--all-commits", "--page", "mine.html"], "sub/mine.html", ["--all-commits"]),
        (["--page", "link"], "sub/link", []),
        (["--open"], "experiments.html", []),
    ],
)
def test_the_page_is_written_where_the_user_says(
    arguments: list[str],
    page: str | None,
    options: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By default in the project's folder; all other options are DVC's."""
    for name in ("dvc.yaml", "params.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "link").symlink_to("/dev/fd/1")
    monkeypatch.chdir(tmp_path / "sub")
    shown: list[str] = []
    written: list[Path] = []
    opened: list[str] = []

    def show(_: Path, given: tuple[str, ...]) -> tuple[int, list[str]]:
        shown.extend(given)
        return 0, []

    monkeypatch.setattr(experiments, "show", show)
    monkeypatch.setattr(experiments, "write_page", lambda _, path: written.append(path))
    monkeypatch.setattr(webbrowser, "open", opened.append)
    result = CliRunner().invoke(cli, ["experiments", *arguments])
    assert result.exit_code == 0, result.output
    assert shown == options
    assert written == ([tmp_path / page] if page else [])
    assert opened == ([(tmp_path / str(page)).as_uri()] if "--open" in arguments else [])


@pytest.mark.parametrize(
    ("state", "own"),
    [(None, True), ("success", True), ("queued", False), ("running", False), ("failed", False)],
)
def test_experiment_that_is_not_done_has_no_numbers(
    state: str | None, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC gives it those of the commit that it started from; an experiment pulled has no state."""
    from dvc.repo.experiments import Experiments

    metrics = {"metrics/model.json": {"data": {"val_bpc": 2.5}}}
    revision = SimpleNamespace(data=SimpleNamespace(metrics=metrics))
    unread = SimpleNamespace(data=None)
    executor = SimpleNamespace(state=state) if state else None
    entry = SimpleNamespace(revs=[revision, unread], executor=executor)
    baseline = SimpleNamespace(experiments=[entry])
    monkeypatch.setattr(
        Experiments, "show", lambda _: [baseline, SimpleNamespace(experiments=None)]
    )
    before = Experiments.show
    with without_borrowed():
        Experiments.show(SimpleNamespace())
    assert bool(metrics) == own
    # Then all states are alike, and the table has no column of them.
    assert (entry.executor is None) == own
    assert Experiments.show is before
