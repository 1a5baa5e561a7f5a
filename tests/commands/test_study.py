"""Studies live on branches: nothing of the user's is changed, and every way leads back."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from charlab.commands.branches import GitError, Repository
from charlab.commands.study import Studies
from charlab.commands.study_names import StudyError
from charlab.core.schema import ParamsError
from charlab.plan.document import complete
from command_line import refused
from command_line import run as charlab
from two_studies import COURSE, FILES, SHORT, git, make_project, write_files

DEMO = complete(SHORT)
RESULTS = {
    "dvc.lock": "demo results\n",
    "metrics/model.json": "{}\n",
    "plots/curve.csv": "a\n",
    "report/report.md": "of the demo\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studies:
    """Make a repository with a committed course study and a demo beside it, without DVC's data."""
    monkeypatch.setattr(Studies, "_restore_data", lambda _: [])
    return Studies(make_project(tmp_path / "a b é"))


def contents(project: Studies) -> dict[str, str]:
    """Return all files outside .git by path."""
    return {
        path.relative_to(project.root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(project.root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def run(project: Studies) -> str:
    """Write results as a run of the demo does, and record them."""
    start = project.start_of_run()
    write_files(project.root, RESULTS)
    return project.record(start)


def subjects(project: Studies, revision: str = "HEAD") -> list[str]:
    """Return the first lines of the commits of a branch, newest first."""
    return git(project.root, "log", "--format=%s", revision).splitlines()


def status(project: Studies) -> str:
    """Return git's short list of changed files."""
    return git(project.root, "status", "--porcelain")


def test_a_run_is_the_baseline_of_its_own_branch(project: Studies) -> None:
    """HEAD has the demo's parameters and results, and no change is left."""
    before = git(project.root, "rev-parse", "main")
    project.choose("demo")
    assert contents(project) == {
        "params.yaml": DEMO,
        **{name: FILES[name] for name in ("dvc.yaml", "studies/demo.yaml")},
    }
    assert status(project) == ""
    assert "results committed on branch demo" in run(project)
    assert status(project) == ""
    assert git(project.root, "symbolic-ref", "--short", "HEAD") == "demo"
    assert git(project.root, "show", "HEAD:report/report.md") == "of the demo"
    assert subjects(project) == ["Results of the study demo", "Start the study demo", "start"]
    assert git(project.root, "rev-parse", "main") == before


def test_back_is_as_before(project: Studies) -> None:
    """One command goes back, to every byte of the course study, and again to the demo."""
    project.choose("demo")
    run(project)
    assert project.back()[-1].startswith("back on main")
    assert contents(project) == FILES
    assert (subjects(project), status(project)) == (["start"], "")
    project.choose("demo")
    assert contents(project) == {**FILES, **RESULTS, "params.yaml": DEMO}
    # The study of the branch that the demo was made from is that branch.
    project.choose("course")
    assert git(project.root, "symbolic-ref", "--short", "HEAD") == "main"


def test_a_second_run_commits_nothing(project: Studies) -> None:
    """The same results are recorded once."""
    project.choose("demo")
    run(project)
    assert project.choose("demo") == ["params.yaml already is the study demo"]
    assert run(project) == ""
    assert len(subjects(project)) == 3


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("name", ["params.yaml", "studies/demo.yaml", "report/report.md"])
def test_an_edit_stops_the_change_of_studies(project: Studies, name: str, staged: bool) -> None:
    """The message names the file and the commands; the edit stays, and no branch is made."""
    write_files(project.root, {name: FILES[name] + "\n# mine\n"})
    if staged:
        git(project.root, "add", name)
    with pytest.raises(StudyError, match=rf"changes in {name}; .*git stash.*: charlab study demo"):
        project.choose("demo")
    assert contents(project)[name].endswith("# mine\n")
    assert git(project.root, "branch", "--list", "demo") == ""


def test_an_untracked_file_goes_along(project: Studies) -> None:
    """It is neither committed nor lost."""
    write_files(project.root, {"notes.txt": "mine\n", "data/own/a.txt": "mine\n"})
    project.choose("demo")
    run(project)
    assert status(project) == "?? data/\n?? notes.txt"
    project.back()
    assert contents(project)["notes.txt"] == "mine\n"


def test_an_experiment_stops_a_run_until_it_is_undone(project: Studies) -> None:
    """'git checkout params.yaml' undoes a -S; a run then restores the results."""
    project.choose("demo")
    run(project)
    write_files(project.root, {"params.yaml": DEMO + "\n", "dvc.lock": "of the experiment\n"})
    for attempt in (project.start_of_run, project.back, lambda: project.choose("demo")):
        with pytest.raises(StudyError, match=r"params\.yaml.*reset --hard"):
            attempt()
    git(project.root, "checkout", "params.yaml")
    assert run(project) == ""
    assert status(project) == ""


def test_a_killed_run_goes_on_or_back(project: Studies) -> None:
    """The same command goes on; --back keeps what there is on the study's branch."""
    project.choose("demo")
    # The killed DVC has left half a record, which no commit should have.
    write_files(project.root, {"metrics/half.csv": "half\n", "dvc.lock": "half\n"})
    project.choose("demo")
    assert contents(project)["metrics/half.csv"] == "half\n"
    project.back()
    assert {**contents(project), ".charlab/damaged/dvc.lock": ""} == {
        **FILES,
        ".charlab/damaged/dvc.lock": "",
    }
    assert subjects(project, "demo")[0] == "Unfinished results of the study demo"
    assert git(project.root, "ls-tree", "--name-only", "demo", "metrics/", "dvc.lock") == (
        "metrics/half.csv"
    )
    project.choose("demo")
    run(project)
    assert contents(project)["dvc.lock"] == "demo results\n"


def test_a_kill_between_commit_and_index_is_mended(project: Studies) -> None:
    """The next run finds nothing to commit, and leaves no change."""
    project.choose("demo")
    before = (project.root / ".git" / "index").read_bytes()
    run(project)
    (project.root / ".git" / "index").write_bytes(before)
    assert status(project) != ""
    assert run(project) == ""
    assert status(project) == ""


def test_a_commit_during_the_run_is_not_built_upon(project: Studies) -> None:
    """Results need not hold for a commit that was made after the start."""
    project.choose("demo")
    start = project.start_of_run()
    write_files(project.root, {"dvc.yaml": "stages: {a: {cmd: b}}\n"})
    git(project.root, "commit", "--all", "--message", "mine")
    with pytest.raises(StudyError, match="committed during the run"):
        project.record(start)


def test_an_older_branch_gets_new_code_and_parameters(project: Studies) -> None:
    """Edits to the code and to studies/demo.yaml on the user's branch hold in the demo."""
    project.choose("demo")
    run(project)
    project.back()
    edited = SHORT + "seed: 7\n"
    write_files(project.root, {"src/new.py": "", "studies/demo.yaml": edited})
    git(project.root, "add", ".")
    git(project.root, "commit", "--message", "mine")
    notes = project.choose("demo")
    assert [note.split()[0] for note in notes] == ["branch", "params.yaml", "on"]
    assert contents(project) == {
        **FILES,
        **RESULTS,
        "src/new.py": "",
        "studies/demo.yaml": edited,
        "params.yaml": complete(edited),
    }
    assert status(project) == ""


def test_an_edit_of_the_study_on_its_branch_holds(project: Studies) -> None:
    """Once committed, it renews params.yaml, unless the user has committed that as well."""
    project.choose("demo")
    edited = SHORT + "seed: 7\n"
    write_files(project.root, {"studies/demo.yaml": edited})
    git(project.root, "commit", "--all", "--message", "mine")
    assert project.choose("demo")[0] == "params.yaml renewed from studies/demo.yaml"
    assert contents(project)["params.yaml"] == complete(edited)
    assert status(project) == ""
    write_files(project.root, {"params.yaml": DEMO})
    git(project.root, "commit", "--all", "--message", "mine again")
    assert project.choose("demo") == ["params.yaml already is the study demo"]
    assert contents(project)["params.yaml"] == DEMO


def test_commits_of_the_user_on_the_branch_stay(project: Studies) -> None:
    """The branch is not brought up to date behind the user's back; a note says how to do it."""
    project.choose("demo")
    run(project)
    write_files(project.root, {"mine.txt": "mine\n"})
    git(project.root, "add", ".")
    git(project.root, "commit", "--message", "mine")
    project.back()
    write_files(project.root, {"dvc.yaml": "stages: {a: {cmd: b}}\n"})
    git(project.root, "commit", "--all", "--message", "newer code")
    assert "has commits of yours" in project.choose("demo")[0]
    assert subjects(project)[0] == "mine"
    assert contents(project)["mine.txt"] == "mine\n"


def test_a_branch_of_the_user_with_that_name_is_left_alone(project: Studies) -> None:
    """The message says how to rename it."""
    git(project.root, "branch", "demo")
    with pytest.raises(StudyError, match="git branch -m demo my-demo"):
        project.choose("demo")
    assert contents(project) == FILES


def test_a_run_on_a_branch_of_the_user_commits_nothing(project: Studies) -> None:
    """The current study needs no branch; its results stay uncommitted, and edits stop nothing."""
    assert project.choose("course") == ["params.yaml already is the study course"]
    write_files(project.root, {"params.yaml": COURSE + "seed: 7\n"})
    assert "not committed" in run(project)
    assert subjects(project) == ["start"]


def test_a_detached_head_is_gone_back_to(project: Studies) -> None:
    """CI checks out a commit, not a branch."""
    git(project.root, "checkout", "--quiet", "--detach")
    commit = git(project.root, "rev-parse", "HEAD")
    project.choose("demo")
    run(project)
    project.back()
    assert (git(project.root, "rev-parse", "HEAD"), contents(project)) == (commit, FILES)
    assert git(project.root, "branch", "--show-current") == ""


def test_a_shallow_clone_is_enough(project: Studies, tmp_path: Path) -> None:
    """The branch needs only the current commit."""
    git(project.root, "commit", "--allow-empty", "--message", "newer")
    git(tmp_path, "clone", "--quiet", "--depth=1", project.root.as_uri(), "shallow")
    shallow = Studies(tmp_path / "shallow")
    shallow.choose("demo")
    run(shallow)
    shallow.back()
    assert contents(shallow) == FILES


def test_a_third_study_starts_from_the_users_branch(project: Studies) -> None:
    """It has none of the demo's results, and goes back to the same place."""
    write_files(project.root, {"studies/long.yaml": SHORT.replace("demo", "long")})
    git(project.root, "add", ".")
    git(project.root, "commit", "--message", "another study")
    project.choose("demo")
    run(project)
    project.choose("long")
    assert subjects(project) == ["Start the study long", "another study", "start"]
    assert project.back()[-1].startswith("back on main")


def test_no_identity_is_needed_and_none_is_written(
    project: Studies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commits have a neutral author; one that the user has configured is used."""
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    project.choose("demo")
    show = ("log", "-1", "--format=%an %ae %cn %ce")
    expected = "charlab charlab@localhost charlab charlab@localhost"
    assert git(project.root, *show) == expected
    Repository(project.root).git("config", "--local", "user.name", "Ada")
    run(project)
    assert git(project.root, *show) == expected.replace("charlab c", "Ada c")


def test_a_folder_that_is_no_repository_says_what_to_do(tmp_path: Path) -> None:
    """A download without .git; the message's command makes it one. A sweep is not a study."""
    write_files(tmp_path, FILES | {"studies/tuning.yaml": "candidates: 6\n"})
    project = Studies(tmp_path)
    assert project.names() == ["course", "demo"]
    with pytest.raises(StudyError, match="git init && git add") as error:
        project.choose("demo")
    subprocess.run(str(error.value).split(": ")[-1], shell=True, cwd=tmp_path, check=True)
    assert project.choose("course") == ["params.yaml already is the study course"]
    assert Repository(tmp_path).changed() == []


def test_back_from_a_branch_of_the_user_is_refused(project: Studies) -> None:
    """There is no place to go back to; nor if the place has gone."""
    with pytest.raises(StudyError, match="main is not the branch of a study"):
        project.back()
    git(project.root, "switch", "--quiet", "--create", "mine")
    project.choose("demo")
    git(project.root, "branch", "-D", "mine")
    with pytest.raises(StudyError, match="made from mine, which is no longer there"):
        project.back()


def test_an_unknown_study_is_refused_and_the_known_ones_named(project: Studies) -> None:
    """Nothing has changed afterwards."""
    for name in ("dmeo", "../demo"):
        with pytest.raises(StudyError, match=rf"no study '{name}'; there are course, demo"):
            project.choose(name)
    assert contents(project) == FILES
    assert git(project.root, "branch", "--format=%(refname:short)") == "main"


def test_an_unknown_study_comes_before_changes(project: Studies) -> None:
    """Nobody should commit or discard something for a name that is mistyped."""
    write_files(project.root, {"params.yaml": COURSE + "# mine\n"})
    with pytest.raises(StudyError, match="no study 'dmeo'; there are course, demo"):
        project.choose("dmeo")


UNREADABLE = {
    "<<<<<<< HEAD\n": r"line 5: not YAML",
    f"train: {{epochs: {'9' * 5000}}}\n": r"train\.epochs, line 4: a number of 5,000 characters",
}


@pytest.fixture(params=UNREADABLE)
def unreadable(
    request: pytest.FixtureRequest, project: Studies, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Spoil the params.yaml of the demo's branch, and go there; return a pattern of the message."""
    monkeypatch.chdir(project.root)
    project.choose("demo")
    write_files(project.root, {"params.yaml": COURSE + request.param})
    return UNREADABLE[request.param]


def test_studies_are_listed_without_a_readable_params(
    unreadable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """None has a star, and the message has the fault's key and line."""
    done = charlab(capsys, "study")
    assert (done.status, done.out) == (0, "  course\n  demo\n")
    assert re.search(rf"params\.yaml: {unreadable}", done.err)
    assert "found none" not in done.err


def test_an_unreadable_params_is_named_on_the_way_to_a_study(
    unreadable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Going anywhere or running needs it; so does going back, while the edit is not committed."""
    for arguments in (["course"], ["--run"], ["--back"]):
        message = refused(capsys, "study", *arguments)
        assert re.search(rf"params\.yaml: {unreadable}", message), arguments
    assert "no study 'dmeo'; there are course, demo" in refused(capsys, "study", "dmeo")


def test_back_needs_no_readable_params(project: Studies, unreadable: str) -> None:
    """The way back is git's; results of a run that did not end are kept on the branch."""
    git(project.root, "commit", "--all", "--message", f"mine: {unreadable}")
    write_files(project.root, {"metrics/half.csv": "half\n"})
    assert project.back()[-1].startswith("back on main")
    assert contents(project) == FILES
    assert subjects(project, "demo")[0] == "Unfinished results of the study demo"


def test_the_advice_keeps_a_text_of_ones_own(project: Studies) -> None:
    """An experiment of DVC's resets the index, so git no longer tracks the text."""
    project.choose("demo")
    files = {"params.yaml": DEMO + "# mine\n", "data/own/diary.txt": "Dear diary\n"}
    write_files(project.root, files)
    with pytest.raises(StudyError) as error:
        project.back()
    (command,) = re.findall(r"keep them \((.*), or git stash", str(error.value))
    git(project.root, "config", "user.name", "user")
    git(project.root, "config", "user.email", "user@example.org")
    subprocess.run(command, shell=True, cwd=project.root, check=True)
    assert status(project) == ""
    assert git(project.root, "show", "demo:data/own/diary.txt") == "Dear diary"
    assert project.back()[-1].startswith("back on main")


def test_a_study_of_another_encoding_is_named(project: Studies) -> None:
    """As any file that is not YAML."""
    (project.root / "studies" / "mine.yaml").write_bytes(b"# f\xfcr mich\ntext: a\n")
    with pytest.raises(ParamsError, match=r"studies/mine\.yaml: not YAML"):
        project.published("mine")


def test_a_params_file_without_a_name_says_what_to_add(project: Studies) -> None:
    """The branch is named after it."""
    write_files(project.root, {"params.yaml": "text: a\n"})
    with pytest.raises(StudyError, match=r"expected study\.name"):
        project.choose("demo")


def test_git_errors_are_passed_on(project: Studies) -> None:
    """An untracked file where the branch has one stops the change, with git's own words."""
    project.choose("demo")
    run(project)
    project.back()
    write_files(project.root, {"plots/curve.csv": "mine\n"})
    with pytest.raises(GitError, match=r"plots/curve\.csv"):
        project.choose("demo")
    assert contents(project) == {**FILES, "plots/curve.csv": "mine\n"}


def test_a_killed_experiment_leaves_no_branch_and_the_message_names_it(project: Studies) -> None:
    """DVC detaches HEAD while an experiment runs."""
    project.choose("demo")
    git(project.root, "checkout", "--quiet", "--detach")
    with pytest.raises(StudyError, match="git switch demo"):
        project.back()
    git(project.root, "switch", "--quiet", "demo")
    assert "back on main" in project.back()[-1]
