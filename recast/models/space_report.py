"""Space-time ETAS on a catalog: fit with errors, scores, and the map of its background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from catalogs import Catalog
from catalogs.checks.extent import Extent
from catalogs.display import some, span
from catalogs.files import write_json
from catalogs.grid import Grid, map_step
from catalogs.json_records import Record
from catalogs.sequence import FloatArray
from etas.fit import FittingProtocol, fitting_sequence
from etas.model import supercritical
from etas.profile import Profile
from etas.uncertainty import Uncertainty
from recast.evaluation import score
from recast.models.environment import describe
from recast.models.etas_report import (
    History,
    history_of,
    label_of,
    law_of_detected,
    profile_lines,
    steps_of,
)
from recast.models.places import smoothed_law
from recast.models.seen import seen_by_fit

if TYPE_CHECKING:
    from etas.space.fit import SpaceFit
    from etas.space.model import SpaceTimeETAS

YEAR = 365.25
"""Days."""


@dataclass(frozen=True, repr=False)
class SpaceResult(Record):
    """A fit of the space-time ETAS model, and its scores (`space.json`).

    Parameters
    ----------
    catalog : str
        Name of the catalog.
    table : str
        The parameters as they are printed.
    model : dict
        The model.
    log_likelihood : float
        Of times and places of the fitted events, nats, with densities per day and km^2.
    n_events : int
        Fitted events.
    branching_ratio, branching_ratio_inside : float
        Offspring of an event over the fitted window, anywhere and in the region.
    background_share : float
        Mean probability of being background.
    converged : bool
        Whether the maximum was found.
    uncertainty : Uncertainty, optional
        Errors of the parameters.
    splits : dict of str to pair of float
        Nats per event of times and of places, by window, of all events.
    profiles : dict of str to Profile
        Profile likelihoods by parameter.
    completeness : str, optional
        Mc(t), as given.
    completeness_steps : tuple of (str, float)
        When each step of Mc(t) begins, and its level, where a table was given.
    fitted_on : dict of str to Extent
        Time and place of the fitted data.
    fixed : dict of str to float
        Parameters that were held.
    hidden : int
        Events below Mc(t), which were left out.
    environment : dict
        Versions and machine.
    command : str, optional
        The command line.
    days : float, optional
        Length of the fitted window, of which the branching ratios are.
    """

    catalog: str
    table: str
    model: dict[str, Any]
    log_likelihood: float
    n_events: int
    branching_ratio: float
    branching_ratio_inside: float
    background_share: float
    converged: bool
    uncertainty: Uncertainty | None = None
    splits: dict[str, tuple[float, float]] = field(default_factory=dict)
    fitted_on: dict[str, Extent] = field(default_factory=dict)
    fixed: dict[str, float] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    completeness: str | None = None
    completeness_steps: tuple[tuple[str, float], ...] = ()
    hidden: int = 0
    environment: dict[str, str | int] = field(default_factory=dict)
    command: str | None = None
    days: float | None = None

    def write(self, folder: Path) -> Path:
        """Write space.json into a folder and return its path."""
        write_json(folder / "space.json", self.to_json())
        return folder / "space.json"

    def __repr__(self) -> str:
        inside = f"{self.branching_ratio_inside:.4f} counting only offspring inside the region"
        over = "" if self.days is None else f" over {span(float(f'{self.days:.3g}'))}"
        law = self.model["magnitude_law"]
        lines = [
            f"fitted to {some(self.n_events, 'event')}{over}",
            self.table,
            f"b-value {law['b']:.3f} above M {law['completeness']:g}",
            f"branching ratio {self.branching_ratio:.4f} anywhere{over}, {inside}"
            + supercritical(self.branching_ratio),
            f"{100.0 * self.background_share:.1f} % of the events are background",
        ]
        if self.splits:
            lines.append(f"{'':>6} {'times':>10} {'places':>10}  nats per event, per day and km^2")
        lines += [
            f"{part:>6} {times:>10.4f} {places:>10.4f}"
            for part, (times, places) in self.splits.items()
        ]
        if self.completeness is not None:
            lines.append(
                f"{some(self.hidden, 'event')} below Mc(t) left out; the scores use all events"
            )
        lines += profile_lines(self.profiles)
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class SpaceCatalogFit:
    """What `recast etas fit --space` makes: the record, and the rate of the background by cell."""

    result: SpaceResult
    fit: SpaceFit[SpaceTimeETAS]
    grid: Grid
    background: FloatArray
    """Events a year in each cell, mu in all."""


def fit_space(
    catalog: Catalog,
    *,
    protocol: FittingProtocol = "train",
    fixed: dict[str, float] | None = None,
    completeness_history: History = None,
    large: float | None = None,
    profile: Sequence[str] = (),
    cell: float | None = None,
) -> SpaceCatalogFit:
    """Fit the space-time ETAS model to a catalog and score it on all windows.

    The background is smoothed seismicity. Its map is that of all fitted events, each with its
    probability of being background (stochastic declustering, Zhuang et al. 2002).

    Parameters
    ----------
    catalog : Catalog
        With locations.
    protocol : {"train", "train+val", "all"}
        Which windows are fitted.
    fixed : dict of str to float, optional
        Parameters held at a value.
    completeness_history, large : optional
        Mc(t), as in ``fit_catalog``.
    profile : sequence of str
        Parameters whose profile likelihood is computed, each in some twenty times the time of the
        fit.
    cell : float, optional
        Size of the cells of the map, degrees; by default some fifty along the longer side.

    Returns
    -------
    SpaceCatalogFit
        Record, fit and map.

    Raises
    ------
    InputError
        If the catalog has no locations or too few events.
    """
    from etas.space.fit import fit_space_time
    from etas.space.profile import space_time_profile
    from etas.space.rates import spread

    sequence = fitting_sequence(catalog, protocol)
    background = smoothed_law(catalog, sequence)
    split = None if protocol == "all" else catalog.split()
    law = (
        catalog.info.magnitude_law(sequence.magnitudes[sequence.first_scored :])
        if split is None
        else catalog.magnitude_law()
    )
    history = history_of(catalog, protocol, completeness_history, large)
    everything = sequence.n_scored
    if history is not None:
        law = law_of_detected(catalog, sequence, history, law)
        sequence = history.select(sequence)
    fit = fit_space_time(
        sequence,
        law,
        background.region,
        background=background,
        fixed=fixed,
        completeness=history,
    )
    profiles = {
        name: space_time_profile(fit, sequence, name, completeness=history) for name in profile
    }
    model, days = fit.model, sequence.scored_days
    shares = model.background_probability(sequence, history)
    sources, _ = background.sources(sequence)
    first = sequence.first_scored
    area = background.region.area
    grid = Grid.over(area, cell or map_step(area), background.region.radius)
    places = background.region.located(sequence)[first:]
    # Where completeness changes, the shares of detected events add up to less than mu days
    yearly = model.mu * YEAR / shares.sum()
    rate = spread(grid, places, sources.widths[first:], shares, 1.5) * yearly
    result = SpaceResult(
        catalog=catalog.info.name,
        table=str(fit),
        model=model.to_json(),
        log_likelihood=fit.log_likelihood,
        n_events=fit.n_events,
        branching_ratio=model.branching_ratio(days),
        branching_ratio_inside=model.branching_ratio_inside(sequence, days),
        background_share=float(shares.mean()),
        converged=fit.converged,
        uncertainty=fit.uncertainty,
        splits={}
        if split is None
        else {
            part: (
                score(model, window).nats_per_event,
                float(np.mean(model.places.log_density(window))),
            )
            for part, window in split.items()
        },
        fitted_on=seen_by_fit(catalog, protocol),
        fixed=fit.fixed,
        profiles=profiles,
        completeness=label_of(completeness_history),
        completeness_steps=steps_of(history, completeness_history, catalog.info),
        hidden=everything - sequence.n_scored,
        environment=describe(),
        days=days,
    )
    return SpaceCatalogFit(result, fit, grid, rate)
