"""Run stages again, and give a verdict on each output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from charlab.course.outputs import compared
from charlab.verify.audit import Audit
from charlab.verify.hashes import md5_of
from charlab.verify.scratch import Scratch, StageError, copy, remove, run_stage
from charlab.verify.stages import Record, Stage, producer, related
from charlab.verify.tolerance import closeness, closeness_to_tables, reason
from charlab.verify.unaffected import Names, first_difference, names_of, uncompared

VERDICTS = ("identical", "within tolerance", "different", "cannot tell")
IDENTICAL, WITHIN, DIFFERENT, UNKNOWN = VERDICTS

Run = Callable[[Path, Stage], None]
"""Function that runs a stage in a folder; it raises StageError."""


@dataclass(frozen=True)
class Verdict:
    """The result for one output of a stage.

    Attributes
    ----------
    stage, output : str
        Names for DVC.
    verdict : str
        ``identical``, ``within tolerance``, ``different`` or ``cannot tell``.
    notes : tuple of str
        The first difference, the tolerance, or why nothing can be said.
    """

    stage: str
    output: str
    verdict: str
    notes: tuple[str, ...] = ()


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """Return 0 if all is as recorded, 1 if anything differs, 2 if that cannot be told."""
    counts = Counter(verdict.verdict for verdict in verdicts)
    if counts[DIFFERENT]:
        return 1
    # Without any verdict nothing was confirmed.
    return 0 if counts and not counts[UNKNOWN] else 2


@dataclass
class Verifier:
    """Verify stages of a pipeline, each at most once.

    Attributes
    ----------
    scratch : Scratch
        The folders.
    stages, records
        From dvc.yaml and dvc.lock of the commit.
    run : callable
        Runs a stage; tests have one that trains nothing.
    note : callable
        Called with the name of each stage before it runs.
    keep : Path or None
        Folder for a copy of each output as it was made again.
    names : callable
        Returns the names of variants in a project's results; tests have one for theirs.
    """

    scratch: Scratch
    stages: Mapping[str, Stage]
    records: Mapping[str, Record]
    run: Run = run_stage
    note: Callable[[str], None] = lambda _: None
    keep: Path | None = None
    names: Callable[[Path, Collection[str]], Names] = names_of
    done: dict[str, list[Verdict]] = field(default_factory=dict)
    # Outputs that the work folder has as they were made again, not as they were recorded, with the
    # variants whose tolerance is behind that; none if it is something else.
    inexact: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.audit = Audit(self.scratch.committed, self.stages, self.records, self.scratch.listing)

    def verify(self, name: str) -> list[Verdict]:
        """Return a verdict for each output of a stage, running what is needed for it."""
        if name not in self.done:
            self.done[name] = self._verify(self.stages[name])
        return self.done[name]

    def inconsistent(self) -> list[Verdict]:
        """Return verdicts on the stages whose records contradict the commit, without running."""
        return [
            verdict
            for name, stage in self.stages.items()
            if (found := self.audit.differences(name))
            for verdict in self._all(stage, DIFFERENT, tuple(map(str, found[:3])))
        ]

    def _all(self, stage: Stage, verdict: str, notes: tuple[str, ...]) -> list[Verdict]:
        return [Verdict(stage.name, out, verdict, notes) for out in stage.outs]

    def _verify(self, stage: Stage) -> list[Verdict]:
        if found := self.audit.differences(stage.name):
            # Other code or parameters: a new run would say nothing about the recorded one.
            return self._all(stage, DIFFERENT, tuple(map(str, found[:3])))
        for dep in stage.deps:
            if problem := self._supply(dep):
                return self._all(stage, UNKNOWN, (problem,))
        for out in stage.outs:
            remove(self.scratch.work / out)
        self.note(stage.name)
        try:
            self.run(self.scratch.work, stage)
        except StageError as error:
            return self._all(stage, UNKNOWN, (f"the stage fails here: {error}",))
        verdicts = [self._compare(stage, out) for out in stage.outs]
        for verdict in verdicts:
            made = self.scratch.work / verdict.output
            if self.keep is not None and made.exists():
                copy(made, self.keep / verdict.output)
            self._settle(verdict)
        return verdicts

    def _supply(self, dep: str) -> str | None:
        """Put a stage's input into the work folder; return why that is impossible, or None."""
        for record in list(self.records.values()):
            for out, md5 in record.outs.items():
                if not related(out, dep) or out in self.inexact:
                    continue
                if self.scratch.restore(out, md5, self.scratch.work):
                    continue
                maker = producer(out, self.stages)
                if maker is None:
                    return f"{out}: no stage of dvc.yaml makes it"
                verdict = {v.output: v for v in self.verify(maker.name)}[out]
                if verdict.verdict in (DIFFERENT, UNKNOWN):
                    why = f" ({verdict.notes[0]})" if verdict.notes else ""
                    return (
                        f"its input {out} is in no cache, and made again it is "
                        f"{'different' if verdict.verdict == DIFFERENT else 'missing'}{why}"
                    )
        return None

    def _compare(self, stage: Stage, out: str) -> Verdict:
        """Return the verdict on an output in the work folder."""
        recorded = self.records[stage.name].outs[out]
        made = self.scratch.work / out
        if md5_of(made) == recorded:
            return Verdict(stage.name, out, IDENTICAL)
        if not made.exists():
            return Verdict(stage.name, out, DIFFERENT, ("the new run does not write it",))
        if stage.name.startswith("fetch@") and self._same_body(stage, out):
            return Verdict(stage.name, out, WITHIN, (SAME_BODY,))
        if inexact := sorted(i for i in self.inexact if any(related(i, d) for d in stage.deps)):
            if out.endswith(".json") and self._only_text_same(stage, out):
                return Verdict(stage.name, out, WITHIN, (SAME_BODY,))
            if all(self.inexact[i] for i in inexact):
                variants = frozenset[str]().union(*(self.inexact[i] for i in inexact))
                return self._beside(stage, out, variants)
            note = f"its input {inexact[0]} is not in any cache, and made again only close to it"
            return Verdict(stage.name, out, UNKNOWN, (note,))
        known = self.scratch.restore(out, recorded, self.scratch.committed)
        why = reason(stage)
        if why is not None:
            return self._close(stage, out, known, why)
        return Verdict(stage.name, out, DIFFERENT, tuple(self._places(stage, out, known)))

    def _close(self, stage: Stage, out: str, known: bool, why: str) -> Verdict:
        """Return the verdict on an output that need not be the same in every bit."""
        committed, made = self.scratch.committed, self.scratch.work / out
        close = (
            closeness(committed / out, made, why)
            if known
            else closeness_to_tables(committed, made, stage.name, why)
        )
        if close is None:
            note = f"the recorded one is in no cache, and only close ones are promised: {why}"
            return Verdict(stage.name, out, UNKNOWN, (note,))
        return Verdict(stage.name, out, WITHIN if close.allowed else DIFFERENT, (close.note,))

    def _beside(self, stage: Stage, out: str, variants: frozenset[str]) -> Verdict:
        """Return the verdict on an output that was made of trainings within their tolerance."""
        committed, made = self.scratch.committed / out, self.scratch.work / out
        recorded = self.records[stage.name].outs[out]
        if not self.scratch.restore(out, recorded, self.scratch.committed):
            return self._by_tables(stage, out, variants)
        names = self.names(self.scratch.committed, variants)
        if difference := first_difference(committed, made, names):
            return Verdict(stage.name, out, DIFFERENT, (difference,))
        notes = [_same_but_for(variants)]
        if left := uncompared(committed, made):
            notes.append(f"{', '.join(left)} shows the same lines, and was not compared")
        return Verdict(stage.name, out, WITHIN, tuple(notes))

    def _by_tables(self, stage: Stage, out: str, variants: frozenset[str]) -> Verdict:
        """Return the verdict on such an output that no cache has, by what git has of a later stage.

        Of several stages the first one decides: a report shows tables, and more.
        """
        # Later stages take it as it is.
        self.inexact[out] = variants
        users = (
            s for s in self.stages.values() if s.tracked and any(related(out, d) for d in s.deps)
        )
        user = next(users, None)
        if user is None:
            shown = ", ".join(sorted(variants))
            note = f"the recorded one is in no cache, and {shown} are made again only close to it"
            return Verdict(stage.name, out, UNKNOWN, (note,))
        found = self.verify(user.name)
        wrong = next((v for k in (DIFFERENT, UNKNOWN) for v in found if v.verdict == k), None)
        if wrong is not None:
            note = f"the recorded one is in no cache, and {wrong.output} is {wrong.verdict}"
            return Verdict(stage.name, out, wrong.verdict, (note, *wrong.notes))
        tables = ", ".join(verdict.output for verdict in found)
        return Verdict(stage.name, out, WITHIN, (f"by {tables}: {_same_but_for(variants)}",))

    def _same_body(self, fetch: Stage, out: str) -> bool:
        """Return whether a fetched file has the recorded body, whatever header it has."""
        clean = self.stages.get(fetch.name.replace("fetch@", "clean@"))
        record = self.records.get(clean.name) if clean else None
        if clean is None or record is None:
            return False
        try:
            self.run(self.scratch.work, clean)
        except StageError:
            return False
        bodies = [o for o in clean.outs if o.endswith(".txt")]
        return all(md5_of(self.scratch.work / b) == record.outs.get(b) for b in bodies)

    def _only_text_same(self, clean: Stage, out: str) -> bool:
        """Return whether an output is the record of a cleaning whose body is the recorded one."""
        body = out.removesuffix(".json") + ".txt"
        recorded = self.records[clean.name].outs.get(body)
        return clean.name.startswith("clean@") and md5_of(self.scratch.work / body) == recorded

    def _places(self, stage: Stage, out: str, known: bool) -> list[str]:
        """Return where an output differs, and what may be behind it."""
        notes = []
        if known:
            for file in compared(self.scratch.committed, self.scratch.work, out):
                if file.verdict != "identical":
                    first = file.notes[0] if file.notes else file.verdict
                    notes.append(f"{file.path}: {_words(first)}")
        shown = notes[:3] or [f"hash {md5_of(self.scratch.work / out)} instead of the recorded one"]
        others = environment(self.scratch.committed / "requirements.lock")
        if stage.name.startswith("fetch@"):
            return [f"text: {note}" for note in shown]
        if others:
            return [*shown, f"environment: {'; '.join(others[:5])}"]
        return [*shown, "text, parameters, code and package versions are the recorded ones"]

    def _settle(self, verdict: Verdict) -> None:
        """Leave the recorded output for later stages, or one within tolerance, or none."""
        md5 = self.records[verdict.stage].outs[verdict.output]
        if verdict.verdict == IDENTICAL:
            return
        made = self.scratch.work / verdict.output
        if verdict.verdict == WITHIN:
            aside = made.with_name(f"{made.name}.made")
            made.rename(aside)
            if self.scratch.restore(verdict.output, md5, self.scratch.work):
                remove(aside)
            else:
                aside.rename(made)
                kind, _, slug = verdict.stage.partition("@")
                variants = frozenset([slug] if kind == "train-variant" else [])
                self.inexact.setdefault(verdict.output, variants)
        else:
            self.scratch.restore(verdict.output, md5, self.scratch.work)


def _same_but_for(variants: frozenset[str]) -> str:
    return f"the same but for what names {', '.join(sorted(variants))}, within their tolerance"


SAME_BODY = (
    "0 characters of the body differ; bound 0, since Gutenberg rebuilds headers and licenses, "
    "which the cleaning removes, and never the body"
)


def environment(lock: Path) -> list[str]:
    """Return the packages whose versions differ from those of requirements.lock."""
    found = []
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.is_file() else []
    for line in lines:
        name, _, wanted = line.partition("==")
        if not wanted:
            continue
        try:
            present = version(name)
        except PackageNotFoundError:
            present = "none"
        # A build of torch for another device has a suffix: 2.9.0+cpu.
        if present.partition("+")[0] != wanted.partition("+")[0]:
            found.append(f"{name} {present} here, {wanted} in requirements.lock")
    return found


def _words(note: str) -> str:
    """Return a note on two files in the words of a verification."""
    return note.replace(" handed in", " recorded")
