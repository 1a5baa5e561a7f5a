"""Tests of the list of the demo's outputs; the whole demo is compared with it in .ci/run."""

from pathlib import Path

import demo_outputs
import pytest
import yaml

from published import published

RECORDED = Path(demo_outputs.__file__).with_name("demo_outputs.txt")
DEMO = yaml.safe_load(published("studies/demo.yaml"))


def test_no_exact_variant_is_forgotten() -> None:
    """A variant that is added to the demo needs its line, unless only a tolerance is promised."""
    folder = "data/variants/"
    recorded = {
        path.removeprefix(folder)
        for line in RECORDED.read_text(encoding="utf-8").splitlines()
        if (path := line.split(" ", 1)[1]).startswith(folder)
    }
    variants = DEMO["study"]["variants"]
    exact = {name for name in variants if demo_outputs.exact(demo_outputs.VARIANT + name, DEMO)}
    assert recorded == exact
    assert variants.keys() - exact == {"rnn-numpy", "rnn-torch"}


@pytest.mark.parametrize("stage", ["sample-variants", "evaluate-variants", "compare", "report"])
def test_what_variants_by_torch_reach_is_left_out(stage: str) -> None:
    """It differs between processors, within a tolerance."""
    assert not demo_outputs.exact(stage, DEMO)
