"""Stages on machines that share nothing but a DVC remote: Dask's own processes, SLURM's daemons.

The stages take no time, so that the tests do not: dvc.yaml is replaced by one with the same shape.
All else is real, from ``charlab fan-out`` to DVC, its remote and its run-cache.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from machines import ask_slurm, dask_machines, has_ended, machine_of, slurm_node, wait_for
from project_clone import Clone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the processes are ended by signals"),
]

PIPELINE = """
stages:
  text:
    cmd: python stages/light.py data/text
    deps: [stages/light.py]
    params: [seed]
    outs: [data/text]
  train-variant:
    foreach: ${study.variants}
    do:
      cmd: python stages/light.py data/variants/${key} data/text
      deps: [stages/light.py, data/text]
      params: ["study.variants.${key}"]
      outs: ["data/variants/${key}"]
  evaluate:
    cmd: python stages/light.py data/evaluation data/variants
    deps: [stages/light.py, data/variants]
    outs: [data/evaluation]
  compare:
    cmd: python stages/light.py metrics data/evaluation
    deps: [stages/light.py, data/evaluation]
    outs:
      - metrics: {cache: false}
"""

SCRIPT = """
import hashlib, os, pathlib, sys, time
out, *inputs = map(pathlib.Path, sys.argv[1:])
stage = os.environ["DVC_STAGE"]

def note(what):
    if "LIGHT_LOG" in os.environ:
        with open(os.environ["LIGHT_LOG"], "a") as log:
            print(what, stage, os.getpid(), file=log)

note("starts")
go = os.environ.get("LIGHT_GO")
while go and "train" in stage and not os.path.exists(go):
    time.sleep(0.1)
files = [file for path in inputs for file in sorted(path.rglob("*")) if file.name[0] != "."]
digests = [hashlib.md5(file.read_bytes()).hexdigest() for file in files if file.is_file()]
out.mkdir(parents=True, exist_ok=True)
(out / "result.txt").write_text("\\n".join([stage, *digests, ""]))
note("ends")
"""

TRAININGS = [f"train-variant@{slug}" for slug in ("lstm", "rnn", "rnn-numpy")]


@pytest.fixture(scope="module")
def done(clone: Clone) -> Clone:
    """Return a project whose stages take no time, after 'dvc repro'."""
    (clone.root / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    (clone.root / "stages" / "light.py").write_text(SCRIPT, encoding="utf-8")
    clone.run("dvc", "repro")
    clone.commit("results")
    return clone


@pytest.fixture
def other(done: Clone, tmp_path: Path) -> Clone:
    """Return a clone without results, whose remote is still empty."""
    other = Clone(tmp_path / "other")
    done.run("git", "clone", "--quiet", str(done.root), str(other.root))
    (other.root / "dvc.lock").unlink()
    remote = str(tmp_path / "remote")
    other.run("dvc", "remote", "add", "--local", "--default", "shared", remote)
    return other


def check_same(one: Clone, other: Clone) -> None:
    """Check that two clones have the same dvc.lock and the same results."""
    assert other.status() == ""
    names = ["dvc.lock", "metrics/result.txt", "data/evaluation/result.txt"]
    for name in [*names, *(f"data/variants/{stage[14:]}/result.txt" for stage in TRAININGS)]:
        assert (other.root / name).read_bytes() == (one.root / name).read_bytes(), name


def test_machines_that_share_a_remote_write_the_lock_of_repro(
    done: Clone, other: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is killed in the middle of a training; nothing that was pushed is trained twice."""
    log, go = tmp_path / "stages", tmp_path / "go"
    monkeypatch.setenv("LIGHT_LOG", str(log))
    monkeypatch.setenv("LIGHT_GO", str(go))
    log.touch()
    with dask_machines(tmp_path / "dask", 4) as (address, workers), ThreadPoolExecutor(1) as pool:
        run = pool.submit(other.run, "charlab", "fan-out", "--scheduler", address)
        try:
            wait_for(lambda: run.done() or "starts train" in log.read_text(), 1200)
            lines = [line.split() for line in log.read_text().splitlines()]
            _, killed, pid = next(line for line in lines if line[1] in TRAININGS)
            number = machine_of(int(pid), workers)
            workers[number].kill()
            # Its stage ends with it, and before the others may go on.
            wait_for(lambda: has_ended(int(pid)))
        finally:
            go.touch()
        assert "6 stages brought up to date" in run.result().stdout
        copies = {path.parts[-4] for path in (tmp_path / "dask").glob("machine*/*/*/charlab*")}
        assert copies <= {f"machine{number}"}, "only the killed machine has left its copy"
    check_same(done, other)
    lines = [line.split() for line in log.read_text().splitlines()]
    expected = ["compare", "evaluate", "text", *TRAININGS]
    assert sorted(stage for what, stage, _ in lines if what == "ends") == sorted(expected)
    started = sorted(stage for what, stage, _ in lines if what == "starts")
    assert started == sorted([*expected, killed])
    # What the machines have pushed is all that another machine needs.
    assert "everything is up to date" in other.run("charlab", "fan-out").stdout


def test_slurm_runs_the_stages_without_dask(done: Clone, other: Clone, tmp_path: Path) -> None:
    """An array of jobs per wave, and a last job that collects; the lock is that of repro."""
    with slurm_node(tmp_path / "slurm") as config:
        job = tmp_path / "job.sh"
        job.write_text(other.run("charlab", "fan-out", "--sbatch").stdout)
        other.run("bash", str(job), SLURM_CONF=config)
        wait_for(lambda: not ask_slurm(config, "squeue"), 1200)
    check_same(done, other)
