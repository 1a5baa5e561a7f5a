"""The torch network: interface, listings of the course, dropout, and names of weights."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from charlab.models import deferred
from charlab.models.kernel_functions import Masks
from charlab.models.ngrams import frequent_ngrams
from charlab.models.params import ModelParams
from charlab.models.torch_model import CharRNN
from charlab.models.weights import expected_shapes
from charlab.train.params import TrainParams
from charlab.train.torch_learner import TorchLearner

VOCAB, HIDDEN, SEQ_LEN, BATCH = 6, 5, 9, 3
EXACT: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-10}
LOOK_UPS: list[dict[str, Any]] = [
    {"cell": "rnn", "input": "bigram"},
    {"cell": "gru", "input": "trigram", "direct_order": 1, "layers": 2, "activation": "sigmoid"},
    {"cell": "lstm", "direct_order": 3},
]
"""Networks that look up n-grams."""

CASES = list(itertools.product(("rnn", "gru", "lstm"), (1, 2), ("zero", "learned")))


def network(seed: int = 0, **options: Any) -> CharRNN:
    """Return a small network of torch's layers in float64; a learned state is not zero."""
    params = ModelParams.model_validate({"hidden": HIDDEN, "backend": "torch", **options})
    exact = params.backend == "exact"
    dropout = Masks(seed) if exact else torch.Generator().manual_seed(seed)
    ngrams = frequent_ngrams(np.random.default_rng(3).integers(0, VOCAB, 40), VOCAB, params)
    model = CharRNN(VOCAB, params, np.random.default_rng(seed), dropout, ngrams=ngrams).double()
    with torch.no_grad():
        for name, weight in model.named_weights().items():
            if name.startswith("initial.") or name.endswith(".rows"):
                weight.copy_(torch.linspace(-1, 1, weight.numel()).view_as(weight))
    return model


def text(seq_len: int = SEQ_LEN, batch: int = BATCH) -> Tensor:
    """Return random characters."""
    ids = np.random.default_rng(1).integers(0, VOCAB, (seq_len, batch))
    return torch.from_numpy(ids)


def joined(state: list[tuple[Tensor, ...]]) -> Tensor:
    """Return all parts of a state as one tensor."""
    return torch.stack([part for layer in state for part in layer])


@pytest.mark.parametrize(("cell", "layers", "initial"), CASES)
def test_a_sequence_is_its_steps(cell: str, layers: int, initial: str) -> None:
    """Reading a chunk is equal to reading its characters one by one."""
    model = network(cell=cell, layers=layers, initial_state=initial)
    ids, state = text(), model.initial_state(BATCH)
    logits, end = model.sequence(ids, state)
    assert logits.shape == (SEQ_LEN, BATCH, VOCAB)
    for t in range(SEQ_LEN):
        one, state = model.step(ids[t], state)
        torch.testing.assert_close(one, logits[t], **EXACT)
    torch.testing.assert_close(joined(state), joined(end), **EXACT)


@settings(max_examples=20)
@given(
    cell=st.sampled_from(("rnn", "gru", "lstm")),
    cuts=st.sets(st.integers(1, SEQ_LEN - 1)),
)
def test_chunks_are_one_long_pass(cell: str, cuts: set[int]) -> None:
    """With the state carried, chunks of any sizes give the logits of one long pass."""
    model, ids = network(cell=cell, layers=2), text()
    whole, _ = model.sequence(ids, model.initial_state(BATCH))
    state, pieces = model.initial_state(BATCH), []
    edges = [0, *sorted(cuts), SEQ_LEN]
    for start, stop in itertools.pairwise(edges):
        logits, state = model.sequence(ids[start:stop], state)
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces), whole, **EXACT)


KINDS: list[dict[str, Any]] = [
    {"cell": cell, "layers": layers, "initial_state": initial, "activation": activation}
    for (cell, layers, initial), activation in itertools.product(CASES, ("tanh", "relu"))
]


@pytest.mark.parametrize("options", KINDS + LOOK_UPS)
def test_both_backends_give_the_same_gradients(options: dict[str, Any]) -> None:
    """Of the usual loss, of one that torch computes from the logits, and of both together."""
    ours, theirs = (network(backend=backend, **options) for backend in ("exact", "torch"))
    for usual, own in ((1, 0), (0, 1), (2, 1)):
        for model in (ours, theirs):
            model.zero_grad()
            logits, _ = model(text(), model.initial_state(BATCH))
            loss: Any = own * logits.log_softmax(-1)[..., 0].sum() if own else 0.0
            if usual:
                loss = model.loss(logits, text() // 2) * usual + loss
            loss.backward()
        for name, weight in ours.named_weights().items():
            torch.testing.assert_close(weight.grad, theirs.weight(name).grad, **EXACT)


class Changed(CharRNN):
    """A student's network: the output layer reads the square of the state, and what it was."""

    def forward(self, inputs: Tensor, state: Any) -> Any:
        """Return logits and state, as the original does."""
        hidden, state = self.rnn(inputs, state)
        hidden = self.dropout(hidden)
        return self.head(hidden * hidden + 0.5 * hidden), state


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_change_of_the_forward_pass_is_trained(cell: str) -> None:
    """What a student writes between the layers is seen, and differentiated, by both backends."""
    losses, gradients = [], []
    for kind, backend in ((Changed, "exact"), (Changed, "torch"), (CharRNN, "exact")):
        params = ModelParams.model_validate({"cell": cell, "hidden": HIDDEN, "backend": backend})
        model = kind(VOCAB, params, np.random.default_rng(0)).double()
        logits, _ = model(text(), model.initial_state(BATCH))
        loss = model.loss(logits, text())
        loss.backward()
        losses.append(float(loss.detach()))
        gradients.append(model.weight("rnn.weight_hh_l0").grad)
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    assert losses[0] != pytest.approx(losses[2], rel=1e-4)
    torch.testing.assert_close(gradients[0], gradients[1], **EXACT)


def learner(**options: Any) -> TorchLearner:
    """Return a training of a small network on the kernels."""
    params = ModelParams.model_validate({"hidden": HIDDEN, **options})
    train = TrainParams(batch_size=BATCH, seq_len=SEQ_LEN)
    ngrams = frequent_ngrams(np.random.default_rng(3).integers(0, VOCAB, 40), VOCAB, params)
    return TorchLearner(VOCAB, params, train, 1, ngrams)


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "lstm"},
        {"cell": "gru", "layers": 2, "initial_state": "learned", "dropout": 0.3},
        {"cell": "rnn", "layers": 3, "dropout": 0.4, "dropout_at": "variational"},
        {"cell": "lstm", "layers": 2, "dropout": 0.4, "dropout_at": "between_layers"},
        {"cell": "lstm", "recurrent_dropout": 0.2},
        {**LOOK_UPS[0], "dropout": 0.3},
        *LOOK_UPS[1:],
    ],
)
def test_the_shortcut_changes_no_bit(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network left as it is trains as it does step by step through autograd."""
    results = []
    for shortcut in (True, False):
        training = learner(**options)
        if not shortcut:
            monkeypatch.setattr(deferred.Chain, "of", lambda loss: None)
        ids = np.random.default_rng(2).integers(0, VOCAB, (4, SEQ_LEN + 1, BATCH))
        figures = [
            float(value)
            for chunk in ids
            for value in training.learn(chunk[:-1], np.ascontiguousarray(chunk[1:]), 0.01)
        ]
        results.append((figures, training.snapshot()))
    assert results[0][0] == results[1][0]
    for name, value in results[0][1].items():
        np.testing.assert_array_equal(value, results[1][1][name], err_msg=name)


@pytest.mark.parametrize("more", [{}, {"input": "bigram", "direct_order": 2}])
def test_two_chunks_in_one_backward_pass(more: dict[str, Any]) -> None:
    """Without detaching the state, the gradient flows through both; also a second model's."""
    gradients = []
    for backend in ("exact", "torch"):
        model = network(backend=backend, cell="lstm", layers=2, **more)
        first, state = model(text(), model.initial_state(BATCH))
        second, _ = model(text() // 2, state)
        (model.loss(first, text()) + model.loss(second, text())).backward()
        gradients.append([p.grad for p in model.parameters()])
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, **EXACT)


def listing(model: CharRNN, layer: Any, ids: Tensor) -> Tensor:
    """Return the hidden states of torch.nn's layer on one-hot input, with the model's weights."""
    names = dict(layer.named_parameters())
    with torch.no_grad():
        for name, value in names.items():
            value.copy_(model.weight(f"rnn.{name}"))
    one_hot = nn.functional.one_hot(ids, VOCAB).double()
    hidden: Tensor = layer(one_hot)[0]
    return hidden


def test_listing_a1_dropout_after_the_rnn() -> None:
    """An nn.RNN, nn.Dropout on its output and a linear layer are ``dropout_at: output``."""
    model, ids = network(cell="rnn", dropout=0.4, dropout_at="output"), text()
    hidden = listing(model, nn.RNN(VOCAB, HIDDEN, dtype=torch.float64), ids)
    mask = torch.rand(hidden.shape, generator=torch.Generator().manual_seed(0)) >= 0.4
    head = model.weight("head.weight"), model.weight("head.bias")
    expected = nn.functional.linear(hidden * mask / 0.6, *head)
    torch.testing.assert_close(model.sequence(ids, model.initial_state(BATCH))[0], expected)


def test_listing_a2_dropout_between_layers() -> None:
    """An nn.LSTM with ``dropout=`` is ``dropout_at: between_layers``, without it the same net."""
    model, ids = network(layers=2, dropout=0.4, dropout_at="between_layers").eval(), text()
    lstm = nn.LSTM(VOCAB, HIDDEN, num_layers=2, dropout=0.4, dtype=torch.float64).eval()
    expected = nn.functional.linear(
        listing(model, lstm, ids), model.weight("head.weight"), model.weight("head.bias")
    )
    torch.testing.assert_close(model.sequence(ids, model.initial_state(BATCH))[0], expected)


def test_dropout_between_layers_drops_what_the_second_layer_reads() -> None:
    """The first layer's output is masked, the last layer's is not."""
    model, ids = network(layers=2, dropout=0.4, dropout_at="between_layers"), text()
    lower, upper = (nn.LSTM(size, HIDDEN, dtype=torch.float64) for size in (VOCAB, HIDDEN))
    hidden = listing(model, lower, ids)
    mask = torch.rand(hidden.shape, generator=torch.Generator().manual_seed(0)) >= 0.4
    with torch.no_grad():
        for name, value in upper.named_parameters():
            value.copy_(model.weight(f"rnn.{name.replace('l0', 'l1')}"))
    top = upper(hidden * mask / 0.6)[0]
    expected = nn.functional.linear(top, model.weight("head.weight"), model.weight("head.bias"))
    torch.testing.assert_close(model.sequence(ids, model.initial_state(BATCH))[0], expected)


@pytest.mark.parametrize("place", ["between_layers", "output", "variational"])
def test_a_trained_network_drops_nothing(place: str) -> None:
    """In eval mode there is no dropout, wherever the parameters place it."""
    model = network(layers=2, dropout=0.9, dropout_at=place).eval()
    without = network(layers=2).eval()
    state = without.initial_state(BATCH)
    assert torch.equal(model.sequence(text(), state)[0], without.sequence(text(), state)[0])


def test_dropout_between_one_layer_does_nothing() -> None:
    """With one layer there is no between: training too sees the whole network."""
    model, without = network(dropout=0.9, dropout_at="between_layers"), network()
    state = model.initial_state(BATCH)
    assert torch.equal(model.sequence(text(), state)[0], without.sequence(text(), state)[0])


@pytest.mark.parametrize("backend", ["exact", "torch"])
@pytest.mark.parametrize(("place", "same"), [("variational", True), ("output", False)])
def test_the_variational_mask_is_the_same_at_every_step(
    place: str, same: bool, backend: str
) -> None:
    """Units that a chunk drops at its first step stay dropped: only with ``variational``."""
    model = network(hidden=40, dropout=0.5, dropout_at=place, backend=backend).float()
    dropped = model.dropout(torch.ones(SEQ_LEN, BATCH, 40)) == 0
    assert 0.2 < dropped.double().mean() < 0.8
    assert bool((dropped == dropped[0]).all()) is same


def test_recurrent_dropout_is_a_masked_weight() -> None:
    """A chunk is read as by an nn.LSTM whose W_hh has lost the same elements at all steps."""
    model, ids = network(recurrent_dropout=0.4), text()
    lstm = nn.LSTM(VOCAB, HIDDEN, dtype=torch.float64)
    whole = model.weight("rnn.weight_hh_l0").detach().clone()
    mask = torch.rand(whole.shape, generator=torch.Generator().manual_seed(0)) >= 0.4
    with torch.no_grad():
        model.weight("rnn.weight_hh_l0").copy_(whole * mask / 0.6)
    expected = nn.functional.linear(
        listing(model, lstm, ids), model.weight("head.weight"), model.weight("head.bias")
    )
    with torch.no_grad():
        model.weight("rnn.weight_hh_l0").copy_(whole)
    logits = model.sequence(ids, model.initial_state(BATCH))[0]
    torch.testing.assert_close(logits, expected)
    logits.square().sum().backward()
    gradient = model.weight("rnn.weight_hh_l0").grad
    assert gradient is not None and torch.equal(gradient != 0, mask)


def test_a_trained_network_has_its_whole_recurrent_weight() -> None:
    """In eval mode no element of W_hh is masked."""
    model, without = network(recurrent_dropout=0.9).eval(), network().eval()
    state = without.initial_state(BATCH)
    assert torch.equal(model.sequence(text(), state)[0], without.sequence(text(), state)[0])


@pytest.mark.parametrize("backend", ["exact", "torch"])
def test_dropout_keeps_the_mean(backend: str) -> None:
    """A share p is dropped, and the rest is scaled by 1/(1-p)."""
    model = network(dropout=0.3, hidden=50, backend=backend)
    kept = model.dropout(torch.ones(200, 20, 50, dtype=torch.float64))
    assert kept.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert float((kept == 0).double().mean()) == pytest.approx(0.3, abs=0.01)


def test_dropout_has_its_own_generator() -> None:
    """Masks come from the given generator; torch's global generator is not used."""
    before = torch.get_rng_state()
    first, second = (network(seed=4, dropout=0.5) for _ in range(2))
    state = first.initial_state(BATCH)
    one, other = (m.sequence(text(), state)[0] for m in (first, second))
    assert torch.equal(one, other)
    assert not torch.equal(one, second.sequence(text(), state)[0])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("backend", ["exact", "torch"])
def test_dropout_without_a_source_is_rejected(backend: str) -> None:
    """Masks from torch's global generator would not be reproducible."""
    model = CharRNN(
        VOCAB,
        ModelParams.model_validate({"dropout": 0.5, "backend": backend}),
        np.random.default_rng(0),
    )
    with pytest.raises(ValueError, match="dropout_source"):
        model.sequence(text(), model.initial_state(BATCH))


@pytest.mark.parametrize("options", KINDS[::2] + LOOK_UPS)
def test_weights_have_their_names_in_the_file(options: dict[str, Any]) -> None:
    """The state dictionary has the names, order and shapes of model.safetensors."""
    model = network(**options)
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    expected = expected_shapes(model.params, VOCAB, model.ngrams.table)
    assert list(shapes.items()) == list(expected.items())
    assert list(model.named_weights()) == list(shapes)
    assert [id(p) for p in model.parameters()] == [id(p) for p in model.named_weights().values()]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_characters_may_be_of_any_integer_type(dtype: torch.dtype) -> None:
    """Ids are accepted in the type in which they are stored."""
    model = network()
    state = model.initial_state(BATCH)
    expected = model.sequence(text(), state)[0]
    assert torch.equal(model.sequence(text().to(dtype), state)[0], expected)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_bf16_is_near_and_leaves_weights_and_states_in_float32(cell: str) -> None:
    """Products in bfloat16 change logits a little; states and gradients are float32."""
    params = ModelParams.model_validate({"cell": cell, "hidden": 32, "backend": "torch"})
    logits, grads = [], []
    for precision in ("fp32", "bf16"):
        model = CharRNN(VOCAB, params, np.random.default_rng(0), precision=precision)
        out, end = model.sequence(text(), model.initial_state(BATCH))
        out.log_softmax(-1)[..., 0].sum().backward()
        logits.append(out)
        gradient = model.weight("rnn.weight_hh_l0").grad
        assert gradient is not None
        grads.append(gradient)
        assert {part.dtype for layer in end for part in layer} == {torch.float32}
    assert {value.dtype for value in (*logits, *grads)} == {torch.float32}
    torch.testing.assert_close(logits[1], logits[0], rtol=0, atol=0.02)
    torch.testing.assert_close(
        grads[1], grads[0], rtol=0.05, atol=0.02 * float(grads[0].abs().max())
    )
