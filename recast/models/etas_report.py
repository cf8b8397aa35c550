"""ETAS on a catalog: fits with errors, scores and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np

from catalogs import (
    Catalog,
    CatalogInfo,
    EventSequence,
    GutenbergRichter,
    InputError,
    PointProcess,
    Split,
)
from catalogs.arguments import require_catalog
from catalogs.checks.extent import Extent, check_unseen
from catalogs.display import some, text_as_html
from catalogs.files import write_json
from catalogs.json_records import Record
from etas.completeness import CompletenessHistory, law_above, read_completeness
from etas.fit import ETASFit, FittingProtocol, fit_etas, fitting_sequence
from etas.model import ETAS
from etas.poisson import Poisson
from etas.prior import Prior
from etas.profile import Profile, profile_likelihood
from etas.starting_points import random_starts as drawn_starts
from etas.starting_points import standard_starts
from recast.evaluation import Score, score
from recast.models.environment import describe
from recast.models.seen import seen_by_fit

MOST_STARTS = 10_000
"""Hours of fitting on a large catalog: more must be a mistake."""

History = CompletenessHistory | str | PathLike[str] | None
"""Mc(t): given, "helmstetter", a CSV file, or constant."""


@dataclass(frozen=True, repr=False)
class SplitScore(Score, Record):
    """Score of one window, in nats, with the gain over Poisson if it was computed."""

    gain_over_poisson: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON types, with the derived scores."""
        content = super().to_json()
        if self.gain_over_poisson is None:
            del content["gain_over_poisson"]
        return content

    @classmethod
    def of(cls, model: PointProcess, split: Split, null: Poisson | None = None) -> dict[str, Self]:
        """Score the train, validation and test windows."""
        out: dict[str, Self] = {}
        for part, window in split.items():
            row = score(model, window)
            gain = None
            if null is not None:
                gain = row.nats_per_event - score(null, window).nats_per_event
            out[part] = cls(row.n_events, row.days, row.log_likelihood, gain)
        return out

    @staticmethod
    def table(splits: Mapping[str, SplitScore]) -> list[str]:
        """Format one line per window."""
        return [
            f"{part:>6} {row.n_events:>8,} events {row.nats_per_event:10.4f} nats/event "
            f"{row.nll_per_day:12.5f} NLL/day"
            + (
                ""
                if row.gain_over_poisson is None
                else f" {row.gain_over_poisson:+10.4f} nats/event over Poisson"
            )
            for part, row in splits.items()
        ]


@dataclass(frozen=True, repr=False)
class ETASResult(Record):
    """An ETAS fit, its scores on all windows, and how it was made (`etas.json`).

    Parameters
    ----------
    fit : ETASFit
        Its fields are at the top level of the JSON.
    catalog : str
        Name of the catalog.
    fitted_on : dict of str to Extent
        Time and place of the fitted data, by catalog.
    splits : dict of str to SplitScore
        Scores of the train, validation and test windows, of all events; none of a fit on all.
    profiles : dict of str to Profile
        Profile likelihoods by parameter.
    completeness, prior : str, optional
        Mc(t) and the prior, as given.
    completeness_steps : tuple of (str, float)
        When each step of Mc(t) begins, and its level, where a table was given.
    environment : dict
        Versions and machine.
    command : str, optional
        The command line.
    """

    owns_file = False
    """etas.json holds a fit and its result side by side, and names of earlier versions."""

    fit: ETASFit
    catalog: str
    fitted_on: dict[str, Extent] = field(default_factory=dict)
    splits: dict[str, SplitScore] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    completeness: str | None = None
    completeness_steps: tuple[tuple[str, float], ...] = ()
    prior: str | None = None
    environment: dict[str, str | int] = field(default_factory=dict)
    command: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON types, with the fields of the fit at the top level."""
        content = super().to_json()
        return {**content.pop("fit"), **content}

    @classmethod
    def from_json(cls, content: Any, where: str | PathLike[str]) -> Self:
        """Make it from the content of etas.json; see ``Record.from_json``."""
        fit = ETASFit.from_json(content, where)
        return super().from_json({**content, "fit": fit.to_json()}, where)

    def write(self, folder: Path) -> Path:
        """Write etas.json into a folder and return its path."""
        write_json(folder / "etas.json", self.to_json())
        return folder / "etas.json"

    def __repr__(self) -> str:
        lines = [str(self.fit), *SplitScore.table(self.splits)]
        if self.completeness is not None:
            windows = [self.splits.get(part) for part in self.fit.protocol.split("+")]
            scored = [window.n_events for window in windows if window is not None]
            if scored:
                hidden = sum(scored) - self.fit.n_events
                lines.append(
                    f"{some(hidden, 'event')} below Mc(t) left out; the scores use all events"
                )
        return "\n".join(lines + profile_lines(self.profiles))

    def _repr_html_(self) -> str:
        return text_as_html(repr(self))


def profile_lines(profiles: Mapping[str, Profile]) -> list[str]:
    """The intervals of profile likelihoods, as they are printed."""
    lines = []
    for profile in profiles.values():
        low, high = ("-" if x is None else f"{x:.6g}" for x in profile.ci95)
        lines.append(f"profile likelihood of {profile.name}: 95 % from {low} to {high}")
    return lines


def fit_catalog(
    catalog: Catalog,
    *,
    protocol: FittingProtocol = "train",
    fixed: Mapping[str, float] | None = None,
    taper: bool = False,
    completeness_history: History = None,
    large: float | None = None,
    prior: str | PathLike[str] | None = None,
    random_starts: int = 0,
    seed: int = 0,
    profile: Sequence[str] = (),
) -> ETASResult:
    """Fit ETAS to a catalog and score it on all windows, as ``recast etas fit`` does.

    Parameters
    ----------
    catalog : Catalog
        With its completeness magnitude and splits.
    protocol : {"train", "train+val", "all"}
        Fit the train window, train and validation as one, or all of the catalog, which then needs
        no splits and has nothing left to test.
    fixed : mapping of str to float, optional
        Parameters held at a value, as in ``{"p": 1.1}``.
    taper : bool
        Whether triggering also fades as exp(-t / taper).
    completeness_history : CompletenessHistory, str or path, optional
        Mc(t): "helmstetter" for M - 4.5 - 0.75 log10(t) after each large event (Helmstetter et al.
        2006), or a CSV file with the columns time and magnitude (``read_completeness``).
    large : float, optional
        With "helmstetter": events of this magnitude or more hide smaller ones.
    prior : str or path, optional
        A pretrained net, "shipped" or a checkpoint: the ETAS parameters of its regions are the
        prior, and the fit is the mode of the posterior.
    random_starts : int
        Number of random starting points, besides the built-in ones.
    seed : int
        Random seed of the random starting points.
    profile : sequence of str
        Parameters whose profile likelihood is computed.

    Returns
    -------
    ETASResult
        ``write`` writes etas.json, ``print`` shows the table.

    Raises
    ------
    InputError
        If arguments exclude each other or are out of range, the net of the prior has seen the test
        window, or ``fit_etas`` or ``profile_likelihood`` raise it.

    Examples
    --------
    >>> from catalogs import load
    >>> result = fit_catalog(load("synthetic_socal"), fixed={"alpha": 0.7})
    >>> result.fit.fixed, round(result.splits["test"].nats_per_event, 2)
    ({'alpha': 0.7}, 0.58)
    """
    require_catalog(catalog)
    if seed < 0 or not 0 <= random_starts <= MOST_STARTS:
        raise InputError(
            f"`seed` {seed} and `random_starts` {random_starts}: give 0 or more, and at most "
            f"{MOST_STARTS} starts"
        )
    if prior is not None and profile:
        raise InputError(
            f"`profile` {','.join(profile)} is of the likelihood alone: leave out that or "
            f"`prior` {prior}"
        )
    split = None if protocol == "all" else catalog.split()
    sequence = fitting_sequence(catalog, protocol)
    law = (
        catalog.info.magnitude_law(sequence.magnitudes[sequence.first_scored :])
        if split is None
        else catalog.magnitude_law()
    )
    history = history_of(catalog, protocol, completeness_history, large)
    if history is not None:
        law = law_of_detected(catalog, sequence, history, law)
    starts = standard_starts(sequence, fixed)
    if random_starts:
        starts += drawn_starts(sequence, random_starts, np.random.default_rng(seed))
    fit = fit_etas(
        sequence,
        law,
        starts=starts,
        fixed=fixed,
        taper=taper,
        completeness=history,
        prior=None if prior is None else prior_of(prior, catalog, protocol),
        protocol=protocol,
    )
    return ETASResult(
        fit,
        catalog.info.name,
        seen_by_fit(catalog, protocol),
        {} if split is None else SplitScore.of(fit.model, split),
        {name: profile_likelihood(fit, sequence, name, completeness=history) for name in profile},
        label_of(completeness_history),
        steps_of(history, completeness_history, catalog.info),
        None if prior is None else str(prior),
        describe(),
    )


def history_of(
    catalog: Catalog, protocol: FittingProtocol, how: History, large: float | None = None
) -> CompletenessHistory | None:
    """Make Mc(t) from the argument of ``fit_catalog``; None if completeness is constant.

    Raises
    ------
    InputError
        If ``large`` is given without "helmstetter", or a file cannot be read.
    """
    if large is not None and how != "helmstetter":
        raise InputError(
            f"`large` {large:g} goes with `completeness_history` helmstetter: add that"
        )
    if how is None:
        return None
    lowest = catalog.info.magnitude_completeness
    if isinstance(how, CompletenessHistory):
        history = how
    elif how == "helmstetter":
        events = fitting_sequence(catalog, protocol)
        history = CompletenessHistory.helmstetter(events, lowest, minimum_magnitude=large)
    else:
        history = read_completeness(Path(how), catalog.info)
    return history.on_grid(lowest, catalog.info.magnitude_bin)


def law_of_detected(
    catalog: Catalog, sequence: EventSequence, history: CompletenessHistory, law: GutenbergRichter
) -> GutenbergRichter:
    """The law of magnitudes with the b-value of the events above Mc(t)."""
    return law_above(
        sequence,
        history,
        law,
        bin_width=catalog.info.magnitude_bin,
        strict=catalog.info.completeness_is_strict,
    )


def label_of(how: History) -> str | None:
    """How Mc(t) was given, for the record."""
    if isinstance(how, CompletenessHistory):
        return f"{how.times.size} steps"
    return None if how is None else str(how)


def steps_of(
    history: CompletenessHistory | None, how: History, info: CatalogInfo
) -> tuple[tuple[str, float], ...]:
    """The steps of a given Mc(t), for the record; the law of Helmstetter et al. has none."""
    return () if history is None or how == "helmstetter" else history.dated(info)


def prior_of(
    net: str | PathLike[str], catalog: Catalog, protocol: FittingProtocol = "train"
) -> Prior:
    """Make the prior that the regions of a net give, for a catalog that it does not know.

    A fit to all events leaves none to test it on, so that the net may have seen these.

    Raises
    ------
    InputError
        If there is none, or the net has seen the test window and the fit leaves one.
    """
    from recast.net.scaling import Scaling
    from recast.pretrained import etas_prior, seen

    if protocol != "all":
        check_unseen(seen(net), catalog, f"net {net}")
    try:
        alone = fit_etas(catalog.split().train, catalog.magnitude_law()).model
    except InputError:  # so few events that no net was trained on them
        scaling = None
    else:
        scaling = Scaling.of(catalog, alone)
    prior = etas_prior(net, scaling)
    if prior is None:
        raise InputError(
            f"`prior` {net}: its net knows this catalog, or too few others: leave it out"
        )
    return prior


@dataclass(frozen=True, repr=False)
class ETASScores(Record):
    """Scores of a model on all windows, with its gain over Poisson (`score.json`).

    ``completeness`` is the Mc(t) that it was fitted with, if any; all events are scored.
    """

    catalog: str
    model: ETAS
    protocol: str
    splits: dict[str, SplitScore]
    completeness: str | None = None

    def write(self, folder: Path) -> Path:
        """Write score.json into a folder and return its path."""
        write_json(folder / "score.json", self.to_json())
        return folder / "score.json"

    def __repr__(self) -> str:
        said = [] if self.completeness is None else [of_all_events(self.completeness)]
        head = f"model fitted on: {self.protocol}"
        return "\n".join([head, *SplitScore.table(self.splits), *said])

    def _repr_html_(self) -> str:
        return text_as_html(repr(self))


def of_all_events(completeness: str) -> str:
    """What to know of numbers by a model that was fitted to the events above Mc(t)."""
    return (
        f"the model was fitted to events above Mc(t) ({completeness}); these numbers are of all "
        "events, and those that are missing are expected, too"
    )


def score_catalog(
    catalog: Catalog, model: ETAS, protocol: str = "unknown", completeness: str | None = None
) -> ETASScores:
    """Score a fitted model on all windows, and against a Poisson process of the train window.

    Parameters
    ----------
    catalog : Catalog
        With its splits.
    model : ETAS
        A fitted model.
    protocol : str
        Windows that it was fitted on, for the record.
    completeness : str, optional
        How Mc(t) was given, if it was fitted with one, for the record.

    Returns
    -------
    ETASScores
        ``write`` writes score.json, ``print`` shows the table.
    """
    split = catalog.split()
    null = Poisson.fit(split.train, model.magnitude_law)
    scores = SplitScore.of(model, split, null)
    return ETASScores(catalog.info.name, model, protocol, scores, completeness)
