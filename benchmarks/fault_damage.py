"""Damaged files, full disks and killed fan-outs, for faults.py."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from fault_injection import Outcome, start_dvc, start_stage
from fault_world import MISSED, UNNOTICED, verdict_of

if TYPE_CHECKING:
    from faults import Faults, Trial

DAMAGE = {
    "dvc.lock": (8, "dvc.lock"),
    "DVC's list of running stages": (4, ".dvc/tmp/rwlock"),
    "an entry of the run-cache": (4, ".dvc/cache/runs/*/*/*"),
    "a file of the cache, its result removed": (10, ".dvc/cache/files/md5/*/*"),
    "a result": (8, "data/*/*"),
    "a model's file": (6, "data/model/*"),
    "vocab.json": (3, "data/vocab/*/vocab.json"),
    "params.yaml": (4, "params.yaml"),
}
"""Kinds of files that are damaged: the number of trials, and a pattern of paths."""


def damage(faults: Faults) -> Iterator[Trial]:
    """Yield trials that damage a file of a finished project."""
    for kind, (number, pattern) in DAMAGE.items():
        for _ in range(number):
            how = faults.random.choice(["empty", "half", "flip", "zeros"])
            pick = faults.random.random()
            yield (
                f"damaged: {kind}",
                f"{how} {pick:.3f}",
                lambda k=kind, p=pattern, h=how, at=pick: _damaged(faults, k, p, h, at),
            )


def _damaged(faults: Faults, kind: str, pattern: str, how: str, at: float) -> tuple[str, str, int]:
    world = faults.world
    last = len(world.stages)
    root = world.restore(last)
    (root / ".dvc/tmp/rwlock").write_text('{"write": {}, "read": {}}')
    paths = sorted(path for path in root.glob(pattern) if path.is_file())
    # What a person puts into data/own is nobody's result.
    paths = [path for path in paths if path.parent != root / "data/own"]
    path = paths[int(at * len(paths))]
    original = path.read_bytes()
    spoil(path, how, at)
    if "cache" in kind and "run" not in kind:
        shutil.rmtree(root / "data")
        subprocess.run(["git", "checkout", "--", "data"], cwd=root, check=True)
    elif "run" in kind:
        # The results can come from the run-cache only.
        (root / "dvc.lock").unlink()
    output = ""
    if kind == "params.yaml":
        output = world.run(start_dvc, ["repro"]).output
        path.write_bytes(original)
    outcome, mended = world.again(start_dvc, ["repro"])
    verdict, litter = verdict_of(root, world.snapshot(last), outcome, mended, "all")
    if "cache" in kind and verdict.startswith("wrong"):
        # DVC itself restored the damaged file; only 'charlab mend' looks at its content.
        mending = world.mend()
        outcome = world.run(start_dvc, ["repro"])
        output += mending.output
        again, litter = verdict_of(root, world.snapshot(last), outcome, True, "all")
        if "damaged" in mending.output and ": " not in again:
            verdict = UNNOTICED
        else:
            verdict += f", then {again}"
    return (
        f"{verdict} [{path.relative_to(root)}]" if ": " in verdict else verdict,
        (output + outcome.output),
        litter,
    )


def spoil(path: Path, how: str, at: float) -> None:
    """Damage a file: empty it, cut it in half, flip a bit, or write zeros."""
    content = bytearray(path.read_bytes())
    if how == "empty":
        content = bytearray()
    elif how == "half":
        content = content[: int(len(content) * at)]
    elif how == "zeros":
        content = bytearray(len(content))
    elif content:
        content[int(at * len(content))] ^= 1 << int(at * 1000) % 8
    path.chmod(0o644)
    path.write_bytes(content)
    if "cache" in path.parts:
        path.chmod(0o444)  # as DVC leaves it, and takes for a sign that it is whole


def full_disks(faults: Faults, number: int) -> Iterator[Trial]:
    """Yield trials on small file systems that are full, if this user may mount one."""
    if not _may_mount(faults.world.folder / "disk"):
        print("full disks: left out, since this user cannot mount them", file=sys.stderr)
        return
    for _ in range(number):
        index = faults.random.randrange(len(faults.world.stages))
        inodes = faults.random.random() < 0.4
        spare = faults.random.randint(0, 6) if inodes else faults.random.randint(0, 2) * 4096
        yield (
            "no inodes left" if inodes else "disk full",
            f"{faults.world.stages[index]} {spare} left",
            lambda i=index, n=inodes, s=spare: _full(faults, i, n, s),
        )


def _full(faults: Faults, index: int, inodes: bool, spare: int) -> tuple[str, str, int]:
    world = faults.world
    disk, stage = world.work / "disk", world.stages[index]
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(disk)], check=True)
    kept, world.work = world.work, disk
    try:
        world.log.touch()
        subprocess.run(["cp", "-a", str(world.snapshot(index)), str(world.root)], check=True)
        os.environ["DVC_SITE_CACHE_DIR"] = str(world.root / ".dvc" / "site")
        _leave(disk, inodes, spare)
        broken = world.run(start_stage, world.commands[stage], stage)
        if broken.status == 0:
            return MISSED, broken.output, 0
        (disk / "filler").unlink(missing_ok=True)
        subprocess.run(["mount", "-o", "remount,size=200m,nr_inodes=0", str(disk)], check=True)
        outcome, mended = world.again(start_stage, world.commands[stage], stage)
        verdict, litter = verdict_of(world.root, world.snapshot(index + 1), outcome, mended, None)
        return verdict, broken.output + outcome.output, litter
    finally:
        world.work = kept
        subprocess.run(["umount", str(disk)], check=True)


def _leave(disk: Path, inodes: bool, spare: int) -> None:
    """Leave a number of inodes or bytes on a disk, and no more."""
    status = os.statvfs(disk)
    if inodes:
        used = status.f_files - status.f_ffree
        option = f"remount,nr_inodes={used + spare}"
        subprocess.run(["mount", "-o", option, str(disk)], check=True)
        return
    # The log of the stage is on the same disk, and needs a page of its own.
    with (disk / "filler").open("wb") as stream:
        stream.write(bytes(status.f_bavail * status.f_frsize - spare - 4096))


def _may_mount(disk: Path) -> bool:
    disk.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        return False
    subprocess.run(["umount", str(disk)], check=True)
    return True


def real_fan_outs(faults: Faults, number: int) -> Iterator[Trial]:
    """Yield trials that stop ``charlab fan-out``, all in processes of their own."""
    for place in range(number):
        name = ["SIGKILL", "SIGTERM", "SIGHUP"][place % 3]
        moment = faults.random.uniform(4, 25)
        yield (
            f"fan-out stopped by {name}",
            f"after {moment:.1f} s",
            lambda n=name, m=moment: _fan_out(faults, n, m),
        )


def _fan_out(faults: Faults, name: str, moment: float) -> tuple[str, str, int]:
    world = faults.world
    root = world.restore(world.stages.index("train"))
    command = [sys.executable, "-m", "charlab", "fan-out", "--workers", "2"]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(root / "src"),
    }
    started = subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    time.sleep(moment)
    below = psutil.Process(started.pid).children(recursive=True) if started.poll() is None else []
    started.send_signal(signal.Signals[name])
    output = started.communicate()[0].decode("utf-8", "replace")
    # Those of a killed fan-out end by themselves.
    alive = psutil.wait_procs(below, timeout=15)[1]
    if alive:
        return f"wrong: {len(alive)} processes go on", output, 0
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    outcome = Outcome(done.returncode, done.stdout + done.stderr)
    last = world.snapshot(len(world.stages))
    verdict, litter = verdict_of(root, last, outcome, False, "all")
    return verdict, output + outcome.output, litter
