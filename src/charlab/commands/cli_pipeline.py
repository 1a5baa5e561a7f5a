"""Commands on the whole pipeline: study, params, fan-out."""

from __future__ import annotations

import time
from pathlib import Path

import click

from charlab.commands.cli_options import COUNT, project
from charlab.core.units import counted


@click.command(short_help="List the studies, or switch to one.")
@click.argument("name", required=False)
def study(name: str | None) -> None:
    """Switch params.yaml to the study NAME; without NAME, list the studies.

    Your edits to the current study are kept, and restored when you switch back.
    """
    from charlab.commands.study import Studies

    studies = Studies(project())
    if name is None:
        current = studies.current()
        for known in studies.names():
            click.echo(f"{'*' if known == current else ' '} {known}")
    elif studies.switch(name):
        click.echo(f"params.yaml is now the study {name}; 'dvc repro' runs it")
    else:
        click.echo(f"params.yaml already is the study {name}")


@click.command(short_help="Print the reference of all keys of params.yaml.")
def params() -> None:
    """Print each key of params.yaml with its default, allowed values and meaning, as Markdown."""
    from charlab.plan.document import reference

    click.echo(reference(), nl=False)


@click.command(short_help="Run 'dvc repro' with independent stages in parallel.")
@click.option(
    "--workers", type=COUNT, help="maximum number of stages at a time [default: one per core]"
)
def fan_out(workers: int | None) -> None:
    """Bring the pipeline up to date like 'dvc repro', with independent stages in parallel.

    First remove the results of texts and variants that params.yaml no longer names; DVC's cache
    keeps them.
    """
    from charlab.commands.fan_out import fan_out as run
    from charlab.core.machine import usable_cores

    started = time.perf_counter()
    root = project()
    _remove_leftovers(root)
    count = run(root, workers or usable_cores())
    if count:
        stages = counted(count, "stage")
        click.echo(f"{stages} brought up to date in {time.perf_counter() - started:.0f} s")
    else:
        click.echo("everything is up to date")


def _remove_leftovers(root: Path) -> None:
    """Remove results that params.yaml no longer names; print one line for each folder."""
    from charlab.commands.leftovers import remove_leftovers
    from charlab.plan.params import load_params

    # DVC hashes whole folders as inputs of stages such as evaluate-variants.
    removed: dict[Path, list[str]] = {}
    for path in remove_leftovers(load_params(root / "params.yaml"), root / "data"):
        removed.setdefault(path.parent.relative_to(root), []).append(path.name)
    for folder, names in removed.items():
        click.echo(f"removed from {folder.as_posix()}, not in params.yaml: {', '.join(names)}")
