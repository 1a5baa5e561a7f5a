"""Switch between studies: write another study's parameters to params.yaml.

A file in studies/ holds the values that differ from the schema's defaults; params.yaml is the
complete version of one of them, with a comment on every key. The user's edits to the old study and
its dvc.lock go to a git-ignored folder, and are restored when that study is chosen again: no edit
is lost, and DVC still knows which results are up to date.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from charlab.core.errors import CharlabError
from charlab.core.files import write_bytes
from charlab.plan.document import complete
from charlab.plan.params import parse_params


class StudyError(CharlabError):
    """A study that does not exist, or a params.yaml that does not name its study."""


@dataclass(frozen=True)
class Studies:
    """The studies of the project in the folder ``root``."""

    root: Path

    @property
    def params(self) -> Path:
        """The parameter file that DVC reads."""
        return self.root / "params.yaml"

    @property
    def lock(self) -> Path:
        """DVC's record of the current study's results."""
        return self.root / "dvc.lock"

    def _kept(self, name: str) -> Path:
        """Return the folder of a study's edited params.yaml and its dvc.lock."""
        return self.root / ".charlab" / "studies" / name

    def current(self) -> str:
        """Return the name of the study that params.yaml holds."""
        return _name_of(self.params.read_bytes(), str(self.params))

    def names(self) -> list[str]:
        """Return the names of all studies that can be chosen."""
        names = {path.stem for path in (self.root / "studies").glob("*.yaml")}
        # The published params.yaml is a study, even if params.yaml now holds another one.
        committed = self._committed("params.yaml")
        if committed is not None:
            names.add(_name_of(committed, "the committed params.yaml"))
        names |= {path.parent.name for path in self._kept("x").parent.glob("*/params.yaml")}
        return sorted(names | {self.current()})

    def _committed(self, path: str) -> bytes | None:
        """Return a file from git's last commit, or None if there is no such file or commit."""
        done = subprocess.run(
            ["git", "show", f"HEAD:./{path}"], cwd=self.root, capture_output=True, check=False
        )
        return done.stdout if done.returncode == 0 else None

    def pristine(self, name: str) -> bytes | None:
        """Return the published parameter file of a study, without the user's edits."""
        published = self.root / "studies" / f"{name}.yaml"
        if published.is_file():
            source = published.read_text(encoding="utf-8")
            return complete(source, f"studies/{name}.yaml").encode()
        committed = self._committed("params.yaml")
        if committed is not None and _name_of(committed, "the committed params.yaml") == name:
            return committed
        return None

    def _committed_lock(self, name: str) -> bytes | None:
        """Return the committed dvc.lock if it belongs to the study ``name``."""
        committed = self._committed("params.yaml")
        if committed is None or _name_of(committed, "the committed params.yaml") != name:
            return None
        return self._committed("dvc.lock")

    def switch(self, name: str) -> bool:
        """Make ``name`` the current study.

        Returns
        -------
        bool
            False if it already was the current study.

        Raises
        ------
        StudyError
            If there is no such study.
        """
        current = self.current()
        if name == current:
            return False
        kept = self._kept(name)
        edited = kept / "params.yaml"
        params = edited.read_bytes() if edited.is_file() else self.pristine(name)
        if params is None:
            raise StudyError(f"there is no study {name!r}; there are {', '.join(self.names())}")
        # Check the file before anything is written.
        parse_params(yaml.safe_load(params), f"study {name}")
        # The results as the user left them come before the published ones.
        known = kept / "dvc.lock"
        lock = known.read_bytes() if known.is_file() else self._committed_lock(name)
        self._keep(current)
        if lock is None:
            self.lock.unlink(missing_ok=True)
        else:
            write_bytes(self.lock, lock)
        write_bytes(self.params, params)
        return True

    def _keep(self, name: str) -> None:
        """Set aside the current study's edits and its dvc.lock."""
        kept = self._kept(name)
        content = self.params.read_bytes()
        if content != self.pristine(name):
            write_bytes(kept / "params.yaml", content)
        else:
            # No edits: an older copy of some must not come back.
            (kept / "params.yaml").unlink(missing_ok=True)
        if self.lock.is_file():
            write_bytes(kept / "dvc.lock", self.lock.read_bytes())


def _name_of(content: bytes, source: str) -> str:
    try:
        return str(yaml.safe_load(content)["study"]["name"])
    except (yaml.YAMLError, KeyError, TypeError):
        raise StudyError(
            f"{source}: expected study.name, the name of this study, found none; add it under "
            "study:, or restore the file with git"
        ) from None
