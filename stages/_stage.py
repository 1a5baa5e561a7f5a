"""What every stage's script shares: this checkout's code, and errors without tracebacks.

DVC runs queued experiments in copies of the project; a script there must import
the copy's library, not the one that pip installed from the first checkout.
"""

import os
import sys
from pathlib import Path

import click

# Stages run side by side; NumPy's own threads would only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def run(command: click.Command) -> None:
    """Run a stage; a mistake that the user can mend is shown as one message, exit status 1."""
    from charlab.core.errors import CharlabError

    try:
        command(standalone_mode=True)
    except CharlabError as error:
        click.echo(f"{Path(sys.argv[0]).stem}: {error}", err=True)
        sys.exit(1)
