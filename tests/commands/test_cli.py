"""The charlab command: its help, the commands on the pipeline, and errors outside a project."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import charlab.commands.fan_out
from charlab.commands.cli import cli, main
from charlab.commands.evaluate import LEARNING_RATE
from charlab.commands.mend import alone
from charlab.commands.study import Studies
from charlab.core.errors import CharlabError
from charlab.plan.document import complete, reference
from command_line import refused, run
from two_studies import SHORT, git, make_project


def test_help_lists_every_command_without_cutting_it_short() -> None:
    """Each command has a line of its own that ends in a full stop."""
    done = CliRunner().invoke(cli, ["--help"])
    assert done.exit_code == 0
    assert "..." not in done.output.split("Commands:")[1]
    for name in cli.commands:
        assert re.search(rf"^  {name} +[A-Z].*\.$", done.output, re.M)


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_help_of_every_command(name: str) -> None:
    """Help shows the command's first line and all of its options and arguments."""
    command = cli.commands[name]
    done = CliRunner().invoke(cli, [name, "-h"], terminal_width=100)
    assert done.exit_code == 0
    assert command.help is not None
    assert command.help.split(".")[0].split("\n")[0] in done.output
    for option in command.params:
        if isinstance(option, click.Option):
            assert all(flag in done.output for flag in option.opts)
        else:
            assert option.make_metavar(click.Context(command)).strip("[]") in done.output


def test_help_states_the_learning_rate_of_dynamic_evaluation() -> None:
    """The number in the help text is the one in the code."""
    assert f"[default: {LEARNING_RATE}]" in CliRunner().invoke(cli, ["evaluate", "-h"]).output


@pytest.mark.parametrize(
    "arguments",
    [
        ["sample", "model", "--temperature", "nan"],
        ["sample", "model", "--top-p", "nan"],
        ["verify", "--budget", "inf"],
        ["course", "check", ".", "--similar", "nan"],
    ],
    ids=" ".join,
)
def test_nan_is_in_no_range(arguments: list[str]) -> None:
    """It is neither below the least value nor above the greatest."""
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert "is not a finite number" in done.output


def test_version() -> None:
    """The version is printed as a name and a number."""
    assert re.fullmatch(r"\S+ \d+\.\d+\S*\n", CliRunner().invoke(cli, ["--version"]).output)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to the folder of a project with two studies."""
    monkeypatch.chdir(tmp_path)
    return make_project(tmp_path)


def test_study_lists_goes_and_returns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    """A star marks the current study, in a subfolder as well; --run commits what a run wrote."""
    monkeypatch.setattr(Studies, "_restore_data", lambda _: [])
    monkeypatch.chdir(project / "studies")
    assert run(capsys, "study").out == "* course\n  demo\n"
    assert "'charlab study --back' returns to main" in run(capsys, "study", "demo").out
    assert (project / "params.yaml").read_text(encoding="utf-8") == complete(SHORT)
    assert run(capsys, "study").out == "  course\n* demo\n"

    def fan_out(root: Path, workers: int) -> int:
        (root / "dvc.lock").write_text("demo results\n", encoding="utf-8")
        return 2

    monkeypatch.setattr(charlab.commands.fan_out, "fan_out", fan_out)
    lines = run(capsys, "study", "demo", "--run").out.splitlines()
    assert lines[0] == "params.yaml already is the study demo"
    assert lines[-1] == "results committed on branch demo, the baseline of experiments"
    assert run(capsys, "study", "--back").out.startswith("back on main")
    assert "there are course, demo" in refused(capsys, "study", "thesis")
    assert run(capsys, "study", "demo", "--back").status == 2


@pytest.mark.parametrize("arguments", [["demo"], ["--back"]])
def test_a_study_is_not_changed_under_a_run(
    capsys: pytest.CaptureFixture[str], project: Path, arguments: list[str]
) -> None:
    """A run in another terminal would lose the data that it reads."""
    branch = git(project, "symbolic-ref", "--short", "HEAD")
    with alone(project):
        assert "is running here: wait until it ends" in refused(capsys, "study", *arguments)
    assert git(project, "symbolic-ref", "--short", "HEAD") == branch


def test_a_run_that_fails_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    """The error of the stage follows, and nothing is committed."""

    def fan_out(root: Path, workers: int) -> int:
        raise CharlabError("stage train failed")

    monkeypatch.setattr(charlab.commands.fan_out, "fan_out", fan_out)
    failed = run(capsys, "study", "demo", "--run")
    assert failed.status == 1
    assert failed.err == (
        "not finished: the same command goes on from here; "
        "'charlab study --back' returns to your branch\ncharlab: stage train failed\n"
    )
    assert git(project, "log", "-1", "--format=%s") == "Start the study demo"


def test_params_prints_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    """The output is docs/parameters.md, byte for byte."""
    assert run(capsys, "params").out == reference()


def test_fan_out_removes_leftovers_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    """It names the results that go, and removes them before any stage reads a folder of them."""
    for name in ("raw/a.txt", "raw/old.txt", "raw/older.txt", "variants/old/1/metrics.json"):
        (project / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "data" / name).touch()
    seen: list[str] = []

    def fan_out(root: Path, run: partial[None]) -> int:
        assert run.args == (3,)
        seen.extend(path.name for path in root.rglob("data/*/*"))
        return 2

    monkeypatch.setattr(charlab.commands.fan_out, "fan_out", fan_out)
    lines = run(capsys, "fan-out", "--workers", 3).out.splitlines()
    assert lines[:2] == [
        "removed from data/raw, not in params.yaml: old.txt, older.txt",
        "removed from data/variants, not in params.yaml: old",
    ]
    assert lines[2].startswith("2 stages brought up to date in ")
    assert seen == ["a.txt"]


@pytest.mark.parametrize("command", [["study"], ["add-text", "11"], ["fan-out"]])
def test_a_command_outside_a_project_is_refused(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    """The message says to go to the project's folder."""
    monkeypatch.chdir(tmp_path)
    assert "go to the project's folder" in refused(capsys, *command)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_of_another_encoding_gets_escapes(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """A character that the terminal lacks is shown as its number, not as a traceback."""
    screen = io.BytesIO()
    terminal = io.TextIOWrapper(screen, encoding=encoding)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    with pytest.raises(SystemExit):
        main(args=["params"])
    terminal.flush()
    # Click writes UTF-8 where the terminal seems to know no more than ASCII.
    sign = "≥".encode() if encoding == "ascii" else rb"\u2265"
    assert sign + b" 0" in screen.getvalue()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``charlab params > file`` on a full disk fails, without a traceback at exit."""
    with Path("/dev/full").open("w", encoding="utf-8") as full, pytest.raises(SystemExit) as ended:
        monkeypatch.setattr(sys, "stdout", full)
        main(args=["params"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "charlab: standard output cannot be written: No space left on device\n"
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "not enough memory"),
        (PermissionError(13, "Permission denied", "/some/file"), "/some/file: Permission denied"),
    ],
)
def test_errors_of_the_machine_are_said_in_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    message: str,
) -> None:
    """There is no traceback for what is not a mistake in the program."""

    def fail() -> str:
        raise error

    monkeypatch.setattr("charlab.plan.document.reference", fail)
    assert message in refused(capsys, "params")


def test_a_word_that_is_no_text_is_one_line_in_a_file(tmp_path: Path) -> None:
    """Where stderr is no terminal, what it cannot encode is shown by its number."""
    if sys.platform == "win32":
        pytest.skip("an argument is text there")
    errors = tmp_path / "errors"
    with errors.open("wb") as stream:
        command: list[str | bytes] = [sys.executable, "-m", "charlab", "mend", b"x\xff"]
        done = subprocess.run(command, stderr=stream, cwd=tmp_path, check=False)
    assert done.returncode != 0
    assert "Traceback" not in errors.read_text(encoding="utf-8")
    assert "x\\udcff" in errors.read_text(encoding="utf-8")


def test_a_closed_standard_output_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python then has no object for it."""
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr(sys, "stdout", None)
        main(args=["--help"])
    assert ended.value.code == 1
    assert "standard output is closed" in capsys.readouterr().err


def test_an_empty_name_is_no_path(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It would be the current folder."""
    (tmp_path / "a.txt").write_text("A line.\n" * 99, encoding="utf-8")
    done = run(capsys, "clean", tmp_path / "a.txt", "-o", "")
    assert done.status == 2
    assert "expected a name, found an empty one" in done.err
