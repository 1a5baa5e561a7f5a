"""Commits and branches for studies, made without touching the index or running hooks.

Trees are composed in a temporary index, so a kill at any moment leaves the user's index and
working copy as they were.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from charlab.core.errors import CharlabError

RESULTS = ("dvc.lock", "metrics", "plots", "report")
"""Results of a study that git tracks."""

TRAILER = "Charlab-study"
"""Trailer in the message of every commit that charlab makes on a study's branch."""

HOME = "charlab-home"
"""Git setting of a study's branch: the branch or commit to go back to. Only studies have it."""


class GitError(CharlabError):
    """A git command that failed, or a folder that is not a git repository."""


def is_result(path: str) -> bool:
    """Return whether a tracked path is a result of a study."""
    return path.split("/")[0] in RESULTS


def shown(place: str) -> str:
    """Return a branch as it is, a commit as the start of its hash."""
    is_hash = len(place) >= 40 and set(place) <= set("0123456789abcdef")
    return place[:9] if is_hash else place


@dataclass(frozen=True)
class Repository:
    """The git repository whose top folder is ``root``."""

    root: Path

    def git(
        self, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None
    ) -> bytes:
        """Run git and return its output.

        Raises
        ------
        GitError
            With git's own message.
        """
        done = self._run(arguments, given, env)
        if done.returncode:
            message = done.stderr.decode("utf-8", "replace").strip()
            raise GitError(f"git {arguments[0]} failed in {self.root}: {message}")
        return done.stdout

    def _run(
        self, arguments: Sequence[str], given: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", *arguments],
                cwd=self.root,
                input=given,
                env={**os.environ, **(env or {})},
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise GitError("expected the program git, found none; install git") from None

    def line(self, *arguments: str) -> str | None:
        """Return the output of a git command without the line end; None if the command fails."""
        done = self._run(arguments)
        if done.returncode:
            return None
        return os.fsdecode(done.stdout).rstrip("\n")

    def commit_of(self, revision: str) -> str | None:
        """Return the hash of a commit; None if there is no such commit."""
        return self.line("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")

    def branch(self) -> str | None:
        """Return the name of the current branch; None if HEAD is detached."""
        return self.line("symbolic-ref", "--short", "--quiet", "HEAD")

    def branch_commit(self, name: str) -> str | None:
        """Return the last commit of a local branch; None if there is no such branch."""
        return self.commit_of(f"refs/heads/{name}")

    def home_of(self, branch: str | None) -> str | None:
        """Return where to go back to from a study's branch; None for any other branch."""
        return self.line("config", "--local", f"branch.{branch}.{HOME}") if branch else None

    def set_home(self, branch: str, home: str) -> None:
        """Mark a branch as that of a study, and record where to go back to."""
        self.git("config", "--local", f"branch.{branch}.{HOME}", home)

    def content(self, commit: str, path: str) -> bytes | None:
        """Return a file as committed; None if it is not in that commit."""
        done = self._run(["show", f"{commit}:{path}"])
        return None if done.returncode else done.stdout

    def changed(self) -> list[str]:
        """Return the tracked files that differ from the last commit, staged or not."""
        options = ("--porcelain=v1", "-z", "--no-renames", "--untracked-files=no")
        listed = os.fsdecode(self.git("status", *options))
        # Two letters for the state, a space, the path.
        return [entry[3:] for entry in listed.split("\0") if entry]

    def new_results(self) -> bool:
        """Return whether there are results that git does not track yet."""
        return bool(self.git("ls-files", "--others", "--exclude-standard", "--", *RESULTS))

    def contains(self, commit: str, other: str) -> bool:
        """Return whether ``other`` is ``commit`` or one of its ancestors."""
        return self.line("merge-base", "--is-ancestor", other, commit) is not None

    def is_made_by_charlab(self, revisions: str, *paths: str) -> bool:
        """Return whether charlab made every commit of a range, or the last to touch the paths."""
        limit = ["--max-count=1"] if paths else []
        listed = self.git(
            "log", *limit, f"--format=%(trailers:key={TRAILER},valueonly)%x00", revisions, "--",
            *paths,
        )  # fmt: skip
        return all(trailer.strip() for trailer in listed.split(b"\0")[:-1])

    def tree(self, base: str, files: Mapping[str, bytes], results: str | None) -> str:
        """Return the tree of ``base`` with other files, and with the results of another commit.

        Parameters
        ----------
        base : str
            A commit.
        files : mapping of str to bytes
            Content by path.
        results : str or None
            The commit whose results the tree gets; None for a tree without results.
        """
        with tempfile.TemporaryDirectory(prefix="charlab-") as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.git("read-tree", base, env=env)
            self.git(
                "rm", "-r", "-f", "--quiet", "--cached", "--ignore-unmatch", "--", *RESULTS, env=env
            )
            if results is not None:
                listed = self.git("ls-tree", "-r", "-z", results, "--", *RESULTS)
                self.git("update-index", "-z", "--index-info", given=listed, env=env)
            for path, content in files.items():
                blob = self.git("hash-object", "-w", "--stdin", "--path", path, given=content)
                entry = f"100644,{blob.decode().strip()},{path}"
                self.git("update-index", "--add", "--cacheinfo", entry, env=env)
            return self.git("write-tree", env=env).decode().strip()

    def tree_of_results(self, base: str) -> str:
        """Return the tree of ``base`` with the results of the working copy."""
        tracked = (self.line("ls-files", "--", *RESULTS) or "").split("\n")
        known = {path.split("/")[0] for path in tracked}
        there = [name for name in RESULTS if name in known or (self.root / name).exists()]
        with tempfile.TemporaryDirectory(prefix="charlab-") as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.git("read-tree", base, env=env)
            if there:
                self.git("add", "--all", "--", *there, env=env)
            return self.git("write-tree", env=env).decode().strip()

    def commit(self, tree: str, parents: Sequence[str], subject: str, study: str) -> str:
        """Make a commit of a tree and return its hash; no branch is changed."""
        message = f"{subject}\n\n{TRAILER}: {study}\n"
        above = [part for parent in parents for part in ("-p", parent)]
        made = self.git("commit-tree", tree, *above, given=message.encode(), env=self._identity())
        return made.decode().strip()

    def _identity(self) -> dict[str, str]:
        """Return the variables of a neutral author, as far as the user has configured none."""
        pattern = r"^(user|author|committer)\.(name|email)$"
        listed = self.line("config", "--get-regexp", pattern) or ""
        configured = {line.split(" ")[0] for line in listed.splitlines()}
        env = {}
        for role in ("author", "committer"):
            for key, value in {"name": "charlab", "email": "charlab@localhost"}.items():
                variable = f"GIT_{role}_{key}".upper()
                # "author.name" and "committer.name" are rarer forms of "user.name".
                known = {f"user.{key}", f"{role}.{key}"} & configured
                if not known and variable not in os.environ:
                    env[variable] = value
        return env

    def move(self, branch: str, commit: str, expected: str | None) -> None:
        """Point a branch at a commit if it is still where it is expected, or still missing."""
        # Forty zeros: the branch must not exist.
        self.git("update-ref", f"refs/heads/{branch}", commit, expected or "0" * len(commit))

    def go_to(self, place: str) -> None:
        """Check out a branch, or a commit without a branch."""
        is_branch = self.branch_commit(place) is not None
        self.git("checkout", "--quiet", *([place] if is_branch else ["--detach", place]), "--")
