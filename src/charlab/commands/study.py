"""Keep each study on a git branch of its name.

``charlab study demo`` goes to the branch ``demo``, and makes it from the current commit if there
is none: the same code with another params.yaml, without results. ``--run`` runs the study and
commits its results there, so that HEAD is the baseline of DVC's experiments and comparisons.
Nothing is ever committed on a branch that charlab did not make.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from charlab.commands.branches import RESULTS, Repository, is_result, shown
from charlab.commands.checkout import restore_data
from charlab.commands.mend import mend
from charlab.commands.study_names import PARAMS, StudyError, current_study, readable_name
from charlab.core.errors import CharlabError
from charlab.course.workspace import completed
from charlab.plan.document import study_files

SHOWN = 8
"""Maximum number of files that a message names."""


@dataclass(frozen=True)
class Studies:
    """The studies of the project in the folder ``root``."""

    root: Path

    @cached_property
    def git(self) -> Repository:
        """The project's git repository, with at least one commit.

        Raises
        ------
        StudyError
            If the project is not the top folder of a repository, or nothing is committed.
        """
        repository = Repository(self.root)
        top = repository.line("rev-parse", "--show-toplevel")
        start = (
            "git init && git add . && "
            "git -c user.name=me -c user.email=me@localhost commit --message start"
        )
        if top is None and (self.root / ".git").exists():
            repository.git("rev-parse", "--show-toplevel")
        if top is None or Path(top).resolve() != self.root.resolve():
            raise StudyError(
                f"{self.root} is not a git repository of its own, and a study lives on a branch; "
                f"make it one, then repeat the command: {start}"
            )
        if repository.commit_of("HEAD") is None:
            raise StudyError(
                f"{self.root}: nothing is committed yet, and a study starts from a commit; "
                f"commit, then repeat the command: {start}"
            )
        return repository

    def current(self) -> str:
        """Return the name of the study that params.yaml holds, or raise what is wrong with it."""
        return current_study(self.root)

    def names(self) -> list[str]:
        """Return the names of all studies that can be chosen, whatever params.yaml holds."""
        git = Repository(self.root)
        # The study of the branch to go back to need not be in studies/.
        home = git.home_of(git.branch()) or "HEAD"
        names = {*study_files(self.root), self._readable()}
        return sorted(filter(None, {*names, readable_name(git.content(home, PARAMS))}))

    def _readable(self) -> str | None:
        """Return the name of the study that params.yaml holds; None if it cannot be read."""
        return readable_name((self.root / PARAMS).read_bytes())

    def is_own(self) -> bool:
        """Return whether the current branch is that of its study, made by charlab.

        A params.yaml that cannot be read does not change whose branch it is.
        """
        repository = Repository(self.root)
        branch = repository.branch()
        name = self._readable() or branch
        return branch == name and repository.home_of(branch) is not None

    def published(self, name: str) -> bytes | None:
        """Return the complete parameters of a study in studies/; None if there is no such study."""
        path = study_files(self.root).get(name)
        return None if path is None else completed(path)

    def choose(self, name: str) -> list[str]:
        """Go to the branch of a study, made if there is none; return sentences for the user.

        Raises
        ------
        StudyError
            If there is no such study, files have uncommitted changes, or the branch of that name
            is not charlab's.
        """
        if name not in self.names() and Repository(self.root).branch_commit(name) is None:
            raise self._unknown(name)
        if name == self.current() and not self.is_own():
            return [f"{PARAMS} already is the study {name}"]
        git = self.git
        branch = git.branch()
        self._require_clean(f"charlab study {name}", keep_results=name == branch)
        if name == branch and self.is_own():
            return self._renew(name)
        home = git.home_of(branch) or branch or str(git.commit_of("HEAD"))
        base = self._commit_of_home(str(branch), home)
        if home != branch and readable_name(git.content(base, PARAMS)) == name:
            return self.back()
        tip = git.branch_commit(name)
        notes = self._start(name, base, home) if tip is None else self._bring_up(name, tip, base)
        git.set_home(name, home)
        git.go_to(name)
        notes += self._restore_data()
        return [*notes, f"on branch {name}; 'charlab study --back' returns to {shown(home)}"]

    def _unknown(self, name: str) -> StudyError:
        return StudyError(f"there is no study {name!r}; there are {', '.join(self.names())}")

    def _start(self, name: str, base: str, home: str) -> list[str]:
        """Make the branch of a study: the code of a commit, other parameters, no results."""
        git = self.git
        params = self.published(name)
        if params is None:
            raise self._unknown(name)
        tree = git.tree(base, {PARAMS: params}, results=None)
        new = git.commit(tree, [base], f"Start the study {name}", name)
        # The mark first: after a kill in between, the branch must not look like the user's.
        git.set_home(name, home)
        git.move(name, new, None)
        return [f"branch {name} made from {base[:9]}"]

    def _bring_up(self, name: str, tip: str, base: str) -> list[str]:
        """Give a study's branch the code of ``base``, and the parameters that are published now."""
        git = self.git
        if git.home_of(name) is None:
            raise StudyError(
                f"there is a branch {name!r} that charlab did not make; rename it "
                f"(git branch -m {name} my-{name}), or work on it without this command "
                f"(git switch {name}, then charlab fan-out)"
            )
        notes = []
        merges = not git.contains(tip, base)
        if merges and not git.is_made_by_charlab(f"{base}..{tip}"):
            merges = False
            notes.append(
                f"branch {name} has commits of yours and lacks some of {base[:9]}; "
                f"'git merge {base[:9]}' there brings them"
            )
        old = git.content(tip, PARAMS) or b""
        params = self.published(name) if git.is_made_by_charlab(tip, PARAMS) else None
        params = params or old
        if not merges and params == old:
            return notes
        tree = git.tree(base if merges else tip, {PARAMS: params}, results=tip)
        parents = [tip, base] if merges else [tip]
        new = git.commit(tree, parents, f"Bring the study {name} up to date", name)
        if git.branch() == name:
            # Also updates the files; stops at one with changes of the user's.
            git.git("reset", "--quiet", "--keep", new)
        else:
            git.move(name, new, tip)
        if merges:
            notes.append(f"branch {name} now has the code of {base[:9]}")
        if params != old:
            notes.append(f"{PARAMS} renewed from studies/{name}.yaml")
        return notes

    def _renew(self, name: str) -> list[str]:
        """Renew the parameters of the current branch if its study in studies/ has changed."""
        tip = str(self.git.commit_of("HEAD"))
        return [*self._bring_up(name, tip, tip), f"{PARAMS} already is the study {name}"]

    def back(self) -> list[str]:
        """Return from a study's branch to where the first study was chosen.

        Raises
        ------
        StudyError
            If the current branch is not a study's, or files have uncommitted changes.
        """
        git, branch = self.git, self.git.branch()
        home = git.home_of(branch)
        name = self._readable()
        if branch is None and git.home_of(name) is not None:
            raise StudyError(
                "git is on no branch, as a killed 'dvc exp run' leaves it; first return to the "
                f"study's branch: git switch {name}"
            )
        if branch is None or home is None:
            raise StudyError(
                f"{branch or 'a commit without a branch'} is not the branch of a study; "
                "'git switch BRANCH' goes to any other"
            )
        self._require_clean("charlab study --back")
        self._commit_of_home(branch, home)
        git.go_to(home)
        notes = self._restore_data()
        return [
            *notes,
            f"back on {shown(home)}; 'charlab study {branch}' returns to the study {branch}",
        ]

    def _commit_of_home(self, branch: str, home: str) -> str:
        """Return the commit that a study's branch goes back to."""
        commit = self.git.branch_commit(home) or self.git.commit_of(home)
        if commit is None:
            raise StudyError(
                f"branch {branch} was made from {shown(home)}, which is no longer there; "
                "go to another branch with 'git switch BRANCH'"
            )
        return commit

    def _require_clean(self, command: str, keep_results: bool = False) -> None:
        """Stop if tracked files have changes; commit those of an unfinished run of a study."""
        git = self.git
        changed = sorted(git.changed(), key=is_result)
        # On a study's branch, results without edits beside them are of a run that did not end.
        if self.is_own() and all(map(is_result, changed)):
            if (changed or git.new_results()) and not keep_results:
                # A killed DVC may have left half a dvc.lock; a running one must not be disturbed.
                mend(self.root)
                self.record(git.commit_of("HEAD"), "Unfinished results")
            return
        if changed:
            more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
            # 'git commit --all' would leave out a text in data/own/: an experiment of DVC's resets
            # the index, and then git does not track the text any more.
            raise StudyError(
                f"uncommitted changes in {', '.join(changed[:SHOWN])}{more}{self._fault()}; first "
                "keep them (git add --all && git commit --message 'My changes', or git stash) or "
                f"discard them (git reset --hard, then dvc checkout), then repeat: {command}"
            )

    def _fault(self) -> str:
        """Return why params.yaml cannot be read, in brackets; nothing if it can."""
        try:
            self.current()
        except CharlabError as error:
            return f" ({error})"
        return ""

    def start_of_run(self) -> str | None:
        """Return the commit whose study is about to run; None on a branch of the user's.

        Raises
        ------
        StudyError
            If files other than results have uncommitted changes.
        """
        if not self.is_own():
            return None
        self._require_clean(f"charlab study {self.git.branch()} --run", keep_results=True)
        return self.git.commit_of("HEAD")

    def record(self, start: str | None, subject: str = "Results") -> str:
        """Commit the results in the working copy, if the study still is as it was at the start.

        Returns a sentence for the user, empty if the results are already committed.

        Raises
        ------
        StudyError
            If something was committed or edited since the start.
        """
        if start is None:
            return "this branch was not made by charlab, so the results are not committed"
        if self.start_of_run() != start:
            raise StudyError(
                "something was committed during the run, so its results are not committed; "
                f"repeat: charlab study {self.current()} --run"
            )
        # On a study's own branch, which has its name; params.yaml may be unreadable by now.
        name, git = str(self.git.branch()), self.git
        tree = git.tree_of_results(start)
        changed = tree != git.line("rev-parse", f"{start}^{{tree}}")
        if changed:
            git.move(name, git.commit(tree, [start], f"{subject} of the study {name}", name), start)
        # The index follows, also after a kill between the two.
        git.git("reset", "--quiet", "--", *RESULTS)
        return f"results committed on branch {name}, the baseline of experiments" if changed else ""

    def _restore_data(self) -> list[str]:
        return restore_data(self.root)
