"""A result that DVC restored from a damaged file of its cache is refused, and can be mended."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from charlab.core.restored import DamagedError, check_restored, damages, mend, recorded_outputs
from command_line import run

FILES = {"model.safetensors": b"weights", "snapshots/0.safetensors": b"first weights"}


def md5(content: bytes) -> str:
    """Return a hash as DVC names files by it."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def stored(root: Path, content: bytes, suffix: str = "") -> str:
    """Put a file into the cache, read-only like DVC's; return its hash."""
    name = md5(content) + suffix
    path = root / ".dvc" / "cache" / "files" / "md5" / name[:2] / name[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(content)
        path.chmod(0o444)
    return name


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with a folder and a file as results, in its cache and beside it."""
    monkeypatch.chdir(tmp_path)
    # DVC's hash of a folder, taken from DVC 3.67: sorted by path, keys in order, one line.
    listing = [{"md5": stored(tmp_path, c), "relpath": n} for n, c in sorted(FILES.items())]
    folder = stored(tmp_path, json.dumps(listing).encode(), ".dir")
    file = stored(tmp_path, b"{}\n")
    outs = [{"path": "data/model", "md5": folder}, {"path": "data/samples.json", "md5": file}]
    stages = {"train": {"cmd": "x", "outs": [out | {"hash": "md5"} for out in outs]}}
    lock = {"schema": "2.0", "stages": stages}
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump(lock), encoding="utf-8")
    for name in ("dvc.yaml", "params.yaml"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    restore(tmp_path)
    return tmp_path


def restore(root: Path) -> None:
    """Copy all results from the cache, as 'dvc checkout' does: it trusts a read-only file."""
    for name, content in FILES.items():
        path = root / "data" / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cached(root, content).read_bytes())
    (root / "data" / "samples.json").write_bytes(cached(root, b"{}\n").read_bytes())


def cached(root: Path, content: bytes) -> Path:
    """Return the file in the cache that should have this content."""
    name = md5(content)
    return root / ".dvc" / "cache" / "files" / "md5" / name[:2] / name[2:]


def damage(root: Path, content: bytes) -> Path:
    """Damage a file in the cache; return it."""
    path = cached(root, content)
    path.chmod(0o644)
    path.write_bytes(b"X" + content[1:])
    path.chmod(0o444)
    return path


def test_dvcs_own_hash_of_a_folder() -> None:
    """The list of a folder's files is hashed as DVC does, in a run of 'dvc repro'."""
    listing = [
        {"md5": "b1946ac92492d2347c6235b4d2611184", "relpath": "x.txt"},
        {"md5": "c4ff45bb1fab99f9164b7fec14b2292a", "relpath": "y.txt"},
    ]
    assert md5(json.dumps(listing).encode()) == "59b2649fc6a9d3a3a6e2a10a064ce1f5"


def test_whole_results_pass(project: Path) -> None:
    """Nothing is said of results that are what dvc.lock says, or that are in no pipeline."""
    (project / "data" / "model" / ".model.safetensors.abc.part").write_bytes(b"temporary")
    for name in ("data", "data/model", "data/model/model.safetensors", "elsewhere"):
        check_restored(project / name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("named", ["data", "data/model", "the file"])
def test_a_damaged_file_is_refused(project: Path, name: str, named: str) -> None:
    """The message names both files and the command; a stage may read the folder or part of it."""
    named = named.replace("the file", f"data/model/{name}")
    path = damage(project, FILES[name])
    restore(project)
    with pytest.raises(DamagedError, match=path.name) as error:
        check_restored(project / named)
    assert "data/model/" in str(error.value).partition(":")[0]
    assert "charlab mend" in str(error.value)
    check_restored(project / "data" / "samples.json")


def test_only_the_wanted_file_of_a_folder_is_read(project: Path) -> None:
    """A model's snapshots may be many times its size; a damaged one spoils no sample."""
    damage(project, FILES["snapshots/0.safetensors"])
    restore(project)
    check_restored(project / "data/model/model.safetensors")


def test_a_damaged_list_of_files_is_refused(project: Path) -> None:
    """Two names may be exchanged in the list of a folder's files."""
    (output, _) = recorded_outputs(project)
    listing = project / ".dvc/cache/files/md5" / output.md5[:2] / output.md5[2:]
    listing.chmod(0o644)
    listing.write_bytes(listing.read_bytes().replace(b"0.safe", b"1.safe"))
    check_restored(project / "data")  # the results are still whole
    (project / "data/model/snapshots/0.safetensors").rename(
        project / "data/model/snapshots/1.safetensors"
    )
    with pytest.raises(DamagedError, match=listing.name):
        check_restored(project / "data")


def test_a_result_that_a_person_changed_is_left_alone(project: Path) -> None:
    """DVC sees that itself; a stage run by hand changes results, too."""
    (project / "data/model/model.safetensors").write_bytes(b"trained by hand")
    check_restored(project / "data/model")


@pytest.mark.parametrize("config", ["[cache]\n    dir = ../elsewhere\n", "damaged [ config"])
def test_the_configured_cache_is_used(project: Path, config: str) -> None:
    """Such as the cache that all copies for experiments share."""
    damage(project, b"weights")
    restore(project)
    if config.startswith("[cache]"):
        (project / ".dvc" / "cache").rename(project / "elsewhere")
    (project / ".dvc" / "config.local").write_text(config, encoding="utf-8")
    with pytest.raises(DamagedError):
        check_restored(project / "data")


@pytest.mark.parametrize(
    "lock", ["", "stages: [", "stages: {train: {outs: 3}}", "stages: 1", "stages: !!int"]
)
def test_an_unreadable_lock_is_left_to_dvc(project: Path, lock: str) -> None:
    """DVC has its own message for it."""
    (project / "dvc.lock").write_text(lock, encoding="utf-8")
    check_restored(project / "data")


def test_mend_replaces_or_removes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An intact result replaces the damaged file; a damaged one is removed with it."""
    assert run(capsys, "mend").out == "nothing to mend\n"
    path = damage(project, b"weights")
    out = run(capsys, "mend").err
    assert "model.safetensors was damaged in DVC's cache: replaced by the intact result" in out
    assert path.read_bytes() == b"weights"
    assert not path.stat().st_mode & 0o222
    damage(project, b"weights")
    restore(project)
    assert "removed there and here" in run(capsys, "mend").err
    assert not path.exists()
    assert not (project / "data/model/model.safetensors").exists()
    assert "nothing to mend" in run(capsys, "mend").out


def test_results_that_share_a_damaged_file_are_all_removed(project: Path) -> None:
    """Files of the same content are one file in the cache."""
    other = project / "data" / "samples.json"
    document = yaml.safe_load((project / "dvc.lock").read_text(encoding="utf-8"))
    document["stages"]["train"]["outs"][1]["md5"] = md5(b"weights")
    (project / "dvc.lock").write_text(yaml.safe_dump(document), encoding="utf-8")
    path = damage(project, b"weights")
    restore(project)
    other.write_bytes(path.read_bytes())
    found = [one for output in recorded_outputs(project) for one in damages(project, output)]
    mend(found)
    assert not any(p.exists() for p in (other, path, project / "data/model/model.safetensors"))


@pytest.mark.parametrize("path", ["../outside", "/outside", "data/../../outside"])
@pytest.mark.parametrize(
    "name", ["a" * 32, "../../../../../outside", "ab/../../../../../../outside"]
)
def test_a_foreign_lock_removes_nothing_outside(project: Path, path: str, name: str) -> None:
    """Paths and hashes of dvc.lock become names of files that mend may remove."""
    out = {"path": path, "hash": "md5", "md5": name}
    ours = {"path": "data/model", "hash": "md5", "md5": name if "/" in name else "x"}
    stages = {"train": {"outs": [out, ours]}}
    (project / "dvc.lock").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    assert recorded_outputs(project) == []
