"""Learn from past sequences how forecasts after mainshocks are to be corrected.

    python experiments/aftershocks.py experiments/aftershocks/learn.yaml

forecasts the hours and days after the mainshocks of train windows with ETAS, fitted again every
year on what was known the day before, compares the numbers with what came, and writes
recast/forecast/correction.json. Forecasts are kept in the folder ``out`` of the configuration, so
that a second run only learns.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.optimize import minimize
from scipy.special import logsumexp

from catalogs import Catalog, EventSequence, InputError, load
from catalogs.files import read_json, write_json
from catalogs.sequence import reaches
from etas import ETAS, fit_etas
from etas.omori import LOG_C, OmoriPrior, OmoriSequence, P
from recast.forecast.correction import (
    HALF,
    LARGE,
    LEARNED,
    UNIT_LOGISTIC,
    Learned,
    SequenceForecast,
)
from recast.forecast.mainshocks import find_mainshocks

YEARS_FOR_A_FIT, EVENTS_FOR_A_FIT = 2.0, 600
CAP = 60_000

FLAT = OmoriPrior(1.0, 1.1, 3.0, 1.0, 1.0, -3.0, 0.5, 3.0)
"""Wide: learning starts from it."""


@dataclass(frozen=True)
class Past:
    """A mainshock, and the model that was fitted before it."""

    catalog: str
    events: EventSequence
    model: ETAS
    time: float
    magnitude: float
    index: int

    def history(self, hours: float) -> EventSequence:
        """Events up to some hours after the mainshock."""
        return self.events.before(self.time + hours / 24.0)


def mainshocks(catalog: Catalog, magnitude: float, refit_days: float) -> Iterator[Past]:
    """Mainshocks of the train window with a model for each."""
    info, events = catalog.info, catalog.to_sequence()
    begin, end = info.to_days(info.splits.train_start), info.to_days(info.splits.val_start)
    fitted, model = -np.inf, None
    for shock in find_mainshocks(catalog, magnitude, (begin, end)):
        day = shock.time - 1.0
        past = events.before(day)
        if len(past) < EVENTS_FOR_A_FIT or day - events.start < YEARS_FOR_A_FIT * 365.25:
            continue
        if model is None or shock.time - fitted > refit_days:
            known = past.scored_from(max(events.start + 30.0, begin))
            law = info.magnitude_law(known.magnitudes[known.first_scored :])
            model, fitted = fit_etas(known, law).model, shock.time
        yield Past(info.name, events, model, shock.time, shock.magnitude, shock.index)


def forecasts(past: Past, config: dict[str, Any]) -> list[dict[str, Any]]:
    """ETAS forecasts after a mainshock, and what came."""
    rows, events = [], past.events
    for hours in config["hours"]:
        at = past.time + hours / 24.0
        after = (events.times > past.time) & (events.times < at)
        if (
            at + min(config["days"]) > events.end
            or (events.magnitudes[after] > past.magnitude).any()
        ):
            break
        history, known = past.history(hours), [d for d in config["days"] if at + d <= events.end]
        drawn = past.model.simulate(
            history,
            max(known),
            config["samples"],
            seed=[past.index, round(hours)],
            max_events=CAP,
            allow_supercritical=True,
        )
        for days in known:
            came = (events.times >= at) & (events.times < at + days)
            inside = drawn.times < at + days
            rows.append(
                {
                    "hours": hours,
                    "days": days,
                    "counts": np.bincount(drawn.trajectory[inside], minlength=drawn.n).tolist(),
                    "observed": int(came.sum()),
                    "larger": bool(reaches(events.magnitudes[came], past.magnitude - LARGE).any()),
                }
            )
    return rows


def learned_prior(sequences: list[Past], hours: float) -> OmoriPrior:
    """The Omori prior under which past sequences are most likely (empirical Bayes)."""
    grids = []
    for past in sequences:
        # The likelihood on a wide grid: the posterior less a flat prior
        excess = past.magnitude - past.model.magnitude_law.completeness
        omori = OmoriSequence.of(
            past.model, past.history(last_lead(past, hours)), past.time, past.magnitude, FLAT
        )
        logs = np.log(np.maximum(omori.weights, 1e-300))
        logs += 0.5 * ((P - FLAT.p) / FLAT.p_sd)[:, None, None] ** 2
        centre = FLAT.log_c + FLAT.log_c_slope * excess
        logs += 0.5 * ((LOG_C - centre) / FLAT.log_c_sd)[None, :, None] ** 2
        centre = FLAT.log_k + FLAT.log_k_slope * excess
        logs += 0.5 * ((omori.log_k - centre) / FLAT.log_k_sd) ** 2
        likely = logs.max(axis=(0, 1)) > logs.max() - 30.0
        grids.append((excess, omori.log_k[likely], logs[:, :, likely]))

    def prior(x: np.ndarray) -> OmoriPrior:
        sds = np.exp(x[[2, 4, 7]])
        return OmoriPrior(x[0], x[1], sds[0], x[3], sds[1], x[5], x[6], sds[2])

    def loss(x: np.ndarray) -> float:
        q, total = prior(x), 0.0
        for excess, log_k, logs in grids:
            k = (log_k - q.log_k - q.log_k_slope * excess) / q.log_k_sd
            c = (LOG_C - q.log_c - q.log_c_slope * excess) / q.log_c_sd
            p = (P - q.p) / q.p_sd
            normal = (p**2)[:, None, None] + (c**2)[None, :, None] + k**2
            total += logsumexp(logs - 0.5 * normal) - np.log(q.p_sd * q.log_c_sd * q.log_k_sd)
        # Standard deviations of a few sequences are kept from zero and from growing without bound
        return -total / len(grids) + 0.002 * (x[2] ** 2 + (x[4] + 1.6) ** 2 + x[7] ** 2)

    start = np.array([0.0, 1.1, 0.0, 0.9, -1.6, -5.0, 0.8, 0.3])
    found = minimize(loss, start, method="Nelder-Mead", options={"maxfev": 900, "fatol": 1e-4})
    return prior(found.x)


def last_lead(past: Past, hours: float) -> float:
    """The longest lead time before a larger event."""
    later = (past.events.times > past.time) & (past.events.magnitudes > past.magnitude)
    first = past.events.times[later].min(initial=np.inf)
    return float(min(hours, 24.0 * (first - past.time), 24.0 * (past.events.end - past.time)))


def learned_factor(
    sequences: list[tuple[Past, list[dict[str, Any]]]], prior: OmoriPrior, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """The law of the factor under which what came is most likely.

    Logarithms of numbers are logistic, with the spread of the simulations and that of the factor.
    Windows with an event about as large as the mainshock are left out: its aftershocks are added
    apart.
    Each sequence counts as the root of its forecasts.
    """
    blank = Learned(prior, (0.0,) * 3, (0.0,) * 3, {}, "")
    shifts, spreads, errors, variances, weights = [], [], [], [], []
    for past, rows in sequences:
        kept = [row for row in rows if not row["larger"]]
        by_hours: dict[float, SequenceForecast] = {}
        for row in kept:
            hours = row["hours"]
            if hours not in by_hours:
                by_hours[hours] = SequenceForecast.of(
                    past.model, past.history(hours), past.index, blank
                )
            sequence, counts = by_hours[hours], np.array(row["counts"], dtype=np.float64)
            expected, _ = sequence.omori.expected(row["days"])
            ratio, shift, spread = sequence.features(row["days"], expected, counts)
            logs = np.log(counts + HALF)
            low, high = np.quantile(logs, [0.16, 0.84])
            shifts.append(shift)
            spreads.append(spread)
            errors.append(np.log(row["observed"] + HALF) - np.median(logs) - ratio)
            variances.append(((high - low) / 2.0) ** 2)
            weights.append(1.0 / np.sqrt(len(kept)))
    x, s, y, v = map(np.array, (shifts, spreads, errors, variances))
    w = np.array(weights) / np.sum(weights)
    k = x.shape[1]

    def loss(q: np.ndarray) -> float:
        variance = v + np.exp(2.0 * np.clip(s @ q[k:], -4.0, 2.0))
        scale = UNIT_LOGISTIC * np.sqrt(variance)
        z = np.abs(y - x @ q[:k]) / scale
        terms = z + 2.0 * np.log1p(np.exp(-z)) + np.log(scale)
        return float(np.sum(w * terms) + ridge * np.sum(q[1:k] ** 2))

    start = np.zeros(k + s.shape[1])
    start[k] = -0.5
    found = minimize(loss, start, method="BFGS").x
    return found[:k], found[k:]


def main() -> None:
    """Learn as a configuration says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    path = parser.parse_args().config
    config = yaml.safe_load(path.read_text())
    sequences: list[tuple[Past, list[dict[str, Any]]]] = []
    number: dict[str, int] = {}
    for name, magnitude in config["catalogs"].items():
        folder = Path(config["out"]) / name
        for past in mainshocks(load(name), magnitude, config["refit_days"]):
            file = folder / f"{past.index}.json"
            if not file.is_file():
                write_json(file, {"rows": forecasts(past, config)})
            rows = read_json(file)["rows"]
            if rows:
                sequences.append((past, rows))
        number[name] = sum(past.catalog == name for past, _ in sequences)
        print(f"{name}: {number[name]} mainshocks", flush=True)
    if not sequences:
        raise InputError("no mainshock to learn from")
    prior = learned_prior([past for past, _ in sequences], max(config["hours"]))
    shift, spread = learned_factor(sequences, prior, config["ridge"])
    record = {
        "prior": {name: round(value, 3) for name, value in prior.to_json().items()},
        "shift": shift.round(3).tolist(),
        "spread": spread.round(3).tolist(),
        "sequences": number,
        "command": f"python experiments/aftershocks.py {path}",
    }
    write_json(LEARNED, Learned.from_json(record, LEARNED).to_json())
    print(Learned.load(LEARNED))


if __name__ == "__main__":
    main()
