"""What a user says of a table that the table itself does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalogs.formats.dates import Dating


@dataclass(frozen=True)
class Wanted:
    """What a user says of a table that the table itself does not.

    Parameters
    ----------
    columns : mapping
        Role -> the file's name for it, or its number; of the magnitude several, apart by commas, of
        which each row's is the first that has a value.
    names : sequence of str, optional
        Names of all columns of a file without a header, from left to right.
    encoding : str, optional
        Of the text.
    dating : Dating
        Order of dates, time zone and origin.
    missing_magnitudes : sequence of float
        Numbers that stand for no magnitude.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    names: Sequence[str] | None = None
    encoding: str | None = None
    dating: Dating = field(default_factory=Dating)
    missing_magnitudes: Sequence[float] = ()
