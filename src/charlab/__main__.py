"""Run the ``charlab`` command as ``python -m charlab``, for machines without its script on PATH."""

from charlab.commands.cli import main

# The guard matters: Dask's worker processes import this module again.
if __name__ == "__main__":
    main(prog_name="python -m charlab")
