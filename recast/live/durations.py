"""Lengths of time as people write them: 20min, 1.5h, 3d."""

from __future__ import annotations

import re

from catalogs.errors import InputError

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Of the units."""


def seconds(text: str) -> float:
    """The seconds in a length of time.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> seconds("20min"), seconds("1.5 h")
    (1200.0, 5400.0)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|d)\s*", text)
    if found is None:
        raise InputError(f"{text!r} is no length of time: write 30s, 20min, 6h or 1d")
    return float(found[1]) * SECONDS[found[2]]


def shown(length: float) -> str:
    """Seconds, in words, in the largest unit that leaves a number above one.

    >>> shown(42.0), shown(1200.0), shown(5 * 86400.0)
    ('42 s', '20 min', '5 d')
    """
    for unit, size in reversed(SECONDS.items()):
        if length >= 2.0 * size or unit == "s":
            return f"{length / size:.0f} {unit}"
    raise AssertionError
