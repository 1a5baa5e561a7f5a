"""Run a student's exercise on the cases, and write what it returns: arrays, and errors as text.

This program is the only one that loads a student's code. It judges nothing: whoever started it
reads its files as data. Usage: ``python -m charlab.course.exercise_child EXERCISE OUT SECONDS``.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import json
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from charlab.course.exercise import NETWORK, SAMPLER
from charlab.course.exercise_cases import (
    CASES,
    DRAWN,
    DRAWS,
    LENGTH,
    PROMPT,
    VOCAB,
    Case,
    Counter,
    Draw,
)

ARRAYS, ERRORS, WHERE = "arrays.npz", "errors.json", "where.txt"
"""Names of the files that are written; the last one has the line of a loop that does not end."""


class Trial:
    """A run of one student's exercise.

    Attributes
    ----------
    arrays : dict of str to ndarray
        Everything that was returned, by case and name.
    errors : dict of str to str
        Everything that failed, with the line of the student's file.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, Any] = {}
        self.errors: dict[str, str] = {}

    def attempt(self, key: str, work: Callable[[], dict[str, Any]]) -> None:
        """Do some work and keep its arrays, or its error."""
        try:
            for name, value in work().items():
                array = np.asarray(value)
                if array.dtype.kind not in "biuf":
                    raise TypeError(f"{name}: expected numbers, found {type(value).__name__}")
                self.arrays[f"{key}/{name}"] = array.astype(np.float64)
        except Exception as error:
            self.errors[key] = _described(error)

    def write(self, out: Path) -> None:
        """Write arrays and errors into a folder."""
        np.savez(out / ARRAYS, **self.arrays)
        (out / ERRORS).write_text(json.dumps(self.errors), encoding="utf-8")


def _described(error: Exception) -> str:
    """Return an error in one line, with the last line of the student's files that led to it."""
    places = [
        f", {Path(frame.filename).name} line {frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).name in (NETWORK, SAMPLER)
    ]
    return f"{type(error).__name__}: {error}{places[-1] if places else ''}"


def _loaded(path: Path) -> Any:
    """Return a student's file as a module."""
    spec = importlib.util.spec_from_file_location(f"exercise_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and the like look their module up there.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def gradients(module: Any, case: Case) -> dict[str, Any]:
    """Return the loss, the gradients and the states of one chunk."""
    model = module.NumpyRNN(VOCAB, case.params, case.generator(), np.float64)
    start = case.start()
    before = {name: weight.copy() for name, weight in model.weights.items()}
    loss, gradients, end = model.loss_and_gradients(*case.chunk(), [(start,)])
    if not isinstance(gradients, dict):
        raise TypeError(f"gradients: expected a dict of arrays, found {type(gradients).__name__}")
    named = {f"gradient {name}": value for name, value in gradients.items()}
    overwritten = any((model.weights[name] != weight).any() for name, weight in before.items())
    return named | {"loss": loss, "end": end[0][0], "start": start, "overwritten": overwritten}


def logits_derivative(module: Any) -> dict[str, Any]:
    """Return the loss and the derivative of the logits of random scores."""
    case = CASES[0]
    logits = np.random.default_rng(3).normal(0, 2, (case.steps, case.batch, VOCAB))
    loss, d_logits = module.cross_entropy(logits.copy(), case.chunk()[1])
    return {"loss": loss, "d_logits": d_logits}


def draws(module: Any, draw: Draw) -> dict[str, Any]:
    """Return how often each character was drawn, and if the generator was used for it."""
    generator = np.random.default_rng(11)
    fresh = generator.bit_generator.state
    ids = [module.next_char(draw.logits(), draw.temperature, generator) for _ in range(DRAWS)]
    counts = np.bincount(np.asarray(ids, np.int64), minlength=VOCAB)
    return {"counts": counts, "used": generator.bit_generator.state != fresh}


def written(module: Any) -> dict[str, Any]:
    """Return what was written by the counting network, and what it read."""
    model = Counter()
    ids = module.sample(model, PROMPT, LENGTH, 1.0, np.random.default_rng(5))
    return {"ids": list(ids), "read": model.read}


def main(folder: Path, out: Path) -> None:
    """Run both files of the exercise."""
    trial = Trial()
    try:
        network = _loaded(folder / NETWORK)
        trial.attempt("logits", partial(logits_derivative, network))
        for number, case in enumerate(CASES):
            trial.attempt(f"case {number}", partial(gradients, network, case))
    except Exception as error:
        trial.errors[NETWORK] = _described(error)
    try:
        sampler = _loaded(folder / SAMPLER)
        for number, draw in enumerate(DRAWN):
            trial.attempt(f"draw {number}", partial(draws, sampler, draw))
        trial.attempt("sample", partial(written, sampler))
    except Exception as error:
        trial.errors[SAMPLER] = _described(error)
    trial.write(out)


if __name__ == "__main__":
    with (Path(sys.argv[2]) / WHERE).open("w") as stream:
        faulthandler.dump_traceback_later(0.25 * float(sys.argv[3]), file=stream)
        main(Path(sys.argv[1]), Path(sys.argv[2]))
        faulthandler.cancel_dump_traceback_later()
