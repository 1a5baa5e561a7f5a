"""Stages run side by side, each after those that it needs, unseen by other machines."""

import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from ipaddress import ip_address
from pathlib import Path

import networkx as nx
import psutil
import pytest

from charlab.commands.board import Board
from charlab.commands.fan_out import StageFailedError, kept_apart, run_graph
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
    run_graph(DIAMOND, 2, writer(tmp_path), Board(total=4))
    order = order_in(tmp_path)
    assert (order[0], set(order[1:3]), order[3]) == ("top", {"left", "right"}, "bottom")


def test_the_longest_chain_of_stages_goes_first(tmp_path: Path) -> None:
    """A short stage with a long one behind it comes before a stage of middling length."""
    graph: nx.DiGraph[str] = nx.DiGraph([("long", "short"), ("end", "long"), ("end", "middling")])
    graph.add_nodes_from(["third", "first"])
    minutes = {"short": 1, "long": 10, "middling": 5, "end": 1, "first": 20, "third": 2}
    nx.set_node_attributes(graph, minutes, "minutes")
    run_graph(graph, 1, writer(tmp_path), Board(total=6))
    order = order_in(tmp_path)
    # While "short" ends and "long" becomes ready, the worker may begin another stage.
    assert [name for name in order if name != "long"] == [
        "first", "short", "middling", "third", "end",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "threads", "apart"),
    [
        ({"large 1": 5, "large 2": 4, "small": 10}, 2, True),
        ({"large 1": 5, "large 2": 4, "small": 8}, 2, False),
        ({"large 1": 5, "large 2": 4, "small": 10}, 4, True),
        ({"large 1": 5, "large 2": 4, "small": 8}, 4, False),
        ({"large 1": 5, "large 2": 4}, 1, True),
    ],
)
def test_large_networks_are_kept_apart_only_beside_small_ones(
    minutes: dict[str, float], threads: int, apart: bool
) -> None:
    """Half of the cores train them, so they may take half of the time; one core has no choice."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from((n, {"minutes": m, "large": "large" in n}) for n, m in minutes.items())
    assert kept_apart(graph, threads) == ({"large 1", "large 2"} if apart else set())


def test_two_large_networks_never_train_at_the_same_time(tmp_path: Path) -> None:
    """A small one takes the other core meanwhile, although it is less urgent."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name, minutes in (("large 1", 9), ("large 2", 8), ("small 1", 20), ("small 2", 1)):
        graph.add_node(name, minutes=minutes, large="large" in name)

    def run(stage: str) -> None:
        (tmp_path / f"{stage}.runs").touch()
        runs = sorted(path.stem for path in tmp_path.glob("*.runs"))
        (tmp_path / f"{stage}.saw").write_text(",".join(runs))
        time.sleep(0.3)
        (tmp_path / f"{stage}.runs").unlink()

    run_graph(graph, 2, run, Board(total=4))
    seen = [path.read_text().split(",") for path in tmp_path.glob("*.saw")]
    assert len(seen) == 4
    assert ["large 1", "large 2"] not in seen
    assert any(len(stages) == 2 for stages in seen)


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


def test_a_failure_stops_the_stages_downstream_and_no_others(tmp_path: Path) -> None:
    """The other side of the diamond still runs; the message is the failing stage's own."""
    with pytest.raises(StageFailedError, match=r"out of paper\nnot run.*: 1 stage"):
        run_graph(DIAMOND, 2, writer(tmp_path, failing="left"), Board(total=4))
    assert sorted(order_in(tmp_path)) == ["right", "top"]


def listening() -> set[tuple[str, int]]:
    """Return the addresses and ports at which this process accepts connections."""
    connections = psutil.Process().net_connections(kind="inet")
    return {tuple(c.laddr) for c in connections if c.status == psutil.CONN_LISTEN}


def test_no_other_machine_can_connect(tmp_path: Path) -> None:
    """While stages run, only the loopback interface is open, and port 8787 is not."""
    before = listening()

    def run(stage: str) -> None:
        opened = listening() - before
        (tmp_path / stage).write_text("\n".join(f"{host} {port}" for host, port in opened))

    run_graph(DIAMOND, 2, run, Board(total=4))
    lines = (tmp_path / "top").read_text().splitlines()
    assert all(ip_address(line.split()[0]).is_loopback for line in lines), lines
    assert not any(line.endswith(" 8787") for line in lines)


def test_a_port_8787_that_is_taken_does_no_harm(tmp_path: Path) -> None:
    """Dask's usual port is not needed: pytest would turn its warning into an error."""
    with closing(socket.socket()) as taken:
        # Where another program has it, the port is taken just as well.
        with suppress(OSError):
            taken.bind(("0.0.0.0", 8787))
            taken.listen()
        run_graph(DIAMOND, 2, writer(tmp_path), Board(total=4))
    assert len(order_in(tmp_path)) == 4
