"""Catalogs and sequences that were given: a name or a table is neither yet."""

from __future__ import annotations

from catalogs.catalog import Catalog
from catalogs.errors import InputError
from catalogs.sequence import EventSequence


def require_catalog(given: object) -> None:
    """Raise an InputError for anything but a Catalog, with the way to one.

    Examples
    --------
    >>> require_catalog("scedc")
    Traceback (most recent call last):
    ...
    catalogs.errors.InputError: 'scedc' is no Catalog: give catalogs.load('scedc')
    """
    if isinstance(given, Catalog):
        return
    if isinstance(given, str):
        raise InputError(f"{given!r} is no Catalog: give catalogs.load({given!r})")
    if isinstance(given, EventSequence):
        raise InputError("an EventSequence is no Catalog: give the Catalog that it is of")
    raise InputError(
        f"{type(given).__name__} is no Catalog: give one, as from catalogs.load or import_catalog"
    )


def require_sequence(given: object) -> None:
    """Raise an InputError for anything but an EventSequence, with the way to one.

    Examples
    --------
    >>> from catalogs import load
    >>> require_sequence(load("ridgecrest_2019"))
    Traceback (most recent call last):
    ...
    catalogs.errors.InputError: a Catalog is no EventSequence: give its split().train, val or test, or its to_sequence()
    """  # noqa: E501 - one line of output
    if isinstance(given, EventSequence):
        return
    if isinstance(given, Catalog):
        raise InputError(
            "a Catalog is no EventSequence: give its split().train, val or test, or its "
            "to_sequence()"
        )
    raise InputError(
        f"{type(given).__name__} is no EventSequence: give one, as from Catalog.to_sequence"
    )
