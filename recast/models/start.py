"""Which of the nets of the package a region starts from.

One has learned from seven observed catalogs and their parts, and is the better for these. The other
has learned the codes of many more, synthetic ones among them, so that sixteen numbers say more of a
region that neither has seen (``recast.training.codes``), where its events are enough to tell them.
"""

from __future__ import annotations

from recast.pretrained import SHIPPED, SHIPPED_WORLDS, seen
from recast.training.region import Region

FEWEST_EVENTS = 2000
"""Training events from which the second net is as good as the first or better in regions that
neither has seen (experiments/README.md, "Many regions")."""


def start_of(region: Region, pretrained: str, *, allow_leak: bool = False) -> str:
    """Return the name of the net to start from: of ``shipped`` the better one, or the one named.

    ``shipped`` stays the first of the two where events are few, where either may have seen events
    of the train window, or the second events of the test window and no leak is allowed.
    """
    if pretrained != SHIPPED or region.split.train.n_scored < FEWEST_EVENTS:
        return pretrained
    for name in (SHIPPED, SHIPPED_WORLDS):
        for trained_on, extent in seen(name).items():
            same = trained_on.partition(" #")[0]
            if extent.may_hold_train_events_of(region.catalog, same=same):
                return SHIPPED
            if extent.may_hold_test_events_of(region.catalog, same=same) and not allow_leak:
                return SHIPPED
    return SHIPPED_WORLDS
