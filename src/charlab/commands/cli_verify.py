"""Commands that check results: verify, status."""

from __future__ import annotations

import json
import signal
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charlab.commands.cli_options import COUNT, FOLDER, SEED, FiniteRange, project
from charlab.core.errors import CharlabError, describe, printable
from charlab.core.units import counted

if TYPE_CHECKING:
    from charlab.verify.run import Outcome

CERTIFICATES = Path("certificates")
"""Folder for certificates, beside the report: in report/ they would be an output of its stage."""

CANNOT_TELL = 2
"""Exit status if nothing can be said, which must not pass for "different"."""


@click.command(short_help="Run stages again, and compare with the recorded results.")
@click.option("--rev", default="HEAD", show_default=True, help="the commit to verify")
@click.option("--stage", "names", multiple=True, metavar="NAME", help="a stage to run again")
@click.option("--sample", type=COUNT, help="number of stages to draw at random")
@click.option("--budget", type=FiniteRange(min=0), help="minutes after which none starts")
@click.option("--seed", type=SEED, help="of the draw [default: a new one]")
@click.option("--json", "as_json", is_flag=True, help="print the result as JSON")
@click.option(
    "--certificate",
    type=FOLDER,
    is_flag=False,
    flag_value=CERTIFICATES,
    help="folder to add a certificate to, certificates/ if none is named",
)
@click.option("--codecheck", "bundle", type=FOLDER, help="new folder for a CODECHECK bundle")
@click.option(
    "--chain",
    type=FOLDER,
    is_flag=False,
    flag_value=CERTIFICATES,
    help="only check the certificates of a folder, offline",
)
@click.option("--explain", metavar="FILE[:LINE]", help="only show where a result comes from")
def verify(
    chain: Path | None, explain: str | None, certificate: Path | None, bundle: Path | None,
    as_json: bool, **choice: Any,
) -> None:  # fmt: skip
    """Run the pipeline of a commit again, or a part of it, in a temporary folder.

    Each output gets a verdict: identical, within tolerance, different, cannot tell. Your files are
    left as they are. Exit with 0 if all outputs are identical or within their tolerance, with 1 if
    any differs, otherwise with 2. docs/verify.md says more.
    """
    if choice["names"] and choice["sample"]:
        raise click.UsageError("--stage names the stages, --sample draws them: use one of the two")
    try:
        root = project()
        if chain is not None:
            status = _check_chain(root, chain)
        elif explain is not None:
            from charlab.verify.explain import explained

            click.echo(printable("\n".join(explained(root, explain))))
            status = 0
        else:
            _check_places(root, certificate, bundle)
            status = _verify(root, certificate, bundle, as_json, **choice)
    except (CharlabError, OSError) as error:
        click.echo(f"charlab verify: cannot tell: {describe(error)}", err=True)
        status = CANNOT_TELL
    except KeyboardInterrupt:
        click.echo("charlab verify: cannot tell: interrupted", err=True)
        status = CANNOT_TELL
    except Exception:  # a bug: Python would exit with 1, which means "different"
        traceback.print_exc()
        status = CANNOT_TELL
    sys.exit(status)


def _check_places(root: Path, certificate: Path | None, bundle: Path | None) -> None:
    """Refuse folders that cannot be written to, before anything runs."""
    from charlab.core.folders import check_writable
    from charlab.verify.certificate import check_place

    for folder in filter(None, (certificate, bundle)):
        check_place(folder, root)
        check_writable(folder)
    if bundle is not None and bundle.is_dir() and any(bundle.iterdir()):
        raise CharlabError(f"{bundle}: expected a new folder, found files; name another one")


def _verify(
    root: Path, certificate: Path | None, bundle: Path | None, as_json: bool, *,
    budget: float | None, seed: int | None, **options: Any,
) -> int:  # fmt: skip
    """Verify, print the result, and return the exit status."""
    import secrets

    from charlab.core.processes import catchable
    from charlab.verify.certificate import add_to_chain, latest
    from charlab.verify.run import Choice, verify

    # Drawn by the one who verifies: an author who knew it could forge the other stages.
    choice = Choice(minutes=budget, seed=secrets.randbelow(10**9) if seed is None else seed,
                    **options)  # fmt: skip

    # Ended by any of these, it still removes its folder; the stage ends with it.
    for number in catchable():
        signal.signal(number, signal.default_int_handler)

    def parent(lock: str) -> str | None:
        return None if certificate is None else latest(certificate, lock)

    if edited := _edited(root):
        names = f"{edited[0]}, {len(edited) - 1} more" if len(edited) > 1 else edited[0]
        click.echo(f"charlab verify: leaves out what you have not committed: {names}", err=True)
    outcome = verify(
        root, choice, lambda name: click.echo(f"runs {name}", err=True), parent, bundle
    )
    if as_json:
        click.echo(json.dumps(outcome.as_dict(), indent=1))
    else:
        _print(outcome)
    if certificate is not None and not outcome.verdicts:
        click.echo("no certificate: there is no verdict", err=True)
    elif certificate is not None:
        path = add_to_chain(certificate, outcome.certificate)
        click.echo(f"certificate: {path}", err=True)
    if bundle is not None:
        click.echo(f"bundle: {bundle}; fill in the names in its codecheck.yml", err=True)
    return outcome.status


def _edited(root: Path) -> list[str]:
    """Return the files that differ from the last commit's."""
    from charlab.course.workspace import git

    return git(root, "diff", "--name-only", "--relative", "HEAD").splitlines()


def _print(outcome: Outcome) -> None:
    """Print verdicts, counts, and what the sample is worth."""
    from charlab.verify.run import summary

    for verdict in outcome.verdicts:
        click.echo(printable(f"{verdict.verdict:17} {verdict.output}"))
        for note in verdict.notes:
            click.echo(printable(f"{'':17} {note}"))
    for line in summary(outcome):
        click.echo(line)


def _check_chain(root: Path, folder: Path) -> int:
    """Print each certificate of a folder, and return the exit status."""
    from charlab.core.files import sha256_of
    from charlab.verify.certificate import chain_status, read_chain

    lock = root / "dvc.lock"
    mine = sha256_of(lock) if lock.is_file() else None
    chain = read_chain(folder)
    for one in chain:
        counts = Counter(verdict["verdict"] for verdict in one["verdicts"])
        said = ", ".join(f"{n} {verdict}" for verdict, n in counts.items()) or "no verdict"
        other = "" if one["lock"] == mine else "; for another dvc.lock"
        follows = f", follows {one['parent'][:16]}" if one["parent"] else ""
        click.echo(printable(f"{one['hash'][:16]}{follows}: {one['processor']}: {said}{other}"))
    stages = {v["stage"] for one in chain if one["lock"] == mine for v in one["verdicts"]}
    click.echo(
        f"{counted(len(chain), 'certificate')}, {counted(len(stages), 'stage')} of this dvc.lock"
    )
    return chain_status(chain, mine)


@click.command(short_help="Say which stages are out of date, why, and what they will cost.")
def status() -> None:
    """List the stages that 'charlab fan-out' would run, why, and how long they will take.

    Times come from the speeds in the logs of earlier runs, otherwise from the numbers of weights.
    """
    from charlab.verify.status import stale, total_minutes

    root = project()
    entries = stale(root)
    for entry in entries:
        click.echo(printable(f"{entry.minutes:7.1f} min  {entry.stage}"))
        for reason in entry.reasons:
            click.echo(printable(f"{'':13}{reason}"))
    if not entries:
        click.echo("everything is up to date")
        return
    minutes = total_minutes(entries)
    click.echo(
        f"{counted(len(entries), 'stage')} to run: at most about {minutes:.0f} minutes of one core"
    )
