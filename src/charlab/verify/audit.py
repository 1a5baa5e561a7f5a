"""Compare dvc.lock with the files, parameters and commands that it claims to record.

Nothing runs for this, so it covers all stages. It finds every forgery that is not carried through:
a number changed in metrics/ or in dvc.lock, results of other code or other parameters. One that is
carried through, with all hashes downstream, is found only by running the stage again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from charlab.core.errors import shortened
from charlab.verify.hashes import Entry, folder_hash, md5_of
from charlab.verify.stages import Record, Stage, related, within

Listing = Callable[[str], list[Entry] | None]
"""Function from a folder's hash to its files, None if they are not known."""

ORDER = ("record", "text", "params", "code", "command", "input", "output")
"""Kinds of differences from the first cause to the last effect."""


@dataclass(frozen=True)
class Difference:
    """A place where a record and the project differ.

    Attributes
    ----------
    kind : str
        One of :data:`ORDER`.
    where : str
        A file, a key of params.yaml, or a stage.
    recorded, present : object
        The two values; for files their hashes, or None.
    """

    kind: str
    where: str
    recorded: object
    present: object

    def __str__(self) -> str:
        values = [
            "nothing" if value is None else shortened(value)
            for value in (self.recorded, self.present)
        ]
        # Of an input dvc.lock has two hashes: of the stage that makes it, and of one that reads it.
        other = "but as an output" if self.kind == "input" else "committed"
        return f"{self.kind}: {self.where}: recorded {values[0]}, {other} {values[1]}"


class Audit:
    """The differences between the records of a pipeline and a folder.

    Parameters
    ----------
    root : Path
        The project; the results in DVC's cache need not be there.
    stages, records
        From dvc.yaml and dvc.lock.
    listing : callable
        Finds the files of folders in DVC's cache.
    """

    def __init__(
        self,
        root: Path,
        stages: Mapping[str, Stage],
        records: Mapping[str, Record],
        listing: Listing = lambda _: None,
    ) -> None:
        self.root, self.stages, self.records, self.listing = root, stages, records, listing
        self.outs = {out: md5 for record in records.values() for out, md5 in record.outs.items()}
        self.hashes: dict[str, str | None] = {}

    def differences(self, name: str) -> list[Difference]:
        """Return what differs for one stage, the first cause first."""
        stage, record = self.stages[name], self.records.get(name)
        if record is None:
            return [Difference("record", name, None, "a stage of dvc.yaml")]
        found = [*self._of_params(stage, record), *self._of_files(stage, record)]
        if stage.cmd != record.cmd:
            found.append(Difference("command", name, record.cmd, stage.cmd))
        return sorted(found, key=lambda difference: ORDER.index(difference.kind))

    def _of_params(self, stage: Stage, record: Record) -> Iterator[Difference]:
        for key in sorted(stage.params.keys() | record.params.keys()):
            before, after = record.params.get(key), stage.params.get(key)
            yield from _values(key, before, after)

    def _of_files(self, stage: Stage, record: Record) -> Iterator[Difference]:
        for dep in sorted({*stage.deps, *record.deps}):
            recorded = record.deps.get(dep)
            present = self._present(dep) if dep in stage.deps else None
            # Files of folders that the cache lacks cannot be compared here.
            if recorded != present and present != "unknown":
                yield Difference(self._kind(dep), dep, recorded, present)
        for out in sorted({*stage.outs, *record.outs}):
            recorded = record.outs.get(out)
            if out not in stage.outs or recorded is None:
                yield Difference("output", out, recorded, None)
            elif out in stage.tracked and self._hash(out) != recorded:
                yield Difference("output", out, recorded, self._hash(out))

    def _kind(self, dep: str) -> str:
        if dep.startswith("data/own"):
            return "text"
        if dep == "params.yaml":
            return "params"
        return "input" if any(related(dep, out) for out in self.outs) else "code"

    def _present(self, dep: str) -> str | None:
        """Return the hash that a dependency has by the other records, or in the folder."""
        if dep in self.outs:
            return self.outs[dep]
        above = next((out for out in self.outs if within(dep, out)), None)
        if above is not None:
            return self._member(dep, above)
        below = {out: md5 for out, md5 in self.outs.items() if within(out, dep)}
        return self._combined(dep, below) if below else self._hash(dep)

    def _member(self, dep: str, folder: str) -> str | None:
        """Return the hash of a file of a recorded folder."""
        files = self.listing(self.outs[folder])
        if files is None:
            return "unknown"
        name = PurePath(dep).relative_to(folder).as_posix()
        return next((file["md5"] for file in files if file["relpath"] == name), None)

    def _combined(self, folder: str, outs: Mapping[str, str]) -> str:
        """Return the hash of a folder from the recorded outputs in it."""
        entries: list[Entry] = []
        for out, md5 in outs.items():
            name = PurePath(out).relative_to(folder).as_posix()
            if not md5.endswith(".dir"):
                entries.append({"md5": md5, "relpath": name})
                continue
            files = self.listing(md5)
            if files is None:
                return "unknown"
            entries += [{**file, "relpath": f"{name}/{file['relpath']}"} for file in files]
        return folder_hash(entries)

    def _hash(self, path: str) -> str | None:
        # Many stages depend on the same packages.
        if path not in self.hashes:
            self.hashes[path] = md5_of(self.root / path)
        return self.hashes[path]


def _values(key: str, before: object, after: object) -> Iterator[Difference]:
    """Yield the leaves that differ between two values of a parameter."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys(), key=str):
            yield from _values(f"{key}.{name}", before.get(name), after.get(name))
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Difference("params", key, before, after)
