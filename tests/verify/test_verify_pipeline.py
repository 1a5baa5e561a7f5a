"""The real pipeline, verified: a stranger's clone, forgeries, and a remote."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from project_clone import Clone

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def done(clone: Clone) -> Clone:
    """Return the clone after one full run, its results committed."""
    clone.run("charlab", "fan-out")
    clone.commit("results")
    return clone


def stranger(done: Clone, name: str) -> Clone:
    """Return a clone of the clone: without data/ and without a cache."""
    other = Clone(done.root.parent / name)
    done.run("git", "clone", "--quiet", str(done.root), str(other.root))
    return other


def test_stranger_gets_identical_results(done: Clone) -> None:
    """From an empty cache: what a stage needs is run, too, and the workspace stays as it is."""
    other = stranger(done, "stranger")
    result = other.run("charlab", "verify", "--stage", "train-variant@rnn", "--json")
    content = json.loads(result.stdout)
    assert content["counts"] == {"identical": len(content["verdicts"])}
    stages = [verdict["stage"] for verdict in content["verdicts"]]
    assert stages == [
        "plan", "fetch@invented", "clean@invented", "clean@invented", "vocab@invented",
        "train-variant@rnn",
    ]  # fmt: skip
    assert not (other.root / ".dvc/cache").exists()
    assert (other.status(), list((other.root / "data").glob("v*"))) == ("", [])


def test_whole_pipeline_is_identical(done: Clone) -> None:
    """Every stage; a certificate says so, offline too."""
    found = done.run("charlab", "verify", "--certificate", str(done.root.parent / "certificates"))
    assert "different" not in found.stdout
    assert "1: 100 %" in found.stdout
    chain = done.run("charlab", "verify", "--chain", str(done.root.parent / "certificates"))
    assert "1 certificate" in chain.stdout
    assert done.status() == ""


def test_forged_table_is_different(done: Clone, tmp_path: Path) -> None:
    """Another number, with the hash in dvc.lock to match, is found by running compare."""
    path = done.root / "metrics/variants.csv"
    shutil.copy(path, tmp_path / "honest.csv")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[-1] = re.sub(r",\d\.\d+", ",0.5", lines[-1], count=1)  # the first number with decimals
    path.write_text("".join(lines), encoding="utf-8")
    done.run("dvc", "commit", "--force", "compare")
    done.commit("better")
    found = done.run("charlab", "verify", "--stage", "compare", check=False)
    assert found.returncode == 1
    assert "metrics/variants.csv: row 3, " in found.stdout
    assert ": 0.5 recorded, " in found.stdout
    done.run("git", "reset", "--quiet", "--hard", "HEAD~1")
    assert path.read_bytes() == (tmp_path / "honest.csv").read_bytes()


def test_status_of_an_edit_agrees_with_dvc(done: Clone) -> None:
    """It names the stages that DVC would run."""
    assert done.run("charlab", "status").stdout == "everything is up to date\n"
    path = done.root / "params.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("temperatures: [0.5, 1.0]", "temperatures: [0.5]"))
    lines = done.run("charlab", "status").stdout.splitlines()
    found = {line.split()[-1] for line in lines if " min  " in line}
    stale = json.loads(done.run("dvc", "status", "--json").stdout)
    path.write_text(before)
    assert stale.keys() <= found
    assert {"sample", "sample-variants"} <= found
    assert "train-variant@rnn" not in found
    assert any("sample.temperatures: [0.5, 1.0] -> [0.5]" in line for line in lines)


def test_results_travel_by_a_remote(done: Clone, tmp_path: Path) -> None:
    """A clone pulls the results that another pushed to a folder, and runs nothing."""
    other = stranger(done, "other")
    for one in (done, other):
        one.run("dvc", "remote", "add", "--local", "--default", "shared", str(tmp_path / "remote"))
    done.run("dvc", "push")
    assert "Running stage" not in other.run("dvc", "repro", "--pull").stdout
    assert other.run("charlab", "status").stdout == "everything is up to date\n"
    assert other.status() == ""


def test_experiments_travel_by_a_bare_repository(done: Clone, tmp_path: Path) -> None:
    """Another clone pulls an experiment and applies it: the same metrics, and nothing to run."""
    shared = tmp_path / "shared.git"
    done.run("git", "clone", "--quiet", "--bare", str(done.root), str(shared))
    done.run("git", "remote", "add", "shared", str(shared))
    remote = ("dvc", "remote", "add", "--local", "--force", "--default", "shared")
    done.run(*remote, str(tmp_path / "remote"))
    # The study's stages did not change, so the experiment runs the model's alone.
    done.run("dvc", "exp", "run", "--name", "small", "--set-param", "model.hidden=6")
    done.run("dvc", "exp", "push", "shared", "small")
    other = Clone(tmp_path / "other" / "charlab")
    done.run("git", "clone", "--quiet", str(shared), str(other.root))
    other.run(*remote, str(tmp_path / "remote"))
    other.run("dvc", "exp", "pull", "origin", "small")
    other.run("dvc", "exp", "apply", "small")
    for name in ("metrics/model.json", "params.yaml", "report/report.md"):
        assert (other.root / name).read_bytes() == (done.root / name).read_bytes()
    assert "Running stage" not in other.run("dvc", "repro", "--pull").stdout
    for one in (done, other):
        assert "hidden: 6" in (one.root / "params.yaml").read_text(encoding="utf-8")
    done.run("git", "reset", "--quiet", "--hard")
    done.run("dvc", "checkout", "--quiet", "--force")


def test_results_travel_by_s3(done: Clone, tmp_path: Path, server: str) -> None:
    """The same by a server that speaks S3, with the run-cache; keys come from the environment."""
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    other = stranger(done, "by-s3")
    for one in (done, other):
        one.run(
            "dvc",
            "remote",
            "add",
            "--local",
            "--force",
            "--default",
            "shared",
            "s3://study/charlab",
        )
        one.run("dvc", "remote", "modify", "--local", "shared", "endpointurl", server)
    done.run("dvc", "push", "--run-cache", check=True, **keys)
    assert "Running stage" not in other.run("dvc", "repro", "--pull", check=True, **keys).stdout
    assert other.run("charlab", "status").stdout == "everything is up to date\n"
    # Without dvc.lock, the stages are known by the run-cache alone; the last two are in git only.
    (other.root / "dvc.lock").unlink()
    shutil.rmtree(other.root / ".dvc/cache")
    shutil.rmtree(other.root / "data/variants")
    ran = other.run("dvc", "repro", "--pull", "train-variant@rnn", check=True, **keys).stdout
    assert "Running stage" not in ran
    assert other.status() == " M dvc.lock\n"


@pytest.fixture
def server() -> Iterator[str]:
    """Yield the address of a local server that speaks S3, with an empty bucket."""
    moto = pytest.importorskip("moto.server", reason="tests/requirements-s3.txt is not installed")
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("dvc_s3", reason="tests/requirements-s3.txt is not installed")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        address = f"http://{host}:{port}"
        client = boto3.client(
            "s3", endpoint_url=address, region_name="us-east-1",
            aws_access_key_id="any", aws_secret_access_key="any",
        )  # fmt: skip
        client.create_bucket(Bucket="study")
        client.close()
        yield address
    finally:
        running.stop()
