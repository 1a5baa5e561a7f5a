"""Cut the functions that the report explains out of the source, so that they cannot drift."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from charlab.models.rnn_by_hand import NumpyRNN, cross_entropy
from charlab.report.sampler import sample


def body_of(function: Callable[..., Any]) -> str:
    """Return the statements of a function, without its signature and its docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    statements = definition.body
    documented = ast.get_docstring(definition) is not None
    first = statements[1 if documented else 0]
    # Comments above the first statement are of it, too.
    start = (statements[0].end_lineno or 0) if documented else first.lineno - 1
    return textwrap.dedent("\n".join(source.splitlines()[start:])).strip("\n")


def forward() -> str:
    """Return the forward pass of the network by hand."""
    return body_of(NumpyRNN._states)


def loss() -> str:
    """Return the loss of the network by hand and its derivative."""
    return body_of(cross_entropy)


def backward() -> str:
    """Return the backward pass of the network by hand."""
    return body_of(NumpyRNN._backward_through_time)


def sampling() -> str:
    """Return the loop that draws a text."""
    return body_of(sample)
