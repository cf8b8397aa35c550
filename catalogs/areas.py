"""Areas on the map, to cut a sub-region out of a catalog that has locations."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catalogs.errors import InputError
from catalogs.sequence import FloatArray

HOW_TO_WRITE = (
    "write a box as SOUTH/NORTH/WEST/EAST, as in 32.5/36/-120/-114, or a polygon as three or more "
    "LATITUDE,LONGITUDE with blanks between them"
)


BOX_STEPS = ((0.5, 0.1), (0.1, 0.01), (0.01, 0.001), (0.0, 0.0001))
"""Least of the smaller side of what places span, and the step of the edges of the box around them,
degrees: rounding out moves an edge by a fifth of that side at most."""


@dataclass(frozen=True)
class Box:
    """The half-open box south <= latitude < north, west <= longitude < east.

    Boxes side by side therefore share no event. A box with ``west > east`` crosses 180 degrees.
    Its text ``SOUTH/NORTH/WEST/EAST`` is what ``parse_area`` reads.

    Parameters
    ----------
    south, north, west, east : float
        Degrees, latitudes in [-90, 90] and longitudes in [-180, 180].

    Raises
    ------
    InputError
        For a number outside those ranges, or a box that is empty.

    Examples
    --------
    >>> box = Box(32.5, 36, -120, -114)
    >>> str(box), box.label
    ('32.5/36/-120/-114', '32p5_36_-120_-114')
    >>> box.contains([33.0, 36.0], [-115.0, -115.0])
    array([ True, False])
    """

    south: float
    north: float
    west: float
    east: float

    def __post_init__(self) -> None:
        _check_place(self.south, self.west, "box", self)
        _check_place(self.north, self.east, "box", self)
        if self.south >= self.north or self.west == self.east:
            raise InputError(
                f"box {self} is empty: need south < north and west other than east; west > east "
                "crosses 180 degrees"
            )

    def __str__(self) -> str:
        return "/".join(map(_number, (self.south, self.north, self.west, self.east)))

    @property
    def label(self) -> str:
        """The text in letters, digits, _ and - only, p for the decimal point: for file names."""
        return str(self).replace("/", "_").replace(".", "p")

    def contains(self, latitudes: ArrayLike, longitudes: ArrayLike) -> NDArray[np.bool_]:
        """Which places lie inside.

        Parameters
        ----------
        latitudes, longitudes : array
            Degrees, of one shape; longitudes count modulo 360.

        Returns
        -------
        array of bool
            Of the same shape.
        """
        latitude, longitude = np.asarray(latitudes), _eastward(longitudes, self.west)
        east = self.east if self.west < self.east else self.east + 360.0
        inside = (self.south <= latitude) & (latitude < self.north) & (longitude < east)
        return np.asarray(inside, dtype=np.bool_)


@dataclass(frozen=True)
class Polygon:
    """The inside of a closed line through vertices, straight in latitude and longitude.

    Edges take the short way round, so that a polygon may cross 180 degrees. Where the line crosses
    itself the even-odd rule holds. Polygons side by side share no event: of the border, the
    southern and western edges belong to it. The text ``LATITUDE,LONGITUDE ...`` is what
    ``parse_area`` reads.

    Parameters
    ----------
    vertices : tuple of (latitude, longitude)
        Three or more, in degrees, latitudes in [-90, 90] and longitudes in [-180, 180]; the first
        need not be repeated at the end.

    Raises
    ------
    InputError
        For fewer vertices, a number outside those ranges, a line that encloses no area, or one
        that runs around a pole.

    Examples
    --------
    >>> triangle = Polygon(((35, -118), (36, -118), (36, -117)))
    >>> triangle.contains([35.9, 35.1], -117.9)
    array([ True, False])
    """

    vertices: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        try:
            pairs = tuple(
                (float(latitude), float(longitude)) for latitude, longitude in self.vertices
            )
        except (TypeError, ValueError):
            raise InputError(
                f"polygon {self.vertices!r}: give pairs of latitude and longitude in degrees"
            ) from None
        object.__setattr__(self, "vertices", pairs)
        if len(pairs) < 3:
            raise InputError(f"polygon {self} has {len(pairs)} vertices: give three or more")
        for latitude, longitude in pairs:
            _check_place(latitude, longitude, "polygon", self)
        y, x = self.corners().T
        if abs(x[-1] - x[0]) > 180.0:
            raise InputError(f"polygon {self} runs around a pole: cut it with a box instead")
        if np.sum(y * (np.roll(x, -1) - np.roll(x, 1))) == 0.0:  # twice the signed area
            raise InputError(f"polygon {self} encloses no area: check the order of its vertices")

    def __str__(self) -> str:
        return " ".join(f"{_number(y)},{_number(x)}" for y, x in self.vertices)

    @property
    def label(self) -> str:
        """``polygon_`` and eight digits that differ between polygons: for file names."""
        return f"polygon_{hashlib.sha256(str(self).encode()).hexdigest()[:8]}"

    def contains(self, latitudes: ArrayLike, longitudes: ArrayLike) -> NDArray[np.bool_]:
        """Which places lie inside.

        A place is inside if a ray to the east crosses the line an odd number of times.

        Parameters
        ----------
        latitudes, longitudes : array
            Degrees, of one shape; longitudes count modulo 360.

        Returns
        -------
        array of bool
            Of the same shape.
        """
        corners = self.corners()
        latitude, longitude = np.asarray(latitudes), _eastward(longitudes, corners[:, 1].min())
        inside = np.zeros(np.broadcast(latitude, longitude).shape, dtype=np.bool_)
        for edge in pairwise([*corners, corners[0]]):
            # From south to north, so that two polygons round an edge that they share alike
            (south, x), (north, x_north) = sorted(edge, key=lambda corner: float(corner[0]))
            if south < north:
                crossing = x + (latitude - south) * ((x_north - x) / (north - south))
                inside ^= (south <= latitude) & (latitude < north) & (longitude < crossing)
        return inside

    def corners(self) -> FloatArray:
        """The vertices with longitudes that do not jump at 180 degrees.

        Returns
        -------
        array (vertex, 2)
            Latitude and longitude, degrees.
        """
        corners = np.array(self.vertices, dtype=np.float64)
        corners[:, 1] = np.unwrap(corners[:, 1], period=360.0)
        return corners


Area = Box | Polygon


def parse_area(text: str) -> Area:
    """Read an area from text: ``SOUTH/NORTH/WEST/EAST``, or three or more ``LATITUDE,LONGITUDE``.

    Parameters
    ----------
    text : str
        Degrees; the vertices of a polygon have blanks between them. Longitudes may also count from
        0 to 360.

    Returns
    -------
    Box or Polygon
        Whose ``str``, with longitudes in [-180, 180], reads back as the same area.

    Raises
    ------
    InputError
        For text that is neither, or an area that cannot be.

    Examples
    --------
    >>> parse_area("32.5/36/-120/-114")
    Box(south=32.5, north=36.0, west=-120.0, east=-114.0)
    >>> str(parse_area("-48/-33/165/185"))
    '-48/-33/165/-175'
    >>> parse_area("35,-118 36,-118 36,-117").label
    'polygon_3249b544'
    """
    separator = "/" if "/" in text else ","
    try:
        rows = [[float(x) for x in part.split(separator)] for part in text.split()]
    except ValueError:
        raise InputError(f"area {text!r}: {HOW_TO_WRITE}") from None
    if separator == "/" and [len(row) for row in rows] == [4]:
        south, north, west, east = rows[0]
        if (west, east) == (0.0, 360.0):  # all around the Earth
            return Box(south, north, -180.0, 180.0)
        if east - west > 360.0:
            return Box(*rows[0])  # which says what is wrong
        return Box(south, north, _from_360(west), _from_360(east))
    if separator == "," and rows and all(len(row) == 2 for row in rows):
        return Polygon(tuple((latitude, _from_360(longitude)) for latitude, longitude in rows))
    raise InputError(f"area {text!r}: {HOW_TO_WRITE}")


def _from_360(longitude: float) -> float:
    """A longitude that counts from 0 to 360, from -180 to 180; impossible ones as they are."""
    return longitude - 360.0 if 180.0 < longitude <= 360.0 else longitude


def bounding_box(area: Area) -> Box:
    """The smallest box around an area."""
    if isinstance(area, Box):
        return area
    south, west = area.corners().min(axis=0)
    north, east = area.corners().max(axis=0)
    west, east = ((x + 180.0) % 360.0 - 180.0 if abs(x) > 180.0 else x for x in (west, east))
    return Box(float(south), float(north), float(west), float(east))


def share_within(area: Area, other: Area, points: int = 100) -> float:
    """Share of an area that lies in another one, from a grid of points of its bounding box.

    Parameters
    ----------
    area, other : Area
        The areas.
    points : int
        Of the grid, in either direction.

    Examples
    --------
    >>> share_within(Box(34.0, 36.0, 179.0, -179.0), Box(30.0, 40.0, 180.0, -170.0))
    0.5
    """
    box = bounding_box(area)
    steps = (np.arange(points) + 0.5) / points
    width = (box.east - box.west) % 360.0 or 360.0
    latitudes, longitudes = np.meshgrid(
        box.south + steps * (box.north - box.south), box.west + steps * width
    )
    inside = area.contains(latitudes, longitudes)
    both = inside & other.contains(latitudes, longitudes)
    return float(both.sum() / max(inside.sum(), 1))


def box_around(latitudes: ArrayLike, longitudes: ArrayLike, step: float = 0.1) -> Box:
    """The smallest box around places, with edges at multiples of a step.

    Of the circle of longitudes it leaves out the widest empty span.

    Parameters
    ----------
    latitudes, longitudes : array
        Degrees, of one shape, at least one; longitudes count modulo 360.
    step : float
        Degrees; 1 over a whole number.

    Returns
    -------
    Box
        That contains all of them, but for those at the North Pole, which no box does.

    Examples
    --------
    >>> str(box_around([-38.62, -39.9], [178.43, -179.98]))
    '-39.9/-38.6/178.4/-179.9'
    """
    per_degree = round(1.0 / step)
    south, north = _cells(np.asarray(latitudes, dtype=np.float64), per_degree)[[0, -1]].tolist()
    south, north = min(south, 90 * per_degree - 1), min(north + 1, 90 * per_degree)
    cells = _cells(_eastward(longitudes, -180.0), per_degree)
    widths = np.diff(cells, append=cells[0] + 360 * per_degree)
    widest = int(np.argmax(widths))
    west, east = int(cells[(widest + 1) % cells.size]), int(cells[widest]) + 1
    if widths[widest] == 1:  # all around the Earth
        west, east = -180 * per_degree, 180 * per_degree
    return Box(*(edge / per_degree for edge in (south, north, west, east)))


def box_step(latitudes: ArrayLike, longitudes: ArrayLike) -> float:
    """At multiples of what the edges of a box around places should lie.

    Tenths of a degree, and less the less the places span; but no less than what all of them are
    rounded to.

    Parameters
    ----------
    latitudes, longitudes : array
        Degrees, of one shape, at least one; longitudes count modulo 360.

    Returns
    -------
    float
        Degrees, for ``box_around``.

    Examples
    --------
    >>> box_step([35.02, 35.91], [-117.55, -116.87])
    0.1
    >>> box_step([35.0213, 35.0278], [20.0142, 20.0317])
    0.0001
    """
    places = np.stack([np.ravel(latitudes), np.ravel(longitudes)]).astype(np.float64)
    west, east = narrowest_span(places[1])
    side = min(float(np.ptp(places[0])), (east - west) % 360.0)

    def fits(least: float, step: float) -> bool:
        return side >= least or bool(
            (np.abs(places - step * np.round(places / step)) < 1e-3 * step).all()
        )

    return next(step for least, step in BOX_STEPS if fits(least, step))


def narrowest_span(longitudes: ArrayLike) -> tuple[float, float]:
    """The meridians in the west and in the east of places: all but the widest empty span.

    Parameters
    ----------
    longitudes : array
        Degrees, at least one; they count modulo 360.

    Returns
    -------
    tuple of float
        In [-180, 180); west > east crosses 180 degrees.

    Examples
    --------
    >>> narrowest_span([178.5, -179.5, 179.0]), narrowest_span([359.0, 1.5])
    ((178.5, -179.5), (-1.0, 1.5))
    """
    taken = np.unique(_eastward(longitudes, -180.0))
    widest = int(np.argmax(np.diff(taken, append=taken[0] + 360.0)))
    return float(taken[(widest + 1) % taken.size]), float(taken[widest])


def _cells(degrees: FloatArray, per_degree: int) -> NDArray[np.int64]:
    """The steps k / per_degree <= x < (k + 1) / per_degree that are taken, in order, as doubles."""
    cell = np.floor(degrees * per_degree)
    cell += (cell + 1.0) / per_degree <= degrees
    cell -= cell / per_degree > degrees
    return np.unique(cell).astype(np.int64)


def _eastward(longitudes: ArrayLike, west: float) -> FloatArray:
    """The same meridians as numbers in [west, west + 360); those that are there stay exact."""
    longitude = np.asarray(longitudes, dtype=np.float64)
    turned = longitude - 360.0 * np.floor((longitude - west) / 360.0)
    return np.where((longitude < west) | (longitude >= west + 360.0), turned, longitude)


def _number(degrees: float) -> str:
    """The shortest text that reads back as this number, without exponent: 36, 32.5, -120."""
    return np.format_float_positional(degrees, trim="-")


def _check_place(latitude: float, longitude: float, kind: str, area: Area) -> None:
    for name, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if not -most <= value <= most:
            raise InputError(
                f"{kind} {area}: {name} {_number(value)} is not in [-{most}, {most}] degrees"
            )
