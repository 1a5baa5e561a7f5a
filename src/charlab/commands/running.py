"""Read how far the trainings of a project are, running or finished.

A training leaves no results before its end. But it saves a checkpoint every ten seconds
(:mod:`charlab.train.checkpoints`), and what it prints goes to a file if it was started by
``charlab fan-out`` or DVC's queue. Nothing here is written, and no training is disturbed.
"""

from __future__ import annotations

import csv
import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import Any

from charlab.commands.training_stages import Job, Stage, jobs_of
from charlab.core.errors import CharlabError, shortened
from charlab.core.files import read_json
from charlab.core.schema import load, read_yaml
from charlab.core.sums import mean
from charlab.core.units import bits, counted
from charlab.train.batches import Batches
from charlab.train.checkpoints import Checkpoints, key_of
from charlab.train.milestones import Milestones
from charlab.train.model_folder import TrainingConfig
from charlab.train.params import VariantStageParams
from charlab.vocab.encoded_text import EncodedText

SCRATCH = Path(".charlab/scratch")
FRESH = 30.0
"""Maximum age in seconds of a checkpoint whose training runs: one is saved every ten seconds."""

LOG_BYTES = 200_000
"""Maximum length of the end of a log that is read."""

FIGURES = (
    r": +(?P<percent>\d+)%, (?P<speed>[\d,]+) characters/s, \d+ s left"
    r"(, train (?P<train>[\d.]+), val (?P<val>[\d.]+) bits)?"
)
"""The end of a line of :mod:`charlab.train.progress`, after the name of the training."""

Curve = tuple[tuple[float, float, float], ...]
"""Characters read, and the losses on train and val in bits per character."""


@dataclass(frozen=True)
class Training:
    """A training, running or finished.

    Attributes
    ----------
    name : str
    when : float
        Time of these figures, in seconds since 1970.
    chars : int
        Characters read; 0 if that is not known yet.
    total : int or None
        Characters that it reads in all, if that is known.
    curve : tuple
        See :data:`Curve`.
    train, val : float or None
        Latest losses in bits per character.
    speed : float or None
        Characters per second.
    note : str
        Such as "seed 2 of 3".
    """

    name: str
    when: float
    chars: int = 0
    total: int | None = None
    curve: Curve = ()
    train: float | None = None
    val: float | None = None
    speed: float | None = None
    note: str = ""

    def left(self, now: float) -> float | None:
        """Return the seconds until the last character is read, as far as that can be told."""
        if not (self.speed and self.total):
            return None
        return max((self.total - self.chars) / self.speed - (now - self.when), 0.0)


DAMAGED = (CharlabError, OSError, ValueError, LookupError, TypeError, OverflowError)
"""Errors of files that are being written or removed, or are damaged."""

UNNAMED = Training("unnamed", 0.0, note="of charlab train, or a sweep")
"""A training that is known by its checkpoint only."""


class Trainings:
    """The trainings of a project, to be looked at again and again.

    Parameters
    ----------
    root : Path
        The project.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._plans: dict[tuple[str, Path, float], tuple[int, str]] = {}
        self._seen: dict[Path, Training] = {}

    def running(self, stages: list[Stage], now: float) -> list[Training]:
        """Return the trainings that run: one for each stage, and others with a new checkpoint."""
        named: list[Training] = []
        claimed: set[Path] = set()
        for stage in stages:
            # The next look may find it.
            with suppress(*DAMAGED):
                training, checkpoint = self._of_stage(stage)
                named.append(training)
                claimed.add(checkpoint)
        for folder in dict.fromkeys([self.root, *(stage.folder for stage in stages)]):
            for path in sorted((folder / SCRATCH).glob("*/checkpoint")):
                if path not in claimed and now - changed(path) < FRESH:
                    with suppress(*DAMAGED):
                        named.append(self._from_checkpoint(path, UNNAMED))
        return named

    def finished(self) -> list[Training]:
        """Return the trained models of params.yaml, the newest first; a variant's seeds as one."""
        with suppress(CharlabError):
            study = load(VariantStageParams, self.root / "params.yaml").study
            folders = dict(study.models(self.root / "data" / "variants"))
            models = [("model", [self.root / "data" / "model"]), *folders.items()]
            done = [_from_folders(name, own) for name, own in models]
            return sorted((one for one in done if one), key=lambda one: -one.when)
        return []

    def _of_stage(self, stage: Stage) -> tuple[Training, Path]:
        """Return the training at which a stage is, and the path of its checkpoint."""
        jobs, begun = jobs_of(stage), stage.started
        if not jobs:
            raise CharlabError(f"{stage.name} is not in params.yaml any more")
        # A stage trains its seeds in order, and DVC has removed the results of earlier runs.
        done = [at for job in jobs[:-1] if (at := changed(job.out / "metrics.json")) > begun]
        job, begun = jobs[len(done)], max([begun, *done])
        total, key = self._plan(job)
        note = f"seed {len(done) + 1} of {len(jobs)}" if len(jobs) > 1 else ""
        start = Training(self._name(stage), begun, total=total, note=note)
        path = Checkpoints(stage.folder / SCRATCH / key).path
        step_chars = job.config.train.batch_size * job.config.train.seq_len
        saved = self._from_checkpoint(path, start, step_chars)
        known = saved, _from_log(stage.log, job.config, start)
        return max(known, key=lambda training: training.chars), path

    def _plan(self, job: Job) -> tuple[int, str]:
        """Return the characters that a training reads, and the name of its checkpoint's folder."""
        known = json.dumps(job.config.as_dict(0)), job.text, changed(job.text / "splits.json")
        if known not in self._plans:
            data, settings = EncodedText.load(job.text), job.config.train
            batches = Batches(data.train, settings.batch_size, settings.seq_len)
            total = Milestones.of(settings, batches).steps * batches.chunk_chars
            self._plans[known] = total, key_of(job.config.as_dict(data.vocab.size), data)
        return self._plans[known]

    def _from_checkpoint(
        self, path: Path, start: Training, step_chars: int | None = None
    ) -> Training:
        """Return a training as its last checkpoint has it; ``start`` if there is none.

        Without a total, the time of ``start`` is not known.
        """
        when, before = changed(path), self._seen.get(path)
        if before is not None and before.when >= when:
            return before
        if not when:
            return start
        progress = _progress(path)
        history, losses = progress["history"], progress["losses"]
        if step_chars is None:
            step_chars = history[-1]["chars"] // history[-1]["step"] if history else 0
        chars = progress["step"] * step_chars
        # A training that goes on from a checkpoint was not running before it started.
        origin = before or start
        seconds = when - max(origin.when, start.when) if before or start.total else 0.0
        self._seen[path] = replace(
            start,
            when=when,
            chars=chars,
            curve=tuple((m["chars"], bits(m["train_nats"]), bits(m["val_nats"])) for m in history),
            train=bits(mean(losses) if losses else history[-1]["train_nats"]),
            val=bits(history[-1]["val_nats"]) if history else None,
            speed=(chars - origin.chars) / seconds if seconds > 0 else None,
        )
        return self._seen[path]

    def _name(self, stage: Stage) -> str:
        """Return the variant, or an experiment's changes to the project's parameters."""
        name = stage.name.rpartition("@")[2]
        if stage.folder == self.root:
            return name
        own, base = (_settings(folder / "params.yaml") for folder in (stage.folder, self.root))
        changes = [f"{key}={value}" for key, value in own.items() if base.get(key) != value]
        return shortened(", ".join(changes if base else []) or f"{name} in {stage.folder.name}")


def changed(path: Path) -> float:
    """Return the time of a file's last change; 0 if it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _progress(path: Path) -> dict[str, Any]:
    """Return the values of a checkpoint, without reading its arrays."""
    # A safetensors file: the length of the header, the header as JSON, the arrays.
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        begin, end = json.loads(stream.read(length))["progress"]["data_offsets"]
        stream.seek(8 + length + begin)
        values: dict[str, Any] = json.loads(stream.read(end - begin))
    return values


def _from_log(log: Path | None, config: TrainingConfig, start: Training) -> Training:
    """Return a training as the lines that it printed have it; ``start`` if there are none."""
    if log is None or start.total is None:
        return start
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - LOG_BYTES))
        text = stream.read().decode("utf-8", errors="replace")
    training, name = start, re.escape(f"{config.text} seed {config.seed}")
    for line in re.finditer(rf"(?<![\w-]){name}{FIGURES}", text):
        chars = start.total * int(line["percent"]) // 100
        if chars < training.chars:  # an earlier training with the same text and seed
            training = start
        speed = float(line["speed"].replace(",", ""))
        training = replace(training, when=changed(log), chars=chars, speed=speed)
        # Lines between two measurements repeat the losses of the first.
        if line["val"] and (train := float(line["train"]), val := float(line["val"])) != (
            training.train,
            training.val,
        ):
            curve = (*training.curve, (chars, train, val))
            training = replace(training, curve=curve, train=train, val=val)
    return start if training.chars == start.total else training


def _settings(path: Path) -> dict[str, Any]:
    """Return the parameters of a params.yaml's model by their last key; {} if it is damaged."""
    try:
        document = read_yaml(path)
        top = {key: document[key] for key in ("text", "seed")}
        settings: dict[str, Any] = top | document["model"] | document["train"]
        return settings
    except (CharlabError, KeyError, TypeError):
        return {}  # a person is editing it


def _from_folders(name: str, folders: list[Path]) -> Training | None:
    """Return the finished trainings of a variant as one, with means of their losses; None: none."""
    try:
        metrics = [read_json(path) for f in folders if (path := f / "metrics.json").is_file()]
        (first, *_) = (f / "history.csv" for f in folders if (f / "history.csv").is_file())
        with first.open(encoding="utf-8", newline="") as stream:
            rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(stream)]
        curve = tuple(
            (row["chars"], bits(row["train_nats"]), bits(row["val_nats"])) for row in rows
        )
        seeds = counted(len(metrics), "seed")
        diverged = sum("diverged_at_step" in one for one in metrics)
        return Training(
            name,
            max(changed(folder / "metrics.json") for folder in folders),
            chars=round(mean([one["train_chars"] for one in metrics])),
            curve=curve,
            train=mean([bits(one["train_nats"]) for one in metrics if one["train_nats"]] or [nan]),
            val=mean([one["val_bpc"] for one in metrics]),
            note=seeds + (f", {diverged} diverged" if diverged else ""),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not there, or being written
