"""Numbers that were given, as those of Python: numpy's do not fit into JSON or a seed."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from catalogs.errors import InputError


def number(name: str, value: object) -> float:
    """A real number of Python or numpy as a float.

    Raises
    ------
    InputError
        For text, arrays and None, with the name.

    Examples
    --------
    >>> import numpy as np
    >>> number("mu", np.float32(0.5))
    0.5
    """
    if not isinstance(value, Real):
        raise InputError(f"{name} = {value!r:.40} is no number: give one")
    return float(value)


def whole(name: str, value: object) -> int:
    """A whole number of Python or numpy as an int; 1e4 is one, too.

    Raises
    ------
    InputError
        For any other number and for what is none, with the name.

    Examples
    --------
    >>> import numpy as np
    >>> whole("samples", np.int64(100)), whole("samples", 1e4)
    (100, 10000)
    """
    if isinstance(value, Real) and float(value).is_integer():
        return operator.index(value) if isinstance(value, Integral) else int(float(value))
    raise InputError(f"{name} = {value!r:.40} is no whole number: give one")


def check_seed(seed: object) -> None:
    """Raise an InputError for what numpy's SeedSequence does not take: numbers of 0 or more."""
    is_text = isinstance(seed, str | bytes)
    several: list[Any] = list(seed) if isinstance(seed, Iterable) and not is_text else [seed]
    if not several or not all(isinstance(one, Integral) for one in several):
        raise InputError(f"seed = {seed!r:.40}: give a whole number of 0 or more, or several")
    if min(several) < 0:
        raise InputError(f"seed = {seed} is negative: give 0 or more")
