"""Set up a stage's script: import this checkout's code, and show errors without tracebacks.

DVC runs queued experiments in copies of the project; a script there must import
the copy's library, not the one that pip installed from the first checkout.
"""

import atexit
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import click

# Several stages may run at once; NumPy's own threads would compete for the same cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from charlab.core.errors import CharlabError, describe
from charlab.core.processes import end_with_parent
from charlab.core.restored import check_restored
from charlab.core.stage_inputs import StageInputs, check_unchanged, inputs_at_start

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)

STAGE = os.environ.get("DVC_STAGE")
"""The stage that DVC runs; None if a person runs the script."""

if STAGE is not None:
    # A killed DVC has released the stage's outputs; nobody else may write them.
    end_with_parent(getattr(signal, "SIGKILL", signal.SIGTERM))
# Before the script imports the library, so that an edit of the code is noticed from here on.
STARTED = inputs_at_start(Path(), STAGE)


def _name(context: click.Context, parameter: click.Parameter, given: str | None) -> str:
    """Return the name given, or else the ``gru`` of DVC's ``train-variant@gru``."""
    from charlab.core.schema import slug

    name = given or os.environ.get("DVC_STAGE", "").partition("@")[2]
    if not name:
        raise click.MissingParameter(ctx=context, param=parameter)
    try:
        return slug(name)
    except ValueError as error:
        raise click.BadParameter(f"{name!r}: {error}") from None


# DVC runs commands in a shell. A name in the environment never becomes part of a command.
NAME = click.argument("name", required=False, callback=_name)
"""The text or variant that a stage works on, by default the one that DVC runs."""


def _end_checked(started: StageInputs) -> NoReturn:
    """End the process with the check of its inputs as the last thing it does.

    DVC hashes the inputs as soon as the process has ended. Python takes up to half a second to
    end after torch or Numba, and an edit in that time would go unnoticed.
    """
    atexit._run_exitfuncs()
    check_unchanged(Path(), STAGE, started)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def run(command: click.Command) -> None:
    """Run a stage; print an error that the user can fix as one message, and exit with 1."""
    try:
        if STARTED is not None:
            check_restored(*STARTED.results)
        try:
            command(standalone_mode=True)
        except SystemExit as end:  # click ends every command so
            if end.code:
                raise
        if STARTED is not None:
            _end_checked(STARTED)
    except (CharlabError, OSError, MemoryError) as error:
        click.echo(f"{Path(sys.argv[0]).stem}: {describe(error)}", err=True)
        sys.exit(1)
