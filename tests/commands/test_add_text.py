"""A text is added to params.yaml as one block; everything else stays unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlab.commands.add_text import add_text, slug_of
from charlab.core.errors import CharlabError
from charlab.plan.params import load_params
from small_gutenberg import make_mirror

PARAMS = """\
# The study.
seed: 1   # of the model

# The texts in use.
texts:
  alice: {gutenberg: 11, title: Alice}   # a classic
  # written by a grammar
  invented:
    builtin: invented   # offline

text: alice   # which one
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a parameter file and a mirror with book 77; return the file."""
    (tmp_path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    monkeypatch.setenv("CHARLAB_MIRROR", str(make_mirror(tmp_path / "m")))
    return tmp_path / "params.yaml"


def test_a_book_brings_title_and_language(project: Path) -> None:
    """Both are read from its header; a record of its body is made."""
    assert add_text(project, "77") == "a-small-book"
    text = load_params(project).texts["a-small-book"]
    assert (text.gutenberg, text.title, text.language) == (77, "A Small Book", "en")
    assert "a-small-book" in (project.parent / "data/bodies.yaml").read_text(encoding="utf-8")


def test_comments_and_order_stay(project: Path) -> None:
    """Without the new block the file is what it was."""
    add_text(project, "77")
    added = "  a-small-book:\n    gutenberg: 77\n    title: A Small Book\n    language: en\n"
    text = project.read_text(encoding="utf-8")
    assert added in text
    assert text.replace(added, "") == PARAMS


def test_a_file_of_ones_own_is_copied(project: Path, tmp_path: Path) -> None:
    """The copy is the text of the pipeline."""
    own = tmp_path / "My Diary.txt"
    own.write_text("Dear diary, nothing happened today either.\n" * 20, encoding="utf-8")
    assert add_text(project, str(own)) == "my-diary"
    assert load_params(project).texts["my-diary"].path == "data/own/my-diary.txt"
    assert (tmp_path / "data/own/my-diary.txt").read_bytes() == own.read_bytes()


def test_an_odd_name_becomes_a_title_that_params_accept(project: Path, tmp_path: Path) -> None:
    """Control characters are escaped, and the file can still be read."""
    own = tmp_path / "a\x1b[2J\nb\u202e.txt"
    own.write_text("Dear diary, nothing happened today either.\n" * 20, encoding="utf-8")
    add_text(project, str(own), slug="odd")
    assert load_params(project).texts["odd"].title == r"a\x1b[2J b\u202e"


def test_a_slug_that_is_taken_is_refused(project: Path) -> None:
    """With update its body is recorded again; params.yaml is untouched either way."""
    add_text(project, "77", slug="small")
    before = project.read_bytes()
    with pytest.raises(CharlabError, match="has a text 'small' already"):
        add_text(project, "77", slug="small")
    add_text(project, "77", slug="small", update=True)
    assert project.read_bytes() == before


def test_an_identifier_must_be_a_number_or_a_file(project: Path) -> None:
    """The message says what to give instead."""
    with pytest.raises(CharlabError, match="give a book's number or the name of a text file"):
        add_text(project, "nothing.txt")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Moby Dick; Or, The Whale", "moby-dick"),
        ("L'homme à l'oreille cassée", "l-homme-a-l"),
        ("War and Peace", "war-and-peace"),
        ("裨海紀遊", ""),
    ],
)
def test_a_slug_is_made_of_the_title(title: str, slug: str) -> None:
    """Accents and subtitles are dropped; at most four words are kept."""
    assert slug_of(title) == slug


def test_a_text_can_be_added_after_a_run_that_was_killed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the process dies between the two writes, adding the text again repairs both files."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("charlab.commands.add_text.write_bytes", killed)
        with pytest.raises(KeyboardInterrupt):
            add_text(project, "77")
    assert project.read_text(encoding="utf-8") == PARAMS
    assert add_text(project, "77") == "a-small-book"
