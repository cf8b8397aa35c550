"""The errors that a user can cause and mend: one line with the value, the place and the remedy."""

from __future__ import annotations


class InputError(ValueError):
    """Input that cannot be used as it is; the command line prints the message and exits with 2."""


class CatalogNotFoundError(InputError):
    """No catalog of that name in any of the places where catalogs live."""
