"""What a Python file reaches by imports, read from syntax trees."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
STAGES = ROOT / "stages"


def _file_of(module: str) -> Path | None:
    """Return the file of one of our modules, or None for anything else."""
    for base in (SOURCE, STAGES):
        path = base.joinpath(*module.split("."))
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py")
        if (path / "__init__.py").is_file():
            return path / "__init__.py"
    return None


def _names(tree: ast.AST) -> set[str]:
    """Return every dotted name that an import in ``tree`` could mean."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def imports(path: Path) -> frozenset[str]:
    """Return every dotted name that ``path`` imports, inside functions too."""
    return frozenset(_names(ast.parse(path.read_text(encoding="utf-8"))))


def closure(path: Path) -> set[Path]:
    """Return ``path`` and all files of ours that it reaches by imports.

    Packages' ``__init__`` files count where they hold more than a docstring.
    """
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        for name in imports(current):
            parts = name.split(".")
            prefixes = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
            waiting += [file for prefix in prefixes if (file := _file_of(prefix)) is not None]
    return {file for file in found if file == path or not _only_docstring(file)}


@cache
def _only_docstring(path: Path) -> bool:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return all(isinstance(node, ast.Expr) for node in body)
