"""The exercise: the blanks, and tests that say what is wrong with a student's code."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest

from charlab.core.files import write_text
from charlab.course.exercise import (
    BLANKS,
    NETWORK,
    SOURCES,
    Blank,
    blanked,
    solution,
    write_exercise,
)
from charlab.course.exercise_run import _results, run_exercise
from charlab.course.handed_in import CourseError
from tried_exercise import messages, tried

FLAT = "flat_in, flat_logits = _flat(d_in), _flat(d_logits)  # (T*B, H), (T*B, V)"
"""A line of the solution after which the typical faults of the sums are put."""


def test_the_solution_passes(tmp_path: Path) -> None:
    """The real modules, from which the blanks are made, pass every test."""
    verdicts = tried(tmp_path, {})
    assert messages(verdicts) == {}
    assert [verdict.group for verdict in verdicts].count("gradients") == 8
    assert [verdict.group for verdict in verdicts].count("sampler") == 6


W_HH = "gradient of W_hh (rnn.weight_hh_l0)"
W_XH = "gradient of W_xh (rnn.weight_ih_l0)"
W_HY = "gradient of W_hy (head.weight)"
BIAS = "gradient of b, of the state (rnn.bias_hh_l0)"
LOGITS = "d_logits, the derivative of the logits"
DIVIDED = "d_logits /= targets.size"

WRONG_GRADIENTS = {
    # The test that must fail, a part of its message, and the lines that make it fail.
    "the trap of h[-1]": (
        W_HH,
        "it takes the last state for the initial one at step t = 0",
        {"_flat(states[:-1])": "_flat(np.concatenate([states[-1:], states[1:-1]]))"},
    ),
    "the row before in all T + 1 rows": (
        W_HH,
        "it takes states[t - 1] for h_(t-1), which is states[t]",
        {"_flat(states[:-1])": "_flat(np.stack([states[t - 1] for t in range(len(d_in))]))"},
    ),
    "the output of the state before": (
        W_HY,
        "it takes h_(t-1) for h_t",
        {"_flat(states[1:])": "_flat(states[:-1])"},
    ),
    "1 subtracted after the division": (
        LOGITS,
        "subtracts 1 at the target after the division",
        {
            "np.put_along": "d_logits /= targets.size; np.put_along",
            "\n    d_logits /= targets.size\n": "\n",
        },
    ),
    "not normalized": (
        LOGITS,
        "takes the exponentials for p_t",
        {"exponentials / totals": "exponentials"},
    ),
    "the slope of the state before": (
        W_HH,
        "takes the slope at h_(t-1)",
        {"(states[1:])  # (T, B, H)\n        rec": "(states[:-1])\n        rec"},
    ),
    "the slope of tanh": (
        W_HH,
        "takes the slope of tanh, 1 - h^2, for every activation",
        {"SLOPES[self.params.activation](states[1:])": "1 - states[1:] ** 2"},
    ),
    "the future after the slope": (
        W_HH,
        "adds what comes from later steps after the slope",
        {
            "slopes[t] *= d_hidden[t] + from_future": (
                "slopes[t] *= d_hidden[t]; slopes[t] += from_future"
            )
        },
    ),
    "the future summed": (
        W_HH,
        "adds up what comes from all later steps",
        {"from_future = slopes[t]": "from_future = from_future + slopes[t]"},
    ),
    "no first step": (
        W_HH,
        "leaves out step t = 0",
        {
            "in reversed(range(len(d_hidden)))": "in range(len(d_hidden) - 1, 0, -1)",
            "return slopes": "slopes[0] = 0; return slopes",
        },
    ),
    "the state after the step": (
        W_HH,
        "uses the state after each step, h_t",
        {"_flat(states[:-1])": "_flat(states[1:])"},
    ),
    "the loss is summed": (LOGITS, "T * B times too large", {DIVIDED: "pass"}),
    "divided by B alone": (LOGITS, "T times too large", {DIVIDED: "d_logits /= targets.shape[1]"}),
    "divided by T alone": (LOGITS, "B times too large", {DIVIDED: "d_logits /= targets.shape[0]"}),
    "no target": (
        LOGITS,
        "lacks the 1 that is subtracted at the target",
        {"np.take_along_axis(d_logits, where, -1) - 1": "np.take_along_axis(d_logits, where, -1)"},
    ),
    "the opposite sign": (LOGITS, "has the opposite sign", {DIVIDED: "d_logits /= -targets.size"}),
    "nothing from the future": (
        W_HH,
        "lacks what comes from later steps",
        {"d_hidden[t] + from_future": "d_hidden[t]"},
    ),
    "no slope": (
        W_HH,
        "lacks the activation's slope",
        {"slopes[t] *= d_hidden[t]": "slopes[t] = d_hidden[t]"},
    ),
    "the slope of the output": (
        W_HH,
        "takes the slope at h_t as if it were a_t",
        {"(states[1:])  # (T, B, H)\n        rec": "(np.tanh(states[1:]))\n        rec"},
    ),
    "the future before its slope": (
        W_HH,
        "passes dh_(t+1) back in place of da_(t+1)",
        {
            "slopes[t] *= d_hidden[t] + from_future": (
                "dh = d_hidden[t] + from_future; slopes[t] *= dh"
            ),
            "from_future = slopes[t] @ recurrent": "from_future = dh @ recurrent",
        },
    ),
    "W_hh as it is": (
        W_HH,
        "through W_hh in place of its transpose",
        {"@ recurrent": "@ recurrent.T"},
    ),
    "the steps forward": (
        W_HH,
        "from the first to the last",
        {"in reversed(range(len(d_hidden)))": "in range(len(d_hidden))"},
    ),
    "the first step alone": (
        BIAS,
        "step t = 0 alone",
        {"d_bias = flat_in.sum(axis=0)": "d_bias = d_in[0].sum(axis=0)"},
    ),
    "columns assigned": (
        W_XH,
        "occurs several times only once",
        {
            "one_hot[inputs.reshape(-1), np.arange(inputs.size)] = 1.0": (
                "rows = np.zeros((self.vocab_size, flat_in.shape[1])); "
                "rows[inputs.reshape(-1)] += flat_in; return rows.T"
            ),
        },
    ),
    "transposed": (
        W_HY,
        "which is its transpose",
        {"flat_logits.T @ _flat(states[1:])": "_flat(states[1:]).T @ flat_logits"},
    ),
    "a missing key": (
        BIAS,
        "has no such key; it has head.bias, ",
        {'"rnn.bias_hh_l0": d_bias.copy(),': ""},
    ),
    "no dict": (
        W_HH,
        "expected a dict of arrays, found NoneType",
        {"return loss, gradients": "return loss, None"},
    ),
    "the weights as gradients": (
        W_HH,
        "the weights have been changed",
        {FLAT: f"{FLAT}\n        self.weights['head.bias'] += 1"},
    ),
    "zero": (BIAS, "it is zero", {"d_bias.copy()": "d_bias * 0"}),
    "a factor": (BIAS, "it is 2 times the right one", {"d_bias.copy()": "d_bias * 2"}),
    "anything else": (BIAS, "no single fault known", {"d_bias.copy()": "d_bias + 1"}),
    "not a number": (BIAS, "NaN or infinity", {"d_bias.copy()": "d_bias * np.nan"}),
    "words": (BIAS, "expected numbers, found str", {"d_bias.copy()": "'d_bias'"}),
    "the state overwritten": (
        "states before and after the chunk",
        "the state that was passed in has been changed",
        {FLAT: f"{FLAT}\n        state[0][0][:] = 0"},
    ),
    "the wrong state returned": (
        "states before and after the chunk",
        "the state after the chunk is not h_T",
        {"return loss, gradients, [(states[-1],)]": "return loss, gradients, [(states[0],)]"},
    ),
    "another forward pass": (
        "states before and after the chunk",
        "the loss differs",
        {"self._logits(states[1:]), targets)": "self._logits(states[:-1]), targets)"},
    ),
    "an error": (W_XH, "ValueError: stop, rnn_by_hand.py line", {FLAT: 'raise ValueError("stop")'}),
    "a syntax error": (LOGITS, "SyntaxError", {FLAT: "def ("}),
}


@pytest.mark.parametrize("case", WRONG_GRADIENTS)
def test_a_wrong_gradient_is_explained(case: str, tmp_path: Path) -> None:
    """Each typical fault fails the test of its gradient, with the message that is meant for it."""
    name, words, changes = WRONG_GRADIENTS[case]
    failed = messages(tried(tmp_path, changes))
    assert words in failed.get(name, "passed"), failed


def test_only_the_wrong_gradient_fails(tmp_path: Path) -> None:
    """The trap of h[-1] concerns one weight; its message has the relative error."""
    verdicts = tried(tmp_path, WRONG_GRADIENTS["the trap of h[-1]"][2])
    failed = messages([verdict for verdict in verdicts if verdict.group == "gradients"])
    assert [*failed] == [W_HH]
    assert failed[W_HH].startswith("rnn.weight_hh_l0, tanh, T = 8, B = 3: relative error 0.")


def test_the_blanks_are_the_backward_pass_and_the_sampler(tmp_path: Path) -> None:
    """The rest of each file is as in its module, which the comparison of syntax trees shows."""
    write_exercise(tmp_path)
    for name in SOURCES:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert text.count("raise NotImplementedError") == len(BLANKS[name])
        blanks = {blank.function for blank in BLANKS[name]}
        ours, theirs = functions(solution(name)), functions(text)
        assert ours.keys() == theirs.keys()
        assert {key for key in ours if ours[key] != theirs[key]} == blanks
        for leak in (
            "one_hot",
            "from_future @",
            "slopes[t]",
            "flat_in.sum",
            "scores.max",
            "choice(len",
        ):
            assert leak not in "".join(theirs[key] for key in blanks)


def functions(source: str) -> dict[str, str]:
    """Return the code of every function of a module, without methods' classes."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.unparse(node) for node in nodes}


def test_an_untouched_exercise_says_what_to_write(tmp_path: Path) -> None:
    """Every test fails, and names the missing part and its line."""
    write_exercise(tmp_path)
    verdicts = run_exercise(tmp_path)
    assert not any(verdict.passed for verdict in verdicts)
    assert "NotImplementedError: write d_logits" in verdicts[0].message
    assert "sampler_by_hand.py line" in verdicts[-1].message


def test_blanks_follow_the_module() -> None:
    """If the module no longer has what is left out, that is said at once."""
    with pytest.raises(CourseError, match="leaves out gone, which is no longer there"):
        blanked("x = 1\n", (Blank("gone", ""),))
    with pytest.raises(CourseError, match="leaves out f from a on"):
        blanked("def f():\n    b = 1\n    return b\n", (Blank("f", "", "a"),))
    # A statement that assigns to several names is not taken for the first one.
    source = "def f():\n    a, c = 1, 2\n    a = 2\n    b = 3\n    return b\n"
    assert blanked(source, (Blank("f", "it", "a"),)) == (
        'def f():\n    a, c = 1, 2\n    raise NotImplementedError("write it")\n    return b\n'
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("\nwhile True: pass", r"ended after 3 seconds; .*, near rnn_by_hand\.py line 2"),
        ("import os; os._exit(0)", "ended without results"),
        ("import os, sys; print('gone'); sys.stdout.flush(); os._exit(3)", r"results \(gone\)"),
    ],
)
def test_an_exercise_that_does_not_end_well(code: str, words: str, tmp_path: Path) -> None:
    """An endless loop is ended; a program that leaves no results is named."""
    write_exercise(tmp_path)
    write_text(tmp_path / NETWORK, code)
    start = time.monotonic()
    with pytest.raises(CourseError, match=words):
        run_exercise(tmp_path, seconds=3 if "while" in code else 60)
    assert time.monotonic() - start < 60


def test_what_a_student_prints_is_shown(tmp_path: Path) -> None:
    """Printing shapes is the first thing that a student tries."""
    write_exercise(tmp_path)
    write_text(tmp_path / NETWORK, "print('a shape', (3, 5))")
    printed: list[str] = []
    run_exercise(tmp_path, say=printed.append)
    assert printed == ["a shape (3, 5)"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the command that restores it."""
    with pytest.raises(CourseError, match=r"no rnn_by_hand\.py and no sampler_by_hand\.py"):
        run_exercise(tmp_path)


def test_results_are_read_as_data(tmp_path: Path) -> None:
    """A pickle in the results, or something that is no archive, is refused."""
    import numpy as np

    np.savez(tmp_path / "arrays.npz", a=np.array([{}], dtype=object))
    write_text(tmp_path / "errors.json", "{}")
    with pytest.raises(CourseError, match="cannot be read"):
        _results(tmp_path, tmp_path)
    write_text(tmp_path / "arrays.npz", "no archive")
    with pytest.raises(CourseError, match="cannot be read"):
        _results(tmp_path, tmp_path)
