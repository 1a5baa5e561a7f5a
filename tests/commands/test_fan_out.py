"""Stages run side by side, each after those that it needs."""

import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest

from charlab.commands.fan_out import Board, StageFailedError, last_line, run_graph
from charlab.core.errors import CharlabError

DIAMOND: "nx.DiGraph[str]" = nx.DiGraph(
    [("left", "top"), ("right", "top"), ("bottom", "left"), ("bottom", "right")]
)


def writer(folder: Path, failing: str = "") -> Callable[[str], None]:
    """Return a stage runner that appends its stage to a file, and fails at one stage."""

    def run(stage: str) -> None:
        if stage == failing:
            raise CharlabError(f"{stage}: out of paper")
        with (folder / "order").open("a", encoding="utf-8") as stream:
            stream.write(f"{stage}\n")

    return run


def order_in(folder: Path) -> list[str]:
    """Return the stages that ran, first to last."""
    return (folder / "order").read_text(encoding="utf-8").split()


def test_a_stage_runs_after_all_that_it_needs(tmp_path: Path) -> None:
    """The order of a diamond is top, then both sides, then bottom."""
    board = Board(total=4)
    run_graph(DIAMOND, 2, writer(tmp_path), board)
    order = order_in(tmp_path)
    assert (order[0], set(order[1:3]), order[3]) == ("top", {"left", "right"}, "bottom")


def test_independent_stages_run_at_the_same_time(tmp_path: Path) -> None:
    """Each side of the diamond waits for the other, so one at a time would never end."""
    other = {"left": tmp_path / "right", "right": tmp_path / "left"}

    def run(stage: str) -> None:
        (tmp_path / stage).touch()
        deadline = time.monotonic() + 20
        while stage in other and not other[stage].exists():
            if time.monotonic() > deadline:
                raise CharlabError(f"{stage} waited in vain")
            time.sleep(0.01)

    run_graph(DIAMOND, 2, run, Board(total=4))
    assert (tmp_path / "bottom").exists()


def test_a_failure_stops_what_needs_it_and_nothing_else(tmp_path: Path) -> None:
    """The other side still runs; the message is the failing stage's own."""
    with pytest.raises(StageFailedError, match=r"out of paper\nnot run.*: 1 stages"):
        run_graph(DIAMOND, 2, writer(tmp_path, failing="left"), Board(total=4))
    assert sorted(order_in(tmp_path)) == ["right", "top"]


def test_the_board_shows_what_runs_and_counts_what_is_done() -> None:
    """A stage is on the board while it runs, and counted afterwards."""
    board = Board(total=2)
    board.note((0.0, ("train", "starts")))
    assert "1 running" in board.lines()[0]
    assert "train" in board.lines()[1]
    board.note((0.0, ("train", "ends")))
    assert board.lines() == ["1 of 2 stages done, 0 running"]


def test_the_last_line_of_a_progress_bar_is_the_newest(tmp_path: Path) -> None:
    """A bar rewrites its line with carriage returns; only the last state counts."""
    log = tmp_path / "log"
    log.write_bytes(b"start\n 10%\r 20%\r 30%")
    assert last_line(log) == "30%"
    assert last_line(tmp_path / "none") == ""
