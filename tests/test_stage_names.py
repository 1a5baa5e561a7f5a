"""Names from params.yaml never reach a shell, and every stage checks its own."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
import yaml
from click.testing import CliRunner

from import_graph import ROOT, STAGES


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[click.Command]:
    """Return a command that prints its name, read like the name of a stage."""
    monkeypatch.syspath_prepend(str(STAGES))
    from _stage import NAME

    @click.command()
    @NAME
    def show(name: str) -> None:
        click.echo(name)

    yield show


def test_no_command_holds_a_parameter() -> None:
    """DVC fills templates in before a stage could check them, and a shell reads the result."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert not [name for name, stage in stages.items() if "${" in stage.get("do", stage)["cmd"]]


@pytest.mark.parametrize(
    "name",
    ["x;touch pwned", "$(touch pwned)", "a b", "'", "a\nb", "../../src", "/etc", "x@y", "a" * 101],
)
def test_hostile_names_are_refused(
    command: click.Command, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given by DVC or as an argument."""
    monkeypatch.setenv("DVC_STAGE", f"train-variant@{name}")
    assert "a slug is lower-case letters" in CliRunner().invoke(command).output
    assert "a slug is lower-case letters" in CliRunner().invoke(command, ["--", name]).output


def test_the_name_comes_from_dvc_or_by_hand(
    command: click.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage without a name asks for one."""
    monkeypatch.delenv("DVC_STAGE", raising=False)
    assert CliRunner().invoke(command).exit_code == 2
    assert CliRunner().invoke(command, ["gru"]).output == "gru\n"
    monkeypatch.setenv("DVC_STAGE", "train-variant@lstm")
    assert CliRunner().invoke(command).output == "lstm\n"
