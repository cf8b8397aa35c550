"""Maximum-likelihood fit of the temporal ETAS model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from catalogs import EventSequence, GutenbergRichter, InputError
from catalogs.arguments import require_sequence
from catalogs.cores import threads
from catalogs.display import some, span
from catalogs.json_records import Record
from catalogs.scalars import number
from catalogs.sequence import FloatArray
from etas.completeness import CompletenessHistory
from etas.likelihood import LogLikelihood
from etas.model import ETAS, supercritical
from etas.optimiser import Objective, Summit, climb, polish, scaled_objective
from etas.parameters import C_BOUND, P_BOUND, PARAMETERS, TAPER, Box
from etas.prior import Prior
from etas.residuals import MINIMUM_EVENTS as FEWEST_RESIDUALS
from etas.residuals import ResidualTest, residual_test
from etas.starting_points import STARTS, standard_starts
from etas.uncertainty import Uncertainty
from etas.weighted_likelihood import WeightedLogLikelihood

if TYPE_CHECKING:
    import pandas as pd

    from catalogs import Catalog

MINIMUM_EVENTS = 50
"""Ten per parameter; with fewer the likelihood has no usable maximum."""

CONVERGED = 1e-6
"""Largest projected gradient of a converged fit: nats per event, scaled parameters."""

WITH_PRIOR = FEWEST_RESIDUALS
"""With a prior, which says of the parameters what few events cannot."""

MOST_OUTSIDE = 0.2
"""Share of autocorrelations outside their 95 % range; of 30, a true model has more less than once
in a thousand fits."""

STEEP = 1.3
"""Of p: six simulated swarms were fitted with 1.4 to 3, and eight regions, whose autocorrelations
are outside as well, with 0.9 to 1.2. The median of aftershock sequences is 1.1 (Utsu et al.
1995)."""

FittingProtocol = Literal["train", "train+val", "all"]


@dataclass(frozen=True, repr=False)
class ETASFit(Record):
    """A maximum-likelihood fit: the model, how well it was found, and how well it is known.

    It prints as the table of ``recast etas fit``.

    Parameters
    ----------
    model : ETAS
        The model at the maximum.
    log_likelihood : float
        Of the scored window, in nats.
    n_events, days : int, float
        Number of scored events, and length of the scored window.
    expected : float
        Compensator of the scored window, in events; equal to ``n_events`` at an interior maximum.
    branching_ratio : float
        Over the scored window.
    converged : bool
        Whether ``gradient_norm`` is below 1e-6.
    gradient_norm : float
        Largest projected gradient in the scaled parameters, nats per event.
    at_bound : tuple of str
        Parameters on the edge of the admissible box. mu -> 0 is common and honest: the catalog then
        needs no background.
    bound_reasons : dict of str to str
        What that means.
    fixed : dict of str to float
        Parameters that were held.
    uncertainty : Uncertainty or None
        None where the Hessian is not that of a maximum.
    residuals : ResidualTest
        Of the scored window.
    protocol : str
        Which windows were fitted, e.g. "train", "train+val" or "all".
    evaluations : int
        Number of evaluations of the likelihood.
    start_log_likelihoods : tuple of float
        Maximum reached from each starting point, in nats.

    See Also
    --------
    fit_etas : makes one.

    Examples
    --------
    >>> from catalogs import load
    >>> catalog = load("ridgecrest_2019")
    >>> fit = fit_etas(catalog.split().train, catalog.magnitude_law())
    >>> fit.converged, fit.n_events, round(fit.nats_per_event, 1)
    (True, 309, 3.7)
    >>> fit.to_dataframe().columns.to_list()
    ['estimate', 'standard_error', 'lower', 'upper', 'note']
    """

    owns_file = False
    """etas.json holds a fit and its result side by side, and names of earlier versions."""

    model: ETAS
    log_likelihood: float
    n_events: int
    days: float
    expected: float
    branching_ratio: float
    converged: bool
    gradient_norm: float
    at_bound: tuple[str, ...]
    bound_reasons: dict[str, str]
    fixed: dict[str, float]
    uncertainty: Uncertainty | None
    residuals: ResidualTest
    protocol: str
    evaluations: int
    start_log_likelihoods: tuple[float, ...]

    @property
    def nats_per_event(self) -> float:
        """Log-likelihood per scored event."""
        return self.log_likelihood / self.n_events

    @property
    def nll_per_day(self) -> float:
        """Negative log-likelihood per scored day, in nats."""
        return -self.log_likelihood / self.days

    @property
    def n_parameters(self) -> int:
        """Number of estimated parameters."""
        return self.model.parameters.size - len(self.fixed)

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON types.

        Returns
        -------
        dict
            All fields and the derived scores.
        """
        return {
            **super().to_json(),
            "nats_per_event": self.nats_per_event,
            "nll_per_day": self.nll_per_day,
            "n_parameters": self.n_parameters,
            "branching_ratio_horizon_days": self.days,
        }

    def to_dataframe(self) -> pd.DataFrame:
        """The parameters as rows.

        Returns
        -------
        pandas.DataFrame
            Indexed by parameter, with the columns estimate, standard_error, lower and upper (95 %
            interval; NaN where there is no error) and note (fixed, or the reason of a bound).
        """
        import pandas as pd

        return pd.DataFrame(
            self._rows(),
            columns=["parameter", "estimate", "standard_error", "lower", "upper", "note"],
        ).set_index("parameter")

    def _rows(self) -> list[tuple[str, float, float, float, float, str]]:
        """Name, estimate, standard error, ends of the interval, and a note where they are NaN."""
        rows = []
        names = PARAMETERS if self.model.taper is None else (*PARAMETERS, TAPER)
        for name in names:
            error, low, high, note = np.nan, np.nan, np.nan, ""
            if name in self.fixed:
                note = "fixed"
            elif name in self.bound_reasons:
                note = f"on its bound: {self.bound_reasons[name]}"
            elif self.uncertainty is None:
                note = "no error: the likelihood is flat here"
            else:
                error = self.uncertainty.standard_error(name)
                low, high = self.uncertainty.interval(name)
            rows.append((name, getattr(self.model, name), error, low, high, note))
        return rows

    def _head(self) -> str:
        return f"fitted on {self.protocol}: {some(self.n_events, 'event')} in {_days(self.days)}"

    def _tail(self) -> list[str]:
        law, test = self.model.magnitude_law, self.residuals
        state = "converged" if self.converged else "NOT converged"
        effort = f"gradient {self.gradient_norm:.1e} nats/event, {self.evaluations} evaluations"
        return [
            f"b-value {law.b:.3f} above M {law.completeness:g}",
            f"branching ratio {self.branching_ratio:.4f} over {_days(self.days)}"
            + supercritical(self.branching_ratio),
            f"expected events {self.expected:.1f}, observed {self.n_events}",
            f"residuals: KS p = {test.ks_p:.2g}, runs p = {test.runs_p:.2g}"
            + _correlated(test, self.model.p),
            f"{state}: {effort}",
        ]

    def __repr__(self) -> str:
        rows = [
            f"{name:>6} {value:12.6g} " + (note or f"{error:12.3g}   {low:.6g} to {high:.6g}")
            for name, value, error, low, high, note in self._rows()
        ]
        title = f"{'':>6} {'estimate':>12} {'std. error':>12}   95 % interval"
        return "\n".join([self._head(), title, *rows, *self._tail()])

    def _repr_html_(self) -> str:
        cells = [
            [
                name,
                f"{value:.6g}",
                *([note, ""] if note else [f"{error:.3g}", f"{low:.6g} to {high:.6g}"]),
            ]
            for name, value, error, low, high, note in self._rows()
        ]
        head = ("", "estimate", "std. error", "95 % interval")
        rows = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in cells]
        table = "".join(
            f"<tr>{row}</tr>" for row in ("".join(f"<th>{c}</th>" for c in head), *rows)
        )
        notes = "<br>".join(map(escape, self._tail()))
        return f"<p>{escape(self._head())}</p><table>{table}</table><p>{notes}</p>"


def _days(days: float) -> str:
    """A window in whole days, or what there is of one."""
    return some(round(days), "day") if days >= 1.0 else span(float(f"{days:.3g}"))


def _correlated(test: ResidualTest, p: float) -> str:
    """How many autocorrelations are off, and what many mean where p is that of a burst.

    Of a large catalog most are: every model lacks something.
    """
    if test.lags_outside is None:
        return ""
    said = f", {test.lags_outside} of {test.lags} autocorrelations outside their 95 % range"
    if test.lags_outside <= MOST_OUTSIDE * test.lags or p < STEEP:
        return said
    return said + (
        f", and p above {STEEP:g}: the background seems to change, as in swarms, and then mu and "
        "alpha are too low, and the branching ratio is too high"
    )


def fitting_sequence(catalog: Catalog, protocol: FittingProtocol) -> EventSequence:
    """The sequence to fit: the train window, train and validation as one window, or all.

    Papers do the first two. Fitting on train + validation uses data on which neural models only
    stop early. Fitting on all leaves nothing to test: it is for forecasts, and for catalogs too
    small to split.

    Parameters
    ----------
    catalog : Catalog
        With its splits, which "all" does not need.
    protocol : {"train", "train+val", "all"}
        Which windows.

    Returns
    -------
    EventSequence
        With all earlier events as history.
    """
    if protocol == "all":
        start = catalog.info.to_days(catalog.info.splits.train_start)
        return catalog.to_sequence().scored_from(start)
    split = catalog.split()
    return split.train if protocol == "train" else split.val.scored_from(split.train.score_from)


def fit_etas(
    sequence: EventSequence,
    magnitude_law: GutenbergRichter,
    *,
    starts: int | Sequence[FloatArray] = len(STARTS),
    fixed: Mapping[str, float] | None = None,
    taper: bool = False,
    completeness: CompletenessHistory | None = None,
    prior: Prior | None = None,
    protocol: str = "train",
    max_iterations: int = 200,
) -> ETASFit:
    """Fit the temporal ETAS model by maximum likelihood.

        max over (mu, k, alpha, c, p[, taper]) of
        log L = sum_i log lambda(t_i) - integral lambda(t) dt

    over the scored window, by Fisher scoring in a box (``etas.optimiser``) from several starting
    points whose mu and k reproduce the observed number of events. Newton steps with the Hessian,
    which also gives the standard errors, polish the best of them.

    Parameters
    ----------
    sequence : EventSequence
        Usually ``catalog.split().train``, or ``fitting_sequence``.
    magnitude_law : GutenbergRichter
        Gives the completeness magnitude; becomes the model's law of magnitudes.
    starts : int or sequence of arrays (j,)
        Number of built-in starting points, 1 to 3; or starting points (mu, k, alpha, c, p[, taper])
        in natural units.
    fixed : mapping of str to float, optional
        Parameters held at a value, as in ``{"p": 1.1}`` or ``{"alpha": 0.0}``.
    taper : bool
        Whether triggering also fades as exp(-t / taper), with the taper in days estimated (or
        fixed).
    completeness : CompletenessHistory, optional
        Mc(t): events below it are left out and the others scored as ``WeightedLogLikelihood`` says.
    prior : Prior, optional
        What fits elsewhere say of the parameters: the result is then the mode of the posterior, and
        errors are those of the posterior.
    protocol : str
        What ``sequence`` is, for the record.
    max_iterations : int
        Scoring steps from each starting point.

    Returns
    -------
    ETASFit
        The model, with errors, residual tests and how the maximum was found.

    Raises
    ------
    InputError
        With fewer than 50 scored events (10 with a prior), an event below completeness, an
        impossible ``fixed`` value, or a prior together with a taper.

    References
    ----------
    Ogata, Y. (1988). Statistical models for earthquake occurrences and residual analysis for point
    processes. J. Am. Stat. Assoc. 83, 9-27. doi:10.1080/01621459.1988.10478560

    Examples
    --------
    >>> from etas.synthetic import SOCAL_TRUTH, synthetic_socal
    >>> fit = fit_etas(synthetic_socal().split().train, SOCAL_TRUTH.magnitude_law)
    >>> fit.converged, round(fit.model.alpha - SOCAL_TRUTH.alpha, 2), round(fit.expected)
    (True, 0.0, 11142)
    >>> fit
    fitted on train: 11,142 events in 2,700 days
               estimate   std. error   95 % interval
        mu     0.881...       0.0584   0.774... to 1.00...
    ...
    """
    require_sequence(sequence)
    fixed = {} if fixed is None else {name: number(name, x) for name, x in fixed.items()}
    if prior is not None and (taper or TAPER in fixed):
        raise InputError("a prior says nothing of a taper: fit without one of the two")
    objective = objective_of(sequence, magnitude_law, taper or TAPER in fixed, completeness)
    n = objective.sequence.n_scored
    needed = MINIMUM_EVENTS if prior is None else WITH_PRIOR
    if n < needed:
        remedy = "lengthen the window or lower the completeness magnitude"
        if prior is None and n >= WITH_PRIOR:
            remedy += ", or use a `prior`"
        raise InputError(
            f"{n} scored events are too few to fit ETAS, which needs {needed}: {remedy}"
        )
    days = objective.sequence.scored_days
    box = Box.of(n / days, days, taper=taper or TAPER in fixed)
    held = box.fixed_mask(fixed)
    free = np.isnan(held)
    likelihood = scaled_objective(objective, box, n)
    evaluate = likelihood if prior is None else prior.added_to(likelihood, n)

    def ascend(start: FloatArray) -> Summit:
        position = box.scaled(np.where(free, start, held))
        return climb(evaluate, position, box, free, max_iterations=max_iterations)

    # The compiled sums run without the interpreter lock, so threads use the cores.
    with ThreadPoolExecutor(max_workers=threads()) as pool:
        ends = list(pool.map(ascend, _starting_points(objective, box, starts, fixed)))
        best = max(ends, key=lambda end: end.evaluation.value)
        interior = free & ~_on_edge(box, best.position)
        summit, hessian = polish(evaluate, best, box, interior, pool)
    parameters = box.natural(summit.position)
    parameters = np.where(free, parameters, held)
    mu, k, alpha, c, p, *tapers = parameters.tolist()
    model = ETAS(mu, k, alpha, c, p, magnitude_law, *tapers)
    reasons = {name: why for name, why in box.reasons(summit.position).items() if name not in fixed}
    x, gradient = summit.position, np.where(free, summit.evaluation.gradient, 0.0)
    norm = float(np.abs(x - np.clip(x + gradient, box.lower, box.upper)).max())
    transformed, expected = _transformed(objective, model)
    return ETASFit(
        model=model,
        log_likelihood=n * (summit.evaluation if prior is None else likelihood(x)).value,
        n_events=n,
        days=days,
        expected=expected,
        branching_ratio=model.branching_ratio(days),
        converged=bool(norm < CONVERGED),
        gradient_norm=norm,
        at_bound=tuple(reasons),
        bound_reasons=reasons,
        fixed=fixed,
        uncertainty=Uncertainty.of(box, summit.position, interior, hessian * n),
        residuals=residual_test(transformed),
        protocol=protocol,
        evaluations=sum(end.evaluations for end in ends) + summit.evaluations - best.evaluations,
        start_log_likelihoods=tuple(end.evaluation.value * n for end in ends),
    )


def objective_of(
    sequence: EventSequence,
    law: GutenbergRichter,
    taper: bool,
    completeness: CompletenessHistory | None,
) -> LogLikelihood | WeightedLogLikelihood:
    """The log-likelihood of a sequence for any parameters in the box of a fit."""
    # The Hessian looks a little beyond the bounds' edge.
    c_min, p_max = 0.99 * C_BOUND.lower, P_BOUND.upper + 0.01
    if taper or completeness is not None:
        return WeightedLogLikelihood.of(
            sequence, law, taper=taper, completeness=completeness, c_min=c_min, p_max=p_max
        )
    return LogLikelihood.of(sequence, law.completeness, c_min=c_min, p_max=p_max)


def _on_edge(box: Box, position: FloatArray) -> Any:
    reasons = box.reasons(position)
    return np.array([name in reasons for name in box.names])


def _transformed(
    objective: LogLikelihood | WeightedLogLikelihood, model: ETAS
) -> tuple[FloatArray, float]:
    """Compensator at the scored events, and over the whole window."""
    if isinstance(objective, WeightedLogLikelihood):
        return objective.transformed_times(model.parameters)
    sequence = objective.sequence
    times = np.append(sequence.times[sequence.first_scored :], sequence.end)
    compensator = model.compensator(sequence, times)
    return compensator[:-1], float(compensator[-1])


def _starting_points(
    objective: Objective,
    box: Box,
    starts: int | Sequence[FloatArray],
    fixed: Mapping[str, float],
) -> list[FloatArray]:
    sequence = objective.sequence
    points = (
        standard_starts(sequence, fixed)[: max(starts, 0)]
        if isinstance(starts, int | np.integer)
        else starts
    )
    if len(points) == 0:
        raise InputError(f"`starts` {starts}: give 1 to {len(STARTS)}, or starting points")
    # A taper of the whole window hardly matters at first
    return [np.append(point, sequence.scored_days)[: len(box.names)] for point in points]
