"""The ``charlab`` command.

Every command imports what it needs when it runs, so that ``charlab sample`` starts
without loading torch, and ``charlab --help`` without loading anything.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from charlab.core.errors import CharlabError

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="charlab", message="%(prog)s %(version)s")
def cli() -> None:
    """Character-level recurrent networks: texts, models, samples, and the pipeline.

    The pipeline itself is DVC's: 'dvc repro', 'dvc exp run -S model.hidden=256',
    'dvc plots diff'. These commands do single steps of it by hand, on any file.
    """


BODIES = Path("data/bodies.yaml")
"""What is recorded of the bodies of a project's texts, from its folder."""


@cli.command(short_help="Reduce raw Gutenberg files to their bodies.")
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="a file; a folder for several")
@click.option("--explain", is_flag=True, help="print what is removed and why, not the body")
@click.option("--allow-copyrighted", is_flag=True, help="accept a book whose header says so")
@click.option("--strict", is_flag=True, help="stop if a body is not the one in data/bodies.yaml")
def clean(
    files: tuple[Path, ...], out: Path | None, explain: bool, allow_copyrighted: bool, strict: bool
) -> None:
    """Reduce raw Gutenberg FILES to their bodies, as UTF-8 with LF line ends."""
    from charlab.clean.cleaner import clean as clean_bytes
    from charlab.clean.fingerprints import check_book
    from charlab.clean.record import explain as explain_record
    from charlab.core.files import write_text

    if len(files) > 1 and out is None and not explain:
        raise CharlabError("several files need -o DIR, a folder to write their bodies to")
    failures = 0
    for path in files:
        try:
            cleaned = clean_bytes(_read(path), allow_copyrighted=allow_copyrighted)
            book = cleaned.record.gutenberg
            changed = check_book(book, cleaned.text, BODIES, strict=strict)
        except CharlabError as error:
            click.echo(f"charlab clean: {path}: {str(error).removeprefix(f'{path}: ')}", err=True)
            failures += 1
            continue
        for warning in (*cleaned.record.warnings, *filter(None, [changed])):
            click.echo(f"charlab clean: {path}: {warning}", err=True)
        if explain:
            click.echo(explain_record(cleaned.record))
        elif out is None:
            sys.stdout.buffer.write(cleaned.text.encode("utf-8"))
        else:
            folder = len(files) > 1 or out.is_dir()
            write_text(out / path.name if folder else out, cleaned.text)
    sys.exit(1 if failures else 0)


@cli.command(short_help="Fetch a raw Gutenberg file.")
@click.argument("number", metavar="ID", type=click.IntRange(min=1))
@click.option("-o", "--out", type=FILE, help="a file [default: pgID.txt]")
@click.option("--strict", is_flag=True, help="stop if its body is not the one in data/bodies.yaml")
def fetch(number: int, out: Path | None, strict: bool) -> None:
    """Fetch Gutenberg's book ID as it is, from CHARLAB_MIRROR or Gutenberg's own servers."""
    from charlab.commands.fetch import fetch_by_hand

    out = out or Path(f"pg{number}.txt")
    told = fetch_by_hand(number, out, BODIES, strict=strict)
    for message in told:
        click.echo(f"charlab fetch: {message}", err=True)


@cli.command(short_help="Print the vocabulary of a clean text as JSON.")
@click.argument("file", type=FILE)
@click.option("--min-count", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--unknown", is_flag=True, help="add a symbol for characters that are left out")
def vocab(file: Path, min_count: int, unknown: bool) -> None:
    """Print the vocabulary of FILE (a clean text in UTF-8) as JSON."""
    from charlab.vocab.vocabulary import Vocabulary

    text = _decode(file)
    vocabulary = Vocabulary.from_text(text, min_count=min_count, unknown=unknown)
    click.echo(json.dumps(vocabulary.as_dict(), ensure_ascii=False, indent=2))


@cli.command(short_help="Train one model on one text, without DVC.")
@click.option("--text", type=FILE, required=True, help="any text; Gutenberg's marks are removed")
@click.option("--out", type=FOLDER, required=True, help="folder for the model")
@click.option("--recipe", help="parameters that come with charlab: fast, minute, best")
@click.option("--params", "params_file", type=FILE, help="a parameter file [default: the schema's]")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="as in --set model.hidden=256"
)
@click.option("--seed", type=click.IntRange(min=0), help="[default: 1, or the parameter file's]")
def train(
    text: Path,
    out: Path,
    recipe: str | None,
    params_file: Path | None,
    overrides: tuple[str, ...],
    seed: int | None,
) -> None:
    """Train one model on one text without DVC: the same code and bytes as the stage."""
    from charlab.commands.train import train_alone

    started = time.perf_counter()
    metrics = train_alone(
        text, out, recipe=recipe, params_file=params_file, overrides=list(overrides), seed=seed
    )
    click.echo(json.dumps({**metrics, "seconds": round(time.perf_counter() - started, 3)}))


@cli.command()
@click.argument("model", type=FOLDER)
@click.option("--prompt", default="The ", show_default=True, help="what the text goes on from")
@click.option("--temperature", type=click.FloatRange(min=0), default=0.8, show_default=True)
@click.option("--length", type=click.IntRange(min=1), default=500, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--count", type=click.IntRange(min=1), default=1, help="how many samples")
@click.option("--top-k", type=click.IntRange(min=1), help="draw from the k likeliest only")
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="nucleus sampling")
def sample(
    model: Path,
    prompt: str,
    temperature: float,
    length: int,
    seed: int,
    count: int,
    top_k: int | None,
    top_p: float | None,
) -> None:
    """Write text with the trained model in folder MODEL."""
    from charlab.models.numpy_model import load_model
    from charlab.sample.generate import sample as draw
    from charlab.vocab.vocabulary import Vocabulary

    network = load_model(model)
    texts = draw(
        network,
        Vocabulary.load(model / "vocab.json"),
        prompt,
        temperature=temperature,
        length=length,
        seed=seed,
        count=count,
        top_k=top_k,
        top_p=top_p,
    )
    for number, text in enumerate(texts, start=1):
        if count > 1:
            click.echo(f"--- {number} of {count}")
        click.echo(prompt + text)


@cli.command(short_help="Measure the bits per character of any text.")
@click.argument("model", type=FOLDER)
@click.option("--text", type=FILE, required=True, help="any text in UTF-8")
@click.option("--dynamic", is_flag=True, help="keep learning while reading (Krause et al. 2018)")
@click.option("--learning-rate", type=float, help="of --dynamic [default: chosen beforehand]")
def evaluate(model: Path, text: Path, dynamic: bool, learning_rate: float | None) -> None:
    """Measure the bits per character of a text under the model in folder MODEL, as JSON."""
    from charlab.commands.evaluate import evaluate_alone

    result = evaluate_alone(model, _decode(text), dynamic=dynamic, learning_rate=learning_rate)
    click.echo(json.dumps(result))


@cli.command(short_help="List the studies, or switch to one.")
@click.argument("name", required=False)
def study(name: str | None) -> None:
    """Make NAME the study in params.yaml; without NAME, list the studies.

    Edits to the study that is left are kept, and come back with it.
    """
    from charlab.commands.study import Studies

    studies = Studies(_project())
    if name is None:
        current = studies.current()
        for known in studies.names():
            click.echo(f"{'*' if known == current else ' '} {known}")
    elif studies.switch(name):
        click.echo(f"params.yaml is now the study {name}; 'dvc repro' runs it")
    else:
        click.echo(f"params.yaml already is the study {name}")


@cli.command(short_help="Add a book or a file to params.yaml.")
@click.argument("identifier", metavar="ID|FILE")
@click.option("--slug", help="what params.yaml calls the text [default: from its title]")
@click.option("--update", is_flag=True, help="record anew what the body of a text there is")
def add_text(identifier: str, slug: str | None, update: bool) -> None:
    """Add a Gutenberg book (its number ID) or a text FILE to params.yaml.

    Title and language are read from the file; comments and order are kept.
    """
    from charlab.commands.add_text import add_text as add

    added = add(_project() / "params.yaml", identifier, slug=slug, update=update)
    click.echo(f"params.yaml: texts.{added} added; train on it with 'dvc exp run -S text={added}'")


@cli.group(short_help="Workspaces for a class, and their check.")
def course() -> None:
    """Make workspaces for a class, fill in the homework, check what was handed in."""


@course.command("new", short_help="Make a student's workspace.")
@click.argument("folder", type=FOLDER)
@click.option("--student-seed", type=click.IntRange(min=0), required=True, help="of their own")
def course_new(folder: Path, student_seed: int) -> None:
    """Make a student's workspace in FOLDER: this project, another seed, a page of tasks."""
    from charlab.course.workspace import new_workspace

    new_workspace(_project(), folder, student_seed)
    click.echo(f"{folder} made with seed {student_seed}; its TASKS.md says how to go on")


@course.command("homework", short_help="Write the homework, its answers blank.")
def course_homework() -> None:
    """Write homework/homework.md: figures and numbers of your own runs, answers left blank."""
    from charlab.course.workspace import fill_homework

    written = fill_homework(_project())
    click.echo(f"{written.relative_to(Path.cwd())} written; your answers go into it")


@course.command("check", short_help="Run a stage of a workspace again, and compare.")
@click.argument("folder", type=FOLDER)
@click.option("--stage", required=True, help="such as train, train-variant@gru, compare")
def course_check(folder: Path, stage: str) -> None:
    """Run a stage of the workspace in FOLDER again, in a copy, and compare what comes out.

    Exit status 0 if every file is the same to the byte, 1 if not.
    """
    from charlab.course.check import changed_code, check

    for name in changed_code(_project(), folder):
        click.echo(f"code changed: {name}")
    found = check(folder, stage)
    for entry in found:
        click.echo(f"{entry.verdict:10} {entry.path}")
        for note in entry.notes:
            click.echo(f"           {note}")
    same = sum(entry.verdict == "identical" for entry in found)
    click.echo(f"{stage}: {same} of {len(found)} files identical")
    sys.exit(0 if same == len(found) else 1)


@cli.command(short_help="Run 'dvc repro', independent stages side by side.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    help="how many stages at once [default: one per core]",
)
def fan_out(workers: int | None) -> None:
    """Bring the pipeline up to date like 'dvc repro', independent stages side by side."""
    from charlab.commands.fan_out import fan_out as run

    started = time.perf_counter()
    count = run(_project(), workers or _cores())
    if count:
        stages = "1 stage" if count == 1 else f"{count} stages"
        click.echo(f"{stages} brought up to date in {time.perf_counter() - started:.0f} s")
    else:
        click.echo("everything is up to date")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _project() -> Path:
    """Return the current folder, which must be a charlab project."""
    root = Path.cwd()
    if not (root / "dvc.yaml").is_file() or not (root / "params.yaml").is_file():
        raise CharlabError(f"{root} has no dvc.yaml and params.yaml; go to the project's folder")
    return root


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CharlabError(f"{path}: {error.strerror}; name a text file") from None


def _decode(path: Path) -> str:
    try:
        return _read(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise CharlabError(
            f"{path}: not UTF-8 at byte {error.start}; 'charlab clean' turns a raw text into UTF-8"
        ) from None


def main(**options: Any) -> None:
    """Run the command; a mistake that the user can mend is one message, exit status 1."""
    # NumPy's own threads only slow down the small products of one network.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        cli(**options)
    except CharlabError as error:
        click.echo(f"charlab: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader (head, less) has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
