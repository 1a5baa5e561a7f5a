"""A few cases of each target of benchmarks/fuzz.py, which runs millions."""

from __future__ import annotations

import importlib
import signal

import pytest

from import_graph import ROOT


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="a case is interrupted by an alarm")
def test_damaged_inputs_are_accepted_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """None crashes, none breaks a law of its target, and case K is the same each time."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    fuzz = importlib.import_module("fuzz")
    for name, target in fuzz.TARGETS.items():
        counts = fuzz.run_chunk(name, 1, 0, 20, float("inf"))
        assert counts.failures == {}, name
        assert counts.outcomes.total() == 20
        made = [target.make(fuzz.source(1, name, 3)) for _ in range(2)]
        assert made[0] == made[1]
