"""The plan of a run, as lines and as a script for SLURM."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import networkx as nx
import pytest
import yaml

from charlab.commands.pipeline import Pipeline, limit, plan_lines
from charlab.commands.remote import Remote
from charlab.commands.sbatch import script
from import_graph import ROOT

ORDER = ["text", "vocab", "train@a", "train@b", "table", "report"]
MINUTES = {"train@a": 3.0, "train@b": 1.5, "table": 0.5, "report": 0.5}


@pytest.fixture
def pipeline() -> Pipeline:
    """Return a pipeline whose texts are up to date, and whose last two stages git tracks."""
    edges = [("vocab", "text"), ("train@a", "vocab"), ("train@b", "vocab")]
    edges += [("table", "train@a"), ("table", "train@b"), ("report", "table")]
    graph: nx.DiGraph[str] = nx.DiGraph(edges)
    return Pipeline(ORDER, graph, graph.subgraph(ORDER[2:]).copy(), {"table"})


def test_other_machines_run_what_they_can_send_back(pipeline: Pipeline) -> None:
    """Not what git tracks, nor what needs that; and only results that they need are pushed."""
    assert set(pipeline.distributable) == {"train@a", "train@b"}
    assert pipeline.to_push == ["text", "vocab"]


def test_the_plan_has_a_line_for_each_stage(pipeline: Pipeline) -> None:
    """The last line adds up the minutes, of all stages and of those that wait for each other."""
    assert list(plan_lines(pipeline, MINUTES, cluster=False)) == [
        "wave  minutes  stage",
        "   1      3.0  train@a",
        "   1      1.5  train@b",
        "   2      0.5  table                               after train@a, train@b",
        "   3      0.5  report                              after table",
        "4 stages: about 5.5 minutes of one core, and at least 4.0 on any number of cores",
    ]
    lines = list(plan_lines(pipeline, {}, cluster=True))
    assert lines[1] == "   1        -  train@a"
    assert lines[3].startswith("   2        -  table  (here, at the end)")


def test_an_empty_plan_says_so(pipeline: Pipeline) -> None:
    """As the run itself does."""
    done = Pipeline(ORDER, pipeline.graph, nx.DiGraph(), {"table"})
    assert list(plan_lines(done, {}, cluster=False)) == ["everything is up to date"]


def test_a_stage_may_take_ten_times_as_long_as_expected() -> None:
    """And half an hour more, which is all that is known of a stage without a time."""
    assert (limit(MINUTES, "train@a"), limit({}, "train@a")) == (60, 30)


def test_the_script_submits_each_wave_after_the_one_before(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    """Played with an sbatch that only prints its options, and as a task with a dvc that does."""
    remote = Remote("my shelf", {"url": "s3://shelf/a", "region": "eu"})
    text = script(tmp_path, pipeline, remote, "0123456789abcdef", MINUTES, workers=7)
    (tmp_path / "job.sh").write_text(text)
    for name in ("sbatch", "dvc", "git"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/calls\necho 42\n')
        program.chmod(0o755)
    # The script puts its own Python first, which has a dvc.
    played = text.replace("export PATH=", f"export PATH={tmp_path}/bin:")
    (tmp_path / "job.sh").write_text(played)

    def calls(**environment: str) -> list[str]:
        """Return the commands that the script calls."""
        (tmp_path / "calls").write_text("")
        subprocess.run(
            ["bash", "job.sh"], cwd=tmp_path, check=True, capture_output=True,
            env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), **environment},
        )  # fmt: skip
        return (tmp_path / "calls").read_text().splitlines()

    start = "sbatch --parsable --kill-on-invalid-dep=yes"
    assert calls() == [
        "dvc push --run-cache text vocab",
        f"{start} --array=0-1%7 --time=60 {tmp_path}/job.sh",
        f"{start} --dependency=afterok:42 --job-name=charlab-collect "
        "--output=.charlab/logs/slurm-%j.log --wrap=dvc repro --pull",
    ]
    assert calls(SLURM_ARRAY_TASK_ID="1")[2:] == [
        "dvc remote add --quiet --local --force --default my shelf s3://shelf/a",
        "dvc remote modify --quiet --local my shelf region eu",
        "dvc repro --pull train@b",
        "dvc push --run-cache train@b",
    ]
    assert not list(tmp_path.glob("charlab.*"))


def test_the_script_passes_shellcheck(pipeline: Pipeline, tmp_path: Path) -> None:
    """Also with names that a shell would split."""
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    remote = Remote("it's", {"url": "/my shelf"})
    text = script(tmp_path / "a b", pipeline, remote, "0" * 40, MINUTES)
    done = subprocess.run(["shellcheck", "-"], input=text, text=True, capture_output=True)
    assert done.stdout == ""


def test_the_kubernetes_service_finds_its_scheduler() -> None:
    """By the cluster's name, at ports that its container names."""
    cluster = yaml.safe_load((ROOT / "cluster" / "kubernetes.yaml").read_text(encoding="utf-8"))
    scheduler = cluster["spec"]["scheduler"]
    selector = scheduler["service"]["selector"]
    assert selector["dask.org/cluster-name"] == cluster["metadata"]["name"]
    named = {port["name"] for port in scheduler["spec"]["containers"][0]["ports"]}
    assert {port["targetPort"] for port in scheduler["service"]["ports"]} == named
