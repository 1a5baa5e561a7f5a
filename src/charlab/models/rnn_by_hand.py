"""Implement a vanilla RNN with every derivative written out. Read this module first.

**The network.** A character c_t is a one-hot column e(c_t) of length V. With hidden size H,

    a_t = W_xh e(c_t) + W_hh h_{t-1} + b        (H,)   pre-activation
    h_t = phi(a_t)                              (H,)   hidden state
    y_t = W_hy h_t + b_y                        (V,)   logits of the next character
    p_t = exp(y_t) / sum exp(y_t)               (V,)
    L   = - 1/N sum_t log p_t[c_{t+1}]                 cross-entropy, nats per character

W_xh e(c) is column c of W_xh, so the code looks up a row of its transpose instead of
multiplying. The network is that of Elman (1990).

**Shapes.** T steps of B parallel sequences: ``inputs`` is (T, B), the states are (T+1, B, H).

**Backward pass**, with the derivative of the logits dy_t = (p_t - e(c_{t+1})) / N:

    dh_t = W_hy^T dy_t + W_hh^T da_{t+1}        from the loss here, and from the future
    da_t = dh_t * phi'(a_t)
    dW_hy = sum_t dy_t h_t^T    dW_hh = sum_t da_t h_{t-1}^T    dW_xh = sum_t da_t e(c_t)^T

The loop carries only da_{t+1}; the three sums are one matrix product each, over all
steps. The gradient stops at the first step of the chunk: h_0 counts as a constant, although
its *value* is carried from chunk to chunk. This is *truncated* backpropagation through time.

**A common bug.** Code that keeps the states in a list with the initial one at ``hs[-1]``
overwrites it by the *last* state: in ``dW_hh += da_t h_{t-1}^T`` the step t = 0 then uses h_T
instead of h_{-1}. The loss still falls, but a gradient check fails at once. Here the states
have T+1 rows, and row 0 is the initial state.

Clipping and the optimizers, such as Adagrad, are in :mod:`charlab.train.optimizers`, and the
loop over chunks in :mod:`charlab.train.loop`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charlab.models.initialization import initial_weights
from charlab.models.params import ModelParams
from charlab.models.weights import expected_shapes

Array = NDArray[np.floating[Any]]
Ids = NDArray[np.integer[Any]]
State = list[tuple[Array, ...]]
Weights = dict[str, Array]

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0.0),
    "sigmoid": lambda a: 0.5 * np.tanh(0.5 * a) + 0.5,
}

SLOPES: dict[str, Callable[[Array], Array]] = {
    "tanh": lambda h: 1.0 - h * h,
    "relu": lambda h: (h > 0.0).astype(h.dtype),
    "sigmoid": lambda h: h * (1.0 - h),
}
"""Each activation's derivative, in terms of its output: phi'(a) where h = phi(a)."""


class NumpyRNN:
    """A vanilla RNN with forward and backward pass.

    Parameters
    ----------
    vocab_size : int
        V.
    params : ModelParams
        With ``cell: rnn`` and one layer.
    generator : numpy.random.Generator, optional
        Source of the initial weights; without it they are zero.
    dtype : dtype
        float32 to train, float64 to check gradients.

    Attributes
    ----------
    weights : dict of str to ndarray
        Under their names in model.safetensors: ``rnn.weight_ih_l0`` is W_xh (H, V),
        ``rnn.weight_hh_l0`` W_hh (H, H), ``head.weight`` W_hy (V, H). The bias b of the
        equations is the sum of ``rnn.bias_ih_l0`` and ``rnn.bias_hh_l0``, as in torch.nn.
    """

    def __init__(
        self,
        vocab_size: int,
        params: ModelParams,
        generator: np.random.Generator | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.params, self.vocab_size = params, vocab_size
        if generator is None:
            shapes = expected_shapes(params, vocab_size)
            self.weights: Weights = {name: np.zeros(s, dtype) for name, s in shapes.items()}
        else:
            drawn = initial_weights(params, vocab_size, generator)
            self.weights = {name: value.astype(dtype) for name, value in drawn.items()}

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first character: zeros (B, H) in one layer."""
        dtype = self.weights["head.bias"].dtype
        return [(np.zeros((batch_size, self.params.hidden), dtype),)]

    def _states(self, inputs: Ids, start: Array) -> Array:
        """Return h_0 ... h_T, shape (T+1, B, H), for inputs of shape (T, B)."""
        w, phi = self.weights, ACTIVATIONS[self.params.activation]
        rows = w["rnn.weight_ih_l0"].T + (w["rnn.bias_ih_l0"] + w["rnn.bias_hh_l0"])  # (V, H)
        into = np.ascontiguousarray(w["rnn.weight_hh_l0"].T)  # (H, H)
        flowing_in = rows[inputs]  # (T, B, H)
        states = np.empty((len(inputs) + 1, *start.shape), start.dtype)
        states[0] = start
        for t in range(len(inputs)):
            flowing_in[t] += states[t] @ into  # (B, H)
            states[t + 1] = phi(flowing_in[t])
        return states

    def sequence(self, inputs: Ids, state: State) -> tuple[Array, State]:
        """Return the logits of a chunk, (T, B, V), and the state after it."""
        states = self._states(inputs, state[0][0])
        return self._logits(states[1:]), [(states[-1],)]

    def step(self, inputs: Ids, state: State) -> tuple[Array, State]:
        """Read one character of each sequence: inputs (B,), logits (B, V)."""
        logits, state = self.sequence(inputs[None], state)
        return logits[0], state

    def _logits(self, hidden: Array) -> Array:
        # (T, B, H) @ (H, V) -> (T, B, V)
        logits: Array = hidden @ self.weights["head.weight"].T + self.weights["head.bias"]
        return logits

    def loss_and_gradients(
        self, inputs: Ids, targets: Ids, state: State
    ) -> tuple[float, Weights, State]:
        """Return the loss of a chunk, its gradients, and the state after it.

        Parameters
        ----------
        inputs, targets : ndarray of shape (T, B), integer
            ``targets`` are the inputs shifted by one character.
        state : list of one tuple of ndarray of shape (B, H)

        Returns
        -------
        loss : float
            Mean over the chunk, in nats per character.
        gradients : dict of str to ndarray
            With the names and shapes of ``weights``.
        state : list of one tuple of ndarray of shape (B, H)
        """
        states = self._states(inputs, state[0][0])  # (T+1, B, H)
        loss, d_logits = cross_entropy(self._logits(states[1:]), targets)  # (T, B, V)
        d_hidden = d_logits @ self.weights["head.weight"]  # (T, B, H)
        d_in = self._backward_through_time(d_hidden, states)  # (T, B, H)
        flat_in, flat_logits = _flat(d_in), _flat(d_logits)  # (T*B, H), (T*B, V)
        # Each product sums over all steps and sequences.
        d_bias = flat_in.sum(axis=0)
        gradients = {
            "rnn.weight_ih_l0": self._input_gradient(inputs, flat_in),
            "rnn.weight_hh_l0": flat_in.T @ _flat(states[:-1]),  # (H, H)
            "rnn.bias_ih_l0": d_bias,
            "rnn.bias_hh_l0": d_bias.copy(),
            "head.weight": flat_logits.T @ _flat(states[1:]),  # (V, H)
            "head.bias": flat_logits.sum(axis=0),
        }
        return loss, gradients, [(states[-1],)]

    def _backward_through_time(self, d_hidden: Array, states: Array) -> Array:
        """Return da_1 ... da_T, (T, B, H), from the losses' derivatives in h_1 ... h_T."""
        slopes = SLOPES[self.params.activation](states[1:])  # (T, B, H)
        recurrent = self.weights["rnn.weight_hh_l0"]  # (H, H)
        from_future = np.zeros_like(states[0])
        for t in reversed(range(len(d_hidden))):
            slopes[t] *= d_hidden[t] + from_future  # phi' becomes da_t (B, H)
            from_future = slopes[t] @ recurrent  # (B, H)
        return slopes

    def _input_gradient(self, inputs: Ids, flat_in: Array) -> Array:
        """Return dW_xh (H, V): column c is the sum of da_t over all steps that read c."""
        # A product with one-hot rows (V, T*B) is faster than np.add.at.
        one_hot = np.zeros((self.vocab_size, inputs.size), flat_in.dtype)
        one_hot[inputs.reshape(-1), np.arange(inputs.size)] = 1.0
        return np.ascontiguousarray((one_hot @ flat_in).T)


def _flat(array: Array) -> Array:
    """Join steps and sequences: (T, B, X) to (T*B, X)."""
    return array.reshape(-1, array.shape[-1])


def cross_entropy(logits: Array, targets: Ids) -> tuple[float, Array]:
    """Return the mean loss in nats and its derivative in the logits.

    Parameters
    ----------
    logits : ndarray of shape (T, B, V)
    targets : ndarray of shape (T, B), integer

    Returns
    -------
    loss : float
    d_logits : ndarray of shape (T, B, V)
        (p - e(target)) / (T*B).
    """
    # Subtracting the maximum does not change the softmax, and exp cannot overflow.
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    totals = exponentials.sum(axis=-1, keepdims=True)  # (T, B, 1)
    where = targets[..., None].astype(np.intp)  # (T, B, 1)
    losses = np.log(totals) - np.take_along_axis(shifted, where, axis=-1)
    d_logits: Array = exponentials / totals
    np.put_along_axis(d_logits, where, np.take_along_axis(d_logits, where, -1) - 1, axis=-1)
    d_logits /= targets.size
    return float(losses.mean(dtype=np.float64)), d_logits
