"""Print a hash of every output of the demo that has to be the same on every processor.

    make demo
    python tests/exact/demo_outputs.py | diff - tests/exact/demo_outputs.txt && echo the same

The hashes are those of dvc.lock. Left out are trainings by torch's layers and by NumPy, which
promise a tolerance, and everything that is made of their results.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

ALONE = ("fetch", "clean", "vocab", "baselines", "train", "sample", "evaluate")
"""Stages on texts and on *the* model, which no variant reaches."""

VARIANT = "train-variant@"


def exact(stage: str, parameters: dict[str, Any]) -> bool:
    """Return whether a stage gives the same bytes on every processor."""
    if stage.startswith(VARIANT):
        study = parameters["study"]
        model = study["variants"][stage.removeprefix(VARIANT)].get("model", {})
        backend = model.get("backend", study["defaults"].get("model", {}).get("backend", "exact"))
        return bool(backend == "exact")
    return stage.partition("@")[0] in ALONE


def lines(root: Path) -> list[str]:
    """Return a line for each output of those stages, as a project's dvc.lock has it."""
    read = {name: yaml.safe_load((root / name).read_text()) for name in ("dvc.lock", "params.yaml")}
    return sorted(
        f"{out['md5']} {out['path']}"
        for stage, entry in read["dvc.lock"]["stages"].items()
        if exact(stage, read["params.yaml"])
        for out in entry["outs"]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, nargs="?", default=Path(), help="the project")
    print(*lines(parser.parse_args().root), sep="\n")
