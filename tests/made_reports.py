"""Reports of made-up results, collected and rendered once for all tests that read them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from charlab.compare.compare import compare
from charlab.plan.params import Params
from charlab.plots import registry
from charlab.report import render as render_module
from charlab.report.study import StudyResults, load
from made_results import Loss, wobbling, write_results

BLANK_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="350pt" height="200pt">'
    b'<defs><path id="s1" d="M0 0"/></defs><use href="#s1"/></svg>\n'
)
"""A picture of nothing, with a letter shape such as all pictures share."""


@contextmanager
def blank_pictures() -> Iterator[None]:
    """Draw nothing where there is data, which saves time; tests/plots is about drawing."""

    def draw(name: str, data: Mapping[str, Any], width: float = 7.0) -> bytes | None:
        needed = [data.get(key) for key in registry.figures()[name].needs]
        return BLANK_SVG if all(v is not None and len(v) for v in needed) else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "draw", draw)
        yield


@contextmanager
def unflushed() -> Iterator[None]:
    """Write without waiting for the disk: flushing many small files takes longer than the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


def collect(params: Params, root: Path, loss: Loss = wobbling, *, evaluated: bool = True) -> Path:
    """Write made-up results to ``root``/data, and their tables beside it; return ``root``."""
    with unflushed():
        write_results(params, root / "data", loss, evaluated=evaluated)
        compare(params, root / "data", root / "metrics", root / "plots")
    return root


def render(params: Params, root: Path) -> None:
    """Write the report on the results below ``root``."""
    folders = (root / name for name in ("metrics", "plots", "data", "report"))
    with unflushed():
        render_module.render(params, *folders)


class MadeReports:
    """Made-up studies below one folder, each written, collected and rendered at most once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.collected: dict[tuple[str, Loss, bool], Path] = {}
        self.rendered: set[Path] = set()

    def collect(self, params: Params, loss: Loss = wobbling, *, evaluated: bool = True) -> Path:
        """Return a folder with the results and tables of a study."""
        key = (params.model_dump_json(), loss, evaluated)
        if key not in self.collected:
            root = self.folder / str(len(self.collected))
            self.collected[key] = collect(params, root, loss, evaluated=evaluated)
        return self.collected[key]

    def results(self, params: Params, loss: Loss = wobbling) -> StudyResults:
        """Return the results of a study as the report reads them."""
        root = self.collect(params, loss)
        return load(params, root / "metrics", root / "plots", root / "data")

    def render(self, params: Params, loss: Loss = wobbling, *, evaluated: bool = True) -> Path:
        """Return a folder with the report of a study, without pictures and without the brief."""
        root = self.collect(params, loss, evaluated=evaluated)
        if root not in self.rendered:
            with blank_pictures(), pytest.MonkeyPatch.context() as patch:
                patch.setattr(render_module, "brief", lambda evidence, blocks, blank: b"%PDF-")
                render(params, root)
            self.rendered.add(root)
        return root
