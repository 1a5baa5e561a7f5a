"""Sample text from every variant, all from the same prompt and the same random stream."""

from pathlib import Path

import click
from _stage import FOLDER, run
from charlab.sampling import sample_ladder

from charlab.files import write_json
from charlab.params import load_params


@click.command(help=__doc__)
@click.option("--variants", type=FOLDER, required=True, help="folder of the trained variants")
@click.option("--out", type=FOLDER, required=True, help="folder for one file per variant")
def main(variants: Path, out: Path) -> None:
    """Sample from each variant's first seed."""
    params = load_params()
    out.mkdir(parents=True, exist_ok=True)
    for slug in params.study.variants:
        model = variants / slug / str(params.study.seeds[0])
        write_json(out / f"{slug}.json", sample_ladder(model, params.sample, params.seed))


run(main)
