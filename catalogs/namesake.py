"""``etas`` is also the import name of another distribution: say so where both are installed.

pip lets one package overwrite files of the other, and uninstalling either removes what both have.
So ``recast`` checks that it finds our ``etas``, and our ``etas`` that it stands alone.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Collection, Iterable
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution, PackagePath
    from pathlib import Path

OURS = "recast-forecast"
MARK = f'__distribution__ = "{OURS}"'
"""A line of our ``etas/__init__.py``."""

APART = "install each in an environment of its own"


def check_found() -> None:
    """Check that ``import etas`` finds ours, without running another.

    Raises
    ------
    ImportError
        Saying whose it is, or that ours is damaged.
    """
    spec = find_spec("etas")
    if spec is None or spec.origin is None:
        raise ImportError(
            f"etas/__init__.py of {OURS} is missing; another package that is imported as etas "
            f"takes it along when it is uninstalled: reinstall {OURS} (pip install "
            "--force-reinstall --no-deps)",
            name="etas",
        )
    from pathlib import Path

    found = Path(spec.origin)
    if MARK not in found.read_text(encoding="utf-8", errors="replace"):
        raise ImportError(
            f"`import etas` finds {found} of {_whose(found.parent)}, not that of {OURS}: both are "
            f"imported as etas; {APART}",
            name="etas",
        )


def check_alone(file: str, modules: Collection[str]) -> None:
    """Check that no other ``etas`` lies among the files of ours, or behind it on the path.

    Parameters
    ----------
    file : str
        ``etas.__file__``.
    modules : collection of str
        The modules that ours has.

    Warns
    -----
    UserWarning
        If there is another, which then cannot be used.

    Raises
    ------
    ImportError
        If it has overwritten files of ours, or took some along when it was uninstalled.
    """
    folder = file.removesuffix("__init__.py")
    with os.scandir(folder) as entries:
        names = {entry.name for entry in entries if entry.name.endswith(".py")}
    ours = {f"{module}.py" for module in modules} | {"__init__.py"}
    if ours - names or names - ours:
        _check_mixed(folder, ours, names)
    for entry in sys.path:
        spec = PathFinder.find_spec("etas", [entry])
        hidden = spec is not None and spec.origin not in {None, file}
        if hidden and PathFinder.find_spec("recast", [entry]) is None:
            from pathlib import Path

            theirs = Path(str(spec and spec.origin)).parent
            _warn(f"`import etas` finds {folder} of {OURS} and hides {theirs} of {_whose(theirs)}")


def _check_mixed(folder: str, ours: set[str], names: set[str]) -> None:
    from pathlib import Path

    home = Path(folder).resolve()
    damaged = ours - names
    for dist in _distributions():
        if dist.name == OURS:
            damaged |= {f.name for f in _files(dist, home) if f.name in names and not _intact(f)}
    if damaged:
        raise ImportError(
            f"{_some(damaged)} of {OURS} missing or overwritten in {home} by another package "
            f"({_whose(home)}) that is imported as etas: {APART}, and reinstall {OURS}",
            name="etas",
        )
    if _foreign(home):
        _warn(f"{home} of {OURS} also holds {_some(names - ours)} of {_whose(home)}")


def _warn(what: str) -> None:
    warnings.warn_explicit(f"{what}: {APART}", UserWarning, "etas", 1)


def _distributions() -> Iterable[Distribution]:
    from importlib.metadata import distributions

    return distributions()


def _files(dist: Distribution, home: Path) -> list[PackagePath]:
    """The modules that a distribution has put into a folder."""
    listed = [f for f in dist.files or () if f.suffix == ".py" and f.parts[0] == home.name]
    return [f for f in listed if f.locate().parent.resolve() == home]  # type: ignore[attr-defined]


def _intact(file: PackagePath) -> bool:
    """Whether a file is the one that was installed."""
    import base64
    import hashlib

    if file.hash is None:
        return True
    digest = hashlib.new(file.hash.mode, file.read_binary()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value


def _foreign(home: Path) -> list[str]:
    """Other distributions with modules in a folder, by name and version."""
    return sorted(
        {
            f"{dist.name} {dist.version}"
            for dist in _distributions()
            if dist.name != OURS and _files(dist, home)
        }
    )


def _whose(home: Path) -> str:
    return " and ".join(_foreign(home.resolve())) or "no installed distribution"


def _some(names: set[str]) -> str:
    first = sorted(names)[:3]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(first) + more
