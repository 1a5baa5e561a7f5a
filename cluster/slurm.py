"""Run the pipeline on SLURM jobs that Dask starts and replaces: python cluster/slurm.py JOBS.

Needs dask-jobqueue 0.9 (pip install dask-jobqueue), and to be started where sbatch works.
"""

import subprocess
import sys

from dask_jobqueue import SLURMCluster


def main() -> int:
    """Start the scheduler here and at most JOBS workers, and run charlab fan-out on them."""
    with SLURMCluster(
        cores=1,
        processes=1,
        memory="4GB",
        walltime="12:00:00",
        # queue="...", account="...", as your cluster wants them
        local_directory="$TMPDIR",
        log_directory=".charlab/logs",
        worker_extra_args=["--no-dashboard"],
        scheduler_options={"dashboard": False, "dashboard_address": ":0"},
    ) as cluster:
        # A worker that dies or reaches its walltime is replaced.
        cluster.adapt(minimum_jobs=1, maximum_jobs=int(sys.argv[1]))
        command = ["charlab", "fan-out", "--scheduler", cluster.scheduler_address]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
