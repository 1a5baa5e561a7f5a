"""Measure what one experiment costs beside its training, in seconds of processor time.

Run it in a project whose results are up to date, such as the demo, with options of 'dvc exp run':

    python benchmarks/experiment.py -S model.hidden=100

Each Python process notes its own processor time as it ends. Of the stage train only what it imports
counts, torch too. The experiment stays in the working copy; 'git checkout params.yaml' and
'dvc checkout' undo it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

NOTE = """
import atexit, os, resource, sys

def note():
    used = resource.getrusage(resource.RUSAGE_SELF)
    with open(os.environ["CHARLAB_NOTES"], "a") as notes:
        name = os.path.basename(sys.argv[0] or "-")
        print(f"{used.ru_utime + used.ru_stime:.2f} {name}", file=notes)

atexit.register(note)
"""
"""Content of a module that Python imports as it starts."""


def children() -> float:
    """Return the processor time of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run an experiment, and print the time of each of its processes."""
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes"
        (Path(folder) / "sitecustomize.py").write_text(NOTE, encoding="utf-8")
        paths = [folder, str(root / "src"), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "CHARLAB_NOTES": str(notes),
        }
        command = [sys.executable, "-m", "dvc", "exp", "run", *sys.argv[1:]]
        subprocess.run(command, env=environment, check=True)
        total = children()
        lines = [line.split(" ", 1) for line in notes.read_text(encoding="utf-8").splitlines()]
        imports = [sys.executable, "-c", "import charlab.train.torch_learner"]
        subprocess.run(imports, env=environment, check=True)
        loading = children() - total
    training = sum(float(seconds) for seconds, name in lines if name == "train.py")
    for seconds, name in lines:
        print(f"{float(seconds):7.2f} s  {name}")
    print(
        f"{total - training + loading:7.2f} s  beside the training, {loading:.2f} of it in train.py"
    )


if __name__ == "__main__":
    main()
