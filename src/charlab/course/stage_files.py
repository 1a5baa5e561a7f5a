"""The files that a stage of the pipeline reads and writes, from the project's own dvc.yaml."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from charlab.course.changes import is_code
from charlab.course.handed_in import CourseError
from charlab.plan.params import Params


@dataclass(frozen=True)
class StageFiles:
    """The files of one stage, by their paths in a workspace.

    Attributes
    ----------
    needed : list of str
        What the stage reads of a study's data and results.
    outputs : list of str
        What it writes.
    """

    needed: list[str]
    outputs: list[str]


def stage_files(project: Path, params: Params, stage: str) -> StageFiles:
    """Return the files of a stage, from the project's dvc.yaml and checked parameters.

    Raises
    ------
    CourseError
        If there is no such stage.
    """
    stages = yaml.safe_load((project / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    name, _, key = stage.partition("@")
    entry = stages.get(name, {})
    values = {"key": key, "text": params.text}
    if "foreach" in entry:
        # "${study.variants}" -> params.study.variants
        items: Any = reduce(getattr, entry["foreach"][2:-1].split("."), params)
        known = [f"{name}@{item}" for item in items]
        if key in items:
            values["item.text"] = getattr(items[key], "text", "")
        entry = entry["do"]
    else:
        known = [name] if name in stages else list(stages)
    if stage not in known:
        raise CourseError(f"no stage is called {stage!r}; there are {', '.join(known)}")

    def filled(path: str) -> str:
        return re.sub(r"\$\{([\w.]+)\}", lambda match: values[match[1]], path)

    # An output with options is a mapping from its path to them.
    outputs = [filled(out if isinstance(out, str) else next(iter(out))) for out in entry["outs"]]
    deps = [filled(dep) for dep in entry["deps"]]
    data = [dep for dep in deps if not is_code(dep) and dep != "params.yaml"]
    # A text of the student's own is fetched from here; no stage names the file.
    return StageFiles(["data/own", *data], outputs)


def text_of(params: Params, stage: str) -> str:
    """Return the text that a training reads.

    Raises
    ------
    CourseError
        If the stage is not a training, which alone can be run from what a zip file has.
    """
    name, _, key = stage.partition("@")
    if stage == "train":
        return params.text
    if name == "train-variant" and key in params.study.variants:
        return params.study.variants[key].text
    raise CourseError(
        f"a zip file has no inputs of the stage {stage}; of it, train or train-variant@NAME can be "
        f"run again, where NAME is one of {', '.join(params.study.variants)}"
    )


def drawn_stage(params: Params, draw: int, student: str) -> str:
    """Return a training of a student, drawn at random from those with the same bits everywhere.

    Parameters
    ----------
    params : Params
        The student's parameters.
    draw : int
        The instructor's number; whoever does not know it cannot know the stage.
    student : str
    """
    study = params.study
    models = {"train": (params.model, params.train)} | {
        f"train-variant@{slug}": (study.variant(slug).model, study.variant(slug).train)
        for slug in study.variants
    }
    exact = [
        stage
        for stage, (model, train) in models.items()
        if model.backend == "exact" and train.device == "cpu"
    ]
    if not exact:
        raise CourseError("no training of these parameters has the same bits on every machine")
    return random.Random(f"charlab draw {draw} {student}").choice(sorted(exact))
