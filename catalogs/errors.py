"""The errors that a user can cause and mend: one line with the value, the place and the remedy."""

from __future__ import annotations


class InputError(ValueError):
    """Input that cannot be used as it is; the command line prints the message and exits with 2."""


class CatalogNotFoundError(InputError):
    """No catalog of that name in any of the places where catalogs live."""


class FetchError(RuntimeError):
    """A provider did not deliver what was asked for: the URL, what it answered, and the remedy.

    Nothing half-written is left behind; the command line prints the message and exits with 1.
    """


class RefusedError(FetchError):
    """A provider's answer by which asking the same again is of no use: 4xx but 429, and 501.

    ``status`` is the HTTP status and ``reason`` the beginning of what the server wrote.
    """

    def __init__(self, message: str, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
