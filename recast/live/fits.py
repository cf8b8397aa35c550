"""The model of a service: fitted to what is known, kept, and used again between refits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from catalogs import Catalog
from catalogs.files import read_json, reading, write_json
from etas.model import ETAS
from etas.uncertainty import Uncertainty
from recast.forecast.mainshocks import sequence_since
from recast.live.policy import Policy
from recast.live.times import read, written
from recast.models.kind import FittedModel
from recast.models.known import known_so_far
from recast.models.registry import REFERENCE, model_kind
from recast.models.so_far import fit_so_far
from recast.pretrained import SHIPPED, etas_prior


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model, and until when the events are that it was fitted to."""

    model: FittedModel
    until: pd.Timestamp
    record: dict[str, Any]


def model_for(catalog: Catalog, key: str, now: pd.Timestamp, policy: Policy, models: Path) -> Fit:
    """Return the model to forecast with now: a new fit, or the last one where the policy says so.

    Parameters
    ----------
    catalog : Catalog
        The events as known, until ``now``.
    key : str
        Of the sequence and its mainshock, or of the region: their fits are kept apart.
    now : Timestamp
        The time.
    policy : Policy
        When to fit again.
    models : Path
        Folder of the fits.

    Returns
    -------
    Fit
        Read from its file even where it was just made: it is the same then and later.
    """
    day = catalog.info.to_days(written(now))
    path = _last(models, key, now, policy)
    if path is None:
        since = sequence_since(catalog, day)
        fitted = fit_so_far(catalog, day, since=since)
        record = {"until": written(now), **(fitted.record or {})}
        if since is not None and fitted.fitted_to is not None and fitted.fitted_to.end < day:
            record["before"] = str(catalog.info.to_time(since))
        path = models / f"{key}_{_compact(now)}.json"
        write_json(path, record)
    return _read(path, catalog)


def _last(models: Path, key: str, now: pd.Timestamp, policy: Policy) -> Path | None:
    """The file of the fit to use again, if any."""
    if policy.refit == "each":  # also where one of the same second is left from a run cut off
        return None
    begin = _compact(now.floor("D")) if policy.refit == "nightly" else ""
    known = sorted(
        path
        for path in models.glob(f"{key}_*.json")
        if begin <= path.stem[len(key) + 1 :] <= _compact(now)
    )
    return known[0] if known else None


def _read(path: Path, catalog: Catalog) -> Fit:
    record = read_json(path)
    with reading(path):
        until = read(record["until"])
        model = ETAS.from_json(record["etas"] if "etas" in record else record["model"])
        known = record.get("uncertainty")
        uncertainty = None if known is None else Uncertainty.from_json(known, path)
    events = None
    if uncertainty is not None:
        events = known_so_far(catalog, catalog.info.to_days(record["until"]))
        if "before" in record:  # of the sequence that was under way (``fit_so_far``)
            first = events.score_from
            events = events.before(catalog.info.to_days(record["before"])).scored_from(first)
    kind = model_kind(REFERENCE)
    fitted = FittedModel(
        kind,
        model,
        {},
        0 if uncertainty is None else 5,
        record={"kind": kind.name, **kind.to_json(model)},
        uncertainty=uncertainty,
        fitted_to=events,
        prior=None if events is None else etas_prior(SHIPPED, None),
    )
    return Fit(fitted, until, record)


def _compact(time: pd.Timestamp) -> str:
    return f"{time:%Y%m%dT%H%M%SZ}"
