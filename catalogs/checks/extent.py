"""When and where the events were that a model has been trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from catalogs.areas import bounding_box, narrowest_span, parse_area
from catalogs.catalog import Catalog
from catalogs.errors import InputError
from catalogs.whereabouts import area_seen

Dates = tuple[str, str]
"""A half-open window [first, second)."""

Bounds = tuple[float, float, float, float]
"""South, north, west and east, degrees; west > east crosses 180 degrees."""


@dataclass(frozen=True)
class Extent:
    """When and where the events were that a model has seen: [start, until) inside a box.

    Parameters
    ----------
    start, end : str or float
        The train window [start, end): ISO dates, or days of a catalog in plain days.
    until : str or float, optional
        The end of the validation window, by which one of several trained models was chosen; None
        where it is not known.
    box : four floats, optional
        South, north, west and east, degrees: of the events, or of the area on record where they
        have no locations; None where neither is known.
    gaps : tuple of (str, str)
        Half-open windows inside that were left out.
    observed : bool
        False for events of a synthetic catalog, which are in no other.

    Examples
    --------
    >>> from catalogs import load
    >>> catalog = load("ridgecrest_2019")
    >>> seen = Extent.of(catalog)
    >>> (seen.until == catalog.info.splits.test_start, seen.may_hold_test_events_of(catalog))
    (True, False)
    """

    start: str | float
    end: str | float
    until: str | float | None
    box: Bounds | None = None
    gaps: tuple[Dates, ...] = ()
    observed: bool = True

    @classmethod
    def of(cls, catalog: Catalog, gaps: Sequence[Dates] = ()) -> Extent:
        """What training on a catalog looks at: all before its test window.

        Parameters
        ----------
        catalog : Catalog
            Trained on.
        gaps : sequence of (str, str)
            Half-open windows that were left out.

        Returns
        -------
        Extent
            From the start of the catalog to its test window.
        """
        info, splits = catalog.info, catalog.info.splits
        dates = (info.start, splits.val_start, splits.test_start)
        return cls(*dates, _bounds(catalog), tuple(gaps), observed=info.kind == "observed")

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Extent:
        """Read what ``to_json`` gives.

        Parameters
        ----------
        fields : mapping
            Of JSON types.

        Returns
        -------
        Extent
            The same.

        Raises
        ------
        ValueError
            If one is missing, or of another type.
        """
        return msgspec.convert(fields, cls)

    def to_json(self) -> dict[str, Any]:
        """The fields as numbers, strings and lists, which checkpoints keep.

        Returns
        -------
        dict
            Of JSON types.
        """
        return {
            "start": self.start,
            "end": self.end,
            "until": self.until,
            "box": None if self.box is None else list(self.box),
            "gaps": [list(gap) for gap in self.gaps],
            **({} if self.observed else {"observed": False}),
        }

    @classmethod
    def unknown(cls) -> Extent:
        """What a model has seen that does not say.

        Returns
        -------
        Extent
            Which may hold any event.
        """
        return cls("", "", None)

    def may_hold_events_after(self, catalog: Catalog, day: float, *, same: str) -> bool:
        """Whether events of the catalog's region from after that day may be among these.

        Unknown places are taken to be the same, unknown dates to be later. Plain days and dates
        have nothing to do with each other, nor have plain days of catalogs with another name than
        ``same``.

        Parameters
        ----------
        catalog : Catalog
            The catalog in question.
        day : float
            Days since its start.
        same : str
            The name of the catalog that the model was trained on.

        Returns
        -------
        bool
            True where it cannot be ruled out.
        """
        info = catalog.info
        if same != info.name and (not self.observed or self._is_apart_from(catalog)):
            return False
        if self.until is None:
            return True
        if isinstance(self.until, str) == info.uses_plain_days:
            return False
        if info.uses_plain_days:
            return same == info.name and info.to_days(self.until) > day
        until = self.until
        for first, last in sorted(self.gaps, reverse=True):
            if info.to_days(last) >= info.to_days(until):
                until = min(first, until, key=info.to_days)
        return info.to_days(until) > day

    def _is_apart_from(self, catalog: Catalog) -> bool:
        here = _bounds(catalog)
        return self.box is not None and here is not None and _are_apart(self.box, here)

    def may_hold_test_events_of(self, catalog: Catalog, *, same: str | None = None) -> bool:
        """Whether events of the catalog's test window may be among these, by time and place.

        Unknown places are taken to be the same. What isn't observed, or is in plain days, shares
        nothing with catalogs of another name.

        Parameters
        ----------
        catalog : Catalog
            The catalog in question.
        same : str, optional
            The name of the catalog that the model was trained on, by default another one.

        Returns
        -------
        bool
            True where it cannot be ruled out.
        """
        splits = catalog.info.splits
        return self._may_hold(catalog, splits.test_start, splits.end, same)

    def may_hold_train_events_of(self, catalog: Catalog, *, same: str | None = None) -> bool:
        """Whether events of the catalog's train window may be among these, by time and place.

        Parameters
        ----------
        catalog : Catalog
            The catalog in question.
        same : str, optional
            The name of the catalog that the model was trained on, by default another one.

        Returns
        -------
        bool
            True where it cannot be ruled out, as for ``may_hold_test_events_of``.
        """
        return self._may_hold(catalog, catalog.info.start, catalog.info.splits.val_start, same)

    def _may_hold(
        self, catalog: Catalog, first: str | float, last: str | float, same: str | None
    ) -> bool:
        info = catalog.info
        is_alone = info.uses_plain_days or not self.observed
        if self.observed != (info.kind == "observed") or (is_alone and same != info.name):
            return False
        if not is_alone and self._is_apart_from(catalog):
            return False
        if self.until is None:
            return True
        if isinstance(self.until, str) == info.uses_plain_days:
            return False
        start = max(map(info.to_days, (self.start, first)))
        end = min(map(info.to_days, (self.until, last)))
        for begin, until in sorted(self.gaps):
            if info.to_days(begin) <= start:
                start = max(start, info.to_days(until))
        return start < end


def check_unseen(extents: Mapping[str, Extent], catalog: Catalog, model: str) -> None:
    """Raise unless the test window of a catalog is new to a model trained on these.

    Raises
    ------
    InputError
        Naming ``model`` and what it was trained on.
    """
    why = may_have_seen(extents, catalog)
    if why:
        raise InputError(
            f"{model} {why}: train on the catalog alone, start from another net, or "
            f"{_way_out(extents, catalog)}"
        )


def way_to_use(extents: Mapping[str, Extent], catalog: Catalog, model: str) -> str:
    """Say why a model trained on these is not used, and how it could be; empty if it can be."""
    why = may_have_seen(extents, catalog)
    return f"{model} {why}: to use it, {_way_out(extents, catalog)}" if why else ""


def may_have_seen(extents: Mapping[str, Extent], catalog: Catalog) -> str:
    """Say of what a model has seen that it may hold test events of a catalog; empty if nothing."""
    splits, info = catalog.info.splits, catalog.info
    for name, extent in extents.items():
        if extent.may_hold_test_events_of(catalog, same=name.partition(" #")[0]):
            when = f"from {extent.start} to {extent.until}" if extent.until else "at unknown times"
            return (
                f"was trained on {name} {when}, which may hold events of the test window of "
                f"{info.name!r} ({splits.test_start} to {splits.end})"
            )
    return ""


def _way_out(extents: Mapping[str, Extent], catalog: Catalog) -> str:
    """What would let a model be tested on a catalog that it may have seen."""
    info = catalog.info
    if info.uses_plain_days or info.kind != "observed":  # events of the same name alone count
        near = [extent for name, extent in extents.items() if name.partition(" #")[0] == info.name]
    elif _bounds(catalog) is None:
        return "say where the catalog lies (recast catalogs import --area)"
    else:
        near = [extent for extent in extents.values() if not extent._is_apart_from(catalog)]  # noqa: SLF001 - its module
    if any(extent.until is None for extent in near):
        return "use one that says what it has seen"
    ends = [x.until for x in near if x.until and isinstance(x.until, str) != info.uses_plain_days]
    return f"test after {max(ends, key=info.to_days)} (--splits)"


def read_extents(record: Mapping[str, Mapping[str, Any]]) -> dict[str, Extent]:
    """Read what a model has seen, by catalog, with places as ``placed`` adds them."""
    return placed({name: Extent.from_json(fields) for name, fields in record.items()})


def placed(extents: Mapping[str, Extent]) -> dict[str, Extent]:
    """The same with a place for the paper's catalogs.

    Files that were written before the areas of these were on record have none.
    """
    return {name: _placed(name, extent) for name, extent in extents.items()}


def _placed(name: str, extent: Extent) -> Extent:
    start, until = extent.start, extent.until
    if extent.box is not None or not isinstance(start, str) or not isinstance(until, str):
        return extent
    area = area_seen(name.partition(" #")[0], start, until)
    if area is None:
        return extent
    return replace(extent, box=(area.south, area.north, area.west, area.east))


def _bounds(catalog: Catalog) -> Bounds | None:
    if not catalog.info.has_locations:
        if not catalog.info.area:
            return None
        box = bounding_box(parse_area(catalog.info.area))
        return box.south, box.north, box.west, box.east
    events = catalog.events
    south, north = float(events["latitude"].min()), float(events["latitude"].max())
    return south, north, *narrowest_span(events["longitude"])


def _are_apart(a: Bounds, b: Bounds) -> bool:
    if a[1] < b[0] or b[1] < a[0]:
        return True
    (west, east), (left, right) = _eastward(a), _eastward(b)
    return all(east < left + turn or right + turn < west for turn in (-360.0, 0.0, 360.0))


def _eastward(bounds: Bounds) -> tuple[float, float]:
    """West, and east of it."""
    west, east = bounds[2:]
    return west, east if west <= east else east + 360.0
