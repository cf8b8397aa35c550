"""Weights of a net as plain arrays, for compiled code."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeGuard, cast

import numpy as np
import torch
from torch import Tensor, nn

from catalogs import GutenbergRichter, InputError
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from recast.net.decoders.hazard import LARGEST_MODULATION, HazardDecoder
from recast.net.decoders.weibull import RAW_FLOOR, WeibullDecoder
from recast.net.encoder import SHORTEST, paper_inputs, unit_free_inputs
from recast.net.excitation import NODES, node_weights
from recast.net.magnitude import SAMPLING_LOG_RATIO
from recast.net.network import Net, RecastNet


class Layer(NamedTuple):
    """x -> x weights + bias; weights have shape (input, output), (0, 0) for no layer."""

    weights: FloatArray
    bias: FloatArray


class Weights(NamedTuple):
    """Numbers of a net that sampling needs, in float64.

    The encoder's gates lie side by side in torch's order: reset, update, candidate.
    """

    from_input: Layer
    from_hidden: Layer
    log_mean_inter_time: float
    size_slope: float
    """The second input is size_slope (m - size_origin)."""
    size_origin: float
    shortest: float
    is_hazard: bool
    decoder_first: Layer
    decoder_last: Layer
    largest_modulation: float
    log_background: float
    decays: FloatArray
    """s_q of the decoder (1/days), in the precision of its training."""
    raw_floor: float
    scale: float
    """Unit of time of the Weibull distributions, in days."""
    mu: float
    nodes: FloatArray
    """s_q of the excitation, 1/days; empty if the net does not use it."""
    jumps: FloatArray
    """k w_q, events/day."""
    growth: float
    """alpha ln 10."""
    completeness: float
    lowest: float
    """Magnitudes are drawn from here, the completeness of their law, to ``maximum``."""
    maximum: float
    beta: float
    """b ln 10 of the magnitude law; that of the head varies about it."""
    has_head: bool
    head_first: Layer
    head_last: Layer
    largest_log_ratio: float


CACHE_LINE = 64
"""Bytes."""

NO_LAYER = Layer(np.zeros((0, 0)), np.zeros(0))


def is_compiled(net: Net) -> TypeGuard[RecastNet]:
    """Whether the compiled sampler supports every part of this net."""
    if type(net) is not RecastNet or not isinstance(net.decoder, HazardDecoder | WeibullDecoder):
        return False
    gru = net.encoder.gru
    known = net.encoder.inputs in {paper_inputs, unit_free_inputs}
    return known and gru.num_layers == 1 and not gru.bidirectional


def read_weights(net: RecastNet, magnitude_law: GutenbergRichter) -> Weights:
    """Read the arrays of a net, and of a magnitude law for a net without a head.

    Raises
    ------
    InputError
        If a weight is not finite.
    """
    bad = [name for name, value in net.state_dict().items() if not bool(value.isfinite().all())]
    if bad:
        raise InputError(f"weights {bad[0]} of the net are not finite: train it again")
    s, decoder = net.scaling, net.decoder
    gru = net.encoder.weights(net.code)
    unit_free = net.encoder.inputs is unit_free_inputs
    slope = s.b * LN10 if unit_free else 1.0
    head = net.magnitude
    law = magnitude_law if head is None else s.magnitude_law
    is_hazard = isinstance(decoder, HazardDecoder)
    if isinstance(decoder, HazardDecoder):
        first, last = (_layer(*layer) for layer in decoder.layers(net.code))
        log_background = math.log(s.background) + float(decoder.log_background_factor.detach())
        decays = _array(decoder.nodes)
    else:
        linear = cast("WeibullDecoder", decoder).linear
        first, last = NO_LAYER, _layer(linear.weight, linear.bias)
        log_background, decays = 0.0, np.zeros(0)
    head_first, head_last = (NO_LAYER, NO_LAYER) if head is None else _ends(head.net)
    uses_etas = is_hazard or unit_free
    return Weights(
        from_input=_layer(gru["weight_ih_l0"], gru["bias_ih_l0"]),
        from_hidden=_layer(gru["weight_hh_l0"], gru["bias_hh_l0"]),
        log_mean_inter_time=math.log(s.mean_inter_time),
        size_slope=slope,
        size_origin=s.completeness + 1.0 / slope if unit_free else s.mean_magnitude,
        shortest=SHORTEST,
        is_hazard=is_hazard,
        decoder_first=first,
        decoder_last=last,
        largest_modulation=LARGEST_MODULATION,
        log_background=log_background,
        decays=decays,
        raw_floor=RAW_FLOOR,
        scale=1.0 if is_hazard else s.mean_inter_time,
        mu=s.mu,
        nodes=NODES if uses_etas else np.zeros(0),
        jumps=s.k * node_weights(s.c, s.p) if uses_etas else np.zeros(0),
        growth=s.alpha * LN10,
        completeness=s.completeness,
        lowest=law.completeness,
        maximum=law.maximum,
        beta=law.beta,
        has_head=head is not None,
        head_first=head_first,
        head_last=head_last,
        largest_log_ratio=SAMPLING_LOG_RATIO,
    )


def _array(values: Tensor) -> FloatArray:
    return _aligned(values.detach().to("cpu", torch.float64).numpy())


def _aligned(copied: FloatArray) -> FloatArray:
    """In a copy that begins where a line of the cache does: a vector is then loaded at once."""
    room = np.empty(copied.size + CACHE_LINE // 8)
    first = -room.ctypes.data % CACHE_LINE // 8
    array = room[first : first + copied.size].reshape(copied.shape)
    array[...] = copied
    return array


def _layer(weights: Tensor, bias: Tensor) -> Layer:
    """Torch keeps (output, input); rows of inputs let one multiply-add serve all outputs."""
    return Layer(_array(weights.T), _array(bias))


def _ends(net: nn.Sequential) -> tuple[Layer, Layer]:
    """The two linear layers of a perceptron with one hidden layer."""
    linear = [part for part in net if isinstance(part, nn.Linear)]
    first, last = linear
    return _layer(first.weight, first.bias), _layer(last.weight, last.bias)
