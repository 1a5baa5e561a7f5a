"""The charlab command run in the tests' own process."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from charlab.commands.cli import main


@dataclass(frozen=True)
class Done:
    """The exit status and output of a command."""

    status: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> Done:
    """Run ``charlab`` in this process, as its script does."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(args=[str(argument) for argument in arguments])
    status = ended.value.code or 0
    assert isinstance(status, int)
    return Done(status, *capsys.readouterr())


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that must fail with one line on stderr; return that line."""
    done = run(capsys, *arguments)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("charlab: ")
    assert done.err.count("\n") == 1
    return done.err
