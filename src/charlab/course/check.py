"""Rerun a stage of a student's workspace, and compare the outputs byte for byte.

The workspace is read as data. The stage runs in a temporary folder that holds the instructor's own
code, dvc.yaml and DVC settings; of the workspace it has params.yaml, checked first, and the
files that the stage reads. So nothing of the student's runs, unless the instructor asks for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from charlab.core.errors import shortened
from charlab.core.files import UnreadableError, read_json, sha256_of
from charlab.course.handed_in import Copier, CourseError, plain_files
from charlab.course.limits import KEPT, end_session, own_path
from charlab.course.outputs import CheckedFile, compared
from charlab.course.pack import CODE, MANIFEST
from charlab.course.stage_files import stage_files, text_of
from charlab.course.workspace import RESULTS, copy_project, git
from charlab.plan.params import load_params

ALSO_KEPT = ("HOME", "VIRTUAL_ENV", "NUMBA_CACHE_DIR", "OMP_NUM_THREADS")
"""Environment variables that a student's code gets, with :data:`charlab.course.limits.KEPT`."""


def check(
    project: Path,
    workspace: Path,
    stage: str,
    *,
    run_their_code: bool = False,
    seconds: float | None = None,
    downloads: Path | None = None,
) -> list[CheckedFile]:
    """Rerun a stage in a temporary folder, and compare its outputs with a workspace's.

    Parameters
    ----------
    project : Path
        The instructor's checkout, whose code runs.
    workspace : Path
        The folder that a student handed in with its data/, or an unpacked zip file, for which the
        stages above the training run, too.
    stage : str
        Name of the stage for DVC: ``train``, ``train-variant@gru``, ``compare``.
    run_their_code : bool
        Take src/, stages/ and dvc.yaml from the workspace. They can do whatever you can.
    seconds : float, optional
        Time after which the run is ended.
    downloads : Path, optional
        Folder that keeps downloaded texts for the next check.

    Returns
    -------
    list of CheckedFile
        One for each file, by path.

    Raises
    ------
    CourseError
        If the stage was never run in the workspace, fails now, or takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="charlab-") as name:
        handed_in, copy = Path(name) / "handed-in", Path(name) / "workspace"
        copier = Copier(workspace)
        copier.copy("params.yaml", handed_in)
        params = load_params(handed_in / "params.yaml")
        files = stage_files(project, params, stage)
        hashes = manifest(workspace)
        for output in files.outputs:
            copier.copy(output, handed_in)
        if not any((handed_in / output).exists() for output in files.outputs):
            raise CourseError(
                f"{workspace} has no {' or '.join(files.outputs)}: the stage {stage} was not run; "
                "the student runs 'charlab fan-out' and hands in the whole folder, with data/, or "
                "what 'charlab course pack' writes"
            )
        packed = hashes is not None
        theirs = CODE if run_their_code else ()
        # A zip file has only the code that was changed, which replaces the project's.
        left_out = (*RESULTS, "params.yaml", *(() if packed else theirs))
        copy_project(project, copy, left_out=left_out)
        for part in ("params.yaml", *files.needed, *theirs):
            copier.copy(part, copy, hidden=part in theirs and packed)
        run = _Run(copy, run_their_code, seconds)
        if packed:
            _make_inputs(run, project, text_of(params, stage), downloads)
        run.stages(stage)
        return [
            file for output in files.outputs for file in compared(handed_in, copy, output, hashes)
        ]


def manifest(workspace: Path) -> Mapping[str, str] | None:
    """Return the hashes of the outputs in an unpacked zip file; None for a whole workspace.

    Raises
    ------
    CourseError
        If the file has anything else.
    """
    if not plain_files(workspace, MANIFEST):
        return None
    try:
        hashes = read_json(workspace / MANIFEST)
    except UnreadableError as error:
        raise CourseError(str(error)) from None
    if not isinstance(hashes, dict) or not all(isinstance(v, str) for v in hashes.values()):
        raise CourseError(f"{workspace / MANIFEST}: expected the SHA-256 of each output, by path")
    return hashes


class _Run:
    """A temporary folder in which stages run, without reading or writing any DVC cache."""

    def __init__(self, folder: Path, run_their_code: bool, seconds: float | None) -> None:
        self.folder, self.seconds = folder, seconds
        # DVC requires a git repository.
        git(folder, "init", "--quiet", "--template=")
        self.environment = dict(os.environ)
        if run_their_code:
            # Other variables may hold passwords.
            kept = {*KEPT, *ALSO_KEPT}
            self.environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.environment["PATH"] = own_path()
        if "PYTHONPATH" in os.environ:
            # The project that is not installed is found there; the stages add their own src.
            self.environment["PYTHONPATH"] = os.environ["PYTHONPATH"]

    def stages(self, *names: str) -> None:
        """Run stages, each by itself, in this order.

        Raises
        ------
        CourseError
            If one fails, or if the time is up.
        """
        # -P: the folder's files must not pass for Python's modules.
        command = [sys.executable, "-P", "-m", "dvc", "repro", "--single-item", "--force"]
        # A cache could supply a forged result without running anything.
        command += ["--no-run-cache", "--no-commit", *names]
        # Not every program writes UTF-8 to a pipe; a message with a few odd letters is good enough.
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, encoding="utf-8", errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=os.name == "posix",
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            raise CourseError(
                f"stage {names[-1]} was ended after {self.seconds:g} seconds; --minutes allows more"
            ) from None
        finally:
            end_session(process)
        if process.returncode:
            last = "\n".join(output.strip().splitlines()[-12:])
            raise CourseError(f"stage {names[-1]} failed in the new run:\n{last}")


def _make_inputs(run: _Run, project: Path, text: str, downloads: Path | None) -> None:
    """Make the inputs of a training from params.yaml and the student's own texts alone."""
    run.stages("plan")
    plan, raw = f"data/plan/{text}.json", f"data/raw/{text}.txt"
    # The same plan is the same text: one that is there already need not be downloaded again.
    key = sha256_of(run.folder / plan)
    kept = downloads / f"{key}.txt" if downloads else None
    ours = project / plan
    if kept and kept.is_file():
        source: Path | None = kept
    elif ours.is_file() and (project / raw).is_file() and sha256_of(ours) == key:
        source = project / raw
    else:
        source = None
    if source:
        (run.folder / raw).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, run.folder / raw)
    else:
        run.stages(f"fetch@{text}")
    if kept and not kept.is_file():
        shutil.copyfile(run.folder / raw, kept)
    run.stages(f"clean@{text}", f"vocab@{text}")


def verdict(files: list[CheckedFile]) -> str:
    """Return how many files are the same, in words."""
    same = sum(file.verdict == "identical" for file in files)
    if same == len(files):
        return "identical"
    different = next(file for file in files if file.verdict != "identical")
    return f"{len(files) - same} of {len(files)} files differ, such as {shortened(different.path)}"
