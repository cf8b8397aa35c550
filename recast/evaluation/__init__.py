"""Scores of point processes: for any ``catalogs.PointProcess``.

scores           log-likelihood in total and event by event
gains            how much better one model explains events than another
intervals        confidence intervals of means of values that come in sequences
promises         whether a model of another package is one: nothing ahead, integrals right
mark_promises    the same of its laws of magnitudes and places
place_mass       integrals of densities of places
diagnosis        quantities that the plots of a window need
continuations    simulated continuations of a test window
counts           forecast numbers against observed ones
magnitudes       forecast magnitudes against observed ones
magnitude_loops  compiled: events of many trajectories counted by magnitude
cells            forecast places against observed ones, in the cells of a grid
"""

from recast.evaluation.diagnosis import Diagnosis, diagnose
from recast.evaluation.gains import PeriodGain, gain, gains_by_period
from recast.evaluation.intervals import Interval, mean_interval
from recast.evaluation.scores import Score, event_terms, score

__all__ = [
    "Diagnosis",
    "Interval",
    "PeriodGain",
    "Score",
    "diagnose",
    "event_terms",
    "gain",
    "gains_by_period",
    "mean_interval",
    "score",
]
