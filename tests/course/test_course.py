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
from charlab.course.changes import changes
from charlab.course.exercise import SOURCES, solution
from charlab.course.handed_in import CourseError
from charlab.course.homework import fill_homework
from charlab.course.outputs import CheckedFile, compared
from charlab.course.sheet import part_of
from charlab.course.student import Student, read_student, student_seed
from charlab.course.workspace import new_workspace
from charlab.plan.params import load_params, parse_params
from charlab.plots import registry
from charlab.report.numbers import bits as number
from made_reports import BLANK_SVG
from made_results import made_params, write_results
from project_clone import TINY, Clone
from published import published


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder that git tracks, with the files that a workspace is made of."""
    root = tmp_path / "project"
    write_text(root / "params.yaml", TINY.lstrip())
    for name in ("dvc.yaml", "stages/train.py", "src/charlab/a.py", "report/report.md"):
        write_text(root / name, f"{name} of the project\n")
    write_text(root / ".gitignore", "/ignored/\n")
    write_text(root / "ignored/secret.txt", "not for students\n")
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=root, check=True)
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


def test_a_workspace_has_nothing_of_the_class(project: Path, tmp_path: Path) -> None:
    """Grades and zip files beside the code are nobody's to copy; a new study or module is."""
    for name in ("grading/table.csv", "marks/ada.txt", "ada.zip", "src/charlab/new.py"):
        write_text(project / name, "of the instructor")
    new_workspace(project, tmp_path / "ben", "ben", "tiny")
    assert (tmp_path / "ben/src/charlab/new.py").is_file()
    assert not any((tmp_path / "ben" / name).exists() for name in ("grading", "marks", "ada.zip"))


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


def test_a_student_reads_another_book_on_request(project: Path, tmp_path: Path) -> None:
    """All texts of the built-in generator become that book, also the short one."""
    write_text(project / "studies/student.yaml", published("studies/student.yaml"))
    write_text(project / "src/charlab/b.py", "x" * 300_000)
    owner = new_workspace(project, tmp_path / "ada", "Ada", book=1661)
    params = load_params(tmp_path / "ada/params.yaml")
    assert owner.study == params.study.name == "student"
    assert [(slug, text.gutenberg, text.chars) for slug, text in params.texts.items()] == [
        ("book", 1661, 200_000),
        ("short", 1661, 40_000),
        ("python", None, 200_000),
    ]
    assert len((tmp_path / "ada/data/own/python.txt").read_text(encoding="utf-8")) == 200_000
    # It is what the student was given, so it is no change.
    shutil.rmtree(tmp_path / "ada/.git")
    assert changes(project, tmp_path / "ada") == []
    with pytest.raises(CourseError, match="no text called 'book'"):
        new_workspace(project, tmp_path / "ben", "Ben", "tiny", book=1661)
    with pytest.raises(CourseError, match="no study 'none'; there are student"):
        new_workspace(project, tmp_path / "ben", "Ben", "none")


def test_the_study_of_a_student_has_every_task() -> None:
    """Offline, with comparisons for each part of the sheet that asks for numbers."""
    params = parse_params(yaml.safe_load(published("studies/student.yaml")))
    assert {text.kind for text in params.texts.values()} == {"builtin", "path"}
    parts = {part_of(comparison) for comparison in params.study.comparisons.values()}
    assert parts == {"2.1", "2.2", "Task 1", "Task 2", "Task 3", "Task 4", "Task 5"}
    assert max(params.sample.temperatures) == 2
    assert len(params.study.seeds) == 3


def test_the_homework_has_numbers_and_no_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures and tables are the student's own; each finding is a blank."""
    monkeypatch.setattr(registry, "draw", lambda name, tables, width=7.0: BLANK_SVG)
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
    assert (tmp_path / "homework" / "brief-blank.pdf").read_bytes().startswith(b"%PDF-")
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
    """A workspace is created, run, filled in, packed and checked; a forged number is detected."""
    student = Clone(tmp_path / "student")
    start = ("charlab", "course", "start", str(student.root), "--student", "Ada")
    clone.run(*start, "--study", "tiny")
    seed = student_seed("Ada")
    failed = student.run("charlab", "course", "pack", check=False)
    assert "there is no homework/homework.md" in failed.stderr
    assert "nothing was run" in failed.stderr
    student.run("dvc", "repro")
    assert "homework/homework.md" in student.run("charlab", "course", "homework").stdout
    homework = student.root / "homework/homework.md"
    text = homework.read_text(encoding="utf-8")
    write_text(homework, text.replace("> …", "> My own words.", 1))
    for name in SOURCES:
        write_text(student.root / "exercise" / name, solution(name))
    assert "14 of 14 tests passed" in student.run("charlab", "course", "exercise").stdout
    before = student.status()
    handed = tmp_path / "class"
    handed.mkdir()
    packed = student.run("charlab", "course", "pack", "-o", str(handed / "ada.zip"))
    assert "answers are missing" in packed.stdout
    assert (handed / "ada.zip").stat().st_size < 3_000_000
    # A whole folder, as a class may hand it in, and the zip file.
    check = ("charlab", "course", "check")
    for stage in ("train-variant@rnn", "compare"):
        done = clone.run(*check, str(student.root), "--stage", stage)
        assert "identical" in done.stdout
        assert "changed" not in done.stdout
    assert "identical" in clone.run(*check, str(handed / "ada.zip"), "--stage", "train").stdout
    # A forged number in one more workspace, and code that runs on request only.
    path = student.root / f"data/variants/rnn/{seed}/metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    write_json(path, metrics | {"test_bpc": 0.1})
    failed = clone.run(*check, str(student.root), "--stage", "train-variant@rnn", check=False)
    assert failed.returncode == 1
    assert f"different  data/variants/rnn/{seed}/metrics.json" in failed.stdout
    assert "test_bpc: 0.1 handed in" in failed.stdout
    assert student.status() == before
    assert "train-variant@rnn" in student.run("charlab", "course", "pack", check=False).stderr
    marker = tmp_path / "ran"
    script = student.root / "stages/train.py"
    code = script.read_text(encoding="utf-8")
    write_text(
        script, code.replace("import click\n", f"import click\nPath({str(marker)!r}).touch()\n")
    )
    shutil.copytree(student.root, handed / "whole")
    done = clone.run(*check, str(handed), "--draw", "1", "--out", str(tmp_path / "grading"))
    assert "ada: identical" in done.stdout
    assert "2 students" in done.stdout
    assert not marker.exists()
    rows = pd.read_csv(tmp_path / "grading/table.csv")
    assert list(rows["code"]) == [0, 1]
    forged, twice = rows["problems"][1].split("; ", 1)
    assert forged.startswith(f"data/variants/rnn/{seed}/metrics.json has the test_bpc 0.1, ")
    assert twice == "ada handed in more than once; also ada.zip"
    clone.run(*check, str(student.root), "--stage", "train", "--run-their-code", check=False)
    assert marker.exists()
