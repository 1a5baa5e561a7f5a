"""Kill trainings at chosen moments and run them again, for test_checkpoints.py.

Each training runs in a child process that kills itself, as a power cut or the system's memory
killer would: nothing is cleaned up. The parent imports all modules once, so that a child
takes milliseconds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from charlab.train import checkpoints, loop
from charlab.train import model_folder as folder
from tiny_training import fit, periodic

CASES: dict[str, dict[str, Any]] = {
    "numpy": {"model": {"backend": "numpy"}, "optimizer": "adam", "clip": "value"},
    "numpy-adagrad": {"model": {"backend": "numpy"}, "optimizer": "adagrad", "state": "reset"},
    "dropout": {"model": {"cell": "lstm", "layers": 2, "dropout": 0.4}, "snapshots": 3},
    "variational": {
        "model": {"cell": "gru", "dropout": 0.3, "dropout_at": "variational"},
        "optimizer": "rmsprop",
        "keep": "last",
        "schedule": "one_cycle",
        "weight_decay": 0.1,
    },
    "learned": {"model": {"initial_state": "learned"}, "optimizer": "adagrad"},
    "learned-reset": {"model": {"initial_state": "learned"}, "state": "reset"},
    "torch": {"model": {"backend": "torch", "layers": 2, "dropout": 0.4}},
    "recurrent": {"model": {"recurrent_dropout": 0.3}, "clip": "value", "clip_at": 0.01},
    "ngrams": {"model": {"input": "trigram", "direct_order": 3, "dropout": 0.2}, "snapshots": 2},
    "sgd": {"model": {"cell": "rnn"}, "optimizer": "sgd", "learning_rate": 0.5},
}
STEPS = 24
"""Steps of each training: two epochs of twelve chunks."""

MOMENTS = ("step 1", "step 5", "writing 2", "step 14", "step 15", "writing 6", "history", "removal")
"""Moments at which one child after the other dies."""


def die(*_: Any) -> NoReturn:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed process continues")


def at_call(number: int, then: Callable[..., Any], otherwise: Callable[..., Any]) -> Any:
    """Return a function that calls ``then`` at call ``number`` and ``otherwise`` at all others."""
    calls = 0

    def counting(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return (then if calls == number else otherwise)(*arguments)

    return counting


def replace(owner: Any, name: str, value: Any) -> None:
    """Replace an attribute in this process, which will not live to restore it."""
    setattr(owner, name, value)


def arrange(moment: str) -> None:
    """Make this process die at ``moment``."""
    kind, _, number = moment.partition(" ")
    if kind == "step":
        advance = loop.TrainingLoop._advance

        def advance_or_die(training: loop.TrainingLoop) -> None:
            advance(training)
            if training.run.step == int(number):
                die()

        replace(loop.TrainingLoop, "_advance", advance_or_die)
    elif kind == "writing":
        # The new checkpoint is written, but has not replaced the previous one.
        replace(os, "fsync", at_call(int(number), die, os.fsync))
    elif kind == "history":
        replace(folder, "write_history", die)
    elif kind == "removal":
        replace(checkpoints.Checkpoints, "remove", die)


def child(case: dict[str, Any], out: Path, moment: str | None, log: Path) -> int:
    """Train in a process of its own; return its exit status in the form of os.waitpid."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    resume = loop._resume

    def noting(*arguments: Any) -> Any:
        run = resume(*arguments)
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"{run.step}\n")
        return run

    replace(loop, "_resume", noting)
    if moment is not None:
        loop.CHECKPOINT_SECONDS = 0  # each step saves
        arrange(moment)
    train(case, out)
    os._exit(0)


def train(case: dict[str, Any], out: Path) -> None:
    """Train a network briefly."""
    fit(out, periodic(830, test=120), epochs=2, evaluations=6, **case)


def main(place: Path) -> None:
    """Run every case uninterrupted and with all deaths; print the first step of each child."""
    started = {}
    for name, case in CASES.items():
        log = place / f"{name}.log"
        # In this process, so that its children inherit the kernels instead of loading them.
        train(case, place / "uninterrupted" / name)
        for moment in MOMENTS:
            status = child(case, place / "killed" / name, moment, log)
            if not os.WIFSIGNALED(status):
                sys.exit(f"{name}: expected death at {moment}, found status {status}")
        status = child(case, place / "killed" / name, "none", log)
        if status:
            sys.exit(f"{name}: expected status 0, found {status}")
        started[name] = [int(line) for line in log.read_text(encoding="utf-8").split()]
    print(json.dumps(started))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
