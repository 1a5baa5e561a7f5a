"""Run the ``charlab`` command as ``python -m charlab``, where its script is not on PATH."""

from charlab.commands.cli import main

if __name__ == "__main__":
    main(prog_name="python -m charlab")
