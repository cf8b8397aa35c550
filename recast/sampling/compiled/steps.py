"""One step of a net for several trajectories at a time, compiled.

Arrays have a first axis, lane, of which the first ``n`` are in use. Lanes are independent and sums
are never reordered, so the values of a lane do not depend on its neighbours.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from catalogs.sequence import FloatArray
from recast.sampling.arrays import CACHE_LINE, Layer, Weights
from recast.sampling.compiled.arithmetic import affine, exp, expm1, jit, sigmoid, silu, tanh


class Scratch(NamedTuple):
    """Temporary arrays of one thread."""

    x: FloatArray
    from_input: FloatArray
    from_hidden: FloatArray
    layer: FloatArray
    out: FloatArray
    lost: FloatArray
    due: FloatArray
    expected: FloatArray
    log_tau: FloatArray
    log_expected: FloatArray
    head_x: FloatArray
    head_layer: FloatArray
    head_out: FloatArray
    betas: FloatArray


@jit
def aligned(lanes: int, columns: int) -> FloatArray:
    """Make an array (lane, column) that starts at a cache line, like the weights."""
    size = lanes * columns
    room = np.empty(size + CACHE_LINE // 8)
    first = -room.ctypes.data % CACHE_LINE // 8
    return room[first : first + size].reshape(lanes, columns)


@jit
def scratch(w: Weights, lanes: int) -> Scratch:
    """Make temporary arrays of the sizes that a net needs."""
    inputs, hidden = w.from_input.weights.shape[0], w.from_hidden.weights.shape[0]
    return Scratch(
        aligned(lanes, inputs),
        aligned(lanes, 3 * hidden),
        aligned(lanes, 3 * hidden),
        aligned(lanes, w.decoder_first.bias.size),
        aligned(lanes, w.decoder_last.bias.size),
        aligned(lanes, w.nodes.size),
        np.empty(w.nodes.size),
        np.empty(lanes),
        np.empty(lanes),
        np.empty(lanes),
        aligned(lanes, hidden + 2),
        aligned(lanes, w.head_first.bias.size),
        aligned(lanes, 1),
        np.empty(lanes),
    )


@jit
def perceptron(
    first: Layer, last: Layer, x: FloatArray, n: int, layer: FloatArray, out: FloatArray
) -> None:
    """Linear, SiLU, linear: x -> ``out``; only the last layer if the first is empty."""
    if layer.shape[1] == 0:
        affine(last, x, n, out)
        return
    affine(first, x, n, layer)
    for lane in range(n):
        for i in range(layer.shape[1]):
            layer[lane, i] = silu(layer[lane, i])
    affine(last, layer, n, out)


@jit
def gru_step(w: Weights, hidden: FloatArray, n: int, s: Scratch) -> None:
    """The encoder's state after one more event with features x (``s.x``), in place.

        r, z = sigmoid(W x + b + U h + d),  c = tanh(W x + b + r (U h + d)),  h = (1 - z) c + z h

    as in ``torch.nn.GRU``, with rows of W and U in the order r, z, c.
    """
    size = hidden.shape[1]
    x, h = s.from_input, s.from_hidden
    affine(w.from_input, s.x, n, x)
    affine(w.from_hidden, hidden, n, h)
    for lane in range(n):
        for i in range(size):
            reset = sigmoid(x[lane, i] + h[lane, i])
            kept = sigmoid(x[lane, size + i] + h[lane, size + i])
            candidate = tanh(x[lane, 2 * size + i] + reset * h[lane, 2 * size + i])
            hidden[lane, i] = (1.0 - kept) * candidate + kept * hidden[lane, i]


@jit
def decode(w: Weights, hidden: FloatArray, amplitudes: FloatArray, n: int, s: Scratch) -> None:
    """Decode contexts, into ``s.out``.

    For a hazard: the background and each memory's amplitude, events/day (lane, 1 + node). For a
    mixture: the linear layer's logits, rates and shapes (lane, 3 component).
    """
    perceptron(w.decoder_first, w.decoder_last, hidden, n, s.layer, s.out)
    if not w.is_hazard:
        return
    out, limit, background = s.out, w.largest_modulation, math.exp(w.log_background)
    for lane in range(n):
        out[lane, 0] = background * exp(limit * tanh(out[lane, 0] / limit))
        for q in range(amplitudes.shape[1]):
            out[lane, q + 1] = amplitudes[lane, q] * exp(limit * tanh(out[lane, q + 1] / limit))


@jit
def etas_expects(w: Weights, amplitudes: FloatArray, tau: FloatArray, n: int, s: Scratch) -> None:
    """``s.expected`` events of the fitted ETAS in tau (lane,), ``s.lost`` = 1 - e^{-s_q tau}.

    It also computes the logarithms of tau and ``s.expected``, which the net uses twice.
    """
    lost, due, nodes = s.lost, s.due, w.nodes
    for lane in range(n):
        for q in range(nodes.size):
            lost[lane, q] = -expm1(-nodes[q] * tau[lane])
            due[q] = amplitudes[lane, q] * lost[lane, q] / nodes[q]
        total = w.mu * tau[lane]
        for q in range(nodes.size):
            total += due[q]
        s.expected[lane] = total
        s.log_tau[lane] = math.log(max(tau[lane], w.shortest)) - w.log_mean_inter_time
        s.log_expected[lane] = math.log(max(total, w.shortest))


@jit
def magnitude_betas(w: Weights, hidden: FloatArray, n: int, s: Scratch) -> None:
    """b ln 10 of the magnitudes of the next events, in ``s.betas``; after ``etas_expects``."""
    if not w.has_head:
        s.betas[:] = w.beta
        return
    x, size = s.head_x, hidden.shape[1]
    for lane in range(n):
        for i in range(size):
            x[lane, i] = hidden[lane, i]
        x[lane, size], x[lane, size + 1] = s.log_tau[lane], s.log_expected[lane]
    perceptron(w.head_first, w.head_last, x, n, s.head_layer, s.head_out)
    limit = w.largest_log_ratio
    for lane in range(n):
        s.betas[lane] = w.beta * exp(limit * tanh(s.head_out[lane, 0] / limit))


@jit
def advance(
    w: Weights,
    magnitudes: FloatArray,
    hidden: FloatArray,
    amplitudes: FloatArray,
    n: int,
    s: Scratch,
) -> None:
    """Advance the state by one event each, in place; after ``etas_expects``."""
    for lane in range(n):
        s.x[lane, 0] = s.log_tau[lane]
        s.x[lane, 1] = w.size_slope * (magnitudes[lane] - w.size_origin)
        if s.x.shape[1] > 2:
            s.x[lane, 2] = s.log_expected[lane]
        gain = exp(w.growth * (magnitudes[lane] - w.completeness))
        for q in range(w.nodes.size):
            amplitudes[lane, q] += gain * w.jumps[q] - amplitudes[lane, q] * s.lost[lane, q]
    gru_step(w, hidden, n, s)
