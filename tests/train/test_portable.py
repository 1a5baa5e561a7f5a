"""The portable code path is chosen before anything is computed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from charlab.train import portable
from charlab.train.params import TrainParams
from charlab.train.portable import SETTINGS, ensure_code_path

PORTABLE = TrainParams(deterministic="portable")

PROGRAM = """
import json, os, sys
from charlab.train.params import TrainParams
from charlab.train.portable import SETTINGS, ensure_code_path
before = {name: os.environ.get(name) for name in SETTINGS}
ensure_code_path(TrainParams(deterministic=sys.argv[1]))
import torch
print(json.dumps([before, torch.backends.cpu.get_cpu_capability(), sys.argv[1:], os.getpid()]))
"""


def no_start(*_: Any) -> None:
    """Fail, because no program may be started."""
    pytest.fail("started again without need")


def test_native_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast code path is the default."""
    monkeypatch.setattr(os, "execve", no_start)
    assert TrainParams().deterministic == "native"
    ensure_code_path(TrainParams())


def test_once_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the settings in place the program does not start itself again."""
    monkeypatch.setattr(os, "execve", no_start)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    ensure_code_path(PORTABLE)


@pytest.mark.parametrize("name", SETTINGS)
def test_any_other_setting_restarts_the_program(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each setting overrides the user's environment, and other variables are kept."""
    started = []
    monkeypatch.setattr(os, "execve", lambda *arguments: started.append(arguments))
    monkeypatch.setattr(sys, "orig_argv", ["python", "-I", "stages/train.py", "--out", "x"])
    for key, value in SETTINGS.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv(name, "other")
    monkeypatch.setenv("HOME_OF_SOMETHING", "kept")
    ensure_code_path(PORTABLE)
    ((program, command, environment),) = started
    assert program == sys.executable
    assert command == [sys.executable, "-I", "stages/train.py", "--out", "x"]
    assert environment["HOME_OF_SOMETHING"] == "kept"
    assert {key: environment[key] for key in SETTINGS} == SETTINGS


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a process is replaced")
def test_a_program_starts_again_with_its_options(tmp_path: Path) -> None:
    """Process and arguments stay the same, and torch then reports plain code."""
    program = tmp_path / "program with a blank.py"
    program.write_text(PROGRAM, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k not in SETTINGS}
    environment["PYTHONPATH"] = str(Path(portable.__file__).parents[2])
    child = subprocess.Popen(
        [sys.executable, program, "portable", "a b", ""],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    out, _ = child.communicate()
    before, capability, arguments, pid = json.loads(out)
    assert before == SETTINGS
    assert capability in ("DEFAULT", "NO AVX")
    assert arguments == ["portable", "a b", ""]
    assert pid == child.pid
