"""A made-up pipeline whose stages hash their inputs, so that a run takes a millisecond.

Its YAML is JSON, which is read and written many times as fast.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charlab.verify.hashes import listing, md5_of
from charlab.verify.scratch import Scratch, StageError, remove
from charlab.verify.stages import Stage, declared_stages, recorded_stages
from charlab.verify.unaffected import Names
from charlab.verify.verifier import Verifier

PIPELINE: dict[str, Any] = {
    "stages": {
        "plan": {"cmd": "plan", "deps": ["params.yaml"], "outs": ["data/plan"]},
        "fetch": {
            "foreach": "${texts}",
            "do": {
                "cmd": "fetch",
                "deps": ["stages/a.py", "data/plan/${key}.json"],
                "outs": ["data/raw/${key}.txt"],
            },
        },
        "clean": {
            "foreach": "${texts}",
            "do": {
                "cmd": "clean",
                "deps": ["src/charlab/clean", "data/raw/${key}.txt"],
                "outs": ["data/clean/${key}.txt", "data/clean/${key}.json"],
            },
        },
        "train-variant": {
            "foreach": "${study.variants}",
            "do": {
                "cmd": "train",
                "deps": ["stages/a.py", "data/clean/${item.text}.txt"],
                "params": ["study.defaults", "study.variants.${key}"],
                "outs": ["data/variants/${key}"],
            },
        },
        "evaluate": {"cmd": "evaluate", "deps": ["data/variants"], "outs": ["data/evaluation"]},
        "compare": {
            "cmd": "compare",
            "deps": ["data/variants", "data/evaluation", "data/clean", "params.yaml"],
            "outs": [{"metrics": {"cache": False}}, {"plots": {"cache": False}}],
        },
        "report": {
            "cmd": "report",
            "deps": ["metrics", "plots"],
            "outs": [{"report": {"cache": False}}],
        },
    }
}

PARAMS: dict[str, Any] = {
    "texts": {"one": {"gutenberg": 1}, "two": {"gutenberg": 2}},
    "study": {
        "defaults": {"model": {"hidden": 8}, "train": {"epochs": 1}},
        "variants": {
            **{f"lstm-{n}": {"text": "one", "model": {"hidden": n}} for n in (1, 2, 3, 4)},
            "torch": {"text": "two", "model": {"backend": "torch"}},
        },
    },
}


def put(path: Path, text: str) -> None:
    """Write a file; waiting for the disk, as the project's own function does, takes too long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def value(folder: Path, variant: str) -> float:
    """Return a number between 0 and 1 that depends on a training and on its evaluation."""
    paths = (folder / "data/variants" / variant, folder / "data/evaluation" / f"{variant}.json")
    digest = hashlib.sha256("".join(str(md5_of(path)) for path in paths).encode())
    return int(digest.hexdigest()[:6], 16) / 16**6


def losses(folder: Path) -> Iterator[str]:
    """Yield a row of metrics/seeds.csv per variant."""
    for variant in PARAMS["study"]["variants"]:
        path = folder / "data/variants" / variant / "1" / "metrics.json"
        yield f"{variant},1,{json.loads(path.read_text())['val_bpc']}\n"


def made(folder: Path, stage: Stage, mark: str = "", only: str = "") -> None:
    """Write the outputs of a stage: hashes of what it reads, with a mark on all or one of them.

    A training writes a loss that depends on them, so that it differs a little with a mark.
    """
    digest = hashlib.sha256((stage.cmd + json.dumps(stage.params, sort_keys=True)).encode())
    for dep in stage.deps:
        digest.update(str(md5_of(folder / dep)).encode())
    number = int(digest.hexdigest()[:6], 16) / 16**6
    for out in stage.outs:
        twist = mark if only in ("", out) else ""
        text = f"{out} {digest.hexdigest()} {twist}"
        if stage.cmd == "train":
            loss = 2 + number + len(twist) / 1000
            put(folder / out / "1" / "metrics.json", json.dumps({"val_bpc": loss}))
            put(folder / out / "1" / "model.safetensors", text)
        elif stage.cmd == "plan":
            for slug in PARAMS["texts"]:
                put(folder / out / f"{slug}.json", text)
        elif stage.cmd == "evaluate":
            for slug in PARAMS["study"]["variants"]:
                content = f"{md5_of(folder / 'data/variants' / slug)}"
                put(folder / out / f"{slug}.json", content + (twist if slug == "lstm-1" else ""))
        elif stage.cmd == "compare":
            rows = [f"{v},{value(folder, v)}{twist}\n" for v in PARAMS["study"]["variants"]]
            put(folder / out / "table.csv", "variant,value\n" + "".join(rows))
            put(folder / out / "seeds.csv", "variant,seed,val_bpc\n" + "".join(losses(folder)))
        elif out.endswith((".txt", ".json")):
            # The header of a file is no part of its body.
            body = stage.cmd == "clean" and out.endswith(".txt")
            source = (folder / stage.deps[-1]).read_text() if stage.cmd == "clean" else ""
            # A forger of a book changes its body, Gutenberg its header.
            kept = "forged" if "forged" in source else "body"
            put(folder / out, kept + twist if body else text)
        else:
            put(folder / out / "table.csv", f"variant,value\nlstm-1,{number}{twist}\n")


@dataclass
class Made:
    """A recorded run of the made-up pipeline, possibly forged.

    Attributes
    ----------
    root : Path
        The project as it was published, with a cache beside it.
    """

    root: Path

    @property
    def cache(self) -> Path:
        """Folder of the objects by hash."""
        return self.root.parent / "cache"

    def record(self, forged: Mapping[str, str] | None = None) -> None:
        """Run all stages and write dvc.lock; of a forged stage, one output does not follow."""
        (self.root / "params.yaml").write_text(json.dumps(PARAMS))
        (self.root / "dvc.yaml").write_text(json.dumps(PIPELINE))
        put(self.root / "stages/a.py", "pass\n")
        put(self.root / "src/charlab/clean/b.py", "pass\n")
        lock: dict[str, Any] = {}
        for name, stage in declared_stages(self.root).items():
            out = (forged or {}).get(name)
            made(self.root, stage, "forged" if out else "", out or "")
            for out in stage.outs:
                self._store(self.root / out)
            lock[name] = {
                "cmd": stage.cmd,
                "deps": [{"path": p, "md5": md5_of(self.root / p)} for p in stage.deps],
                "params": {"params.yaml": dict(stage.params)},
                "outs": [{"path": p, "md5": md5_of(self.root / p)} for p in stage.outs],
            }
        self.write_lock({"schema": "2.0", "stages": lock})

    def lock(self) -> dict[str, Any]:
        """Return the content of dvc.lock."""
        return dict(json.loads((self.root / "dvc.lock").read_text()))

    def write_lock(self, content: dict[str, Any]) -> None:
        """Write dvc.lock."""
        (self.root / "dvc.lock").write_text(json.dumps(content))

    def _store(self, path: Path) -> None:
        """Put an output into the cache."""
        files = [f for f in path.rglob("*") if f.is_file()] if path.is_dir() else [path]
        for file in files:
            self._object(str(md5_of(file)), file.read_bytes())
        if path.is_dir():
            content = json.dumps(listing(path), sort_keys=True).encode()
            self._object(str(md5_of(path)), content)

    def _object(self, md5: str, content: bytes) -> None:
        target = self.cache / md5[:2] / md5[2:]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def verifier(self, folder: Path, twists: dict[str, str] | None = None) -> Verifier:
        """Return a verifier with empty folders of its own; git has no data/.

        Parameters
        ----------
        folder : Path
            For its two copies.
        twists : dict
            By stage: a mark that the new run leaves, where it does not reproduce the recorded one;
            ``fails`` makes it fail.
        """
        remove(folder)
        for name in ("committed", "work"):
            shutil.copytree(self.root, folder / name, ignore=shutil.ignore_patterns("data"))
        scratch = Scratch(folder / "committed", folder / "work", folder / "nothing", self.cache)

        def run(where: Path, stage: Stage) -> None:
            twist = (twists or {}).get(stage.name, "")
            if twist == "fails":
                raise StageError("no network")
            made(where, stage, twist)

        stages = declared_stages(scratch.committed)
        records = recorded_stages(scratch.committed, stages)
        # This params.yaml has too little for the project's own function.
        return Verifier(scratch, stages, records, run, names=lambda _, v: Names(frozenset(v)))
