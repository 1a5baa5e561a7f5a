"""dvc.yaml says the truth: what a stage reaches is in its deps, what it reads in its params."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from import_graph import ROOT, SOURCE, STAGES, closure, imports

GRAPH: dict[str, dict[str, Any]] = {
    name: stage.get("do", stage)
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))[
        "stages"
    ].items()
}


def script_of(stage: str) -> Path:
    """Return the script that a stage runs: the stage's own name."""
    return STAGES / f"{stage.replace('-', '_')}.py"


def undeclared(stage: str, deps: list[str]) -> set[str]:
    """Return the files that a stage's script reaches and ``deps`` do not cover."""
    declared = [ROOT / dep for dep in deps]
    return {
        str(file.relative_to(ROOT))
        for file in closure(script_of(stage))
        if not any(file == dep or dep in file.parents for dep in declared)
    }


def sections_read(script: Path) -> tuple[set[str], bool]:
    """Return the sections of params.yaml that a script reads, and whether it passes on all."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    sections: set[str] = set()
    whole = False
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        is_call = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "load_params"
        )
        is_name = isinstance(node, ast.Name) and node.id == "params"
        if not (is_call or (is_name and isinstance(node.ctx, ast.Load))):
            continue
        parent = parents[node]
        if isinstance(parent, ast.Attribute):
            sections.add(parent.attr)
        elif not isinstance(parent, ast.Assign):
            whole = True
    return sections, whole


@pytest.mark.parametrize("stage", GRAPH)
def test_a_stage_runs_the_script_of_its_name(stage: str) -> None:
    """One word: the same in dvc.yaml and in stages/."""
    assert f"stages/{script_of(stage).name}" in GRAPH[stage]["cmd"]
    assert script_of(stage).is_file()


def test_every_script_is_a_stage() -> None:
    """No script is left behind that no stage runs."""
    scripts = {path for path in STAGES.glob("*.py") if not path.name.startswith("_")}
    assert scripts == {script_of(stage) for stage in GRAPH}


@pytest.mark.parametrize("stage", GRAPH)
def test_deps_cover_all_code_that_a_stage_reaches(stage: str) -> None:
    """DVC does not follow imports, so an edit to an undeclared module would go unnoticed."""
    assert undeclared(stage, GRAPH[stage]["deps"]) == set()


@pytest.mark.parametrize("stage", GRAPH)
def test_no_declared_code_is_unreached(stage: str) -> None:
    """A dependency on code that the stage never imports would run it again for nothing."""
    reached = closure(script_of(stage))
    for dep in GRAPH[stage]["deps"]:
        path = ROOT / dep
        if path.suffix == ".py":
            assert path in reached, f"{stage} does not import {dep}"


@pytest.mark.parametrize("stage", GRAPH)
def test_leaving_out_a_dependency_is_noticed(stage: str) -> None:
    """The check above can fail: without the stage's own script it does."""
    own = f"stages/{script_of(stage).name}"
    assert undeclared(stage, [dep for dep in GRAPH[stage]["deps"] if dep != own]) == {own}


@pytest.mark.parametrize("stage", GRAPH)
def test_params_declared_are_the_params_read(stage: str) -> None:
    """A stage declares each section that it reads, no other; or the file, if it reads all."""
    read, whole = sections_read(script_of(stage))
    if whole or "params.yaml" in GRAPH[stage]["deps"]:
        assert whole
        assert "params.yaml" in GRAPH[stage]["deps"]
        return
    declared = {str(param).split(".")[0] for param in GRAPH[stage].get("params", [])}
    assert read == declared


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("models", {"models", "params", "errors", "files"}),
        ("training", {"training", "models", "corpus", "evaluation", "params", "errors", "files"}),
        ("corpus", {"corpus", "params", "errors", "files"}),
        ("plots", {"plots", "params", "errors", "files"}),
    ],
)
def test_imports_go_one_way(folder: str, allowed: set[str]) -> None:
    """Lower layers know nothing of higher ones."""
    for path in (SOURCE / "charlab" / folder).rglob("*.py"):
        ours = {name.split(".")[1] for name in imports(path) if name.startswith("charlab.")}
        assert ours <= allowed, f"{path.relative_to(ROOT)} imports {sorted(ours - allowed)}"


def test_nothing_in_the_library_imports_a_stage() -> None:
    """Stages import the library, never the other way."""
    stages = {path.stem for path in STAGES.glob("*.py")}
    for path in SOURCE.rglob("*.py"):
        assert not {name for name in imports(path) if name.split(".")[0] in stages - {"report"}}


@pytest.mark.parametrize(
    "module",
    [
        "charlab.commands.cli",
        "charlab.compare.compare",
        "charlab.vocab.vocabulary",
        "charlab.baselines.measure",
        "charlab.models.numpy_model",
        "charlab.report.render",
        "charlab.sample.generate",
    ],
)
def test_only_training_loads_torch(module: str) -> None:
    """Sampling and drawing start in a moment because torch stays unloaded."""
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
