"""A text is added to params.yaml as one block; everything else stays unchanged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from threading import Thread

import pytest
from ruamel.yaml import YAML

from charlab.commands.add_text import LANGUAGES, add_text, training_command
from charlab.commands.slugs import reads_as
from charlab.core.errors import CharlabError
from charlab.plan.params import load_params
from charlab.sample.params import SampleParams
from command_line import refused, run
from refused_texts import REFUSED
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
    assert add_text(project, "77").slug == "a-small-book"
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


def test_a_book_that_is_there_already_is_not_fetched(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has its slug; --slug adds it again, and --update finds the slug itself."""
    add_text(project, "77", slug="small")
    before = project.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("charlab.commands.add_text.fetch_book", None)
        with pytest.raises(CharlabError, match="has book 77 already, as 'small'; give --update"):
            add_text(project, "77")
        with pytest.raises(CharlabError, match="has book 11 already, as 'alice'"):
            add_text(project, "011")
    assert add_text(project, "77", update=True).slug == "small"
    assert project.read_bytes() == before
    assert add_text(project, "77", slug="again").slug == "again"


def test_a_number_below_one_is_no_book(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is asked for it."""
    monkeypatch.setattr("charlab.commands.add_text.fetch_book", None)
    for number in ("0", "000"):
        with pytest.raises(CharlabError, match="0 is not the number of a book"):
            add_text(project, number)


def test_a_book_that_is_refused_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cleaner does not know which book it reads."""
    raw = (b"Rights: Copyrighted\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n" * 2) + (
        b"Words of the book.\n" * 90
    )
    monkeypatch.setattr("charlab.commands.add_text.fetch_book", lambda _: (raw, "address"))
    with pytest.raises(CharlabError, match=r"^book 78: line 1 of the header") as error:
        add_text(project, "78")
    assert "params.yaml" not in str(error.value)


def test_a_file_that_is_refused_is_named(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the user wrote it, and with what the command can do."""
    monkeypatch.chdir(project.parent)
    Path("dvc.yaml").touch()
    for name, (content, words) in REFUSED.items():
        Path(name).write_bytes(content)
        message = refused(capsys, "add-text", name)
        assert message.startswith(f"charlab: {name}: "), message
        assert words in message
        assert "params.yaml" not in message
    message = refused(capsys, "add-text", "mixed.txt", "--encoding", "ascii")
    assert message.startswith("charlab: mixed.txt: the encoding is utf-8 (named by the user)")
    assert "name another encoding with --encoding, or leave that option out" in message
    assert "/dev/null: the file is empty" in refused(capsys, "add-text", os.devnull)
    assert project.read_text(encoding="utf-8") == PARAMS


def test_a_file_of_ones_own_is_copied(project: Path, tmp_path: Path) -> None:
    """The copy is the text of the pipeline."""
    own = tmp_path / "My Diary.txt"
    own.write_text("Dear diary, nothing happened today either.\n" * 20, encoding="utf-8")
    added = add_text(project, str(own))
    assert (added.slug, added.copy) == ("my-diary", Path("data/own/my-diary.txt"))
    assert load_params(project).texts["my-diary"].path == "data/own/my-diary.txt"
    assert (tmp_path / "data/own/my-diary.txt").read_bytes() == own.read_bytes()


def test_a_file_is_read_once(project: Path, tmp_path: Path) -> None:
    """A pipe, such as the shell's <(zcat book.gz), has nothing to read a second time."""
    os.mkfifo(tmp_path / "pipe")
    content = b"Dear diary, nothing happened today either.\n" * 20
    writer = Thread(target=(tmp_path / "pipe").write_bytes, args=[content], daemon=True)
    writer.start()
    assert add_text(project, str(tmp_path / "pipe")).copy == Path("data/own/pipe.txt")
    writer.join()
    assert (tmp_path / "data/own/pipe.txt").read_bytes() == content


@pytest.mark.parametrize("content", ["a: [\n", "- a\n", "text: a\n", "texts: a\n", "a: 1\na: 2\n"])
def test_a_damaged_parameter_file_is_left_as_it_is(project: Path, content: str) -> None:
    """The message names it."""
    project.write_text(content, encoding="utf-8")
    with pytest.raises(CharlabError, match=r"params\.yaml: "):
        add_text(project, "77")
    assert project.read_text(encoding="utf-8") == content


def test_an_odd_name_becomes_a_title_that_params_accept(project: Path, tmp_path: Path) -> None:
    """Control characters are escaped, and the file can still be read."""
    own = tmp_path / "a\x1b[2J\nb\u202e.txt"
    own.write_text("Dear diary, nothing happened today either.\n" * 20, encoding="utf-8")
    add_text(project, str(own), slug="odd")
    assert load_params(project).texts["odd"].title == r"a\x1b[2J b\u202e"


def test_the_encoding_of_a_file_is_written_down(project: Path, tmp_path: Path) -> None:
    """The pipeline needs it as the command did."""
    own = tmp_path / "own.txt"
    own.write_bytes(("Утром в лесу было тихо.\r\n" * 9).encode("cp1251"))
    add_text(project, str(own), encoding="cp1251")
    text = load_params(project).texts["own"]
    assert (text.encoding, text.path) == ("cp1251", "data/own/own.txt")


def test_a_slug_that_is_taken_is_refused(project: Path) -> None:
    """With update its body is recorded again; params.yaml is untouched either way."""
    add_text(project, "77", slug="small")
    before = project.read_bytes()
    with pytest.raises(CharlabError, match="has a text 'small' already"):
        add_text(project, "77", slug="small")
    add_text(project, "77", slug="small", update=True)
    assert project.read_bytes() == before


def test_an_update_is_not_called_an_addition(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first line says what has changed."""
    monkeypatch.chdir(project.parent)
    Path("dvc.yaml").touch()
    Path("diary.txt").write_text("Nothing happened today.\n" * 20, encoding="utf-8")
    said = {"77": "its body is recorded again", "diary.txt": "has this file now"}
    for identifier, words in said.items():
        assert run(capsys, "add-text", identifier).out.splitlines()[0].endswith(" added")
        again = run(capsys, "add-text", identifier, "--update").out.splitlines()[0]
        assert again.endswith(f" was there, and {words}")


def test_an_identifier_must_be_a_number_or_a_file(project: Path) -> None:
    """The message says what to give instead."""
    with pytest.raises(CharlabError, match="give a book's number or the name of a text file"):
        add_text(project, "nothing.txt")
    with pytest.raises(CharlabError, match="²: No such file"):
        add_text(project, "²")


@pytest.mark.parametrize(
    ("name", "slug"),
    [("山月記", "text-1"), ("Евгений", "evgeniy"), ("Mémoires d'un âne", "memoires-d-un-ane")],
)
def test_any_name_of_a_file_gives_a_slug(
    project: Path, tmp_path: Path, name: str, slug: str
) -> None:
    """A name without a letter that can be transliterated is numbered."""
    own = tmp_path / f"{name}.txt"
    own.write_text("Nothing happened today either.\n" * 20, encoding="utf-8")
    assert add_text(project, str(own)).slug == slug
    assert load_params(project).texts[slug].title == name
    if slug == "text-1":
        assert add_text(project, str(own)).slug == "text-2"


def test_the_copy_is_in_gits_index(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DVC keeps an experiment as a commit of such files; git's objection is shown."""
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "diary.txt").write_text("Nothing happened today.\n" * 20, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    outside = run(capsys, "add-text", "diary.txt", "--slug", "first").out
    assert "git: data/own/first.txt not added (fatal: not a git repository" in outside
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    lines = run(capsys, "add-text", "diary.txt").out.splitlines()
    assert lines[0] == "params.yaml: texts.diary added"
    assert lines[1].startswith("git: data/own/diary.txt added to the index, so that experiments")
    status = subprocess.run([*git, "status", "--short", "data"], check=True, capture_output=True)
    assert b"A  data/own/diary.txt" in status.stdout
    (tmp_path / ".gitignore").write_text("data/own/\n", encoding="utf-8")
    ignored = run(capsys, "add-text", "diary.txt", "--slug", "third").out
    assert "git: data/own/third.txt not added (The following paths are ignored" in ignored


@pytest.mark.parametrize(
    ("lines", "options"),
    [(500, ""), (40, " -S train.batch_size=6"), (3, " -S train.seq_len=43 -S train.batch_size=1")],
)
def test_the_command_fits_the_text(project: Path, tmp_path: Path, lines: int, options: str) -> None:
    """A short text needs smaller batches, and a prompt in another script none."""
    (tmp_path / "own.txt").write_text("Nothing happened.\n\n" * lines, encoding="utf-8")
    added = add_text(project, str(tmp_path / "own.txt"))
    params = load_params(project)
    assert training_command(params, added) == f"dvc exp run -S text=own{options}"
    prompted = params.model_copy(update={"sample": SampleParams(prompt="山")})
    command = training_command(prompted, added)
    assert command == f"dvc exp run -S text=own{options} -S sample.prompt=null"


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
    assert add_text(project, "77").slug == "a-small-book"


@pytest.mark.parametrize(
    ("title", "slug", "shown"),
    [
        ("Yes", "text-yes", "“Yes”"),  # true in YAML 1.1
        ("12:30", "text-12", "“12:30”"),  # 750 there
        ("1984", "text-1984", "1984"),  # in quotes
        ("Null", "text-null", "Null"),
        ("2020-13-45", "text-2020-13-45", "2020-13-45"),  # a date that is none
    ],
)
def test_what_yaml_reads_as_another_type_stays_text(
    project: Path, title: str, slug: str, shown: str
) -> None:
    """Also when DVC rewrites params.yaml by YAML 1.2, and in a shell, which takes quotes away."""
    book = project.parent / "a.txt"
    start = "*** START OF THE PROJECT GUTENBERG EBOOK ***"
    book.write_text(f"Title: {title}\n\n{start}\n\n" + "A line of the book.\n" * 99)
    assert add_text(project, str(book)).slug == slug
    for _ in range(2):
        text = load_params(project).texts[slug]
        assert text.title == shown
        content = YAML().load(project.read_text(encoding="utf-8"))
        with project.open("w", encoding="utf-8") as stream:
            YAML().dump(content, stream)  # as DVC does


def test_every_language_code_is_text(project: Path) -> None:
    """The code "no" is false for YAML 1.1."""
    assert all(reads_as(code, code) for code in LANGUAGES.values())
    with pytest.raises(CharlabError, match=r"'no' is no text in YAML; .* --slug text-no"):
        add_text(project, "77", slug="no")


def test_bytes_of_a_name_that_are_no_text_are_left_out(project: Path) -> None:
    """Neither slug nor title has their numbers."""
    book = project.parent / os.fsdecode(b"bad\xff.txt")
    try:
        book.write_text("A line of the book.\n" * 99)
    except OSError:
        pytest.skip("names are text on this file system")
    assert add_text(project, str(book)).slug == "bad"
    assert load_params(project).texts["bad"].title == "bad"
