"""Write the pipeline as a job script for SLURM that needs no Dask."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from charlab.commands.pipeline import Pipeline, limit
from charlab.commands.remote import Remote

SCRIPT = r"""#!/bin/bash
# Runs the stages of commit {short} as SLURM array jobs. On the login node: bash THIS_FILE
# Options for your cluster, such as a partition or an account:
#SBATCH --job-name=charlab
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --requeue
#SBATCH --output=.charlab/logs/slurm-%A-%a.log
set -euo pipefail

project={project}  # the tasks clone it, and the last job runs in it
commit={commit}
export PATH={path}:$PATH OMP_NUM_THREADS=1
stages=(
{stages}
)

if [[ -n ${{SLURM_ARRAY_TASK_ID:-}} ]]; then
  # A task: in a clone of its own, restore what the stage needs, run it, push its results.
  stage=${{stages[SLURM_ARRAY_TASK_ID]}}
  clone=$(mktemp -d "${{TMPDIR:-/tmp}}/charlab.XXXXXX")
  trap 'rm -rf "$clone"' EXIT
  git clone --quiet --no-checkout "$project" "$clone"
  cd "$clone"
  git checkout --quiet --detach "$commit"
{config}
  dvc repro --pull "$stage"
  dvc push --run-cache "$stage"
  exit
fi

# The login node: push what is up to date, and submit one array for each wave of stages.
script=$(realpath "$0")
cd "$project"
mkdir -p .charlab/logs
{push}
after=()
submit() {{  # submit OPTIONS...: queue a job that starts when the one before it has succeeded
  local job
  job=$(sbatch --parsable --kill-on-invalid-dep=yes "${{after[@]}}" "$@")
  after=("--dependency=afterok:${{job%%;*}}")
}}
{submits}
submit --job-name=charlab-collect --output=.charlab/logs/slurm-%j.log --wrap='dvc repro --pull'
echo "submitted; dvc.lock and the report are complete when job ${{after[0]##*:}} has ended"
"""


def script(
    root: Path, pipeline: Pipeline, remote: Remote, commit: str, minutes: Mapping[str, float],
    workers: int | None = None,
) -> str:  # fmt: skip
    """Return a script that submits the stages that are out of date to SLURM.

    Parameters
    ----------
    root : Path
        The project, as the compute nodes see it too.
    pipeline : Pipeline
    remote : Remote
    commit : str
        The commit whose stages run.
    minutes : mapping of str to float
        See :func:`~charlab.commands.pipeline.expected_minutes`.
    workers : int, optional
        Maximum number of stages that run at the same time.
    """
    waves = pipeline.waves(pipeline.distributable)
    submits, first = [], 0
    for wave in waves:
        last = first + len(wave) - 1
        most = f"%{workers}" if workers else ""
        # SLURM ends a task that hangs.
        time = max(limit(minutes, stage) for stage in wave)
        submits.append(f'submit --array={first}-{last}{most} --time={time:.0f} "$script"')
        first = last + 1
    name = shlex.quote(remote.name)
    config = [f"dvc remote add --quiet --local --force --default {name} "
              f"{shlex.quote(remote.options['url'])}"]  # fmt: skip
    for key, value in remote.options.items():
        if key != "url":
            config.append(f"dvc remote modify --quiet --local {name} {key} {shlex.quote(value)}")
    done = " ".join(shlex.quote(stage) for stage in pipeline.to_push)
    return SCRIPT.format(
        short=commit[:12],
        project=shlex.quote(str(root)),
        commit=commit,
        path=shlex.quote(str(Path(sys.executable).parent)),
        stages="\n".join(f"  {shlex.quote(stage)}" for wave in waves for stage in wave),
        config="\n".join(f"  {line}" for line in config),
        push=f"dvc push --run-cache {done}" if done else "# (nothing is)",
        submits="\n".join(submits),
    )
