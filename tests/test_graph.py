"""dvc.yaml says the truth: what a stage reaches is in its deps, what it reads in its params."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from charlab.plan.params import Params
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


def schema_loaded(script: Path) -> type[BaseModel] | None:
    """Return the schema that a script passes to ``load``; Params for ``load_params``; else None."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    origin = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "load_params":
                return Params
            if node.func.id == "load" and isinstance(node.args[0], ast.Name):
                name = node.args[0].id
                schema: type[BaseModel] = getattr(import_module(str(origin[name])), name)
                return schema
    return None


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
        if dep.startswith(("src/", "stages/")):
            path = ROOT / dep
            files = {file for file in reached if file == path or path in file.parents}
            assert files, f"{stage} imports nothing of {dep}"
            # A whole package is too much where the stage needs nothing but its schema.
            assert path.is_file() or {file.name for file in files} != {"params.py"}, dep


@pytest.mark.parametrize("stage", GRAPH)
def test_leaving_out_a_dependency_is_noticed(stage: str) -> None:
    """The check above can fail: without the stage's own script it does."""
    own = f"stages/{script_of(stage).name}"
    assert undeclared(stage, [dep for dep in GRAPH[stage]["deps"] if dep != own]) == {own}


@pytest.mark.parametrize("stage", GRAPH)
def test_params_declared_are_the_params_read(stage: str) -> None:
    """A stage declares each section that it loads, no other; or the file, if it loads all."""
    schema = schema_loaded(script_of(stage))
    if schema is Params or "params.yaml" in GRAPH[stage]["deps"]:
        assert schema is Params
        assert "params.yaml" in GRAPH[stage]["deps"]
        return
    declared = {str(param).split(".")[0] for param in GRAPH[stage].get("params", [])}
    assert declared == (set() if schema is None else set(schema.model_fields))


@pytest.mark.parametrize("package", ["sample", "report", "compare", "plots", "evaluate", "plan"])
@pytest.mark.parametrize("stage", ["train", "train-variant"])
def test_a_new_key_of_a_later_stage_retrains_nothing(stage: str, package: str) -> None:
    """Its schema lies in the later package, which no training reaches; nor does its section."""
    assert not {dep for dep in GRAPH[stage]["deps"] if f"src/charlab/{package}" in dep}
    assert not {param for param in GRAPH[stage]["params"] if str(param).startswith(package)}


ORDER = (
    *("core", "exact", "synthetic", "fetch", "clean", "vocab", "models", "baselines", "train"),
    *(
        "sample",
        "evaluate",
        "plan",
        "compare",
        "plots",
        "report",
        "course",
        "verify",
        "recipes",
        "commands",
    ),
)
"""The packages from the lowest to the highest."""


def arrows() -> set[tuple[str, str]]:
    """Return every pair of packages of which the first imports the second."""
    found = set()
    for path in (SOURCE / "charlab").rglob("*.py"):
        package = path.relative_to(SOURCE / "charlab").parts[0]
        ours = {name.split(".")[1] for name in imports(path) if name.startswith("charlab.")}
        found |= {(package, other) for other in ours if other != package}
    return {(a, b) for a, b in found if not a.endswith(".py")}


def test_imports_go_one_way() -> None:
    """Lower packages know nothing of higher ones."""
    assert set(ORDER) == {path.parent.name for path in (SOURCE / "charlab").glob("*/__init__.py")}
    upwards = {(a, b) for a, b in arrows() if ORDER.index(a) < ORDER.index(b)}
    assert upwards == set()


def test_core_imports_nothing_of_ours() -> None:
    """It is what all others stand on."""
    assert {b for a, b in arrows() if a == "core"} == set()


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
        "charlab.models.inference",
        "charlab.sample.generate",
    ],
)
def test_only_training_loads_torch(module: str) -> None:
    """Sampling and drawing start in a moment because torch stays unloaded."""
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("modules", "slow"),
    [
        # Before the first character, these would take longer than all else.
        (
            "charlab.commands.cli, charlab.commands.sample",
            "pydantic yaml numba pandas importlib.metadata",
        ),
        # A part of what an experiment costs beside its training.
        ("charlab.report.render", "torch numba"),
        ("charlab.baselines.measure", "torch numba"),
        ("charlab.evaluate.evaluate", "torch numba"),
    ],
)
def test_who_waits_for_no_slow_import(modules: str, slow: str) -> None:
    """Numba alone takes most of a second of processor time to import, torch several."""
    code = f"import sys, {modules}; print({{*{slow.split()}}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
