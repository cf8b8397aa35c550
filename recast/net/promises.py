"""What a decoder promises, tried on windows of events: for decoders that no test has seen.

A loss means nothing if its density is not that of the hazard, or if contexts know later events: a
net would learn to make use of that, and its scores would look good.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor

from catalogs import InputError
from recast.evaluation.promises import INTERVALS, MISMATCH, NEAREST, SAME, STRATA
from recast.net.architectures import BUILT_IN
from recast.net.batch import Batch
from recast.net.network import NextEvent, RecastNet


@torch.no_grad()
def check_decoder(net: RecastNet, batch: Batch) -> None:
    """Raise an InputError for a decoder of another package whose loss would mean nothing.

    Tried are that contexts do not change if later intervals are hidden, nor distributions with
    those beside them; that ln f = ln h - H and ln S = -H for the hazard h and the cumulative one H,
    with H(0) = 0; and that H is the integral of h. The decoders of this package are let be.

    Parameters
    ----------
    net : RecastNet
        On the region of the batch, in whatever mode and precision; it is copied.
    batch : Batch
        Windows with scored intervals.

    Raises
    ------
    InputError
        Naming the decoder, what it gives, and what it should.
    """
    if net.decoder_name in BUILT_IN:
        return
    net = copy.deepcopy(net).double().eval()
    name, contexts = f"decoder {net.decoder_name!r}", net.contexts(batch)
    half = -(-contexts.shape[1] // 2)
    hidden = Batch(*(values[:, :half] for values in batch))
    if not _are_same(net.contexts(hidden), contexts[:, :half]):
        raise InputError(
            f"{name} looks ahead: contexts of its net change if later events are hidden: let the "
            "`inputs` of its Architecture use each event alone"
        )
    x = batch.inter_times[batch.scored]
    some = torch.linspace(0, x.numel() - 1, min(INTERVALS, x.numel())).long()
    states, amplitudes = contexts[batch.scored][some], batch.amplitudes[batch.scored][some]
    given, x = net.decode(states, amplitudes), x[some]
    if not _are_same(
        net(batch).log_hazard(batch.inter_times[batch.scored])[some], given.log_hazard(x)
    ):
        raise InputError(
            f"{name}: the hazard after a context depends on the others that it is asked with: let "
            "its `forward` use each alone"
        )
    _check_functions(given, x, name)
    parts = torch.from_numpy(np.geomspace(NEAREST, 1.0, STRATA)).to(x)
    edges = (x[:, None] * parts).T
    middles, widths = 0.5 * (edges[1:] + edges[:-1]), edges[1:] - edges[:-1]
    integral = sum(
        float((torch.exp(given.log_hazard(at)) * dx).sum())
        for at, dx in zip(middles, widths, strict=True)
    )
    grown = float((given.cumulative_hazard(edges[-1]) - given.cumulative_hazard(edges[0])).sum())
    if not abs(grown - integral) <= MISMATCH * max(abs(integral), abs(grown)):
        raise InputError(
            f"{name}: over {x.numel()} intervals its `cumulative_hazard` grows by {grown:.4g} and "
            f"its hazard integrates to {integral:.4g}: the one must be the integral of the other, "
            "with `log_hazard` the logarithm of events/day"
        )


def _check_functions(given: NextEvent, x: Tensor, name: str) -> None:
    """Check what the functions of a distribution are of each other."""
    hazard, survived = given.log_hazard(x), given.cumulative_hazard(x)
    for what, values, right, formula in (
        ("log_density", given.log_density(x), hazard - survived, "log_hazard - cumulative_hazard"),
        ("log_survival", given.log_survival(x), -survived, "-cumulative_hazard"),
        ("cumulative_hazard", given.cumulative_hazard(0.0 * x), 0.0 * x, "0 at 0 days"),
    ):
        if not _are_same(values, right):
            k = int((values - right).abs().nan_to_num(torch.inf).argmax())
            raise InputError(
                f"{name}: its `{what}` is {float(values[k]):.6g} where {formula} is "
                f"{float(right[k]):.6g}: the two have to agree"
            )


def _are_same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=SAME, atol=SAME)
