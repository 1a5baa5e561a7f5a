"""A copy of the project with tiny parameters, for tests of whole pipelines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from import_graph import ROOT

TINY = """
seed: 1
texts:
  invented: {builtin: invented, chars: 30000, seed: 3, title: A small book}
corpus: {val: 0.1, test: 0.1, clean: {ascii_quotes: false}}
baselines: {ngram_orders: [2, 3], ppmd_orders: [4]}
text: invented
model: {cell: lstm, hidden: 16}
train: {batch_size: 8, seq_len: 32, epochs: 1, learning_rate: 0.01, evaluations: 2}
sample: {prompt: "The ", temperatures: [0.5, 1.0], length: 60}
study:
  name: tiny
  seeds: [1, 2]
  defaults:
    model: {cell: lstm, hidden: 12}
    train: {batch_size: 8, seq_len: 32, epochs: 1, learning_rate: 0.01, evaluations: 2}
  variants:
    rnn-numpy: {text: invented, model: {cell: rnn, backend: numpy}, train: {optimizer: adagrad}}
    rnn: {text: invented, model: {cell: rnn}}
    lstm: {text: invented}
  comparisons:
    cells: {title: Cells, question: Which one, vary: cell, variants: [rnn, lstm]}
    numpy_vs_torch: {title: By hand, question: The same, vary: backend, variants: [rnn-numpy, rnn]}
"""


@dataclass(frozen=True)
class Clone:
    """A copy of the project in a temporary folder, with its own git repository."""

    root: Path

    def run(
        self, *command: str, check: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command there, with this environment's programs first on the path."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(**env),
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
        return done

    def environment(self, **env: str) -> dict[str, str]:
        """Return the environment of commands there."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        home = self.root.parent / "home"
        # The clone's own code, not the installed one, answers to 'charlab'.
        own = {"PATH": path, "HOME": str(home), "PYTHONPATH": str(self.root / "src")}
        # All clones have the same kernels, which are compiled once.
        own["NUMBA_CACHE_DIR"] = str(ROOT / ".charlab" / "numba")
        return {**os.environ, **own, "OMP_NUM_THREADS": "1", **env}

    def start(self, *command: str, **env: str) -> subprocess.Popen[str]:
        """Start a command there, as :meth:`run` does, in a process group of its own."""
        return subprocess.Popen(
            command, cwd=self.root, env=self.environment(**env), start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def commit(self, message: str) -> None:
        """Commit all files that git does not ignore."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def status(self) -> str:
        """Return git's short list of changed files."""
        return self.run("git", "status", "--porcelain").stdout


def make_clone(folder: Path) -> Clone:
    """Copy the project's files into a folder, with tiny parameters, committed but not yet run."""
    root = folder / "charlab"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    # Without results, and without a user's own texts: the clone has texts of its own.
    left_out = ("metrics/", "plots/", "report/", "dvc.lock", "data/own/")
    for name in listed:
        wanted = name.endswith("README.md") or not name.startswith(left_out)
        if wanted and (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    (root / "params.yaml").write_text(TINY, encoding="utf-8")
    home = root.parent / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = charlab\n\temail = charlab@example.org\n", encoding="utf-8"
    )
    made = Clone(root)
    made.run("git", "init", "--quiet")
    made.commit("start")
    return made
