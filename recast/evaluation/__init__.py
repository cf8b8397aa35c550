"""Scores of point processes: for any model that satisfies ``catalogs.PointProcess``."""

from recast.evaluation.bootstrap import Interval, mean_interval
from recast.evaluation.diagnosis import Diagnosis, diagnose
from recast.evaluation.gains import PeriodGain, gain, gains_by_period
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
