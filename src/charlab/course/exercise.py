"""The exercise: the network written by hand, with its backward pass and the sampler left out.

The files are made from :mod:`charlab.models.rnn_by_hand` and :mod:`charlab.course.sampler_by_hand`,
so that they cannot differ from what they teach: only the statements named in :data:`BLANKS` are
replaced, by an error that says what is missing.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from charlab.core.files import write_text
from charlab.course.handed_in import CourseError

NETWORK, SAMPLER = "rnn_by_hand.py", "sampler_by_hand.py"
"""The files of the exercise, under the names of the modules that they come from."""

SOURCES = {NETWORK: "charlab.models", SAMPLER: "charlab.course"}
"""Package of each file."""


@dataclass(frozen=True)
class Blank:
    """Statements that are left out of a function.

    Attributes
    ----------
    function : str
        Name of the function.
    missing : str
        What the student writes there.
    first : str
        Name assigned by the first statement left out; empty for the whole body. The ``return``
        at the end stays if ``first`` is given.
    """

    function: str
    missing: str
    first: str = ""


BLANKS: dict[str, tuple[Blank, ...]] = {
    NETWORK: (
        Blank("cross_entropy", "d_logits, the derivative of the loss in the logits", "d_logits"),
        Blank("loss_and_gradients", "gradients, a dict with one array per weight", "d_hidden"),
        Blank("_backward_through_time", "the loop from the last step to the first"),
        Blank("_input_gradient", "the gradient of W_xh"),
    ),
    SAMPLER: (
        Blank("next_char", "one draw at a temperature"),
        Blank("sample", "reading the prompt, then drawing and reading in turn"),
    ),
}
"""The blanks of each file."""


def solution(name: str) -> str:
    """Return the complete module that a file of the exercise is made from."""
    return (resources.files(SOURCES[name]) / name).read_text(encoding="utf-8")


def write_exercise(out: Path) -> None:
    """Write the files of the exercise into a folder."""
    for name in SOURCES:
        write_text(out / name, blanked(solution(name), BLANKS[name]))


def blanked(source: str, blanks: tuple[Blank, ...]) -> str:
    """Return the source of a module without some statements.

    Raises
    ------
    CourseError
        If a function or a statement is not there, because the module has changed.
    """
    functions = {
        node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)
    }
    lines = source.splitlines()
    regions = []
    for blank in blanks:
        if blank.function not in functions:
            raise CourseError(f"the exercise leaves out {blank.function}, which is no longer there")
        regions.append((*_region(functions[blank.function], blank), blank.missing))
    # From the last to the first, so that the numbers of the lines before stay right.
    for start, end, missing in sorted(regions, reverse=True):
        indent = " " * (len(lines[start - 1]) - len(lines[start - 1].lstrip()))
        lines[start - 1 : end] = [f'{indent}raise NotImplementedError("write {missing}")']
    return "\n".join(lines) + "\n"


def _region(function: ast.FunctionDef, blank: Blank) -> tuple[int, int]:
    """Return the first and last line of what is left out of a function."""
    has_docstring = ast.get_docstring(function) is not None
    body = function.body[1:] if has_docstring else function.body
    if not blank.first:
        # Comments above the first statement are part of the solution, too.
        start = (function.body[0].end_lineno or 0) + 1 if has_docstring else body[0].lineno
        return start, body[-1].end_lineno or 0
    names = [_assigned(statement) for statement in body]
    if blank.first not in names or not isinstance(body[-1], ast.Return):
        raise CourseError(
            f"the exercise leaves out {blank.function} from {blank.first} on, which is no longer "
            "there"
        )
    return body[names.index(blank.first)].lineno, (body[-2].end_lineno or 0)


def _assigned(statement: ast.stmt) -> str:
    """Return the name that a statement assigns; empty if it assigns none, or several."""
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return ""
    return target.id if isinstance(target, ast.Name) else ""
