"""Workspaces for a class, the homework in them, and the instructor's check."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from charlab.compare.compare import compare
from charlab.core.files import WriteError, write_json, write_text
from charlab.course.handed_in import CourseError
from charlab.course.outputs import CheckedFile, compared
from charlab.course.homework import fill_homework
from charlab.course.student import Student, identifier, read_student, student_seed, with_seed
from charlab.course.tasks import tasks_page
from charlab.course.workspace import new_workspace
from charlab.plan.params import load_params
from charlab.plots import registry
from charlab.report.statistics import number
from made_results import made_params, write_results
from project_clone import TINY, Clone


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder that git tracks, with the files that a workspace is made of."""
    root = tmp_path / "project"
    write_text(root / "params.yaml", TINY.lstrip())
    for name in ("dvc.yaml", "stages/train.py", "src/charlab/a.py", "report/report.md"):
        write_text(root / name, f"{name} of the project\n")
    write_text(root / ".gitignore", "/ignored/\n")
    write_text(root / "ignored/secret.txt", "not for students\n")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root


def test_a_workspace_has_a_seed_and_tasks_but_no_results(project: Path, tmp_path: Path) -> None:
    """It has the files of the project without results and without files that git ignores."""
    out = tmp_path / "student"
    owner = new_workspace(project, out, "Ada", "tiny")
    params = load_params(out / "params.yaml")
    assert owner == read_student(out) == Student("ada", "tiny", student_seed("Ada"))
    assert (params.seed, params.study.seeds) == (owner.seed, [owner.seed, owner.seed + 1])
    assert (out / "src/charlab/a.py").is_file()
    assert not (out / "report").exists()
    assert not (out / "ignored").exists()
    assert f"start at **{owner.seed}**" in (out / "TASKS.md").read_text(encoding="utf-8")
    assert "NotImplementedError" in (out / "exercise/rnn_by_hand.py").read_text(encoding="utf-8")
    log = ["git", "status", "--porcelain"]
    assert not subprocess.run(log, cwd=out, check=True, capture_output=True).stdout


def test_a_folder_that_holds_something_is_left_alone(project: Path, tmp_path: Path) -> None:
    """A student's work is never overwritten."""
    write_text(tmp_path / "student" / "mine.txt", "my work")
    with pytest.raises(CourseError, match="not an empty folder; name a new one"):
        new_workspace(project, tmp_path / "student", "1", "tiny")
    assert (tmp_path / "student" / "mine.txt").read_text(encoding="utf-8") == "my work"


def test_a_workspace_that_fails_leaves_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command works once there is room again."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "class" / "student"
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", fail)
        with pytest.raises(WriteError, match=r"student: cannot be written \(No space left"):
            new_workspace(project, out, "1", "tiny")
    assert list(out.parent.iterdir()) == []
    new_workspace(project, out, "1", "tiny")
    assert [path.name for path in out.parent.iterdir()] == ["student"]


def test_only_the_seeds_change_and_comments_stay() -> None:
    """The rest of the parameters is the same for the whole class."""
    before = b"seed: 1    # mine\nstudy:\n  seeds: [1, 2]   # each\n  title: 'x'\n"
    after = with_seed(before, 7)
    assert b"# mine" in after
    assert b"# each" in after
    assert yaml.safe_load(after) == {"seed": 7, "study": {"seeds": [7, 8], "title": "x"}}


def test_every_question_is_among_the_tasks() -> None:
    """Each with the command that trains each of its variants."""
    params = made_params()
    page = tasks_page(params, 3)
    for slug, comparison in params.study.comparisons.items():
        assert comparison.question.replace("'", "'") in page
        assert f"plots/comparison_{slug}.csv" in page
        for name in comparison.variants:
            assert f"    dvc repro train-variant@{name}\n" in page
    assert page.index("## Task 3") < page.index("What do the gates gain?") < page.index("## Task 4")
    assert "### More" in page


def test_the_homework_has_numbers_and_no_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures and tables are the student's own; each finding is a blank."""
    monkeypatch.setattr(registry, "draw", lambda name, tables: b"<svg/>")
    params = made_params()
    write_results(params, tmp_path / "data")
    compare(params, tmp_path / "data", tmp_path / "metrics", tmp_path / "plots")
    document = json.loads(params.model_dump_json(exclude_none=True))
    write_text(tmp_path / "params.yaml", yaml.safe_dump(document))
    path = fill_homework(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.count("**My answer.**") > len(params.study.comparisons)
    assert "Finding" not in text
    assert "spread of the seeds." not in text
    assert "10.5194" not in text
    means = pd.read_csv(tmp_path / "metrics" / "variants.csv")["test_bpc"]
    assert all(number(mean) in text for mean in means)
    assert (tmp_path / "homework" / "figures" / "comparison_cells.svg").is_file()
    with pytest.raises(CourseError, match="may contain your answers"):
        fill_homework(tmp_path)


def test_a_homework_needs_results(tmp_path: Path) -> None:
    """The message names the command that makes them."""
    with pytest.raises(CourseError, match="no results yet; run 'charlab fan-out'"):
        fill_homework(tmp_path)


def test_differences_are_named(tmp_path: Path) -> None:
    """Byte for byte; where numbers differ, which and by how much."""
    for side, loss in (("given", 2.0), ("made", 2.25)):
        out = tmp_path / side / "data/model"
        write_json(out / "metrics.json", {"val_bpc": loss, "steps": 10})
        write_text(out / "history.csv", f"step,val\n1,3\n2,{loss}\n")
        write_text(out / "config.json", "{}\n")
    write_text(tmp_path / "given/data/model/own.txt", "mine")
    files = list(compared(tmp_path / "given", tmp_path / "made", "data/model"))
    assert files == [
        CheckedFile("data/model/config.json", "identical", []),
        CheckedFile(
            "data/model/history.csv",
            "different",
            ["row 2, val: 2.0 handed in, 2.25 when run again (difference -0.25)"],
        ),
        CheckedFile(
            "data/model/metrics.json",
            "different",
            ["val_bpc: 2.0 handed in, 2.25 when run again (difference -0.25)"],
        ),
        CheckedFile("data/model/own.txt", "extra", []),
    ]


@pytest.mark.slow
def test_a_class_works_end_to_end(clone: Clone, tmp_path: Path) -> None:
    """A workspace is created, run, filled in and checked; a forged number is detected."""
    student = Clone(tmp_path / "student")
    clone.run("charlab", "course", "new", str(student.root), "--student-seed", "40")
    student.run("dvc", "repro")
    assert "homework/homework.md" in student.run("charlab", "course", "homework").stdout
    check = ("charlab", "course", "check", str(student.root), "--stage")
    for stage in ("train", "train-variant@rnn", "compare"):
        assert "identical" in clone.run(*check, stage).stdout
    before = student.status()
    path = student.root / "data/variants/rnn/40/metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    write_json(path, metrics | {"test_bpc": 0.1})
    failed = clone.run(*check, "train-variant@rnn", check=False)
    assert failed.returncode == 1
    assert "different  data/variants/rnn/40/metrics.json" in failed.stdout
    assert "test_bpc: 0.1 handed in" in failed.stdout
    assert student.status() == before
    # None of the student's code has run so far; on request, it does.
    marker = tmp_path / "ran"
    script = student.root / "stages/compare.py"
    code = script.read_text(encoding="utf-8")
    write_text(
        script, code.replace("import click\n", f"import click\nPath({str(marker)!r}).touch()\n")
    )
    assert "code changed: stages/compare.py" in clone.run(*check, "compare").stdout
    assert not marker.exists()
    clone.run(*check, "compare", "--run-their-code", check=False)
    assert marker.exists()
