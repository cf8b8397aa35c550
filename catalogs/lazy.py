"""Public names of a package that are imported on first use."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

DISTRIBUTION = "recast-forecast"
"""What pip installs; its version is that of all three packages."""


def lazy_names(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a package that imports its names on first use.

    ``__version__`` is looked up on first use, too. Type checkers and editors see the same names by
    imports under ``if TYPE_CHECKING``.

    Parameters
    ----------
    package : str
        The ``__name__`` of the package.
    homes : mapping of str to sequence of str
        Module -> the public names that it defines.

    Returns
    -------
    __getattr__, __dir__ : functions
        To be assigned to these names in the package. ``dir`` shows the public names and
        ``__version__``, whether or not they have been used.

    Examples
    --------
    >>> get, names = lazy_names("catalogs", {"catalogs.areas": ["Box", "Polygon"]})
    >>> get("Box").__module__
    'catalogs.areas'
    >>> get("Circle")
    Traceback (most recent call last):
    AttributeError: module 'catalogs' has no attribute 'Circle'
    """
    home = {name: module for module, names in homes.items() for name in names}

    def __getattr__(name: str) -> Any:  # noqa: N807 - as the package calls it
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - takes as long as the package

            value: Any = version(DISTRIBUTION)
        elif name in home:
            value = getattr(importlib.import_module(home[name]), name)
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, value)  # asked once
        return value

    def __dir__() -> list[str]:  # noqa: N807
        return sorted({*home, "__version__"})

    return __getattr__, __dir__
