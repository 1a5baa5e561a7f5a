"""Judge an exercise by what it returned: gradients against differences of the loss, and counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from charlab.course.exercise import NETWORK
from charlab.course.exercise_cases import CASES, DRAWN, VOCAB, Case
from charlab.course.exercise_counts import count_problems, errors_before, named, text_problems
from charlab.course.faults import (
    FAULTS,
    distance,
    faulty_d_logits,
    gradients,
    shifted_exponentials,
)
from charlab.models.rnn_by_hand import NumpyRNN

Array = NDArray[np.float64]
Arrays = Mapping[str, Array]

TOLERANCE = 1e-6
"""Relative error up to which a gradient counts as right; central differences have about 1e-9."""

SYMBOLS = {
    "rnn.weight_ih_l0": "W_xh",
    "rnn.weight_hh_l0": "W_hh",
    "rnn.bias_ih_l0": "b, of the input",
    "rnn.bias_hh_l0": "b, of the state",
    "head.weight": "W_hy",
    "head.bias": "b_y",
}
"""Symbols of the lecture, by the names of the weights."""


@dataclass(frozen=True)
class Verdict:
    """The result of one test of an exercise.

    Attributes
    ----------
    group : str
        ``gradients`` or ``sampler``.
    name : str
    message : str
        What is wrong; empty if the test is passed.
    """

    group: str
    name: str
    message: str

    @property
    def passed(self) -> bool:
        """True if nothing is wrong."""
        return not self.message


def judge(arrays: Arrays, errors: Mapping[str, str]) -> list[Verdict]:
    """Return the verdict of every test, in the order in which a student should read them."""
    tests: list[tuple[str, str, Iterator[str]]] = [
        ("gradients", "d_logits, the derivative of the logits", _logits(arrays, errors)),
        *(
            ("gradients", f"gradient of {symbol} ({name})", _gradient(name, arrays, errors))
            for name, symbol in SYMBOLS.items()
        ),
        ("gradients", "states before and after the chunk", _states(arrays, errors)),
        *(
            ("sampler", named(draw), count_problems(number, arrays, errors))
            for number, draw in enumerate(DRAWN)
        ),
        ("sampler", "a text of several characters", text_problems(arrays, errors)),
    ]
    # The first problem of a test is its message.
    return [Verdict(group, name, next(problems, "")) for group, name, problems in tests]


def _wrong_shape(name: str, array: Array, expected: tuple[int, ...]) -> Iterator[str]:
    """Yield a sentence if an array has another shape, or is not finite."""
    if array.shape != expected:
        turned = ", which is its transpose" if array.T.shape == expected else ""
        yield f"{name}: expected the shape {expected}, found {array.shape}{turned}"
    elif not np.isfinite(array).all():
        yield f"{name}: holds NaN or infinity"


def _logits(arrays: Arrays, errors: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the derivative of the cross-entropy."""
    yield from errors_before(NETWORK, "logits", errors)
    case = CASES[0]
    logits = np.random.default_rng(3).normal(0, 2, (case.steps, case.batch, VOCAB))
    targets = case.chunk()[1]
    exponentials = shifted_exponentials(logits)
    p = exponentials / exponentials.sum(axis=-1, keepdims=True)
    one_hot = np.eye(VOCAB)[targets]  # (T, B, V)
    loss = float(-np.log((p * one_hot).sum(axis=-1)).mean())
    given = arrays.get("logits/loss", np.array(np.nan))
    if given.shape or not abs(float(given) - loss) < TOLERANCE:
        yield (
            f"the loss of the cross-entropy is {_number(given)}, expected {loss:.6f}; "
            "that part was given"
        )
    d = arrays.get("logits/d_logits", np.empty(0))
    yield from _wrong_shape("d_logits", d, logits.shape)
    right = (p - one_hot) / targets.size
    yield from _compared("d_logits", d, right, faulty_d_logits(case, right, exponentials))


def _gradient(name: str, arrays: Arrays, errors: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the gradient of one weight, over all cases."""
    for number, case in enumerate(CASES):
        yield from errors_before(NETWORK, f"case {number}", errors)
        where = f"{name}, {case.activation}, T = {case.steps}, B = {case.batch}"
        gradient = arrays.get(f"case {number}/gradient {name}")
        if gradient is None:
            start = f"case {number}/gradient "
            keys = [key.removeprefix(start) for key in arrays if key.startswith(start)]
            given = ", ".join(sorted(keys)) or "none"
            yield f"{name}: the dict of gradients has no such key; it has {given}"
            return
        if arrays.get(f"case {number}/overwritten", np.array(0.0)).any():
            yield (
                "the weights have been changed; a gradient is an array of its own, such as "
                "np.zeros_like(weight)"
            )
        right = differences(case, name)
        yield from _wrong_shape(where, gradient, right.shape)
        # Computed only for a gradient that is wrong.
        faulty = {} if distance(gradient, right) < TOLERANCE else {
            fault: gradients(case, fault)[name] for fault in FAULTS
        }  # fmt: skip
        yield from _compared(where, gradient, right, faulty)


@cache
def differences(case: Case, name: str) -> Array:
    """Return central differences of the loss in every element of one weight."""
    model = NumpyRNN(VOCAB, case.params, case.generator(), np.float64)
    weight = model.weights[name]
    slope = np.empty(weight.shape)
    for place in np.ndindex(*weight.shape):
        value, losses = weight[place], []
        for nudge in (1e-5, -1e-5):
            weight[place] = value + nudge
            losses.append(model.loss_and_gradients(*case.chunk(), [(case.start(),)])[0])
        weight[place] = value
        slope[place] = (losses[0] - losses[1]) / 2e-5
    return slope


def _compared(where: str, array: Array, right: Array, faulty: Mapping[str, Array]) -> Iterator[str]:
    """Yield a sentence if an array is not the right one, with the fault that explains it."""
    error = distance(array, right)
    if error < TOLERANCE:
        return
    known = [fault for fault, wrong in faulty.items() if distance(array, wrong) < TOLERANCE]
    # One fault, or no fault, may be without effect on this array.
    known = [fault for fault in known if distance(faulty[fault], right) > TOLERANCE]
    ratio = float((array * right).sum() / (right * right).sum())
    if known:
        hint = f"it {FAULTS[known[0]]}"
    elif distance(array, ratio * right) < TOLERANCE and ratio:
        hint = f"it is {ratio:.4g} times the right one"
    elif not array.any():
        hint = "it is zero"
    else:
        hint = "no single fault known to this test explains it; compare with the equations"
    yield f"{where}: relative error {error:.2g}; {hint}"


def _states(arrays: Arrays, errors: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the loss and the states around the chunk."""
    for number, case in enumerate(CASES):
        key = f"case {number}"
        yield from errors_before(NETWORK, key, errors)
        model = NumpyRNN(VOCAB, case.params, case.generator(), np.float64)
        loss, _, end = model.loss_and_gradients(*case.chunk(), [(case.start(),)])
        expected = {"loss": np.array(loss), "end": end[0][0], "start": case.start()}
        words = {
            "loss": "the loss differs; the forward pass was given",
            "end": "the state after the chunk is not h_T",
            "start": "the state that was passed in has been changed; work on a copy",
        }
        for name, right in expected.items():
            given = arrays.get(f"{key}/{name}", np.empty(0))
            if given.shape != right.shape or not np.allclose(given, right, rtol=1e-9, atol=1e-12):
                yield f"{words[name]} ({case.activation}, T = {case.steps}, B = {case.batch})"


def _number(array: Array) -> str:
    """Return a number as text, or what is there in its place."""
    return f"{float(array):.6f}" if not array.shape else f"an array of shape {array.shape}"
