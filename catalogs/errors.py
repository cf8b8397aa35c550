"""Errors that a user can fix: one line with the value, the place and the remedy."""

from __future__ import annotations


class InputError(ValueError):
    """Input that cannot be used as it is.

    The command line prints the message and exits with 2.

    Examples
    --------
    >>> from catalogs import EventSequence
    >>> EventSequence([1.0, 1.0], [3.0, 3.0], start=0.0, end=2.0)
    Traceback (most recent call last):
    catalogs.errors.InputError: times[1] = 1.0 ties with times[0] = 1.0: sort the events and ...
    """


class CatalogNotFoundError(InputError):
    """No catalog of that name in any of the places where catalogs are kept.

    Examples
    --------
    >>> from catalogs import load
    >>> load("atlantis")
    Traceback (most recent call last):
    catalogs.errors.CatalogNotFoundError: no catalog 'atlantis' in ...
    """


class FetchError(RuntimeError):
    """A provider did not deliver what was asked for: the URL, what it answered, and the remedy.

    Nothing half-written is left behind; the command line prints the message and exits with 1.

    Parameters
    ----------
    message : str
        One line.
    wait : float, optional
        After how many seconds the server asked to come back, if it did.

    Examples
    --------
    >>> issubclass(FetchError, InputError)  # what the provider did, the input cannot fix
    False
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class RefusedError(FetchError):
    """An answer that will not change if asked again: status 4xx other than 408 and 429, or 501.

    ``status`` is the HTTP status and ``reason`` the beginning of what the server wrote.
    """

    def __init__(self, message: str, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
