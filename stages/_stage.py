"""Set up a stage's script: import this checkout's code, and show errors without tracebacks.

DVC runs queued experiments in copies of the project; a script there must import
the copy's library, not the one that pip installed from the first checkout.
"""

import os
import sys
from pathlib import Path

import click

# Several stages may run at once; NumPy's own threads would compete for the same cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def run(command: click.Command) -> None:
    """Run a stage; print an error that the user can fix as one message, and exit with 1."""
    from charlab.core.errors import CharlabError

    try:
        command(standalone_mode=True)
    except CharlabError as error:
        click.echo(f"{Path(sys.argv[0]).stem}: {error}", err=True)
        sys.exit(1)
