"""Scores of point processes: for any model that satisfies ``catalogs.PointProcess``."""

from recast.evaluation.bootstrap import Interval, mean_interval
from recast.evaluation.scores import Score, event_terms, score

__all__ = ["Interval", "Score", "event_terms", "mean_interval", "score"]
