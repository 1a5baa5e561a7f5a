"""Typical faults of a backward pass written by hand, so that a wrong gradient can be named.

The gradients are computed with plain loops, step by step, as a textbook writes them; each fault
changes one line. A student's gradient that equals one of these faulty ones has that fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.course.exercise_cases import VOCAB, Case
from charlab.models.rnn_by_hand import SLOPES, NumpyRNN, State

Array = NDArray[np.float64]
Weights = dict[str, Array]

FAULTS = {
    "last state": "takes the last state for the initial one at step t = 0, where [t - 1] is [-1], "
    "the last element; row 0 of states is the initial state, so h_(t-1) is states[t]",
    "row before": "takes states[t - 1] for h_(t-1), which is states[t], since row 0 of states is "
    "the initial state; at step t = 0 states[t - 1] is states[-1], the last state",
    "own state": "uses the state after each step, h_t, in place of the one before it, h_(t-1)",
    "sum": "is T * B times too large: the loss is the mean over all T * B characters, so divide "
    "the derivative of the logits by their number",
    "mean of sequences": "is T times too large: divide by all T * B characters, not only by B",
    "mean of steps": "is B times too large: divide by all T * B characters, not only by T",
    "no future": "lacks what comes from later steps: dh_t = W_hy^T dy_t + W_hh^T da_(t+1)",
    "no slope": "lacks the activation's slope: da_t = dh_t * phi'(a_t)",
    "slope before": "takes the slope at h_(t-1): the slope at h_t is that of states[t + 1]",
    "slope of tanh": "takes the slope of tanh, 1 - h^2, for every activation: use SLOPES",
    "slope of output": "takes the slope at h_t as if it were a_t: SLOPES expects the output h",
    "future without slope": "passes dh_(t+1) back in place of da_(t+1): multiply by the slope "
    "first",
    "future after slope": "adds what comes from later steps after the slope: "
    "da_t = (W_hy^T dy_t + W_hh^T da_(t+1)) * phi'(a_t)",
    "future summed": "adds up what comes from all later steps: W_hh^T da_(t+1) has it already, so "
    "replace the last one (=, not +=)",
    "no first step": "leaves out step t = 0: reversed(range(T)) ends with 0",
    "transposed": "passes da_(t+1) back through W_hh in place of its transpose: as rows, it is "
    "da @ W_hh",
    "forward order": "goes through the steps from the first to the last; the gradient comes from "
    "the future, so start at the last",
    "no target": "lacks the 1 that is subtracted at the target: dy_t = (p_t - e(target)) / N",
    "target after": "subtracts 1 at the target after the division by N: divide p_t - e(target)",
    "not normalized": "takes the exponentials for p_t: divide them by their sum",
    "output before": "takes h_(t-1) for h_t: the output y_t is made from states[t + 1]",
    "sign": "has the opposite sign: dy_t is p_t - e(target)",
    "overwritten": "is that of step t = 0 alone: add the terms of all steps (+=), do not overwrite",
    "assigned": "counts a character that occurs several times only once: W[ids] += x keeps one of "
    "them; add with np.add.at or a product with one-hot rows",
}
"""Names of the faults, and sentences that follow a gradient's name."""


@dataclass(frozen=True)
class Steps:
    """Everything that the backward pass of one chunk starts from.

    Attributes
    ----------
    states : ndarray of shape (T+1, B, H)
    d_logits : ndarray of shape (T, B, V)
        (p - e(target)) / (T*B).
    exponentials : ndarray of shape (T, B, V)
        Of the logits less the largest of each step, as the forward pass has them.
    """

    case: Case
    model: NumpyRNN
    states: Array
    d_logits: Array
    exponentials: Array


@cache
def steps_of(case: Case) -> Steps:
    """Return the forward pass of a case, computed step by step."""
    model = NumpyRNN(VOCAB, case.params, case.generator(), np.float64)
    inputs, targets = case.chunk()
    state: State = [(case.start(),)]
    states, logits = [state[0][0]], []
    for ids in inputs:
        scores, state = model.step(ids, state)
        states.append(state[0][0])
        logits.append(scores)
    exponentials = shifted_exponentials(np.array(logits))
    p = exponentials / exponentials.sum(axis=-1, keepdims=True)  # (T, B, V)
    d_logits = (p - np.eye(VOCAB)[targets]) / targets.size
    return Steps(case, model, np.array(states), d_logits, exponentials)


def shifted_exponentials(logits: Array) -> Array:
    """Return exp of the logits less the largest of each step, (T, B, V)."""
    shifted: Array = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted


def faulty_d_logits(case: Case, right: Array, exponentials: Array) -> Weights:
    """Return the derivative of the logits, (T, B, V), with each fault that it can have."""
    targets = case.chunk()[1]
    at_target = np.eye(VOCAB)[targets]  # (T, B, V)
    return {
        "sum": right * targets.size,
        "mean of sequences": right * case.steps,
        "mean of steps": right * case.batch,
        "no target": right + at_target / targets.size,
        "target after": right + at_target / targets.size - at_target,
        "not normalized": (exponentials - at_target) / targets.size,
        "sign": -right,
    }


def _backward(steps: Steps, d_logits: Array, fault: str) -> Array:
    """Return da_t of every step, (T, B, H)."""
    w = steps.model.weights
    recurrent = w["rnn.weight_hh_l0"].T if fault == "transposed" else w["rnn.weight_hh_l0"]
    slopes = _slopes(steps, fault)  # (T, B, H)
    order: Iterable[int] = range(len(slopes) - 1, -1, -1)
    if fault == "forward order":
        order = range(len(slopes))
    elif fault == "no first step":
        order = range(len(slopes) - 1, 0, -1)
    future, d_in = np.zeros_like(slopes[0]), np.zeros_like(slopes)
    for t in order:
        here = d_logits[t] @ w["head.weight"]  # (B, H)
        dh = here if fault == "no future" else here + future
        d_in[t] = dh * slopes[t]
        if fault == "future after slope":
            d_in[t] = here * slopes[t] + future
        passed = (dh if fault == "future without slope" else d_in[t]) @ recurrent
        future = future + passed if fault == "future summed" else passed
    return d_in


def _slopes(steps: Steps, fault: str) -> Array:
    """Return phi'(a_t) of every step, (T, B, H)."""
    phi = SLOPES["tanh" if fault == "slope of tanh" else steps.case.activation]
    outputs: Any = steps.states[:-1] if fault == "slope before" else steps.states[1:]
    if fault == "no slope":
        return np.ones_like(outputs)
    # SLOPES takes outputs; the fault gives it one whose output is taken once more.
    slopes: Any = phi(np.tanh(outputs) if fault == "slope of output" else outputs)
    return np.asarray(slopes)


@cache
def gradients(case: Case, fault: str = "") -> Weights:
    """Return the gradient of every weight, with one fault or with none."""
    steps = steps_of(case)
    states, (inputs, _) = steps.states, case.chunk()
    faulty = faulty_d_logits(case, steps.d_logits, steps.exponentials)
    d_logits = faulty.get(fault, steps.d_logits)
    d_in = _backward(steps, d_logits, fault)
    before = states[:-1]
    if fault == "last state":
        before = np.concatenate([states[-1:], states[1:-1]])
    elif fault == "row before":
        before = np.concatenate([states[-1:], states[:-2]])
    elif fault == "own state":
        before = states[1:]
    after = states[:-1] if fault == "output before" else states[1:]
    used = slice(0, 1) if fault == "overwritten" else slice(None)
    rows = np.zeros((VOCAB, d_in.shape[-1]))  # (V, H)
    if fault == "assigned":
        rows[inputs] += d_in
    else:
        np.add.at(rows, inputs[used], d_in[used])
    d_bias = d_in[used].sum(axis=(0, 1))
    return {
        "rnn.weight_ih_l0": rows.T,
        "rnn.weight_hh_l0": np.einsum("tbh,tbk->hk", d_in[used], before[used]),
        "rnn.bias_ih_l0": d_bias,
        "rnn.bias_hh_l0": d_bias,
        "head.weight": np.einsum("tbv,tbh->vh", d_logits[used], after[used]),
        "head.bias": d_logits[used].sum(axis=(0, 1)),
    }


def distance(a: Array, b: Array) -> float:
    """Return the relative distance of an array from another, |a - b| / |b|."""
    return float(np.linalg.norm(a - b) / max(float(np.linalg.norm(b)), 1e-12))
