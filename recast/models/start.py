"""Which of the nets of the package a region starts from.

One has learned from observed catalogs, the other from more of them and from synthetic ones, and
departs less from the ETAS of regions unlike those it knows. Which is the better start, the train
window says, of which neither has seen an event: no parameter of theirs was fitted to it, so the
likelihoods compare without a penalty.
"""

from __future__ import annotations

from recast.evaluation import score
from recast.pretrained import SHIPPED, SHIPPED_WORLDS, seen
from recast.training.region import Region


def start_of(region: Region, pretrained: str, *, allow_leak: bool = False) -> str:
    """Return the name of the net to start from: of ``shipped`` the better one, or the one named.

    ``shipped`` stays the first of the two where either may have seen events of the train window, or
    the second events of the test window and no leak is allowed.
    """
    if pretrained != SHIPPED:
        return pretrained
    for name in (SHIPPED, SHIPPED_WORLDS):
        for extent in seen(name).values():
            if extent.may_hold_train_events_of(region.catalog):
                return SHIPPED
            if extent.may_hold_test_events_of(region.catalog) and not allow_leak:
                return SHIPPED
    return max((SHIPPED, SHIPPED_WORLDS), key=lambda name: evidence(region, name))


def evidence(region: Region, name: str) -> float:
    """Score of a net on the train window of a region, with its ETAS, nats per event."""
    from recast.models.neural import Recast

    process = Recast.load(name, scaling=region.scaling)
    return score(process, region.split.train).nats_per_event
