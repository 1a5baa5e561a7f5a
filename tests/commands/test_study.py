"""Switching studies loses nothing, whatever was edited."""

from pathlib import Path

import pytest

from charlab.commands.study import Studies, StudyError
from charlab.plan.document import complete
from two_studies import COURSE, SHORT, make_project

DEMO = complete(SHORT)


@pytest.fixture
def project(tmp_path: Path) -> Studies:
    """Make a git repository with a committed course study and a demo beside it."""
    return Studies(make_project(tmp_path))


def test_there_and_back_is_as_before(project: Studies) -> None:
    """Without edits a round trip restores params.yaml and dvc.lock byte for byte."""
    assert project.switch("demo")
    assert project.params.read_text(encoding="utf-8") == DEMO
    assert not project.lock.exists()
    assert project.switch("course")
    assert project.params.read_text(encoding="utf-8") == COURSE
    assert project.lock.read_text(encoding="utf-8") == "course results\n"


def test_uncommitted_edits_come_back(project: Studies) -> None:
    """An edit to the course study survives a visit to the demo, and one to the demo too."""
    edited = COURSE + "seed: 7\n"
    project.params.write_text(edited, encoding="utf-8")
    project.switch("demo")
    project.params.write_text(DEMO.replace("hidden: 128", "hidden: 8"), encoding="utf-8")
    project.lock.write_text("demo results\n", encoding="utf-8")
    project.switch("course")
    assert project.params.read_text(encoding="utf-8") == edited
    project.switch("demo")
    assert project.params.read_text(encoding="utf-8") == DEMO.replace("hidden: 128", "hidden: 8")
    assert project.lock.read_text(encoding="utf-8") == "demo results\n"


def test_choosing_the_current_study_does_nothing(project: Studies) -> None:
    """A second make demo keeps what the user tried since the first."""
    edited = COURSE + "seed: 7\n"
    project.params.write_text(edited, encoding="utf-8")
    assert not project.switch("course")
    assert project.params.read_text(encoding="utf-8") == edited


def test_an_unknown_study_is_refused_and_the_known_ones_named(project: Studies) -> None:
    """Nothing has changed afterwards."""
    with pytest.raises(StudyError, match=r"no study 'dmeo'; there are course, demo"):
        project.switch("dmeo")
    assert project.params.read_text(encoding="utf-8") == COURSE


def test_a_params_file_without_a_name_says_what_to_add(project: Studies) -> None:
    """The name is what edits are kept under."""
    project.params.write_text("text: a\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"expected study\.name"):
        project.switch("demo")
