"""One step of a net for several trajectories at a time, compiled.

Arrays have a first axis, lane, of which the first ``n`` are in use. No lane looks at another and
sums are never reordered, so what a lane holds does not depend on its neighbours.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from catalogs.sequence import FloatArray
from recast.compiled.arithmetic import affine, exp, expm1, flat, jit, sigmoid, silu, tanh
from recast.weights import Layer, Weights


class Scratch(NamedTuple):
    """Arrays that one thread writes to and nobody keeps."""

    x: FloatArray
    from_input: FloatArray
    from_hidden: FloatArray
    gates: FloatArray
    candidate: FloatArray
    layer: FloatArray
    out: FloatArray
    lost: FloatArray
    expected: FloatArray
    head_x: FloatArray
    head_layer: FloatArray
    head_out: FloatArray
    work: FloatArray


@jit
def scratch(w: Weights, lanes: int) -> Scratch:
    """Of the sizes that a net needs."""
    inputs, hidden = w.from_input.weights.shape[0], w.from_hidden.weights.shape[0]
    layer, outputs, head = (
        w.decoder_first.bias.size,
        w.decoder_last.bias.size,
        w.head_first.bias.size,
    )
    widest = max(hidden, layer, outputs, w.nodes.size, head)
    return Scratch(
        np.empty((lanes, inputs)),
        np.empty((lanes, 3 * hidden)),
        np.empty((lanes, 3 * hidden)),
        np.empty((lanes, 2 * hidden)),
        np.empty((lanes, hidden)),
        np.empty((lanes, layer)),
        np.empty((lanes, outputs)),
        np.empty((lanes, w.nodes.size)),
        np.empty(lanes),
        np.empty((lanes, hidden + 2)),
        np.empty((lanes, head)),
        np.empty((lanes, 1)),
        np.empty(2 * lanes * widest),
    )


@jit
def perceptron(
    first: Layer,
    last: Layer,
    x: FloatArray,
    n: int,
    layer: FloatArray,
    out: FloatArray,
    work: FloatArray,
) -> None:
    """Linear, SiLU, linear: x -> ``out``; the last layer alone where the first is empty."""
    if layer.shape[1] == 0:
        affine(last, x, n, out)
        return
    affine(first, x, n, layer)
    silu(flat(layer, n), work)
    affine(last, layer, n, out)


@jit
def gru_step(w: Weights, hidden: FloatArray, n: int, s: Scratch) -> None:
    """The encoder's state after one more event with features x (``s.x``), in place.

        r, z = sigmoid(W x + b + U h + d),  c = tanh(W x + b + r (U h + d)),  h = (1 - z) c + z h

    as in ``torch.nn.GRU``, with rows of W and U in the order r, z, c.
    """
    size = hidden.shape[1]
    gates, candidate = s.gates, s.candidate
    affine(w.from_input, s.x, n, s.from_input)
    affine(w.from_hidden, hidden, n, s.from_hidden)
    for lane in range(n):
        for i in range(2 * size):
            gates[lane, i] = s.from_input[lane, i] + s.from_hidden[lane, i]
    sigmoid(flat(gates, n), s.work)
    for lane in range(n):
        for i in range(size):
            candidate[lane, i] = (
                s.from_input[lane, 2 * size + i]
                + gates[lane, i] * s.from_hidden[lane, 2 * size + i]
            )
    tanh(flat(candidate, n), s.work)
    for lane in range(n):
        for i in range(size):
            kept = gates[lane, size + i]
            hidden[lane, i] = (1.0 - kept) * candidate[lane, i] + kept * hidden[lane, i]


@jit
def decode(w: Weights, hidden: FloatArray, amplitudes: FloatArray, n: int, s: Scratch) -> None:
    """What the decoder says after a context, in ``s.out``.

    Of a hazard the background and each memory's amplitude, events/day (lane, 1 + node); of a
    mixture the linear layer's logits, rates and shapes (lane, 3 component).
    """
    perceptron(w.decoder_first, w.decoder_last, hidden, n, s.layer, s.out, s.work)
    if not w.is_hazard:
        return
    out = s.out
    values = flat(out, n)
    for i in range(values.size):
        values[i] /= w.largest_modulation
    tanh(values, s.work)
    for i in range(values.size):
        values[i] *= w.largest_modulation
    for lane in range(n):
        out[lane, 0] += w.log_background
    exp(values, s.work)
    for lane in range(n):
        for q in range(amplitudes.shape[1]):
            out[lane, q + 1] *= amplitudes[lane, q]


@jit
def etas_expects(w: Weights, amplitudes: FloatArray, tau: FloatArray, n: int, s: Scratch) -> None:
    """``s.expected`` events of the fitted ETAS in tau (lane,), ``s.lost`` = 1 - e^{-s_q tau}."""
    lost, nodes = s.lost, w.nodes
    for lane in range(n):
        for q in range(nodes.size):
            lost[lane, q] = -nodes[q] * tau[lane]
    expm1(flat(lost, n), s.work)
    for lane in range(n):
        total = w.mu * tau[lane]
        for q in range(nodes.size):
            lost[lane, q] = -lost[lane, q]
            total += amplitudes[lane, q] * lost[lane, q] / nodes[q]
        s.expected[lane] = total


@jit
def magnitude_betas(w: Weights, hidden: FloatArray, tau: FloatArray, n: int, s: Scratch) -> None:
    """b ln 10 of the magnitudes of the events after tau (lane,), in ``s.head_out`` (lane, 1)."""
    out = s.head_out
    if not w.has_head:
        out[:] = w.beta
        return
    size = hidden.shape[1]
    for lane in range(n):
        for i in range(size):
            s.head_x[lane, i] = hidden[lane, i]
        s.head_x[lane, size] = math.log(max(tau[lane], w.shortest)) - w.log_mean_inter_time
        s.head_x[lane, size + 1] = math.log(max(s.expected[lane], w.shortest))
    perceptron(w.head_first, w.head_last, s.head_x, n, s.head_layer, out, s.work)
    limit = w.largest_log_ratio
    for lane in range(n):
        out[lane, 0] = w.beta * math.exp(limit * math.tanh(out[lane, 0] / limit))


@jit
def advance(
    w: Weights,
    tau: FloatArray,
    magnitudes: FloatArray,
    hidden: FloatArray,
    amplitudes: FloatArray,
    n: int,
    s: Scratch,
) -> None:
    """What is remembered after one more event each, in place; ``etas_expects`` comes first."""
    for lane in range(n):
        s.x[lane, 0] = math.log(max(tau[lane], w.shortest)) - w.log_mean_inter_time
        s.x[lane, 1] = w.size_slope * (magnitudes[lane] - w.size_origin)
        if s.x.shape[1] > 2:
            s.x[lane, 2] = math.log(max(s.expected[lane], w.shortest))
        gain = math.exp(w.growth * (magnitudes[lane] - w.completeness))
        for q in range(w.nodes.size):
            amplitudes[lane, q] += gain * w.jumps[q] - amplitudes[lane, q] * s.lost[lane, q]
    gru_step(w, hidden, n, s)
