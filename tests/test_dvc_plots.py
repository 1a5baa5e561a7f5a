"""The page of dvc plots show and dvc plots diff: Vega is in it, and every plot is labeled."""

from __future__ import annotations

import configparser
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from import_graph import ROOT

DVC = ROOT / ".dvc"
VEGA = {
    "vega 5.33.1": "135831f62920743d4467bec0df2d78eedd16fa3444077419f1dfc9aa0d55e6da",
    "vega-lite 5.23.0": "9525bc3368d62c580e8fcbf5db63c4a95c04052fe32ced063817c677cc98801c",
    "vega-embed 6.29.0": "16512fd17119051ee3f859467e174fe1503ff86c0a4743aaf8b7c10da3dd83e0",
}
"""SHA-256 of build/NAME.min.js in each package of npm, without the last line, a comment."""

PLOTS: dict[str, dict[str, Any]] = {
    name: plot
    for entry in yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    for name, plot in entry.items()
}


@pytest.fixture(scope="module")
def page() -> str:
    """Return the template that DVC's configuration names, relative to .dvc as DVC takes it."""
    config = configparser.ConfigParser()
    config.read(DVC / "config", encoding="utf-8")
    return (DVC / config["plots"]["html_template"]).read_text(encoding="utf-8")


def test_vega_in_the_page_is_as_published(page: str) -> None:
    """Each script is the file of its package, and the license is there."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    sums = [hashlib.sha256(script.encode()).hexdigest() for script in scripts]
    assert sums[:-1] == list(VEGA.values())
    assert "Redistributions in binary form must reproduce the above copyright notice" in page


def test_the_page_requests_nothing(page: str) -> None:
    """It has DVC's place for the plots, none for DVC's own scripts, and a strict policy."""
    assert page.count("{plot_divs}") == 1
    assert "{scripts}" not in page
    assert not re.search(r"<script[^>]*src=|<link|<iframe|@import", page)
    assert "content=\"default-src 'none'; " in page
    assert not re.search(r"(connect|default|script)-src[^;\"]*https?:", page)


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_has_a_title_and_both_axes_are_labeled(name: str) -> None:
    """And its template is there: a file of the project, or DVC's own for lines."""
    plot = PLOTS[name]
    assert {"title", "x_label", "y_label", "template"} <= plot.keys()
    own = DVC / "plots" / f"{plot['template']}.json"
    assert own.is_file() or plot["template"] == "simple"


@pytest.mark.parametrize("path", sorted((DVC / "plots").glob("*.json")), ids=lambda path: path.stem)
def test_a_template_is_in_use_and_has_the_version_of_vega_lite(path: Path) -> None:
    """Colors tell revisions apart, so that dvc plots diff can overlay them."""
    assert path.stem in {plot["template"] for plot in PLOTS.values()}
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["$schema"] == "https://vega.github.io/schema/vega-lite/v5.json"
    assert '"color": "<DVC_METRIC_COLOR>"' in text
