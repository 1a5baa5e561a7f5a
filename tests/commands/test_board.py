"""The board shows the running stages and counts those that have ended."""

from pathlib import Path

from charlab.commands.board import Board, last_line


def test_a_stage_is_on_the_board_while_it_runs() -> None:
    """It has a line of its own, and is counted when it ends."""
    board = Board(total=2)
    board.note((0.0, ("train", "starts")))
    assert "1 running" in board.lines()[0]
    assert "train" in board.lines()[1]
    board.note((0.0, ("train", "ends")))
    assert board.lines() == ["1 of 2 stages done, 0 running"]


def test_the_last_line_of_a_progress_bar_is_the_newest(tmp_path: Path) -> None:
    """A progress bar redraws its line after a carriage return; only its last state counts."""
    log = tmp_path / "log"
    log.write_bytes(b"start\n 10%\r 20%\r 30%")
    assert last_line(log) == "30%"
    assert last_line(tmp_path / "none") == ""


def test_the_last_line_cannot_command_the_terminal(tmp_path: Path) -> None:
    """A stage may print what a text has."""
    (tmp_path / "log").write_bytes(b"\x1b]0;title\x07 \xe2\x80\xaex")
    assert last_line(tmp_path / "log") == r"\x1b]0;title\x07 \u202ex"
