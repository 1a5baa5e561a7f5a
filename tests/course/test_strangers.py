"""A folder that was handed in is data: nothing of it runs, and nothing outside of it changes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from charlab.core.errors import CharlabError
from charlab.core.files import write_json, write_text
from charlab.course import check as checking
from charlab.course import handed_in
from charlab.course.changes import changes
from charlab.course.check import check
from charlab.course.handed_in import CourseError, lies_in, plain_files
from charlab.course.stage_files import stage_files
from charlab.course.student import student_seed
from charlab.course.workspace import new_workspace
from charlab.plan.params import load_params
from made_class import make_project
from project_clone import TINY

SEED = student_seed("Ada")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with the real dvc.yaml, and a workspace with results of train."""
    root = tmp_path_factory.mktemp("made")
    project, student = root / "project", root / "student"
    make_project(project)
    new_workspace(project, student, "Ada", "tiny")
    for name in (
        "vocab/invented/train.npy",
        "model/config.json",
        f"variants/rnn/{SEED}/config.json",
    ):
        write_json(student / "data" / name, {"a": 1})
    return root


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """Return the instructor's project."""
    return shutil.copytree(made / "project", tmp_path / "project")


@pytest.fixture
def student(made: Path, tmp_path: Path) -> Path:
    """Return the student's workspace."""
    return shutil.copytree(made / "student", tmp_path / "student")


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Replace the run itself; return the files of each folder that a stage would have run in."""
    folders: list[dict[str, str]] = []

    def run(self: checking._Run, *_: str) -> None:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        files = [path for path in files if ".git" not in path.parts]
        folders.append({str(p.relative_to(self.folder)): p.read_text("utf-8") for p in files})
        write_json(self.folder / "data/model/config.json", {"a": 2})

    monkeypatch.setattr(checking._Run, "stages", run)
    return folders


def hooks(root: Path, touch: str) -> None:
    """Let git run a command whenever it looks at the files."""
    script = root / ".git" / "touch.sh"
    script.write_text(f"#!/bin/sh\n{touch}\n")
    script.chmod(0o755)
    with (root / ".git" / "config").open("a") as config:
        config.write(f'[core]\n\tfsmonitor = "{script}"\n\thooksPath = "{root}/.git/hooks2"\n')
        config.write(f'[filter "x"]\n\tclean = {script}\n\tsmudge = {script}\n')
    (root / ".gitattributes").write_text("* filter=x\n")
    (root / ".git/hooks2").mkdir()
    for name in ("post-index-change", "pre-commit", "post-checkout"):
        shutil.copy(script, root / ".git/hooks2" / name)


def other_git(root: Path, touch: str) -> None:
    """Let .git be a file that names a repository elsewhere."""
    hooks(root, touch)
    shutil.move(root / ".git", root.parent / "elsewhere")
    (root / ".git").write_text(f"gitdir: {root.parent}/elsewhere\n")


def own_pipeline(root: Path, touch: str) -> None:
    """Replace commands of the pipeline, and add pipelines and DVC files to the data."""
    text = (root / "dvc.yaml").read_text(encoding="utf-8")
    write_text(root / "dvc.yaml", text.replace("cmd: python", f"cmd: {touch}; python"))
    extra = f"stages:\n  train:\n    cmd: {touch}\n"
    for name in ("data/vocab/invented/dvc.yaml", "data/own/dvc.yaml"):
        write_text(root / name, extra)
    write_text(root / "data/own/x.dvc", "outs:\n- path: ../../../../outside\n")


def own_code(root: Path, touch: str) -> None:
    """Change the code, and put modules where Python would look first."""
    code = f"import os; os.system({touch!r})\n"
    for name in ("src/charlab/a.py", "stages/more.py", "sitecustomize.py", "yaml.py", "dvc.py"):
        write_text(root / name, code)


def dvc_settings(root: Path, touch: str) -> None:
    """Let DVC's settings name a cache, a remote and a folder elsewhere."""
    outside = root.parent / "outside"
    write_text(root / ".dvc/config.local", f"[cache]\n    dir = {outside}\n")
    write_text(root / ".dvc/config", f"[core]\n    site_cache_dir = {outside}\n")
    write_text(root / ".dvcignore", "*\n")


def lock_outside(root: Path, touch: str) -> None:
    """Let dvc.lock name outputs outside of the folder, and commands."""
    outside = root.parent / "outside"
    outs = "".join(f"    - path: {path}\n" for path in ("../outside", "../../outside", outside))
    write_text(root / "dvc.lock", f"stages:\n  train:\n    cmd: {touch}\n    outs:\n{outs}")


@pytest.mark.parametrize(
    "attack", [hooks, other_git, own_pipeline, own_code, dvc_settings, lock_outside]
)
def test_nothing_of_the_folder_runs(
    attack: Callable[[Path, str], None],
    project: Path,
    student: Path,
    ran: list[dict[str, str]],
    tmp_path: Path,
) -> None:
    """The stage runs in the project's own files; of the student's there are data and parameters."""
    (tmp_path / "outside").mkdir()
    write_text(tmp_path / "outside" / "file", "keep")
    attack(student, f"touch '{tmp_path}/marker'")
    changes(project, student)
    assert [file.verdict for file in check(project, student, "train")] == ["different"]
    assert not (tmp_path / "marker").exists()
    assert (tmp_path / "outside" / "file").read_text() == "keep"
    assert "marker" not in "".join(ran[0].values())
    theirs = {"params.yaml", "data/vocab/invented/train.npy"}
    ours = {"dvc.yaml", ".gitignore", ".dvc/config", "stages/train.py", "src/charlab/a.py"}
    assert set(ran[0]) == theirs | ours


def test_their_code_runs_on_request(
    project: Path, student: Path, ran: list[dict[str, str]]
) -> None:
    """Then src/, stages/ and dvc.yaml are the student's, and only these."""
    own_code(student, "true")
    (student / "stages/train.py").unlink()
    check(project, student, "train", run_their_code=True)
    assert "os.system" in ran[0]["src/charlab/a.py"]
    assert "stages/train.py" not in ran[0]
    assert "yaml.py" not in ran[0]


def test_what_differs_is_listed(project: Path, student: Path) -> None:
    """Code and parameters, compared with the project and not with what git says."""
    assert changes(project, student) == []
    text = (student / "params.yaml").read_text(encoding="utf-8")
    write_text(student / "params.yaml", text.replace(f"seed: {SEED}", "seed: 40"))
    # The seed is that of the student's name, not one that the workspace claims.
    assert changes(project, student) == [f"parameter changed: seed is 40, in the project {SEED}"]
    write_text(student / "src/charlab/a.py", "cheating\n")
    write_text(student / "stages/more.py", "more\n")
    (student / "stages/train.py").unlink()
    write_text(student / ".gitignore", "stages\nsrc\n")
    subprocess.run(["git", "commit", "-qam", "x"], cwd=student, check=False)
    assert changes(project, student)[:3] == [
        "code changed: src/charlab/a.py",
        "code added: stages/more.py",
        "code missing: stages/train.py",
    ]


@pytest.mark.parametrize(
    "params",
    [
        "text: ../../outside\n",
        "text: '$(touch marker)'\n",
        "study: {variants: {'../../../outside': {text: invented}}}\n",
        "study: {variants: {'a; touch marker': {text: invented}}}\n",
        "texts: {'/etc': {builtin: invented}}\n",
        "a: &a [*a]\n",
        "seed: .inf\n",
    ],
)
def test_parameters_are_checked_before_anything(
    params: str, project: Path, student: Path, ran: list[dict[str, str]]
) -> None:
    """They would become paths and commands."""
    key = params.split(":")[0]
    lines = TINY.lstrip().splitlines()
    kept = [line for line in lines if not line.startswith((key, "  "))]
    write_text(student / "params.yaml", "\n".join(kept) + "\n" + params)
    for attempt in (lambda: changes(project, student), lambda: check(project, student, "train")):
        with pytest.raises(CharlabError):
            attempt()
    assert ran == []


@pytest.mark.parametrize("name", ["params.yaml", "data/model", "data/vocab/invented/train.npy"])
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe"])
def test_links_and_pipes_are_refused(
    name: str, kind: str, project: Path, student: Path, ran: list[dict[str, str]], tmp_path: Path
) -> None:
    """A link could name any file of the instructor's, and a pipe never ends."""
    path = student / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path / ("project" if kind == "link" else "nowhere"))
    with pytest.raises(CourseError, match=r"is a link; hand in|is neither a file nor a folder"):
        check(project, student, "train")
    assert ran == []


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", "a/.."])
def test_paths_that_leave_the_folder_are_refused(name: str, tmp_path: Path) -> None:
    """Wherever they come from."""
    with pytest.raises(CourseError, match="leaves the folder"):
        lies_in(tmp_path, name)


def test_too_much_is_refused(
    project: Path, student: Path, ran: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is copied: a file may claim to have a terabyte."""
    with (student / "data/model/big").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(CourseError, match=r"or 4\.3 GB to copy, at .*big"):
        check(project, student, "train")
    monkeypatch.setattr(handed_in, "MAX_FILES", 2)
    with pytest.raises(CourseError, match="more than 2 files"):
        plain_files(student, "data")
    assert ran == []


def test_the_project_is_no_workspace(project: Path, student: Path) -> None:
    """Run in the student's own folder, the check would trust its code."""
    for folder in (project, project / "stages", project.parent):
        with pytest.raises(CourseError, match="outside of the project"):
            changes(project, folder)
    with pytest.raises(CourseError, match="no such folder"):
        changes(project, student / "nowhere")


def test_files_of_a_stage_come_from_the_project(project: Path, student: Path) -> None:
    """Not from dvc.lock, which the student wrote."""
    params = load_params(student / "params.yaml")
    files = stage_files(project, params, "train-variant@rnn")
    assert files.outputs == ["data/variants/rnn"]
    assert files.needed == ["data/own", "data/vocab/invented"]
    assert stage_files(project, params, "compare").outputs == ["metrics", "plots"]
    with pytest.raises(CourseError, match=r"'train@rnn'; there are train$"):
        stage_files(project, params, "train@rnn")
    with pytest.raises(CourseError, match="'train-variant@x'; there are train-variant@rnn-numpy"):
        stage_files(project, params, "train-variant@x")
    with pytest.raises(CourseError, match="no stage is called 'trian'; there are plan, fetch"):
        stage_files(project, params, "trian")


def test_a_stage_that_was_not_run_is_refused(
    project: Path, student: Path, ran: list[dict[str, str]]
) -> None:
    """The message says what is missing."""
    with pytest.raises(CourseError, match=r"has no data/samples/model\.json: the stage sample was"):
        check(project, student, "sample")
    assert ran == []
