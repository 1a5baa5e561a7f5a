"""Find the processes that train in a project, and what each of them trains."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from charlab.core.schema import load
from charlab.train.model_folder import TrainingConfig
from charlab.train.params import TrainStageParams, VariantStageParams

SCRIPTS = {"train.py": "train", "train_variant.py": "train-variant"}
"""Scripts in stages/ that train, and their stages."""


@dataclass(frozen=True)
class Stage:
    """A process that runs a training stage.

    Attributes
    ----------
    folder : Path
        The project, or DVC's copy of it for an experiment.
    name : str
        As in dvc.yaml: ``train`` or ``train-variant@gru``.
    started : float
        Seconds since 1970.
    log : Path or None
        The file that standard error goes to.
    """

    folder: Path
    name: str
    started: float
    log: Path | None = None


def training_stages(root: Path) -> list[Stage]:
    """Return the processes that train in a project or in DVC's copies of it, the oldest first."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            words = [Path(word) for word in process.cmdline()]
            scripts = [w.name for w in words if w.parent.name == "stages" and w.name in SCRIPTS]
            if not scripts:
                continue
            folder, name = Path(process.cwd()), SCRIPTS[scripts[0]]
            if folder != root and root not in folder.parents:
                continue
            name = process.environ().get("DVC_STAGE", name)
            logs = [Path(file.path) for file in process.open_files() if file.fd == 2]
            found.append(Stage(folder, name, process.create_time(), next(iter(logs), None)))
    return sorted(found, key=lambda stage: stage.started)


@dataclass(frozen=True)
class Job:
    """One of the trainings of a stage.

    Attributes
    ----------
    config : TrainingConfig
    text, out : Path
        Folders of the encoded text and of the model.
    """

    config: TrainingConfig
    text: Path
    out: Path


def jobs_of(stage: Stage) -> list[Job]:
    """Return the trainings of a stage, in its order.

    Raises
    ------
    CharlabError
        If its params.yaml cannot be used.
    """
    data, path = stage.folder / "data", stage.folder / "params.yaml"
    _, _, slug = stage.name.partition("@")
    if not slug:
        params = load(TrainStageParams, path)
        config = TrainingConfig(params.model, params.train, params.seed, params.text)
        return [Job(config, data / "vocab" / params.text, data / "model")]
    study = load(VariantStageParams, path).study
    if slug not in study.variants:
        return []
    one = study.variant(slug)
    return [
        Job(
            TrainingConfig(one.model, one.train, seed, one.text),
            data / "vocab" / one.text,
            data / "variants" / slug / str(seed),
        )
        for seed in study.seeds_of(slug)
    ]
