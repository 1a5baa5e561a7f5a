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
from charlab.commands.cli_pipeline import fan_out, params, study
from charlab.commands.cli_texts import add_text, clean, fetch, vocab
from charlab.core.errors import CharlabError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="charlab", message="%(prog)s %(version)s")
def cli() -> None:
    """Character-level recurrent networks: texts, models, samples, and the pipeline.

    The pipeline itself is DVC's: 'dvc repro', 'dvc exp run -S model.hidden=256',
    'dvc plots diff'. These commands run single steps of it by hand, on any file.
    """


COMMANDS = [
    *(study, params, fan_out, course),
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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of another encoding shows \u4e00 for a character that it lacks.
            stream.reconfigure(errors="backslashreplace")
            # On Windows a pipe or a file would get the letters of the code page only, and CRLF.
            if not stream.isatty():
                stream.reconfigure(encoding="utf-8", newline="\n")
    try:
        cli(**options)
    except CharlabError as error:
        click.echo(f"charlab: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader (head, less) has quit; Python would print an error when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
