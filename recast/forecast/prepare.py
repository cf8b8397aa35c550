"""What one forecast is drawn from: a model as it is, corrected, or past sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from catalogs import Catalog, CatalogInfo, EventSequence, InputError, PointProcess
from catalogs.bent_magnitudes import BentGutenbergRichter
from etas.model import ETAS
from etas.omori import GENERIC
from recast.forecast.bent import bent
from recast.forecast.blocks import check_subcritical, n_blocks
from recast.forecast.correction import (
    MOST_BRANCHING,
    SequenceForecast,
    subcritical,
    under_way,
)
from recast.forecast.joined import JoinedWindow
from recast.forecast.months import first_month, followed
from recast.forecast.ordinary import MONTH, OrdinaryCorrection, about
from recast.forecast.pooled import PooledWindow, after_few, after_mainshock, of_few
from recast.forecast.remarks import about_few, about_low_b, about_sequence
from recast.forecast.results import Factor, SequenceUnderWay
from recast.forecast.rolling import written_time
from recast.forecast.single import Drawable, Request, Window, windows_of
from recast.models.kind import FittedModel

SAMPLES_AFTER_A_MAINSHOCK = 2_000
"""Simulated catalogs where no number is asked for: each has many events."""

PARAMETER_SETS = 100
"""Number of draws from the uncertainty of an ETAS fit."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A forecast that is ready to be drawn."""

    request: Request
    windows: Sequence[Drawable]
    law: BentGutenbergRichter | None = None
    """Of magnitudes, unless that is the model's."""

    sequence: SequenceUnderWay | None = None
    remarks: list[str] = field(default_factory=list)
    uncertainty: dict[float, dict[str, int]] = field(default_factory=dict)
    """Numbers of parameter draws, by window."""


def prepare(
    catalog: Catalog,
    fitted: FittedModel,
    request: Request,
    *,
    samples: int | None = None,
    regime: str | None = None,
    uncorrected: bool = False,
    fixed_parameters: bool = False,
    own_magnitudes: bool = False,
    own_b: bool = False,
) -> Prepared:
    """Prepare the windows, and say what they are.

    Magnitudes follow a bent law (``recast.forecast.bent``), unless ``own_b``, ``own_magnitudes`` or
    ``uncorrected``.

    The simulated catalogs are those of the request, after a mainshock ``samples`` or 2,000: where
    its sequence is under way, or an hour is not over.

    Raises
    ------
    InputError
        If the model's numbers explode, or ``regime`` has no effect.
    """
    info, history = catalog.info, catalog.to_sequence().before(request.at)
    sequence, law, remarks = None, None, []
    if not (uncorrected or own_b or own_magnitudes):
        fixed = [process.with_fixed_magnitudes() for process in fitted.processes]
        steps = (fitted.record or {}).get("completeness_steps", ())
        law = bent(fixed, catalog, request.at, steps)
    if not uncorrected:
        sequence = under_way([fitted.process], history, regime)
        remarks = about_sequence(fitted, info, history)
    past = 0.0 if sequence is not None or uncorrected else _share_of_few(fitted, history)
    if regime is not None and sequence is None and past == 0.0:
        raise InputError(
            "`regime` is for forecasts of ETAS after a mainshock that are corrected, which this is "
            "not: leave it out"
        )
    if sequence is not None or past > 0.5:
        n = SAMPLES_AFTER_A_MAINSHOCK if samples is None else samples
        request = replace(request, samples=n)
    near = request if sequence is None else first_month(request)
    processes, uncertainty = processes_of(
        fitted,
        near,
        sequence,
        fixed_parameters=fixed_parameters,
        own_magnitudes=own_magnitudes,
    )
    windows: Sequence[Window] = windows_of(history, processes, near, sequence, law)
    if sequence is None:
        plain = Prepared(request, windows, law, None, remarks, uncertainty)
        return plain if uncorrected else _by_past_errors(plain, fitted, catalog, regime)
    remarks += [*about_low_b(law, sequence, history), *after_a_month(request.days)]
    whole = after_mainshock(windows, fitted.processes, history, near, regime, law)
    record = _recorded(sequence, windows, history, info, regime)
    usual: Drawable = whole[0]
    if isinstance(usual, PooledWindow):
        record, usual = replace(record, past=usual.share), usual.usual
    if isinstance(usual, JoinedWindow):
        record = replace(record, large=usual.level, large_share=usual.share)
    drawn = followed(whole, request, partial(later_windows, history, fitted.processes, law=law))
    return Prepared(request, drawn, law, record, remarks, uncertainty)


def _share_of_few(fitted: FittedModel, history: EventSequence) -> float:
    """Share of the catalogs that are those of past sequences, after a mainshock that few followed.

    More than half in the first hour.
    """
    if not isinstance(fitted.process, ETAS):
        return 0.0
    found = of_few(history, fitted.process.magnitude_law.completeness)
    return 0.0 if found is None else found[1]


def _by_past_errors(
    plain: Prepared, fitted: FittedModel, catalog: Catalog, regime: str | None
) -> Prepared:
    """The forecast where no sequence is under way, also after a mainshock that few followed.

    Nothing is done for other models than ETAS.
    """
    if not isinstance(fitted.process, ETAS):
        return plain
    windows = in_ordinary_times([w for w in plain.windows if isinstance(w, Window)])
    request, history = plain.request, catalog.to_sequence().before(plain.request.at)
    pool, few = after_few(windows, fitted.processes, history, request, regime, plain.law)
    laws = {w.days: w.correction for w in windows if isinstance(w.correction, OrdinaryCorrection)}
    remarks = [about(laws), *plain.remarks]
    if few is not None:
        remarks[0] = about_few(catalog.info, few, laws, regime or GENERIC)
    return replace(plain, windows=pool, remarks=[*remarks, *beyond_a_month(request.days)])


def in_ordinary_times(windows: Sequence[Window]) -> tuple[Window, ...]:
    """The windows of ETAS where no sequence is under way, corrected by past errors."""

    def law(window: Window) -> OrdinaryCorrection:
        ratios = [process.branching_ratio(MONTH) or 0.0 for process in window.processes]
        return OrdinaryCorrection.over(window.days, float(np.median(ratios)))

    return tuple(replace(window, correction=law(window)) for window in windows)


def later_windows(
    history: EventSequence,
    processes: Sequence[PointProcess],
    request: Request,
    law: BentGutenbergRichter | None,
) -> tuple[Window, ...]:
    """Windows of ordinary times after a mainshock, lowered as those of a sequence are.

    Fits to a few weeks of one sequence are nearly critical, and run away over a year.
    """
    several = {days: [subcritical(one, days) for one in processes] for days in request.days}
    return in_ordinary_times(windows_of(history, several, request, law=law))


def beyond_a_month(days: Sequence[float]) -> list[str]:
    """That errors of forecasts were learned up to a month, where a window is longer."""
    longest = "ranges beyond a month extrapolate the errors of forecasts for a month"
    return [longest] if max(days) > MONTH else []


def after_a_month(days: Sequence[float]) -> list[str]:
    """The same after a mainshock, where numbers are others then."""
    said = "after 30 days numbers are those of ordinary times, and "
    return [said + remark for remark in beyond_a_month(days)]


def processes_of(
    fitted: FittedModel,
    request: Request,
    sequence: SequenceForecast | None,
    *,
    fixed_parameters: bool = False,
    own_magnitudes: bool = False,
) -> tuple[dict[float, tuple[PointProcess, ...]], dict[float, dict[str, int]]]:
    """What each window is drawn from, and the numbers of parameter draws."""
    processes: dict[float, tuple[PointProcess, ...]] = {}
    uncertainty: dict[float, dict[str, int]] = {}
    several, draws = fitted, None
    for window in reversed(request.days):
        if sequence is not None:
            processes[window] = (fitted.process,)
            continue
        # Where a longer window rejects no set as supercritical, this one has the same sets
        if not fixed_parameters and (draws is None or draws["rejected_supercritical"] > 0):
            n = min(n_blocks(request.samples), 2 * PARAMETER_SETS)
            several, draws = fitted.kind.with_uncertainty(fitted, n, window, seed=request.seed)
        if draws is not None:
            uncertainty[window] = draws
        check_subcritical(several.processes, window)
        processes[window] = tuple(
            process if own_magnitudes else process.with_fixed_magnitudes()
            for process in several.processes
        )
    return processes, uncertainty


def _recorded(
    sequence: SequenceForecast,
    windows: Sequence[Window],
    history: EventSequence,
    info: CatalogInfo,
    regime: str | None = None,
) -> SequenceUnderWay:
    """What a forecast says of the sequence that it was corrected for."""
    ratio = sequence.omori.process.branching_ratio(windows[-1].days)
    return SequenceUnderWay(
        time=written_time(info, sequence.time),
        magnitude=sequence.magnitude,
        hours=24.0 * sequence.omori.elapsed,
        events=int((history.times > sequence.time).sum()),
        factors=[
            Factor(w.days, float(np.exp(w.correction.shift)), w.correction.spread)
            for w in windows
            if w.correction is not None
        ],
        lowered=None if ratio is None or ratio <= MOST_BRANCHING else (ratio, MOST_BRANCHING),
        regime=regime,
    )
