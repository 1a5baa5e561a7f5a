"""The page's arithmetic, in a real browser, is the library's."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import Tab, running
from charlab.models.inference import InferenceModel
from charlab.models.params import ModelParams
from charlab.report.page.build import ENGINE, policy, script
from charlab.report.page.networks import describe
from charlab.report.page.ngram import count, loss, packed
from charlab.report.page.weights import pack
from random_network import random_weights

VOCAB, CHARS = 21, 40


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """Return a page with the engine and nothing else, under the policy of the report."""
    names = "Network, Ngram, Reader, Learner, Chunks, Arena, dependence, choose, uniforms, softmax"
    code = f"{script(ENGINE)}\nObject.assign(window, {{ {names} }});"
    path = tmp_path_factory.mktemp("engine") / "engine.html"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(code)}">'
    path.write_text(f'<!doctype html>{meta}<script type="module">{code}</script>', encoding="utf-8")
    with running() as browser:
        tab = browser.tab()
        tab.open(path)
        tab.until("window.Network")
        yield tab
        assert tab.complaints == []


def entry_of(model: ModelParams, weights: dict[str, Any]) -> dict[str, Any]:
    """Return a network for the page with its weights in float32."""
    return {**describe(model, weights), **pack(weights, exact=True)}


MODELS = [
    *itertools.starmap(
        lambda cell, activation: {"cell": cell, "activation": activation},
        itertools.product(("rnn", "gru", "lstm"), ("tanh", "relu", "sigmoid")),
    ),
    *({"cell": cell, "layers": 2} for cell in ("rnn", "gru", "lstm")),
    *({"cell": cell, "input": "bigram"} for cell in ("rnn", "gru", "lstm")),
    {"cell": "lstm", "input": "trigram", "direct_order": 3, "layers": 2},
    {"cell": "lstm", "initial_state": "learned", "layers": 2, "hidden": 24},
    {"cell": "gru", "initial_state": "learned", "direct_order": 1},
]


@pytest.mark.parametrize("options", MODELS, ids=lambda o: "-".join(map(str, o.values())))
def test_logits_are_those_of_the_library(tab: Tab, options: dict[str, Any]) -> None:
    """To 1e-3, after each of forty letters, with float weights; with and without WebAssembly."""
    model = ModelParams.model_validate({"hidden": 19, **options})
    weights = random_weights(model, VOCAB)
    for name in weights:
        if "weight" in name:
            weights[name] = weights[name] / 2  # so that a ReLU does not grow without bound
    ids = np.random.default_rng(3).integers(0, VOCAB, CHARS)
    network = InferenceModel(model, weights)
    want, _ = network.sequence(ids[:, None], network.initial_state(1))
    entry, given = json.dumps(entry_of(model, weights)), json.dumps(ids.tolist())
    for compiled in ("true", "false"):
        got = tab.evaluate(
            f"(() => {{ const network = new Network({entry}), state = network.initialState();"
            f"if (!network.arena.gemm) throw 'no WebAssembly';"
            f"if (!{compiled}) network.arena.gemm = null;"
            f"return {given}.map((id) => Array.from(network.step(id, state))); }})()"
        )
        scale = max(1.0, float(np.abs(want).max()) / 10)  # logits of a ReLU may be hundreds
        assert np.abs(np.array(got) - want[:, 0]).max() < 1e-3 * scale


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_dependence_is_the_gradient(tab: Tab, cell: str, layers: int) -> None:
    """Each letter occurs once, so its input's gradient is that of its row of the table."""
    model = ModelParams.model_validate({"hidden": 5, "cell": cell, "layers": layers})
    weights = random_weights(model, 9)
    ids, target = [3, 1, 4, 0], 6
    got = tab.evaluate(
        f"Array.from(dependence(new Network({json.dumps(entry_of(model, weights))}), "
        f"{ids}, {target}))"
    )
    name, step = "rnn.weight_ih_l0", 1e-5
    exact = {key: value.astype(np.float64) for key, value in weights.items()}

    def loss() -> float:
        """Return the loss of the target after all letters."""
        network = InferenceModel(model, exact, np.float64)
        logits, _ = network.sequence(np.array(ids)[:, None], network.initial_state(1))
        last = logits[-1, 0]
        return float(np.log(np.exp(last).sum()) - last[target])

    for place, letter in enumerate(ids):
        gradient = []
        for row in range(exact[name].shape[0]):
            old = exact[name][row, letter]
            exact[name][row, letter] = old + step
            above = loss()
            exact[name][row, letter] = old - step
            gradient.append((above - loss()) / (2 * step))
            exact[name][row, letter] = old
        assert got[place] == pytest.approx(np.linalg.norm(gradient), rel=1e-3, abs=1e-6)


CHECK = """(() => {
  const L = new Learner({ cell: CELL, hidden: 16, size: 11, batch: 3, steps: 5, seed: 3 });
  const random = uniforms(9), ids = () => Int32Array.from({ length: 15 }, () => 11 * random());
  const inputs = ids(), targets = ids();
  const vary = (values, by) => {
    for (let k = 0; k < values.length; k++) values[k] += by * (random() - 0.5);
  };
  Object.values(L.weights).forEach((values) => vary(values, 0.2));
  vary(L.h, 1);
  vary(L.c, 1);
  const h = L.h.slice(), c = L.c.slice();
  const loss = () => { L.h.set(h); L.c.set(c); return L.forward(inputs, targets); };
  loss();
  L.backward(inputs, targets);
  let worst = 0, largest = 0;
  for (const [name, values] of Object.entries(L.weights)) {
    const gradient = L.gradients[name].slice();
    for (let k = 0; k < values.length; k += 5) {
      // Columns that only fill up the width have no influence.
      if (name.startsWith("head") && k % 16 >= 11) continue;
      if (name === "candidate" && k < 32) continue;
      const old = values[k], step = 0.01;
      values[k] = old + step;
      const above = loss();
      values[k] = old - step;
      const difference = (above - loss()) / (2 * step);
      values[k] = old;
      worst = Math.max(worst, Math.abs(difference - gradient[k]));
      largest = Math.max(largest, Math.abs(gradient[k]));
    }
  }
  return [worst, largest];
})()"""


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_gradients_of_training_are_those_of_differences(tab: Tab, cell: str) -> None:
    """For every tensor of a network that learns in the page."""
    worst, largest = tab.evaluate(CHECK.replace("CELL", json.dumps(cell)))
    assert largest > 0.01
    assert worst < 2e-5


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_network_learns_in_the_page(tab: Tab, cell: str) -> None:
    """A text that repeats eleven letters is known by heart after a hundred updates."""
    loss = tab.evaluate(
        "(() => { const ids = Int32Array.from({ length: 2000 }, (_, k) => (k * k) % 11);"
        f"const L = new Learner({{ cell: '{cell}', hidden: 16, size: 11, batch: 4, steps: 16 }}),"
        "chunks = new Chunks(ids, 4, 16); let loss = 0;"
        "for (let k = 0; k < 150; k++) { if (chunks.next()) L.reset();"
        "loss = L.forward(chunks.inputs, chunks.targets);"
        "L.backward(chunks.inputs, chunks.targets);"
        "L.clip(1); L.update(0.03); } return loss; })()"
    )
    assert loss < 0.3


def test_the_first_letter_above_the_uniform_number_is_chosen(tab: Tab) -> None:
    """As in the library: cumulative probabilities, temperature 0 for the likeliest, top-k."""
    logits = "Float64Array.from([0.1, 0.4, 0.2, 0.3].map(Math.log))"
    call = f"choose({logits}, {{ temperature: %s, topK: %s }}, %s, new Float64Array(4))"
    cases = [(1, 0, 0.05, 0), (1, 0, 0.11, 1), (1, 0, 0.69, 2), (1, 0, 0.999, 3)]
    cases += [(0, 0, 0.99, 1), (1, 1, 0.99, 1), (1, 2, 0.5, 1), (1, 2, 0.6, 3), (2, 0, 0.16, 0)]
    for temperature, top_k, u, chosen in cases:
        assert tab.evaluate(call % (temperature, top_k, u)) == chosen, (temperature, top_k, u)


def test_equal_seeds_give_equal_numbers(tab: Tab, tmp_path: Path) -> None:
    """Networks side by side use the same; another seed gives others; all are in [0, 1)."""
    one, same, other = (
        tab.evaluate(f"((u) => Array.from({{ length: 200 }}, () => u()))(uniforms({seed}))")
        for seed in (1, 1, 2)
    )
    assert one == same != other
    assert 0 <= min(one) < 0.05 < 0.95 < max(one) < 1


def test_ngrams_are_those_of_python(tab: Tab) -> None:
    """The same loss of a text, and probabilities that add up to 1, for contexts known or not."""
    random = np.random.default_rng(5)
    train = np.cumsum(random.integers(0, 3, 4000)) % 9  # each letter is near the one before
    text = np.concatenate([train[-300:], random.integers(0, 10, 60)])
    levels = count(train, 10)
    assert len(levels) == 6
    entry = {"vocab_size": 10, "order": 6, "data": packed(levels, 10)}
    total, worst = tab.evaluate(
        f"(() => {{ const ngram = new Ngram({json.dumps(entry)}), p = new Float64Array(10);"
        "const state = ngram.initialState(); let total = 0, worst = 0, logits = null;"
        f"for (const id of {text.tolist()}) {{"
        "if (logits) { softmax(logits, p); total -= Math.log2(p[id]); }"
        "logits = ngram.step(id, state);"
        "const sum = logits.reduce((a, b) => a + Math.exp(b), 0);"
        "worst = Math.max(worst, Math.abs(sum - 1)); }"
        "return [total, worst]; })()"
    )
    assert worst < 1e-9
    first = loss(levels, text[:1], 10)
    assert total + first == pytest.approx(loss(levels, text, 10) * len(text), abs=1e-6)


def test_frequent_ngrams_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with the highest counts, as many as fit, each with its own first characters."""
    monkeypatch.setattr("charlab.report.page.ngram.LIMIT", 12)
    ids = np.array([0, 1, 2, 0, 1, 3] * 30 + [4, 5, 6, 7, 8])
    levels = count(ids, 9)
    assert len(levels[0].keys) == 9
    assert 0 < sum(len(level.keys) for level in levels[1:]) <= 12
    assert levels[1].keys.tolist()[0] == 0 * 9 + 1
    for below, level in itertools.pairwise(levels):
        assert (below.keys[level.parents] == level.keys // 9).all()
