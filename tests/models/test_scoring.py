"""Every character has the loss of one long pass, however the text is cut into rows."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

from charlab.exact.arrays import cross_entropy
from charlab.models import scoring
from charlab.models.scoring import State, nats_per_char

VOCAB_SIZE = 7


class Sequential:
    """A model that scores by its logits."""

    def sequence(self, inputs: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Return logits and state."""
        raise NotImplementedError

    def nats(
        self, inputs: np.ndarray, targets: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        """Return losses and state."""
        logits, state = self.sequence(inputs, state)
        return cross_entropy(logits, targets), state


class Elman(Sequential):
    """A small tanh network that counts how many characters it reads."""

    def __init__(self, scale: float = 0.7, seed: int = 0) -> None:
        """Choose random weights; with a large scale the state is chaotic and never forgets."""
        rng = np.random.default_rng(seed)
        self.w_in, self.w_out = rng.normal(size=(2, VOCAB_SIZE, 12))
        self.w = rng.normal(size=(12, 12)) * scale / np.sqrt(12)
        self.read = 0

    def initial_state(self, batch_size: int) -> list[tuple[np.ndarray, ...]]:
        """Return a state that is not zero, like a learned one."""
        return [(np.full((batch_size, 12), 0.3),)]

    def sequence(self, inputs: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Read inputs of shape (seq_len, batch_size)."""
        self.read += inputs.size
        ((h,),) = state
        rows = []
        for row in inputs:
            h = np.tanh(self.w_in[row] + h @ self.w)
            rows.append(h @ self.w_out.T)
        return np.stack(rows), [(h,)]


class Latch(Sequential):
    """A model that remembers the first character forever."""

    def initial_state(self, batch_size: int) -> list[tuple[np.ndarray, ...]]:
        """Remember nothing yet."""
        return [(np.full((batch_size, 1), -1.0),)]

    def sequence(self, inputs: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Predict the first character ever read, at every step."""
        first = np.where(state[0][0][:, 0] < 0, inputs[0], state[0][0][:, 0])
        logits = 3.0 * (np.arange(VOCAB_SIZE) == first[:, None])
        return np.tile(logits, (len(inputs), 1, 1)), [(first[:, None],)]


def text(chars: int, seed: int = 1) -> np.ndarray:
    """Return a random text."""
    return np.random.default_rng(seed).integers(0, VOCAB_SIZE, chars).astype(np.uint8)


def one_by_one(model: Elman | Latch, ids: np.ndarray) -> np.ndarray:
    """Score a segment character by character."""
    state, nats = model.initial_state(1), []
    for now, after in itertools.pairwise(ids):
        logits, state = model.sequence(np.array([[now]]), state)
        p = np.exp(logits[0, 0]) / np.exp(logits[0, 0]).sum()
        nats.append(-np.log(p[after]))
    return np.array(nats)


@pytest.mark.parametrize("rows", [1, 2, 3, 10, None])
@pytest.mark.parametrize("segments", [1, 4])
def test_equals_one_long_pass(
    monkeypatch: pytest.MonkeyPatch, rows: int | None, segments: int
) -> None:
    """Any number of rows, in several blocks, gives the losses of one pass per segment."""
    monkeypatch.setattr(scoring, "BLOCK", 150)
    ids = text(2000)
    expected = np.concatenate([one_by_one(Elman(), piece) for piece in np.split(ids, segments)])
    nats = nats_per_char(Elman(), ids, segments, rows=rows)
    assert nats.shape == (2000 - segments,)
    np.testing.assert_allclose(nats, expected, atol=1e-4)
    np.testing.assert_allclose(nats.mean(), expected.mean(), atol=1e-6)


@pytest.mark.parametrize("chunk", [1, 7, 64, 5000])
def test_chunk_size_changes_nothing(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """The state is carried across chunks, so their size affects only the speed."""
    ids = text(1500)
    expected = one_by_one(Elman(), ids)
    monkeypatch.setattr(scoring, "CHUNK", chunk)
    np.testing.assert_allclose(nats_per_char(Elman(), ids, rows=1), expected, atol=1e-12)
    np.testing.assert_allclose(nats_per_char(Elman(), ids, rows=5), expected, atol=1e-4)


def test_rows_are_read_about_once() -> None:
    """With a model that forgets, the second pass ends after a few characters."""
    model = Elman()
    nats_per_char(model, text(40_001), rows=10)
    assert 40_000 < model.read < 1.1 * 40_000


@pytest.mark.parametrize("rows", [1, 5, 20])
def test_a_model_that_never_forgets(rows: int) -> None:
    """If the first character matters forever, the text is read as one row."""
    ids = text(3000)
    np.testing.assert_allclose(
        nats_per_char(Latch(), ids, rows=rows), one_by_one(Latch(), ids), atol=1e-12
    )


def test_gap_is_relative_for_large_states() -> None:
    """Differences are relative above 1, where float32 has larger steps, and absolute below."""
    large = [(np.array([[100.0]]), np.array([[0.5]]))]
    near = [(np.array([[100.0005]]), np.array([[0.500001]]))]
    assert scoring._gap(large, near) == pytest.approx(5e-6)
    assert scoring._gap(large, [(near[0][0], np.array([[0.6]]))]) == pytest.approx(0.1)


def test_a_chaotic_model() -> None:
    """Losses are right even if the states of two passes never agree."""
    ids = text(2000)
    chaotic = Elman(scale=6.0)
    start, other = [(np.full((1, 12), 0.3),)], [(np.full((1, 12), 0.3001),)]
    ends = [chaotic.sequence(ids[:500, None], s)[1][0][0] for s in (start, other)]
    assert np.abs(ends[0] - ends[1]).max() > 0.1
    nats = nats_per_char(chaotic, ids, rows=8)
    np.testing.assert_allclose(nats, one_by_one(chaotic, ids), atol=1e-9)


@pytest.mark.parametrize(("chars", "segments"), [(1, 1), (2, 1), (4, 4), (6, 3)])
def test_tiny_texts(chars: int, segments: int) -> None:
    """A segment of one character has no loss; a segment of two has one."""
    nats = nats_per_char(Elman(), text(chars), segments, rows=3)
    assert nats.shape == (chars - segments,)
    assert np.isfinite(nats).all()


@pytest.mark.parametrize(("chars", "segments"), [(10, 3), (0, 1), (10, 0)])
def test_uneven_segments_are_rejected(chars: int, segments: int) -> None:
    """All segments must have the same length."""
    with pytest.raises(
        ValueError, match=f"expected a multiple of {segments} characters, found {chars}"
    ):
        nats_per_char(Elman(), text(chars), segments)


def test_cross_entropy_of_large_logits() -> None:
    """There is no overflow, and a certain character has loss 0."""
    logits = np.array([[[1000.0, 0.0], [0.0, 0.0]]], dtype=np.float32)
    nats = cross_entropy(logits, np.array([[0, 1]]))
    np.testing.assert_allclose(nats, [[0, np.log(2)]], atol=1e-7)


def test_no_torch_is_loaded() -> None:
    """Scoring needs NumPy only."""
    code = "import sys, charlab.models.scoring; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
