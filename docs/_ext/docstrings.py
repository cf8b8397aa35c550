"""Docstrings as reStructuredText: formulas are kept as they stand, internal names as plain text."""

from __future__ import annotations

import pkgutil
import re
from typing import TYPE_CHECKING, Any

from sphinx.util.inspect import TypeAliasForwardRef

if TYPE_CHECKING:
    from docutils.nodes import Element, TextElement
    from sphinx.application import Sphinx

BEFORE_NAPOLEON, AFTER_NAPOLEON = 100, 900
"""Priorities: sections are still those of numpydoc, by which prose is told from parameters."""

_plain: dict[str, list[str]] = {}
"""Docstrings of attributes: napoleon would take what stands before a colon for a type."""


def keep_formulas(
    _app: Sphinx, what: str, name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Turn each indented block of the prose into a literal block."""
    end = next((i - 1 for i, line in enumerate(lines) if re.fullmatch("-{3,}", line)), len(lines))
    out: list[str] = []
    for i, line in enumerate(lines):
        begins = line.startswith("    ") and i > 1 and not lines[i - 1] and lines[i - 2][:1].strip()
        if begins and i < end and not lines[i - 2].startswith(("-", "*")):
            out += ["::", ""]
        out.append(line)
    lines[:] = out
    if what in {"attribute", "data", "property"}:
        _plain[name] = out


def keep_attributes(
    _app: Sphinx, _what: str, name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Take back what napoleon has made of attributes."""
    if name in _plain:
        lines[:] = _plain.pop(name)


def plain_defaults(
    _app: Sphinx,
    _what: str,
    _name: str,
    _obj: object,
    _options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """Write the defaults of dataclasses that are made anew each time so that they can be parsed."""
    return signature and signature.replace("<factory>", "..."), returns


def plain_internal(
    _app: Sphinx, _env: object, node: Element, shown: TextElement
) -> TextElement | None:
    """Show an internal name that exists as plain text: only public ones have pages to link to."""
    target = str(node.get("reftarget"))
    if node.get("refdomain") != "py" or not target.startswith(("catalogs.", "etas.", "recast.")):
        return None
    try:
        pkgutil.resolve_name(target)
    except (AttributeError, ImportError):
        return None  # a misspelt name, for which Sphinx stops
    return shown


def _named(alias: TypeAliasForwardRef) -> str:
    return alias.name


def setup(app: Sphinx) -> dict[str, Any]:
    """Read docstrings before and after napoleon does."""
    app.connect("autodoc-process-docstring", keep_formulas, priority=BEFORE_NAPOLEON)
    app.connect("autodoc-process-docstring", keep_attributes, priority=AFTER_NAPOLEON)
    app.connect("autodoc-process-signature", plain_defaults)
    app.connect("missing-reference", plain_internal)
    # Inside other types aliases are shown by their representation
    TypeAliasForwardRef.__repr__ = _named  # type: ignore[method-assign]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
