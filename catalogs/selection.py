"""A part of a catalog: area, window, completeness and splits, in Python and in YAML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np

from catalogs.areas import parse_area
from catalogs.catalog import Catalog
from catalogs.errors import InputError
from catalogs.event_types import are_earthquakes
from catalogs.importing import split_by_events
from catalogs.info import CatalogInfo, SplitDates
from catalogs.sequence import MAGNITUDE_TOLERANCE


@dataclass(frozen=True)
class Selection:
    """A part of a catalog; what is not given stays as the catalog has it.

    Parameters
    ----------
    area : str, optional
        SOUTH/NORTH/WEST/EAST, or three or more LATITUDE,LONGITUDE with blanks between them.
    start, end : str or float, optional
        The window [start, end): dates, or days where the catalog uses days.
    magnitude_completeness : float, optional
        Magnitude of completeness, not below that of the catalog.
    splits : four dates, optional
        Train start, validation start, test start and end.
    fractions : three floats, optional
        Shares of the complete events in train, validation and test, in place of ``splits``.
    earthquakes_only : bool
        Leave out events that the network calls otherwise, where it gives types.

    Examples
    --------
    >>> from catalogs import load
    >>> Selection(end="2019-07-11", fractions=(0.5, 0.25, 0.25))
    Selection(end='2019-07-11', fractions=(0.5, 0.25, 0.25))
    >>> Selection(end="2019-07-11", fractions=(0.5, 0.25, 0.25)).of(load("ridgecrest_2019")).split()
    Split
      train  198 events on [1, 2.41307) days
      val    99 events on [2.41307, 3.69486) days
      test   99 events on [3.69486, 4.86119) days
    """

    area: str | None = None
    start: str | float | None = None
    end: str | float | None = None
    magnitude_completeness: float | None = None
    splits: Sequence[str | float] | None = None
    fractions: Sequence[float] | None = None
    earthquakes_only: bool = False

    def __repr__(self) -> str:
        set_ones = (f for f in fields(self) if getattr(self, f.name) != f.default)
        return f"Selection({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in set_ones)})"

    def of(self, catalog: Catalog, name: str | None = None, *, any_splits: bool = False) -> Catalog:
        """The selected part of a catalog.

        Splits that are not given are cut to the window.

        Parameters
        ----------
        catalog : Catalog
            The whole.
        name : str, optional
            What to call the part, by default as the catalog.
        any_splits : bool
            Let thirds of the window stand in for splits that do not fit it at all: for whatever
            looks at no split.

        Returns
        -------
        Catalog
            The part, with its own window, completeness and splits.

        Raises
        ------
        InputError
            For an area or window without events, a completeness below the catalog's, or splits
            that do not fit.
        """
        if self.splits is not None and self.fractions is not None:
            raise InputError("give splits or fractions, not both")
        info = catalog.info
        self._refuse_unknown(catalog)
        if self.area is not None:
            catalog = catalog.within(parse_area(self.area), name or info.name)
        events = catalog.events
        if self.earthquakes_only:
            events = events[are_earthquakes(events)].reset_index(drop=True)
        info = self._cut(replace(catalog.info, name=name or info.name), any_splits)
        catalog = Catalog(events, info)
        if self.fractions is not None:
            begins = catalog.info.splits.train_start
            splits = split_by_events(catalog, begins, self.fractions)
            catalog = Catalog(events, replace(catalog.info, splits=splits))
        if self != Selection():
            changed = replace(catalog.info, n_events=len(events), sha256="")  # of the whole file
            catalog = Catalog(events, changed)
        return catalog

    def _cut(self, info: CatalogInfo, any_splits: bool) -> CatalogInfo:
        start, end = self._time(info, self.start), self._time(info, self.end)
        start = info.start if start is None else start
        end = info.end if end is None else end
        splits = info.splits
        if self.splits is not None:
            if len(self.splits) != 4:
                raise InputError(
                    f"splits {self.splits}: give train start, validation start, test start and end"
                )
            dates = [self._time(info, date) for date in self.splits]
            splits = SplitDates(*(date for date in dates if date is not None))
        elif self.fractions is not None:
            # Stand in until the events have been counted
            splits = _thirds(info, max(splits.train_start, start, key=info.to_days), start, end)
        else:
            first = max(splits.train_start, start, key=info.to_days)
            last = min(splits.end, end, key=info.to_days)
            inner = (splits.val_start, splits.test_start)
            days = [info.to_days(x) for x in (first, *inner, last)]
            fits = all(a < b for a, b in pairwise(days))
            splits = replace(splits, train_start=first, end=last)
            if any_splits and not fits:
                splits = _thirds(info, start, start, end)
            elif not fits:
                raise InputError(
                    f"catalog {info.name!r}: its validation and test windows, from {inner[0]} and "
                    f"{inner[1]}, do not lie inside {first} to {last}: give `splits` that do, or "
                    "`fractions`"
                )
        return replace(
            info,
            start=start,
            end=end,
            splits=splits,
            magnitude_completeness=self._completeness(info),
        )

    def _refuse_unknown(self, catalog: Catalog) -> None:
        """Raise an InputError for a window that reaches beyond what is known to have been observed.

        That is the catalog's own window, and whatever its table holds before and after it.
        """
        info, days = catalog.info, catalog.days
        first = min(0.0, float(np.floor(days.min()))) if days.size else 0.0
        last = max(info.to_days(info.end), float(np.ceil(days.max())) if days.size else 0.0)
        for what, value in (("start", self.start), ("end", self.end)):
            asked = self._time(info, value)
            if asked is None or first - 1.0 < info.to_days(asked) <= last + 1.0:
                continue
            since = info.start if info.to_days(asked) < 0.0 else info.end
            word = "from" if since is info.start else "until"
            raise InputError(
                f"{what} {asked}: catalog {info.name!r} is known {word} {since}, nothing is known "
                "of the time beyond: choose a window within, or import it again and say when it "
                "was observed"
            )

    def _completeness(self, info: CatalogInfo) -> float:
        asked, own = self.magnitude_completeness, info.magnitude_completeness
        if asked is None:
            return own
        if info.on_grid(asked) < own - MAGNITUDE_TOLERANCE:
            raise InputError(
                f"magnitude completeness {asked:g} is below that of catalog {info.name!r}, "
                f"{own:g}: raise it, or import the catalog again"
            )
        return max(asked, own)

    @staticmethod
    def _time(info: CatalogInfo, value: str | float | None) -> str | float | None:
        """A date as it is, or a number of days where the catalog uses days."""
        if value is None or not info.uses_plain_days:
            return value
        try:
            return float(value)
        except ValueError:
            raise InputError(
                f"catalog {info.name!r} counts days since its start: {value!r} is not a number"
            ) from None


def _thirds(
    info: CatalogInfo, first: str | float, start: str | float, end: str | float
) -> SplitDates:
    """Three windows of about equal length, the first from ``first`` on if that is early enough."""
    days = np.linspace(info.to_days(start), info.to_days(end), 4)
    val_start, test_start = (
        time if isinstance(time, float) else str(time)
        for time in (info.to_time(float(day)) for day in days[1:3])
    )
    return SplitDates(first if info.to_days(first) < days[1] else start, val_start, test_start, end)
