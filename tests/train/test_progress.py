"""A bar on a terminal, plain lines elsewhere, and nothing with ``show=False``."""

from __future__ import annotations

import math
import re
import sys

import pytest

from charlab.train.model_folder import Measurement
from charlab.train.progress import Progress

LINE = (
    r"shakespeare seed 1:  50%, [\d,]+ characters/s, \d+ s left, "
    r"train 2\.000, val 2\.500 bits per character\n"
)


def measurement(train_bits: float, val_bits: float) -> Measurement:
    """Return a measurement with these losses, converted to nats."""
    train, val = train_bits * math.log(2), val_bits * math.log(2)
    return Measurement(1, 1, 1.0, train, val, 0.1, 1.0)


def halfway(show: bool | None) -> Progress:
    """Return the progress of a training of 1000 characters that has read half."""
    shown = Progress("shakespeare seed 1", 1000, 0, show)
    shown.read(500)
    shown.measured(500, measurement(2.0, 2.5))
    return shown


@pytest.mark.parametrize("show", [None, True])
def test_plain_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], show: bool | None
) -> None:
    """One line for each measurement, losses in bits, and no control characters."""
    halfway(show).close()
    output = capsys.readouterr()
    assert output.out == ""
    assert re.fullmatch(LINE, output.err)


def test_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines come between two measurements too, and repeat the latest losses."""
    shown = Progress("x", 1000, 0, None)
    for done in range(25, 1001, 25):
        shown.read(25)
        if done in (200, 650):
            shown.measured(done, measurement(1.0, 1.0))
    lines = capsys.readouterr().err.splitlines()
    shares = [int(line.removeprefix("x:").split("%")[0]) for line in lines]
    assert shares == [10, 20, 30, 40, 50, 60, 65, 75, 85, 95]
    assert [line.endswith("bits per character") for line in lines] == [False] + [True] * 9


def test_nothing_with_false(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests, and programs that train many models, show nothing."""
    halfway(False).close()
    assert capsys.readouterr() == ("", "")


def test_nothing_with_false_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no bar either."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    halfway(False).close()
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the name, the share done and the losses, and is erased at the end."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for name, value in {"TERM": "xterm", "COLUMNS": "150"}.items():
        monkeypatch.setenv(name, value)
    halfway(None).close()
    output = capsys.readouterr().err
    assert "shakespeare seed 1:" in output
    assert re.search(r" 50%, .*train 2\.000, val 2\.500 bits per character", plain(output))
    assert output.endswith("\x1b[2K")  # erases the line


def plain(output: str) -> str:
    """Return output without its escape sequences."""
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", output)


def test_a_resumed_training_counts_its_own_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it was resumed; 200 characters in 2 s are its speed, and 400 are left."""
    now = iter([100.0, 102.0])
    monkeypatch.setattr("charlab.train.progress.time.monotonic", lambda: next(now))
    Progress("x", 1000, 400, None).measured(600, measurement(1.0, 1.0))
    first, second = capsys.readouterr().err.splitlines()
    assert first == "x: resumed at 40 %"
    assert "x:  60%, 100 characters/s, 4 s left," in second


def test_a_resumed_training_shows_nothing_with_false(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does it say that it was resumed."""
    Progress("x", 1000, 400, False).close()
    assert capsys.readouterr() == ("", "")
