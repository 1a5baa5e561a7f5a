"""No result goes through a function whose last bit depends on the C library or the processor."""

from __future__ import annotations

import ast
import math
import random
from pathlib import Path

import pytest

from charlab.core.units import LN_2, nats

SOURCE = Path(__file__).parents[1] / "src" / "charlab"
LIBM = {
    *("acosh", "asinh", "atanh", "cbrt", "cos", "cosh", "erf", "erfc", "exp", "exp2", "expm1"),
    *("gamma", "lgamma", "log", "log10", "log1p", "log2", "logaddexp", "pow", "power", "sin"),
    *("sinh", "tan", "tanh"),
}
ORDER = {
    *("average", "convolve", "corrcoef", "cov", "dot", "einsum", "inner", "linalg", "matmul"),
    *("mean", "std", "sum", "tensordot", "var", "vdot"),
}
"""Functions of NumPy whose sums follow the width of a register."""

PERMITTED = {
    "models/rnn_by_hand.py": "the network of model.backend: numpy, which is outside the promise",
    "train/optimizers.py": "its optimizers",
    "report/sampler.py": "the listing that the report prints",
    "course/exercise_counts.py": "an exercise for a class, from which no result follows",
    "course/exercise_judge.py": "the same",
    "course/faults.py": "the same",
    "course/sampler_by_hand.py": "the same",
}
"""Files that may use them, and why."""


def suspects(text: str) -> list[str]:
    """Return the calls in a source file that give other bits elsewhere."""
    calls = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner, name = node.value.id, node.attr
            if (owner in ("math", "np") and name in LIBM) or (owner == "np" and name in ORDER):
                calls.append(f"{node.lineno}: {owner}.{name}")
    return calls


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.stem)
def test_no_function_of_the_c_library(path: Path) -> None:
    """Use charlab.exact, charlab.core.sums or charlab.core.units instead."""
    if str(path.relative_to(SOURCE).as_posix()) not in PERMITTED:
        assert suspects(path.read_text(encoding="utf-8")) == []


def test_the_search_finds_them() -> None:
    """The test above can fail."""
    assert suspects("import math\nx = math.log(2)\ny = np.sum(z) + math.sqrt(2)") == [
        "2: math.log", "3: np.sum"
    ]  # fmt: skip


def test_code_lengths_are_rounded_correctly() -> None:
    """Within a unit in the last place of the C library's; and -ln(1/2) to the bit."""
    generator = random.Random(1)
    for _ in range(1_000):
        p = generator.random()
        assert nats(p) == pytest.approx(-math.log(p), rel=2.3e-16)
    assert nats(0.5) == LN_2
    assert math.copysign(1, nats(1.0)) == 1
