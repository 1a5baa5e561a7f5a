"""Stages on other machines: what they are sent, what goes wrong there, and what is said."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cloudpickle
import networkx as nx
import pytest
from click.testing import CliRunner

from charlab.commands import board, cluster, worker
from charlab.commands.board import Board
from charlab.commands.cli import cli
from charlab.commands.cluster import archive, check_committed, placed
from charlab.commands.fan_out import ByValue, StageFailedError, local_cluster, run_on
from charlab.commands.remote import ClusterError, Remote
from charlab.commands.worker import Copies, Project, run_in_copy
from two_studies import git

CHILD = """
import pathlib, sys, time
_, starter, command, *options, stage = sys.argv
with open("REMOTE/commands", "a") as log:
    print(command, stage, file=log)
earlier = open("REMOTE/commands").read().split("\\n").count(f"{command} {stage}") - 1
print(f"{command} {stage} in {pathlib.Path.cwd().name}")
if command == "push":
    sys.exit(stage == "unpushed" and not earlier)
if stage == "wrong":
    sys.exit("ERROR: failed to reproduce 'wrong': failed to run: python a.py, exited with 1")
if stage == "out-of-memory" and not earlier:
    sys.exit("ERROR: failed to reproduce: failed to run: python a.py, exited with 137")
if stage == "hanging":
    time.sleep(60)
"""
"""Takes the place of DVC in the copies of the project."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project in which every command of DVC is noted in a folder."""
    monkeypatch.setattr(board, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(worker, "PAUSE", 0.0)
    monkeypatch.setattr(worker, "INTERVAL", 0.05)
    files = {
        "src/charlab/__init__.py": "",
        "src/charlab/commands/__init__.py": "",
        "src/charlab/commands/dvc_child.py": CHILD.replace("REMOTE", str(tmp_path)),
        ".dvc/config": "",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    stages = ("good", "wrong", "out-of-memory", "unpushed", "hanging", "later")
    limits = dict.fromkeys(stages, 30.0) | {"hanging": 0.5}
    return Project(packed.getvalue(), "", str(tmp_path), {"dvc": version("dvc")}, limits)


@pytest.fixture
def client() -> Iterator[Any]:
    """Yield a client of a cluster inside this process."""
    from distributed import Client

    with local_cluster(2) as made, Client(made) as connected:
        yield connected


def test_local_cluster_leaves_the_cores_to_the_stages(client: Any) -> None:
    """Nothing in it runs many times a second while stages train."""
    (worker,) = client.cluster.workers.values()
    for server in (client.cluster.scheduler, worker):
        assert server.periodic_callbacks["tick"].callback_time >= 1000
    assert "profile" not in worker.periodic_callbacks


def run_stages(client: Any, project: Project, *stages: str, retries: int = 1) -> Board:
    """Run stages in copies of a project; return the board."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(stages)
    shown = Board(total=len(stages))
    with placed(client, Copies("charlab 1", project)):
        run_on(client, graph, partial(ByValue(run_in_copy), "charlab 1"), shown, "charlab 1",
               retries)  # fmt: skip
    return shown


def commands(project: Project) -> list[str]:
    """Return the commands of DVC that ran in the copies of a project."""
    return (Path(str(project.folder)) / "commands").read_text().splitlines()


def eventually(check: Callable[[], bool]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + 20
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_stage_runs_and_is_pushed_from_a_copy_that_goes_at_the_end(
    client: Any, project: Project
) -> None:
    """Its output arrives in the log here, where the board and a person look for it."""
    shown = run_stages(client, project, "good")
    assert commands(project) == ["repro good", "push good"]
    log = board.log_of("good")
    eventually(lambda: log.is_file() and "push good in copy1" in log.read_text())
    assert "repro good in copy1" in log.read_text()
    eventually(lambda: shown.done == 1)
    scratch = client.run(lambda dask_worker: dask_worker.local_directory)
    assert not list(Path(*scratch.values()).glob("charlab*"))


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("out-of-memory", ["repro", "repro", "push"]),
        ("unpushed", ["repro", "push", "repro", "push"]),
    ],
)
def test_a_failure_that_is_not_the_stage_s_own_is_tried_again(
    client: Any, project: Project, stage: str, expected: list[str]
) -> None:
    """A killed command, or a remote that is out of reach, says nothing about the stage."""
    run_stages(client, project, stage)
    assert commands(project) == [f"{command} {stage}" for command in expected]


def test_a_stage_that_fails_is_not_tried_again(client: Any, project: Project) -> None:
    """Its last lines and its machine are in the message."""
    with pytest.raises(StageFailedError, match=r"stage wrong failed on inproc://(?s:.*)with 1"):
        run_stages(client, project, "wrong")
    assert commands(project) == ["repro wrong"]


def test_a_hanging_stage_is_ended_and_tried_again(client: Any, project: Project) -> None:
    """After the last try the message says for how long it was waited."""
    with pytest.raises(StageFailedError, match=r"again and again: .* no end after 0 minutes"):
        run_stages(client, project, "hanging")


def test_a_stage_that_nobody_waits_for_is_stopped(client: Any, project: Project) -> None:
    """So it is after Ctrl-C, and after a kill of the program that waited."""
    object.__setattr__(project, "limits", {"hanging": 60.0})
    with placed(client, Copies("charlab 1", project)):
        run = partial(ByValue(run_in_copy), "charlab 1")
        future = client.submit(ByValue(worker.task), "charlab 1", run, "hanging")
        eventually(lambda: (Path(str(project.folder)) / "commands").exists())
        future.release()
        copies = client.cluster.workers[0].plugins["charlab 1"]
        eventually(lambda: not copies.busy)


def test_a_remote_that_a_machine_cannot_see_is_named(client: Any, project: Project) -> None:
    """DVC would make the folder, and push to where nobody looks."""
    object.__setattr__(project, "folder", "/nowhere/remote")
    with pytest.raises(StageFailedError, match="has no folder /nowhere/remote, which is the DVC"):
        run_stages(client, project, "good")


def test_a_worker_with_other_versions_is_refused(client: Any, project: Project) -> None:
    """The message names the worker, the package and both versions."""
    object.__setattr__(project, "versions", {"dvc": "1.0"})
    with pytest.raises(ClusterError, match=rf"inproc://.*: dvc is {version('dvc')}, but 1.0 runs"):
        run_stages(client, project, "good")
    object.__setattr__(project, "versions", {"no-such-package": "1.0"})
    with pytest.raises(ClusterError, match=r"no-such-package is not installed, but 1\.0"):
        run_stages(client, project, "good")


def test_a_worker_with_another_python_is_refused() -> None:
    """It could not read what it is sent."""
    with pytest.raises(ClusterError, match=r"worker tcp://a:1 has Python 2\.7, and 3\."):
        cluster.check_python({"tcp://a:1": {"host": {"python": "2.7.18.final.0"}}})


def test_a_worker_needs_no_charlab(project: Project, tmp_path: Path) -> None:
    """All that it is sent can be read where no module of that name can be imported."""
    run = partial(ByValue(run_in_copy), "charlab 1")
    sent = tmp_path / "sent"
    sent.write_bytes(cloudpickle.dumps((ByValue(worker.task), run, Copies("charlab 1", project))))
    script = (
        "import pickle, sys; sys.modules['charlab'] = None; "
        f"task, run, copies = pickle.load(open({str(sent)!r}, 'rb')); print(copies.name)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("charlab 1\n", 0), done.stderr


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("laptop", "laptop: not an address like tcp://HOST:8786"),
        ("tcp://127.0.0.1:1", "no Dask scheduler answers at tcp://127.0.0.1:1"),
    ],
)
def test_an_address_without_a_scheduler_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str, message: str
) -> None:
    """The message says what an address is, or how to start a scheduler."""
    monkeypatch.setattr(cluster, "TIMEOUT", 0.2)
    with pytest.raises(ClusterError, match=message), cluster.connected(address):
        pass


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a git repository with a commit of code and results."""
    for name in ("src/a.py", "dvc.lock", "report/report.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("old\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    identity = ("-c", "user.name=charlab", "-c", "user.email=charlab@example.org")
    git(tmp_path, *identity, "commit", "--quiet", "--message", "start")
    return tmp_path


@pytest.mark.parametrize("name", ["dvc.lock", "report/report.md", "job.sh"])
def test_results_and_strange_files_need_no_commit(repository: Path, name: str) -> None:
    """Other machines do not read them, but for the present dvc.lock, which they are sent."""
    (repository / name).write_text("new\n")
    check_committed(repository)


@pytest.mark.parametrize("name", ["src/a.py", "data/own/mine.txt", "src/b.py"])
def test_what_a_stage_may_read_must_be_committed(repository: Path, name: str) -> None:
    """The message names the file."""
    (repository / name).parent.mkdir(parents=True, exist_ok=True)
    (repository / name).write_text("new\n")
    with pytest.raises(ClusterError, match=r"get the last commit, and .* differs from it: commit"):
        check_committed(repository)


def test_machines_get_the_commit_and_the_present_lock(repository: Path) -> None:
    """Without results, which are large and which no stage on another machine reads."""
    (repository / "dvc.lock").write_text("new\n")
    with tarfile.open(fileobj=io.BytesIO(archive(repository))) as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar if entry.isfile()}
        contents = {name: file.read() for name, file in files.items() if file}
    assert contents == {"src/a.py": b"old\n", "dvc.lock": b"new\n"}


def test_machines_get_no_credentials(tmp_path: Path) -> None:
    """They get the name and address of the remote, from whichever file of DVC's configuration."""
    from dvc.repo import Repo

    Repo.init(str(tmp_path), no_scm=True).close()
    with pytest.raises(ClusterError, match="no default DVC remote is configured"):
        Remote.of(tmp_path)
    config = tmp_path / ".dvc" / "config.local"
    options = "url = s3://shelf/a\n endpointurl = http://s3:9000\n secret_access_key = hidden\n"
    config.write_text(f"[core]\n remote = a b\n['remote \"a b\"']\n {options}")
    remote = Remote.of(tmp_path)
    config.write_text(remote.config)
    assert Remote.of(tmp_path) == remote
    assert remote.options == {"url": "s3://shelf/a", "endpointurl": "http://s3:9000"}
    assert remote.folder is None
    config.write_text("[core]\n remote = a\n['remote \"a\"']\n url = https://shelf/a\n")
    with pytest.raises(ClusterError, match="HTTP server, which cannot hold DVC's run-cache"):
        Remote.of(tmp_path)
    config.write_text("[core]\n remote = a\n['remote \"a\"']\n url = ../shelf\n")
    assert Remote.of(tmp_path).folder == str(tmp_path / "shelf")


def test_a_scheduler_says_how_many_stages_run_at_a_time() -> None:
    """Its workers do, so --workers has no meaning."""
    options = ["fan-out", "--scheduler", "tcp://a:1", "--workers", "2"]
    done = CliRunner().invoke(cli, options)
    assert done.exit_code == 2
    assert "--scheduler goes without --workers" in done.output
