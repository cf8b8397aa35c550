"""The models that the authors of RECAST released with their paper, read from their files.

The file of a net holds one GRU layer over [ln tau - ln tau_mean, m - mag_mean] and a linear layer
whose outputs are rates, shapes and logits of Weibull distributions in days:

    S(x) = sum_k pi_k exp(-b_k x^{a_k})

The decoder here has the same law in units of a catalog's mean inter-event time, and the logits
first. So the net is read with a mean of one day, and ln tau_mean goes into the bias of the GRU:
w (ln tau - ln tau_mean) + b = w ln tau + (b - w ln tau_mean).

The file of an ETAS model holds the logarithms of its parameters, and the b-value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalogs import GutenbergRichter
from catalogs.checks.extent import Extent
from catalogs.whereabouts import PAPER_SETS
from etas.model import ETAS
from recast.pretrained.checkpoints import check_weights

if TYPE_CHECKING:
    from torch import Tensor

    from recast.net.network import RecastNet

TAU_MEANS = {
    "scedc": 0.0974556,
    "white": 0.0416628,
    "qtm_salton_sea": 0.0584745,
    "qtm_san_jacinto": 0.1671596,
}
"""Mean inter-event time before the validation window, days: files do not name their catalog."""

LARGEST = GutenbergRichter.maximum
"""Magnitude at which the law of magnitudes ends, which the files do not say."""


NET = (
    {"tau_mean", "mag_mean", "mag_completeness", "richter_b"},
    {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "hypernet_time.weight", "hypernet_time.bias"},
)
LOGS = {f"log_{name}": name for name in ("mu", "k", "alpha", "c", "p")}
ETAS_MODEL = ({"base_rate_init", "mag_completeness", "richter_b"}, set(LOGS))
"""Settings and tensors that each layout has."""


def is_net(content: Mapping[str, Any]) -> bool:
    """Whether a checkpoint has the layout of the authors' nets."""
    return _has(content, *NET)


def is_etas(content: Mapping[str, Any]) -> bool:
    """Whether a checkpoint has the layout of the authors' ETAS models."""
    return _has(content, *ETAS_MODEL)


def _has(content: Mapping[str, Any], settings: set[str], tensors: set[str]) -> bool:
    known = content.get("hyper_parameters")
    return (
        isinstance(known, dict)
        and settings <= known.keys()
        and tensors <= content["state_dict"].keys()
    )


def released_etas(content: Mapping[str, Any]) -> ETAS:
    """Make the ETAS model of such a file."""
    from recast.pretrained.hyper_parameters import ReleasedETAS, released

    settings, logs = released(content, ReleasedETAS), content["state_dict"]
    law = GutenbergRichter(settings.mag_completeness, settings.richter_b, LARGEST)
    return ETAS(**{name: math.exp(logs[log]) for log, name in LOGS.items()}, magnitude_law=law)


def released_net(content: Mapping[str, Any]) -> RecastNet:
    """Make the net of such a file."""
    import torch

    from recast.net.network import RecastNet
    from recast.net.scaling import Scaling
    from recast.pretrained.hyper_parameters import ReleasedNet, released

    settings, weights = released(content, ReleasedNet), content["state_dict"]
    rate = 1.0 / settings.tau_mean
    scaling = Scaling(
        mean_inter_time=1.0,
        mean_magnitude=settings.mag_mean,
        completeness=settings.mag_completeness,
        b=settings.richter_b,
        maximum_magnitude=LARGEST,
        mu=rate,  # the net reads no ETAS
        k=1e-9 * rate,
        alpha=0.0,
        c=0.01,
        p=1.1,
    )

    def blank() -> RecastNet:
        return RecastNet(
            scaling,
            decoder="weibull",
            hidden_size=settings.context_size,
            width=settings.num_components,
        )

    known = {"codes": torch.zeros(1, 0), **_encoder(weights), **_decoder(weights)}
    check_weights(known, blank)
    net = blank().double()
    net.load_state_dict(known)
    return net


def _encoder(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    gru = {
        name.replace("rnn.", "encoder.gru."): value.double()
        for name, value in weights.items()
        if name.startswith("rnn.")
    }
    bias, slopes = gru["encoder.gru.bias_ih_l0"], gru["encoder.gru.weight_ih_l0"][:, 0]
    return gru | {"encoder.gru.bias_ih_l0": bias - slopes * weights["log_tau_mean"].double()}


def _decoder(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    import torch

    out = {}
    for name in ("weight", "bias"):
        rates, shapes, logits = weights[f"hypernet_time.{name}"].double().chunk(3)
        out[f"weibull.linear.{name}"] = torch.cat([logits, rates, shapes])
    return out


def released_extents(content: Mapping[str, Any]) -> dict[str, Extent]:
    """What the model has seen: train and validation window of the catalog that its scale is of."""
    from catalogs.providers.known import RECORDS
    from recast.pretrained.hyper_parameters import ReleasedETAS, ReleasedNet, released

    if is_net(content):
        tau_mean = released(content, ReleasedNet).tau_mean
    else:
        tau_mean = 1.0 / released(content, ReleasedETAS).base_rate_init
    for name, mean in TAU_MEANS.items():
        preset = RECORDS[name].preset
        if preset is not None and math.isclose(tau_mean, mean, rel_tol=1e-5):
            area = PAPER_SETS[name].area
            place = (area.south, area.north, area.west, area.east)
            splits = preset.splits
            return {name: Extent(preset.start, splits.val_start, splits.test_start, place)}
    return {"some catalog": Extent.unknown()}
