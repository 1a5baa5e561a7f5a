"""Typical faults of a backward pass written by hand, so that a wrong gradient can be named.

The gradients are computed with plain loops, step by step, as a textbook writes them; each fault
changes one line. A student's gradient that equals one of these faulty ones has that fault.
"""

from __future__ import annotations

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
    "last state": "step t = 0 uses the last state in place of the initial one: states[t - 1] is "
    "states[-1] there; row 0 of states is the initial state, so h_(t-1) is states[t]",
    "own state": "uses the state after each step, h_t, in place of the one before it, h_(t-1)",
    "sum": "is T * B times too large: the loss is the mean over all T * B characters, so divide "
    "the derivative of the logits by their number",
    "mean of sequences": "is T times too large: divide by all T * B characters, not only by B",
    "mean of steps": "is B times too large: divide by all T * B characters, not only by T",
    "no future": "lacks what comes from later steps: dh_t = W_hy^T dy_t + W_hh^T da_(t+1)",
    "no slope": "lacks the activation's slope: da_t = dh_t * phi'(a_t)",
    "slope of output": "takes the slope at h_t as if it were a_t: SLOPES expects the output h",
    "future without slope": "passes dh_(t+1) back in place of da_(t+1): multiply by the slope "
    "first",
    "transposed": "passes da_(t+1) back through W_hh in place of its transpose: as rows, it is "
    "da @ W_hh",
    "forward order": "goes through the steps from the first to the last; the gradient comes from "
    "the future, so start at the last",
    "no target": "lacks the 1 that is subtracted at the target: dy_t = (p_t - e(target)) / N",
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
    """

    case: Case
    model: NumpyRNN
    states: Array
    d_logits: Array


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
    exponentials = np.exp(np.array(logits))
    p = exponentials / exponentials.sum(axis=-1, keepdims=True)  # (T, B, V)
    return Steps(case, model, np.array(states), (p - np.eye(VOCAB)[targets]) / targets.size)


def faulty_d_logits(case: Case, right: Array) -> Weights:
    """Return the derivative of the logits, (T, B, V), with each fault that it can have."""
    targets = case.chunk()[1]
    return {
        "sum": right * targets.size,
        "mean of sequences": right * case.steps,
        "mean of steps": right * case.batch,
        "no target": right + np.eye(VOCAB)[targets] / targets.size,
        "sign": -right,
    }


def _backward(steps: Steps, d_logits: Array, fault: str) -> Array:
    """Return da_t of every step, (T, B, H)."""
    w, phi = steps.model.weights, SLOPES[steps.case.activation]
    recurrent = w["rnn.weight_hh_l0"].T if fault == "transposed" else w["rnn.weight_hh_l0"]
    outputs = steps.states[1:]  # (T, B, H)
    # SLOPES takes outputs; the fault gives it one whose output is taken once more.
    slopes: Any = phi(np.tanh(outputs) if fault == "slope of output" else outputs)
    order = range(len(outputs))
    future, d_in = np.zeros_like(outputs[0]), np.zeros_like(outputs)
    for t in order if fault == "forward order" else reversed(order):
        dh = d_logits[t] @ w["head.weight"] + (0 if fault == "no future" else future)  # (B, H)
        d_in[t] = dh if fault == "no slope" else dh * slopes[t]
        future = (dh if fault == "future without slope" else d_in[t]) @ recurrent
    return d_in


@cache
def gradients(case: Case, fault: str = "") -> Weights:
    """Return the gradient of every weight, with one fault or with none."""
    steps = steps_of(case)
    states, (inputs, _) = steps.states, case.chunk()
    d_logits = faulty_d_logits(case, steps.d_logits).get(fault, steps.d_logits)
    d_in = _backward(steps, d_logits, fault)
    before = states[:-1]
    if fault == "last state":
        before = np.concatenate([states[-1:], states[1:-1]])
    elif fault == "own state":
        before = states[1:]
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
        "head.weight": np.einsum("tbv,tbh->vh", d_logits[used], states[1:][used]),
        "head.bias": d_logits[used].sum(axis=(0, 1)),
    }


def distance(a: Array, b: Array) -> float:
    """Return the relative distance of an array from another, |a - b| / |b|."""
    return float(np.linalg.norm(a - b) / max(float(np.linalg.norm(b)), 1e-12))
