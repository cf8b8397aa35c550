"""Directives whose content is the code's: the API, the command line, the known catalogs."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import inspect
import io
import os
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from catalogs import load
from catalogs.formats import FORMATS
from catalogs.providers.known import RECORDS
from catalogs.providers.services import SERVICES
from catalogs.providers.sources import Record
from recast.cli import LIGHTNING, _parser, main

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WIDTH = 80
"""Characters of a line of help: what a page of this theme shows without scrolling."""


class Generated(SphinxDirective):
    """A directive that writes its own Markdown or reStructuredText, headings included."""

    def text(self) -> str:
        """What the page reads in place of the directive."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Parse the text as if it stood in the page."""
        return self.parse_text_to_nodes(self.text(), allow_section_headings=True)


class Api(Generated):
    """``{api} package``: the public names listed in it, one a line, with their docstrings."""

    required_arguments = 1
    has_content = True

    def text(self) -> str:
        """One directive of autodoc a name; autodoc speaks no Markdown."""
        package = importlib.import_module(self.arguments[0])
        if unknown := set(self.content) - {*package.__all__, ""}:
            raise self.error(f"not public in {package.__name__}: {', '.join(sorted(unknown))}")
        lines = ["```{eval-rst}"]
        for name in filter(None, self.content):
            value = getattr(package, name)
            lines += [f".. auto{_kind(value)}:: {package.__name__}.{name}"]
            if inspect.isclass(value):
                lines += ["   :members:"]
                lines += [] if value.__base__ is object else ["   :show-inheritance:"]
            lines += [""]
        return "\n".join([*lines, "```"])


def _kind(value: object) -> str:
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function"


class Commands(Generated):
    """``{commands}``: the help of `recast` and of every subcommand, as the terminal shows it."""

    def text(self) -> str:
        """One section a command; those of Lightning, which share their options, as one."""
        os.environ["COLUMNS"] = str(WIDTH)  # argparse reads it
        top = _parser()
        sections = [_help("recast", top)]
        for name, parser in leaves(top):
            if name.split()[1] not in LIGHTNING:
                sections.append(_help(name, parser))
        shared = io.StringIO()
        with contextlib.redirect_stdout(shared):
            main(["fit", "--help"])
        names = ", ".join(f"recast {name}" for name in LIGHTNING)
        return "\n".join([*sections, f"## {names}", "", _literal(shared.getvalue())])


def leaves(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that can be typed, with its parser."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to its subparsers
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for child in action.choices.values():
                yield from leaves(child)
            return
    yield parser.prog, parser


def _help(name: str, parser: argparse.ArgumentParser) -> str:
    return f"## {name}\n\n{_literal(parser.format_help())}"


def _literal(text: str) -> str:
    return f"```text\n{text}```\n"


class KnownCatalogs(Generated):
    """``{known-catalogs}``: what the registry says of each catalog that can be fetched."""

    def text(self) -> str:
        """One table for the catalogs with a record of their own, one for the FDSN services."""
        services = {record.name for record in SERVICES}
        own = [record for name, record in RECORDS.items() if name not in services]
        return "\n".join(
            [
                *("## Known catalogs", "", *_table(own)),
                *("", "## Event services", "", *_table(list(SERVICES))),
            ]
        )


def _table(records: Sequence[Record]) -> list[str]:
    """A list table: name and title, comes as, licence, what to cite."""
    lines = ["```{list-table}", ":header-rows: 1", ":widths: 20 40 15 25", ":class: catalogs", ""]
    rows = [("name", "what", "licence", "to cite")]
    for record in records:
        what = (
            f"[{record.title}]({record.about}); {record.region}; {record.way}, from {record.start}"
        )
        what += f" to {record.end}" if record.end else ""
        what += f". {record.note[0].upper()}{record.note[1:]}" if record.note else ""
        cite = re.sub(r"doi:(\S+?)(?=[;,)]|$)", r"[doi:\1](https://doi.org/\1)", record.citation)
        rows.append((f"`{record.name}`", what, record.licence, cite))
    for row in rows:
        lines += [f"{'  ' if i else '* '}- {cell}" for i, cell in enumerate(row)]
    return [*lines, "```"]


class Layouts(Generated):
    """``{layouts}``: the layouts of files that are read, by name."""

    def text(self) -> str:
        """One line a layout."""
        return "\n".join(f"- `{layout.name}`: {layout.title}" for layout in FORMATS.values())


class OwnCatalogs(Generated):
    """``{own-catalogs}``: the catalogs that come with the package."""

    def text(self) -> str:
        """One paragraph a catalog: what it is, its licence, what to cite."""
        lines = []
        for name in ("ridgecrest_2019", "synthetic_socal"):
            info = load(name).info
            lines += [f"`{name}`", f": {info.title}. Source: {info.source}. "]
            lines[-1] += f"Licence: {info.licence}. " if info.licence else ""
            lines[-1] += f"To cite: {info.citation}." if info.citation else ""
            lines += [""]
        return "\n".join(lines)


DIRECTIVES: dict[str, type[Generated]] = {
    "api": Api,
    "commands": Commands,
    "known-catalogs": KnownCatalogs,
    "layouts": Layouts,
    "own-catalogs": OwnCatalogs,
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
