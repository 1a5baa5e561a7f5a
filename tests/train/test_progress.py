"""A bar on a terminal, plain lines elsewhere, nothing where nothing is wanted."""

from __future__ import annotations

import math
import re
import sys

import pytest

from charlab.train.progress import Progress

LINE = (
    r"shakespeare seed 1:  50%, [\d,]+ characters/s, \d+ s left, "
    r"train 2\.000, val 2\.500 bits per character\n"
)


def halfway(show: bool | None) -> Progress:
    """Return the progress of a training of 1000 characters that has read half."""
    shown = Progress("shakespeare seed 1", 1000, 0, show)
    shown.read(500)
    shown.measured(500, 2 * math.log(2), 2.5 * math.log(2))
    return shown


@pytest.mark.parametrize("show", [None, True])
def test_plain_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], show: bool | None
) -> None:
    """One line for each measurement, losses in bits, and no control characters."""
    halfway(show).close()
    found = capsys.readouterr()
    assert found.out == ""
    assert re.fullmatch(LINE, found.err)


def test_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where val is measured twice only; what was measured is said again from then on."""
    shown = Progress("x", 1000, 0, None)
    for done in range(25, 1001, 25):
        shown.read(25)
        if done in (200, 650):
            shown.measured(done, math.log(2), math.log(2))
    lines = capsys.readouterr().err.splitlines()
    told = [int(line.removeprefix("x:").split("%")[0]) for line in lines]
    assert told == [10, 20, 30, 40, 50, 60, 65, 75, 85, 95]
    assert [line.endswith("bits per character") for line in lines] == [False] + [True] * 9


def test_nothing_with_false(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests, and programs that train many models, want silence."""
    halfway(False).close()
    assert capsys.readouterr() == ("", "")


def test_nothing_with_false_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is there a bar."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    halfway(False).close()
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the name, how far it is, and the losses; at the end it is taken away."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown = halfway(None)
    shown.close()
    found = capsys.readouterr().err
    assert "shakespeare seed 1:  50%" in found
    assert "train 2.000, val 2.500 bits per character" in found
    assert found.endswith("\r")


def test_a_resumed_training_counts_its_own_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Speed and time left are of this run: 200 characters in 2 s, and 400 more to read."""
    now = iter([100.0, 102.0])
    monkeypatch.setattr("charlab.train.progress.time.monotonic", lambda: next(now))
    Progress("x", 1000, 400, None).measured(600, 1.0, 1.0)
    assert "x:  60%, 100 characters/s, 4 s left," in capsys.readouterr().err
