"""A process of two rates, as a package that is not ours adds it: one file, one entry point."""

from dataclasses import asdict, dataclass

import numpy as np

from catalogs import GutenbergRichter, PointProcess, without_gaps
from catalogs.process import checked_times
from recast import ModelKind


@dataclass(frozen=True)
class Rush(PointProcess):
    """``busy`` events/day for ``span`` days after the last event, then ``calm`` ones."""

    busy: float
    calm: float
    span: float
    magnitude_law: GutenbergRichter

    def intensity(self, sequence, times):
        queries = checked_times(times, sequence.start, sequence.end)
        last = np.append(-np.inf, sequence.times)[np.searchsorted(sequence.times, queries)]
        return np.where(queries - last <= self.span, self.busy, self.calm)

    @without_gaps
    def compensator(self, sequence, times):
        queries = checked_times(times, sequence.score_from, sequence.end)
        queries = np.append(queries, sequence.score_from)
        i = np.searchsorted(sequence.times, queries)
        since = queries - np.append(-np.inf, sequence.times)[i]
        full = np.minimum(np.diff(sequence.times), self.span)
        rush = np.concatenate([[0.0, 0.0], np.cumsum(full)])[i]
        rush += np.where(i > 0, np.minimum(since, self.span), 0.0)
        total = self.calm * queries + (self.busy - self.calm) * rush
        return total[:-1] - total[-1]


class RushKind(ModelKind):
    name = "outside"
    about = "in a rush after each event"
    seeded = True

    def fit(self, task):
        train, law = task.split.train, task.catalog.magnitude_law()
        share = np.random.default_rng(task.seed).uniform(0.5, 2.0)  # a rough search, by one guess
        span = float(share * np.median(np.diff(train.times)))
        unit = Rush(1.0, 0.0, span, law)
        days = unit.compensator(train, train.end)[0]
        n = unit.intensity(train, train.times[train.first_scored :]).sum()
        calm = (train.n_scored - n) / (train.scored_days - days)
        return self.fitted(task, Rush(float(n / days), float(calm), span, law), 3)

    def to_json(self, process):
        return asdict(process)

    def from_json(self, record, catalog):
        law = GutenbergRichter(**record["magnitude_law"])
        return Rush(record["busy"], record["calm"], record["span"], law)
