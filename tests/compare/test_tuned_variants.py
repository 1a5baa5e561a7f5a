"""The table of a sweep in metrics/, and the variants that use what it chose."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
import yaml

from charlab.compare.compare import compare
from charlab.compare.results import ResultsError
from charlab.compare.tuning import differences, read_tuning
from charlab.plan.params import Params, parse_params
from charlab.plan.tuning import parse_tuning
from made_results import TWO_TEXTS, write_results
from published import published, published_params, published_studies

TABLE = """\
family,label,text,learning_rate,init,seed,chars,val_bpc,diverged_at_step,chosen,variants
lstm,LSTM,invented,0.01,uniform,1,1000,2.5,,False,lstm lstm-small
lstm,LSTM,invented,0.02,uniform,1,1000,2.25,,True,lstm lstm-small
lstm,LSTM,invented,0.04,uniform,1,80,,8,False,lstm lstm-small
rnn,RNN,invented,0.005,uniform,1,1000,2.75,,True,rnn absent
null,Not here,invented,0.005,uniform,1,1000,2.5,,True,absent-too
gru,GRU,invented,0.5,uniform,1,80,,3,False,gru
"""


def params_with(tuning: str | None, **rates: float) -> Params:
    """Return the made-up study with these learning rates."""
    document = yaml.safe_load(yaml.safe_dump(TWO_TEXTS))
    document["study"]["tuning"] = tuning
    for slug, rate in rates.items():
        variant = document["study"]["variants"][slug.replace("_", "-")]
        variant["train"] = {"learning_rate": rate}
    return parse_params(document)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project's folder with the table of a sweep."""
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "tuning.csv").write_text(TABLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compared(params: Params, folder: Path) -> Path:
    """Return the folder metrics/ of made-up results."""
    write_results(params, folder / "data")
    compare(params, folder / "data", folder / "metrics", folder / "plots")
    return folder / "metrics"


def test_families_of_the_study_are_published(folder: Path) -> None:
    """A variant that differs from its family's choice was not tuned by it."""
    params = params_with("studies/tuning.csv", lstm=0.02, lstm_small=0.03, rnn=0.006)
    metrics = compared(params, folder)
    lines = (metrics / "tuning.csv").read_text(encoding="utf-8").splitlines()
    expected = [line.rsplit(",", 1)[0] for line in TABLE.splitlines()[:4]]
    assert lines == expected
    variants = pd.read_csv(metrics / "variants.csv", keep_default_na=False).set_index("variant")
    assert variants["tuned_by"].to_dict() == {
        slug: "lstm" if slug == "lstm" else "" for slug in params.study.variants
    }
    assert float(variants["learning_rate"]["lstm"]) == 0.02


def test_a_study_without_a_sweep_has_no_table(folder: Path) -> None:
    """The file is there, but the study does not name it."""
    metrics = compared(params_with(None, lstm=0.02), folder)
    assert not (metrics / "tuning.csv").exists()
    assert set(pd.read_csv(metrics / "variants.csv")["tuned_by"].isna()) == {True}


def test_differences_name_both_settings(folder: Path) -> None:
    """Also those of a family that chose nothing."""
    params = params_with("studies/tuning.csv", lstm=0.02, lstm_small=0.03, rnn=0.005)
    assert differences(params.study, read_tuning(folder / "studies/tuning.csv")) == {
        "lstm-small": "expected learning_rate 0.02 and init uniform, which the family lstm chose, "
        "found 0.03 and uniform",
        "gru": "the family gru has no chosen settings: every candidate diverged",
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"no such file, but params\.yaml names it.*charlab sweep"),
        ("", "not the table of a sweep"),
        ("a,b\n1,2\n", "not the table of a sweep"),
        (TABLE.replace("True", "perhaps"), "not the table of a sweep"),
        (TABLE.replace("0.02", "fast"), "not the table of a sweep"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(
    tmp_path: Path, content: str | None, message: str
) -> None:
    """The message says which command writes it."""
    path = tmp_path / "tuning.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ResultsError, match=message):
        read_tuning(path)


TUNED = [path for path in published_studies() if published_params(path).study.tuning is not None]


@pytest.mark.parametrize("path", TUNED)
def test_published_studies_use_what_the_sweep_chose(path: str) -> None:
    """Neither the specification nor the study has drifted from the committed table."""
    params = published_params(path)
    spec = parse_tuning(yaml.safe_load(published("studies/tuning.yaml")), params, path)
    table = read_tuning(io.StringIO(published("studies/tuning.csv")))
    assert differences(params.study, table) == {}
    named = {slug for family in spec.families.values() for slug in family.applies_to}
    assert named <= set(params.study.variants)
    listed = {slug: " ".join(family.applies_to) for slug, family in spec.families.items()}
    assert dict(zip(table["family"], table["variants"], strict=True)) == listed
    grids = {slug: sorted(family.rates) for slug, family in spec.families.items()}
    found = {str(slug): sorted(set(own)) for slug, own in table.groupby("family")["learning_rate"]}
    assert found == grids
