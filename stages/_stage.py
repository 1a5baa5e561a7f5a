"""Set up a stage's script: import this checkout's code, and show errors without tracebacks.

DVC runs queued experiments in copies of the project; a script there must import
the copy's library, not the one that pip installed from the first checkout.
"""

import os
import sys
from pathlib import Path
from typing import Any

import click

# Several stages may run at once; NumPy's own threads would compete for the same cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

OUTPUTS = frozenset({"out", "record", "arrays"})
"""Options of the stages that name what they write."""


class _Path(click.Path):
    """A path; what a stage reads is refused if DVC restored it from a damaged file."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        from charlab.core.restored import check_restored

        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if param is not None and param.name not in OUTPUTS:
            check_restored(path)
        return path


FILE = _Path(path_type=Path, dir_okay=False)
FOLDER = _Path(path_type=Path, file_okay=False)


def run(command: click.Command) -> None:
    """Run a stage; print an error that the user can fix as one message, and exit with 1."""
    from charlab.core.errors import CharlabError, describe

    try:
        command(standalone_mode=True)
    except (CharlabError, OSError, MemoryError) as error:
        click.echo(f"{Path(sys.argv[0]).stem}: {describe(error)}", err=True)
        sys.exit(1)
