"""The ``charlab`` command.

The modules ``cli_*`` define the commands. Each imports its libraries when it runs, so that
``charlab sample`` does not load torch, and ``charlab --help`` loads none of them.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import click

from charlab.commands.cli_course import course
from charlab.commands.cli_models import evaluate, sample, train
from charlab.commands.cli_pipeline import experiments, fan_out, mend, params, study, sweep, watch
from charlab.commands.cli_texts import add_text, clean, fetch, vocab
from charlab.commands.cli_verify import status, verify
from charlab.core.errors import CharlabError, describe


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="charlab", message="%(prog)s %(version)s")
def cli() -> None:
    """Character-level recurrent networks: texts, models, samples, and the pipeline.

    The pipeline itself is DVC's: 'dvc repro', 'dvc exp run -S model.hidden=256',
    'dvc plots diff'. These commands run single steps of it by hand, on any file.
    """


COMMANDS = [
    *(study, params, fan_out, experiments, watch, mend, sweep, course, status, verify),
    *(add_text, fetch, clean, vocab),
    *(train, sample, evaluate),
]
# Click lists them by name.
for _command in COMMANDS:
    cli.add_command(_command)


def main(**options: Any) -> None:
    """Run the command; print an error that the user can fix as one message, and exit with 1."""
    # NumPy's own threads only slow down the small products of one network.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if vars(sys)["stdout"] is None:  # closed by the shell (>&-)
        click.echo("charlab: standard output is closed; send it to a file or a terminal", err=True)
        sys.exit(1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of another encoding shows \u4e00 for a character that it lacks.
            stream.reconfigure(errors="backslashreplace")
            # On Windows a pipe or a file would get the letters of the code page only, and CRLF.
            if not stream.isatty():
                # An encoding without errors= would make Python strict again.
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        try:
            cli(**options)
        finally:
            # Here, so that a full disk behind stdout is noticed; at exit it would be a traceback.
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_stdout()  # the reader (head, less) has quit
        sys.exit(1)
    except (CharlabError, OSError, MemoryError) as error:
        click.echo(f"charlab: {describe(error)}", err=True)
        _discard_stdout()
        sys.exit(1)


def _discard_stdout() -> None:
    """Discard what could not be printed; Python would try again at exit, and print an error."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
