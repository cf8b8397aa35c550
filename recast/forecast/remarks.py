"""What a forecast says of its model and of the sequence under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from catalogs import Catalog, CatalogInfo, EventSequence, GutenbergRichter
from catalogs.areas import Box, share_within
from catalogs.bent_magnitudes import BentGutenbergRichter
from catalogs.checks.extent import Extent
from catalogs.checks.quality import incomplete_warning, reported_twice
from catalogs.display import span
from catalogs.sequence import reaches
from etas.model import ETAS
from etas.omori import REGIMES
from etas.space.law import PlaceLaw
from recast.forecast.correction import SequenceForecast
from recast.forecast.mainshocks import (
    EXCESS,
    FEWEST_IN_A_DAY,
    QUIET_DAYS,
    current_mainshock,
    is_early,
    quiet_mainshock,
    too_small_mainshock,
    unfollowed_mainshock,
)
from recast.forecast.ordinary import OrdinaryCorrection, numbers
from recast.forecast.pooled import HALF_OF_FEW, share_of_past
from recast.forecast.results import ForecastRow, since_mainshock
from recast.forecast.rolling import written_time
from recast.models.kind import FittedModel, ModelKind
from recast.models.saved import SavedModel
from recast.models.seen import leaks
from recast.pretrained import SHIPPED, seen

ENOUGH = 50
"""Events of which one pair in a hundred is no chance."""

RARE, LOWER = 0.1, 0.9
"""Share of the simulated catalogs below which an event is rare, and how much lower that of a longer
window must be to be spoken of."""

ELSEWHERE, OTHER_AREA = 0.05, 0.2
"""Share of the events outside the box of the fitted ones, and of that box where none is used, from
which a model was fitted to another area: later events reach a little further."""

A_MONTH, TWICE, FEWEST = 30.0, 2.0, 10
"""Days up to which forecasts after a mainshock were tested; how many times the events of the
busiest window so far are too many in longer ones, and the number of events that it has at least."""

LOW_B = 0.8
"""Of large events: three in four of the regions that the package's nets know have more."""

DEEP = 70.0
"""Depth in km from which earthquakes are called intermediate or deep."""

RANGES_OF_NETS = "95 % ranges of nets have held some 70 % of what came after mainshocks"
"""74, 62 and 65 % in California, 90, 67 and 73 % in Italy (experiments/README.md)."""


def about_model(
    model: FittedModel, catalog: Catalog, day: float, since: float | None = None
) -> list[str]:
    """What was taken for a model where none was named; ``since`` a mainshock, if there is one."""
    where = [] if model.places is None else _about_places(model.places)
    if model.fitted_to is None:
        few = "few events" if since is None else "few events before the mainshock"
        return [f"{few}: ETAS of the average region, with the rate of these", *where]
    n = model.fitted_to.n_scored
    until = "so far" if model.fitted_to.end >= day else "before the mainshock"
    above = " above Mc(t)" if (model.record or {}).get("completeness") else ""
    about = f"ETAS, fitted to the {n:,} events{above} {until}, with other regions as prior"
    later = leaks(seen(SHIPPED), catalog, day)
    return [f"{about}, which have seen later events of this region" if later else about, *where]


def _about_places(places: PlaceLaw) -> list[str]:
    """That few events are known, so that none is placed near the last ones in particular."""
    from etas.space.background import SmoothedPlaces
    from etas.space.fit import MINIMUM_EVENTS

    if not isinstance(places, SmoothedPlaces):
        return []
    few = f"fewer than {MINIMUM_EVENTS} events are known, too few to tell how far others follow"
    return [f"{few}: places are those of past seismicity, smoothed"]


def about_fitted(
    model: SavedModel | FittedModel,
    fitted: FittedModel,
    catalog: Catalog,
    day: float,
    maximum_magnitude: float | None,
) -> list[str]:
    """Which model was named, and that it knows no events so large, or those of another area."""
    said = []
    if isinstance(model, SavedModel) and not fitted.kind.is_neural:
        known = [f"{name} until {one.until}" for name, one in fitted.seen.items() if one.until]
        said.append(f"model {model}" + (f", fitted to {', '.join(known[:3])}" if known else ""))
    law = fitted.process.magnitude_law
    largest = float(catalog.to_sequence().before(day).magnitudes.max(initial=-np.inf))
    if maximum_magnitude is None and largest > law.maximum:
        remedy = "" if fitted.kind.is_neural else ": set `maximum_magnitude`"
        said.append(
            f"the largest magnitude of the model, {law.maximum:.3g}, is below the largest so far, "
            f"{largest:.3g}{remedy}"
        )
    return said + about_area(fitted, catalog, day)


def about_area(fitted: FittedModel, catalog: Catalog, day: float) -> list[str]:
    """That a model of one catalog, whose background rate is that of an area, has another area."""
    boxes = [known.box for known in fitted.seen.values() if known.box is not None]
    if len(boxes) != 1 or fitted.kind.is_neural:
        return []
    box = Box(*boxes[0])
    now = Extent.of(catalog).box
    rows = catalog.complete_rows()
    events = catalog.events.iloc[rows[catalog.days[rows] < day]]
    if now is None or "latitude" not in events or not len(events):
        return []
    outside = 1.0 - box.contains(events["latitude"], events["longitude"]).mean()
    if outside > ELSEWHERE:
        said = f"{100.0 * outside:.0f} % of the events so far lie outside the area"
    elif share_within(box, Box(*now)) < 1.0 - OTHER_AREA:
        said = "the events lie in a part of the area"
    else:
        return []
    edges = "/".join(f"{edge:.2f}" for edge in boxes[0])
    said += f" of those that the model was fitted to, {edges}, whose background it has"
    return [f"{said}: use the same `area`, or fit it again"]


def about_completeness(fitted: FittedModel, catalog: Catalog, day: float) -> list[str]:
    """That completeness was higher for years, of which the model was not told."""
    if (fitted.record or {}).get("completeness_steps"):
        return []
    warning = incomplete_warning(catalog, day)
    return [] if warning is None else [warning]


def about_pairs(catalog: Catalog, day: float) -> list[str]:
    """That many complete events of the last 30 days may be another one's second report."""
    rows = catalog.complete_rows()
    days = catalog.days[rows]
    late = rows[(days >= day - QUIET_DAYS) & (days < day)]
    if late.size < ENOUGH:
        return []
    return [f"in the last 30 days {said}" for said in reported_twice(catalog.events.iloc[late])]


def about_depth(catalog: Catalog, day: float) -> list[str]:
    """That the mainshock of the sequence, or of the last day, is deeper than those of the past.

    Past sequences, the regimes' too, are of the crust and of plate interfaces. Most earthquakes
    below 70 km have few aftershocks or none (Frohlich 1987, doi:10.1029/JB092iB13p13944).
    """
    if "depth_km" not in catalog.events:
        return []
    info, history = catalog.info, catalog.to_sequence().before(day)
    completeness = info.magnitude_completeness
    shock = current_mainshock(history, completeness)
    if shock is None:
        shock = quiet_mainshock(history, completeness)
        if shock is None or day - history.times[shock] > 1.0:
            return []
    depth = float(catalog.events["depth_km"].iloc[catalog.complete_rows()[shock]])
    if not depth >= DEEP:
        return []
    when = written_time(info, float(history.times[shock]))[:16].replace("T", " ")
    said = (
        f"the M {history.magnitudes[shock]:g} of {when} UTC is {depth:.0f} km deep, and past "
        f"sequences are shallow: most earthquakes below {DEEP:g} km have had far fewer "
        "aftershocks, or none, and numbers are probably too high"
    )
    return [said]


def about_sequence(fitted: FittedModel, info: CatalogInfo, history: EventSequence) -> list[str]:
    """What is said where a forecast is not corrected for the sequence of a mainshock.

    The model is not ETAS, or the mainshock has few aftershocks.
    """
    completeness = fitted.process.magnitude_law.completeness
    shock = current_mainshock(history, completeness)
    if isinstance(fitted.process, ETAS):
        return _few_aftershocks(info, history, completeness)
    if shock is None:
        return []
    remark = (
        f"{_since(info, history, shock)}, and not corrected for its sequence as forecasts of ETAS "
        "are"
    )
    if fitted.kind.is_neural:
        remark += f"; {RANGES_OF_NETS}"
    return [f"{remark}: leave out `model` for one that is"]


def about_few(
    info: CatalogInfo, few: SequenceForecast, laws: Mapping[float, OrdinaryCorrection], of: str
) -> str:
    """What is said after a mainshock that few events followed; ``of`` is a tectonic regime."""
    elapsed = few.omori.elapsed
    since = since_mainshock(written_time(info, few.time), few.magnitude, 24.0 * elapsed)
    share = 100.0 * share_of_past(elapsed, HALF_OF_FEW)
    missed = ", and networks miss most of the first ones" if is_early(elapsed) else ""
    return (
        f"{since}, which few events followed so far{missed}: {share:.0f} % of the simulated "
        f"catalogs, fewer as time goes by, are those of past sequences ({REGIMES[of].about}; "
        f"`regime` names another kind), updated by the few; in the others {numbers(laws)}"
    )


def about_low_b(
    law: BentGutenbergRichter | None, sequence: SequenceForecast, history: EventSequence
) -> list[str]:
    """That b is low, where most of what is known came since the mainshock.

    Networks can miss more than is known of them, as after the M 7.3 of Landers: what is left has
    too low a b-value, by which probabilities of large events are several times too high.
    """
    since = int((history.times > sequence.time).sum())
    if law is None or law.b_above >= LOW_B or 2 * since <= len(history):
        return []
    return [
        (
            f"b is {law.b_above:.2f} above M {law.bend:g}, lower than usual (1), by events that "
            f"came since the M {sequence.magnitude:g}: if the network missed many of them, numbers "
            "of large events are too high (compare with `b` 1)"
        )
    ]


def _few_aftershocks(info: CatalogInfo, history: EventSequence, completeness: float) -> list[str]:
    small = too_small_mainshock(history, completeness)
    if small is not None:
        why = f"it is less than {EXCESS:g} units above completeness, {completeness:g}"
        return [f"{_since(info, history, small)}, and not corrected for its sequence: {why}"]
    found = unfollowed_mainshock(history, completeness)
    if found is None:
        return []
    shock, followed = found
    few = f"{followed} events came in the day after it, fewer than {FEWEST_IN_A_DAY}"
    return [f"{_since(info, history, shock)}, and not corrected for its sequence: {few}"]


def _since(info: CatalogInfo, history: EventSequence, shock: int) -> str:
    time, magnitude = float(history.times[shock]), float(history.magnitudes[shock])
    return since_mainshock(written_time(info, time), magnitude, 24.0 * (history.end - time))


def about_larger(kind: ModelKind, law: GutenbergRichter, magnitudes: Sequence[float]) -> list[str]:
    """That no event is simulated that is as large as some magnitude asked for."""
    larger = [magnitude for magnitude in magnitudes if magnitude >= law.maximum]
    if not larger:
        return []
    remedy = "" if kind.is_neural else ": set `maximum_magnitude` higher"
    return [
        f"no event of M >= {larger[0]:g} is simulated: the law ends at {law.maximum:.3g}{remedy}"
    ]


def beyond_the_past(history: EventSequence, rows: Sequence[ForecastRow]) -> list[str]:
    """That a long window is forecast at twice the events of the busiest of its length so far.

    Up to a month that may be, after the largest event so far. What is learned of sequences over a
    month and continued for years is not to be trusted then. Of catalogs shorter than the window
    the busiest rate counts.
    """
    lowest = min(row.magnitude for row in rows)
    times = history.times[reaches(history.magnitudes, lowest)]
    for row in reversed(rows):
        length = min(row.days, history.end - history.start)
        if row.magnitude > lowest or row.days <= A_MONTH:
            continue
        first = np.searchsorted(times, times - length)
        most = int((np.arange(times.size) + 1 - first).max(initial=0)) * row.days / length
        if row.median > TWICE * max(most, FEWEST):
            said = (
                f"WARNING: {row.median:,.0f} events of M >= {lowest:g} in {span(row.days)}, where "
                f"the most so far are {most:,.0f}: forecasts after mainshocks were tested up to a "
                "month, forecast fewer `days`"
            )
            return [said]
    return []


def about_chance(table: Sequence[ForecastRow], samples: int) -> list[str]:
    """That a longer window has fewer large events than a shorter one: so few catalogs have any.

    Windows are drawn each by itself.
    """
    by_magnitude: dict[float, list[ForecastRow]] = {}
    for row in table:
        by_magnitude.setdefault(row.magnitude, []).append(row)
    for magnitude, rows in by_magnitude.items():
        for i, row in enumerate(rows[:-1]):
            least = min(rows[i + 1 :], key=lambda longer: longer.probability)
            if row.probability < RARE and least.probability < LOWER * row.probability:
                few = (
                    f"M >= {magnitude:g} come in {100.0 * row.probability:.2g} % of the simulated "
                    f"catalogs of {span(row.days)} and in {100.0 * least.probability:.2g} % of "
                    f"{span(least.days)}: {samples:,} are too few to tell more than that it is "
                    "rare: set more `samples`"
                )
                return [few]
    return []
