"""params.yaml is complete and commented; the reference lists every key."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from charlab.core.schema import ParamsError
from charlab.plan.document import complete, reference, scalar, study_files
from charlab.plan.params import Params, parse_params
from import_graph import ROOT
from published import published, published_studies

SHORT = "texts: {i: {builtin: invented}}\ntext: i\n"


@pytest.mark.parametrize("path", published_studies())
def test_the_complete_file_means_the_same(path: str) -> None:
    """It only spells out the defaults."""
    source = published(path)
    assert parse_params(yaml.safe_load(complete(source))) == parse_params(yaml.safe_load(source))


@pytest.mark.parametrize("path", published_studies())
def test_a_complete_file_is_its_own_completion(path: str) -> None:
    """A user may start a study from a copy of params.yaml."""
    once = yaml.safe_load(complete(published(path)))
    again = yaml.safe_load(complete(yaml.safe_dump(once, sort_keys=False)))
    assert once == again


def test_every_setting_is_there_with_a_comment() -> None:
    """``dvc exp run -S`` finds each key, and a person reads what it means."""
    text = complete(SHORT)
    document = yaml.safe_load(text)
    lines = {line.split(":")[0].strip(): line for line in text.splitlines() if ":" in line}
    for section in ("corpus", "baselines", "model", "train", "sample"):
        schema = Params.model_fields[section].annotation
        assert schema is not None
        fields = schema.model_fields
        assert set(document[section]) == set(fields)
        for name, field in fields.items():
            assert field.description
            assert f"# {field.description}" in lines[name]


def test_a_sweep_is_not_a_study(tmp_path: Path) -> None:
    """Its specification lies beside the studies, and has another schema."""
    (tmp_path / "studies").mkdir()
    for name in ("demo.yaml", "tuning.yaml", "tuning.csv"):
        (tmp_path / "studies" / name).touch()
    assert study_files(tmp_path) == {"demo": tmp_path / "studies" / "demo.yaml"}


def test_an_invalid_study_is_refused_by_name() -> None:
    """The message names the file and the key."""
    with pytest.raises(ParamsError, match=r"studies/x\.yaml: 1 problem\n  model\.hiden: unknown"):
        complete(SHORT + "model: {hiden: 3}\n", "studies/x.yaml")


@given(st.text(max_size=20) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_a_scalar_is_read_back_as_it_was(value: object) -> None:
    """Also names that YAML would take for something else: "no", "1", "The "."""
    assert yaml.safe_load(f"key: {scalar(value)}")["key"] == value


def test_the_committed_params_are_those_of_the_course_study() -> None:
    """Both are read from git: a user's own params.yaml is no fault of the project."""
    assert published("params.yaml") == complete(published("studies/course.yaml"))


def test_the_committed_reference_is_that_of_the_schema() -> None:
    """docs/parameters.md is printed by ``charlab params``."""
    assert (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8") == reference()


def test_the_reference_names_every_key() -> None:
    """Sections, and entries under slugs of the user's own."""
    text = reference()
    for name in ("hidden", "seq_len", "temperatures", "gutenberg", "section", "ngram_orders"):
        assert f"| `{name}` |" in text
