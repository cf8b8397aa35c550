"""Times of a service: UTC, to the second, as text."""

from __future__ import annotations

import pandas as pd

from catalogs.info import timestamp


def written(time: pd.Timestamp) -> str:
    """A time as ISO 8601, cut to the second.

    >>> written(pd.Timestamp("2019-07-06T03:19:53.04", tz="UTC"))
    '2019-07-06T03:19:53Z'
    """
    return f"{time.tz_convert('UTC'):%Y-%m-%dT%H:%M:%SZ}"


def read(text: str) -> pd.Timestamp:
    """The time that a text of ours names.

    Raises
    ------
    InputError
        If it is no date.
    """
    return timestamp(text, "a record of the service")
