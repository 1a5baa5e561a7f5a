"""Left-overs of an earlier params.yaml are removed, and nothing else."""

from pathlib import Path

from charlab.commands.leftovers import remove_leftovers
from charlab.plan.params import parse_params


def test_results_that_params_name_are_kept(tmp_path: Path) -> None:
    """Outputs of named texts and variants stay, and so do the user's own files."""
    kept = ("raw/a.txt", "own/old.txt", "raw/.gitignore", "samples/variants/lstm.json")
    gone = ("raw/old.txt", "clean/old.json", "samples/variants/old.json", "variants/old/1/x.csv")
    for name in (*kept, *gone):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    document = {
        "texts": {"a": {"gutenberg": 1}},
        "text": "a",
        "study": {"variants": {"lstm": {"text": "a"}}},
    }
    removed = remove_leftovers(parse_params(document), tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in removed}
    assert names == {*gone[:3], "variants/old"}
    assert all((tmp_path / name).exists() for name in kept)
    assert not any((tmp_path / name).exists() for name in gone)
