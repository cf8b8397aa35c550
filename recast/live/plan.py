"""How a forecast is simulated: the model that what is known allows, and its windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from catalogs import Catalog, EventSequence, InputError
from catalogs.bent_magnitudes import BentGutenbergRichter
from etas.model import ETAS
from recast.forecast.bent import bent
from recast.forecast.correction import SequenceForecast, subcritical, under_way
from recast.forecast.early import OmoriWindow, in_law, sequence_forecast
from recast.forecast.months import LongWindow, first_month, followed
from recast.forecast.ordinary import MONTH, OrdinaryCorrection
from recast.forecast.pooled import PooledWindow, after_mainshock, corrected_part
from recast.forecast.prepare import (
    after_a_month,
    beyond_a_month,
    in_ordinary_times,
    later_windows,
    processes_of,
)
from recast.forecast.rare import law_of_all
from recast.forecast.results import Factor
from recast.forecast.single import Drawable, Request, Window, windows_of
from recast.live.draws import WindowDraws, draw_window, growing
from recast.live.fits import Fit
from recast.live.policy import Policy, label_of
from recast.live.records import (
    FROM_PAST_SEQUENCES,
    IssuedWindow,
    ModelUsed,
    SequenceState,
    bin_of,
)
from recast.live.times import written

ETAS_REFERENCE = "Ogata (1988), doi:10.1080/01621459.1988.10478560"
OMORI_REFERENCE = "Reasenberg and Jones (1989), doi:10.1126/science.243.4895.1173"
REGIMES_REFERENCE = "Page et al. (2016), doi:10.1785/0120160073"

FROM_PAST = (
    "Every earthquake can be followed by others nearby: more after a larger one, and fewer as "
    "time goes by. The model (ETAS) has learned how many and how fast from the earthquakes of this "
    "area so far, and from other regions where those are few."
)
IN_SEQUENCE = (
    f"{FROM_PAST} It follows how this sequence has gone so far and, less and less, what followed "
    "earthquakes of this size in the past. Its ranges are as wide as the errors of such forecasts "
    "were in past sequences."
)
IN_ORDINARY_TIMES = (
    f"{FROM_PAST} No sequence is under way: most of those to come will have fewer aftershocks than "
    "the average, so that numbers are lowered, and ranges widened, by how far such forecasts were "
    "off in the past."
)
EARLY = (
    "Little is known of the aftershocks so far. The forecast says what followed earthquakes of "
    "this size in places like this in the past, in sequences with many aftershocks and with few. "
    "It will follow this sequence as more becomes known."
)
"""Of the Omori law, whose prior is that of a tectonic regime."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that the numbers of one forecast depend on."""

    windows: Sequence[Drawable]
    magnitudes: tuple[float, ...]
    mainshock: float | None
    """Magnitude of the mainshock, if it is complete."""

    seed: int
    policy: Policy
    fit: Fit
    remarks: tuple[str, ...]
    law: BentGutenbergRichter | None = None
    """Of magnitudes, unless that is the model's."""

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        fit: Fit,
        sequence: SequenceState | None,
        magnitudes: tuple[float, ...],
        policy: Policy,
        seed: int,
    ) -> Plan:
        """Prepare the simulations."""
        info = catalog.info
        largest = None if sequence is None else sequence.mainshock.magnitude
        if largest is not None and largest < info.magnitude_completeness:
            largest = None
        history, process = catalog.to_sequence(), fit.model.process
        days = policy.windows if sequence is not None else policy.regional_windows
        request = Request(info.to_days(info.end), days, magnitudes, policy.samples, seed)
        law = bent([process], catalog, request.at)
        current, early = under_way([process], history, policy.regime), False
        if sequence is not None and isinstance(process, ETAS):
            day = info.to_days(sequence.mainshock.time)
            found = sequence_forecast(in_law(process, law), history, day, policy.regime)
            current, early = found or (current, False)
        near = request if current is None else first_month(request)
        ordinary = partial(later_windows, history, [process], law=law)
        windows: Sequence[Drawable]
        if current is not None and early and isinstance(process, ETAS):
            omori = [OmoriWindow.of(current, window) for window in near.days]
            windows = followed(omori, request, ordinary)
            remarks = tuple(after_a_month(request.days))
            return cls(windows, magnitudes, largest, seed, policy, fit, remarks, law)
        by_etas, remarks = _by_etas(fit, history, near, current, law)
        windows = by_etas
        if current is not None:
            pooled = after_mainshock(by_etas, [process], history, near, policy.regime, law)
            windows = followed(pooled, request, ordinary)
            remarks += tuple(after_a_month(request.days))
        elif isinstance(process, ETAS):
            windows = in_ordinary_times(by_etas)
            remarks += tuple(beyond_a_month(request.days))
        return cls(windows, magnitudes, largest, seed, policy, fit, remarks, law)

    @property
    def days(self) -> tuple[float, ...]:
        """Lengths of the windows."""
        return tuple(window.days for window in self.windows)

    @property
    def counted(self) -> tuple[float, ...]:
        """Magnitudes at or above which events are counted: also that of the mainshock."""
        also = set() if self.mainshock is None else {self.mainshock}
        return tuple(sorted({*self.magnitudes, *also}))

    def samples(self, days: float) -> int:
        """Simulated catalogs over a window."""
        return self.policy.samples if days <= MONTH else self.policy.long_samples

    def draw(self, threads: int) -> dict[str, WindowDraws]:
        """Draw all windows, by label."""
        law = law_of_all([p for w in self.windows for p in w.processes], self.law)
        drawn = [
            draw_window(
                window,
                self.counted,
                self.samples(window.days),
                self.seed,
                law=law,
                fan_from=self.magnitudes[0] if window.days == self.days[-1] else None,
                threads=threads,
            )
            for window in self.windows
        ]
        return {label_of(window.days): window for window in growing(drawn)}

    def window(self, label: str, draws: WindowDraws, at: pd.Timestamp) -> IssuedWindow:
        """Summarise one window."""
        unknown = np.full(len(self.counted), np.nan)
        expected = unknown if draws.expected is None else draws.expected
        chances = unknown if draws.chances is None else draws.chances
        bins = {
            m: bin_of(m, draws.counts[:, i], float(expected[i]), float(chances[i]))
            for i, m in enumerate(self.counted)
        }
        return IssuedWindow(
            label=label,
            days=draws.days,
            start=written(at),
            end=written(at + pd.Timedelta(days=draws.days)),
            bins=tuple(bins[m] for m in self.magnitudes),
            above_mainshock=None if self.mainshock is None else bins[self.mainshock],
            n_samples=len(draws.counts),
        )

    def model_used(self) -> ModelUsed:
        """Describe the model."""
        process = self.fit.model.process
        parameters: dict[str, Any] = process.to_json() if isinstance(process, ETAS) else {}
        parts = {part.days: part for part in map(corrected_part, self.windows) if part is not None}
        factors = [
            Factor(days, float(np.exp(part.correction.shift)), part.correction.spread).to_json()
            for days, part in parts.items()
            if part.correction is not None
        ]
        name, sentence, reference = "ETAS", FROM_PAST, ETAS_REFERENCE
        first = self.windows[0]
        if isinstance(first, LongWindow):
            first = first.first
        if factors:
            parameters = {**parameters, "factors": factors}
        if isinstance(first, Window) and isinstance(first.correction, OrdinaryCorrection):
            name, sentence = "ETAS, corrected by past errors", IN_ORDINARY_TIMES
        elif factors:
            name, sentence = "ETAS, corrected for the sequence", IN_SEQUENCE
            reference = f"{ETAS_REFERENCE}; {OMORI_REFERENCE}"
            if isinstance(first, PooledWindow):
                past = {"share": first.share, "prior": first.past.adjusted}
                parameters = {**parameters, "past_sequences": past}
                reference = f"{reference}; {REGIMES_REFERENCE}"
        elif isinstance(first, OmoriWindow):
            law = first.correction
            parameters = {
                "prior": first.sequence.learned.prior.to_json(),
                "events": first.sequence.omori.n_events,
                "b": law.law.b,
                "maximum_magnitude": law.law.maximum,
            }
            name, sentence = FROM_PAST_SEQUENCES, EARLY
            reference = f"{OMORI_REFERENCE}; {REGIMES_REFERENCE}"
        if self.law is not None:
            bend = {"magnitude": self.law.bend, "b_above": self.law.b_above}
            parameters = {**parameters, "bend": bend}
        by_window = {label_of(days): self.samples(days) for days in self.days}
        parameters = {**parameters, "samples": by_window}
        return ModelUsed(
            name=name,
            sentence=sentence,
            reference=reference,
            parameters=parameters,
            fitted_at=written(self.fit.until),
        )


def _by_etas(
    fit: Fit,
    history: EventSequence,
    request: Request,
    sequence: SequenceForecast | None,
    law: BentGutenbergRichter | None,
) -> tuple[tuple[Window, ...], tuple[str, ...]]:
    """Windows drawn from ETAS, and remarks on them."""
    try:
        # Parameters drawn for the longest window serve the shorter ones, too
        longest = replace(request, days=(request.horizon,))
        processes = processes_of(fit.model, longest, sequence)[0][request.horizon]
    except InputError as error:  # each event would trigger more than one
        process = fit.model.process
        lowered = {days: (subcritical(process, days),) for days in request.days}
        remark = f"simulated with fewer aftershocks than the model has: {error}"
        return windows_of(history, lowered, request, sequence, law), (remark,)
    return windows_of(history, processes, request, sequence, law), ()
