"""The commands verify and status."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

import charlab.verify.run
import charlab.verify.status
from charlab.commands import cli_verify
from charlab.core.processes import catchable
from charlab.verify.run import Choice, Outcome
from charlab.verify.status import Stale
from charlab.verify.verifier import DIFFERENT, IDENTICAL, UNKNOWN, Verdict
from command_line import run


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Choice]:
    """Return the choices that the command makes; nothing runs in the project that it is in."""
    for name in ("dvc.yaml", "params.yaml"):
        (tmp_path / name).write_text("stages: {}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli_verify, "_edited", lambda _: [])
    return []


def answering(monkeypatch: pytest.MonkeyPatch, chosen: list[Choice], *verdicts: Verdict) -> None:
    """Let the command get these verdicts on two of eight stages."""

    def verify(_: Path, choice: Choice, *__: object) -> Outcome:
        chosen.append(choice)
        return Outcome(list(verdicts), 8, ["a", "b"], [], choice.seed, {"hash": "f" * 64})

    monkeypatch.setattr(charlab.verify.run, "verify", verify)


@pytest.mark.parametrize(("verdict", "status"), [(IDENTICAL, 0), (DIFFERENT, 1), (UNKNOWN, 2)])
def test_verdicts_and_status(
    chosen: list[Choice], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    verdict: str, status: int,
) -> None:  # fmt: skip
    """Each output with its notes, and what the sample is worth."""
    answering(monkeypatch, chosen, Verdict("a", "data/a", verdict, ("because",)))
    done = run(capsys, "verify", "--sample", 2, "--seed", 7)
    assert done.status == status
    assert f"{verdict:17} data/a\n{'':17} because\n" in done.out
    assert "2 of 8 stages drawn with --seed 7" in done.out
    assert "1: 25 %, 2: 46 %, 5: 89 %" in done.out
    assert chosen == [Choice("HEAD", (), 2, None, 7)]
    done = run(capsys, "verify", "--json", "--stage", "a")
    content = json.loads(done.out)
    assert (content["status"], content["counts"]) == (status, {verdict: 1})
    assert chosen[1].names == ("a",)
    assert chosen[1].seed != 7  # a new one for each draw


def test_certificate_is_added_to_the_folder(
    chosen: list[Choice], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its hash; a chain of something else cannot be told."""
    answering(monkeypatch, chosen, Verdict("a", "data/a", IDENTICAL))
    assert run(capsys, "verify", "--certificate", "c").status == 0
    assert [path.name for path in Path("c").iterdir()] == [f"{'f' * 16}.json"]
    done = run(capsys, "verify", "--chain", "c")
    assert done.status == 2
    assert "expected a 'charlab certificate 1'" in done.err


def test_nothing_verified_gives_no_certificate(
    chosen: list[Choice], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would confirm nothing, and a chain with it would not, either."""
    answering(monkeypatch, chosen)
    monkeypatch.setattr(cli_verify, "_edited", lambda _: ["metrics/a.csv", "report/b.md"])
    done = run(capsys, "verify", "--budget", 0, "--certificate", "c")
    assert done.status == 2
    assert "0 outputs: nothing was verified\n" in done.out
    assert "leaves out what you have not committed: metrics/a.csv, 1 more\n" in done.err
    assert "no certificate: " in done.err
    assert not list(Path("c").glob("*"))
    assert run(capsys, "verify", "--sample", 2, "--stage", "a").status == 2
    assert len(chosen) == 1


@pytest.mark.usefixtures("chosen")
def test_chain_and_bundle_need_a_place_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything runs; without a name, certificates are beside the report."""
    Path("dvc.yaml").write_text("stages: {report: {cmd: a, outs: [report]}}\n")
    done = run(capsys, "verify", "--certificate", "report")
    assert done.err.startswith("charlab verify: cannot tell: report: expected a folder apart")
    Path("full").mkdir()
    Path("full/codecheck.yml").touch()
    done = run(capsys, "verify", "--codecheck", "full")
    assert done.err.endswith("full: expected a new folder, found files; name another one\n")
    for option in ("--certificate", "--codecheck"):
        done = run(capsys, "verify", option, os.devnull)
        assert done.status == 2
        assert f"{os.devnull}: cannot be written" in done.err
    assert run(capsys, "verify", "--chain").out == "0 certificates, 0 stages of this dvc.lock\n"


@pytest.mark.parametrize("arguments", [["--rev", "absent"], ["--explain", "absent.csv"]])
def test_error_is_no_verdict(
    chosen: list[Choice], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Neither 0 nor the 1 of "different"."""
    done = run(capsys, "verify", *arguments)
    assert done.status == 2
    assert done.err.startswith("charlab verify: cannot tell: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, None])
def test_stopped_run_and_bug_are_no_verdicts(
    chosen: list[Choice], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    number: int | None,
) -> None:  # fmt: skip
    """Python and click would exit with the 1 of "different"."""

    def verify(*_: object) -> Outcome:
        if number is not None:
            signal.raise_signal(number)
        raise RecursionError

    monkeypatch.setattr(charlab.verify.run, "verify", verify)
    handlers = {each: signal.getsignal(each) for each in catchable()}
    try:
        done = run(capsys, "verify")
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
    assert done.status == 2
    assert ("cannot tell: interrupted" if number else "RecursionError") in done.err


def test_status(
    chosen: list[Choice], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stages, reasons, minutes, and their sum."""
    entries = [
        Stale("train", ["seed: 1 -> 2"], 4.25),
        Stale("sample", ["its reason"], 1),
    ]
    monkeypatch.setattr(charlab.verify.status, "stale", lambda _: entries)
    out = run(capsys, "status").out
    assert "    4.2 min  train\n             seed: 1 -> 2\n" in out
    assert out.endswith("2 stages to run: at most about 5 minutes of one core\n")
    monkeypatch.setattr(charlab.verify.status, "stale", lambda _: [])
    assert run(capsys, "status").out == "everything is up to date\n"
