"""How pages are laid out: templates of the package, of which an agency replaces what it likes."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from markupsafe import Markup

from catalogs import InputError
from recast.live.publication.language import Language
from recast.live.publication.options import Pages
from recast.live.publication.outside import plain
from recast.report.svg import colour_variables

FORECAST = "forecast.html.j2"
INDEX = "index.html.j2"
STATUS = "status.html.j2"


def environment(pages: Pages, language: Language) -> Environment:
    """The templates: ``{{ t("key", name=value) }}`` is a text, ``{{ number | n }}`` a number.

    Raises
    ------
    InputError
        If the agency's folder does not exist.
    """
    loaders: list[FileSystemLoader | PackageLoader] = [
        PackageLoader("recast.live.publication", "templates")
    ]
    if pages.templates:
        if not Path(pages.templates).is_dir():
            raise InputError(f"pages: templates {pages.templates!r} is no folder: make it first")
        loaders.insert(0, FileSystemLoader(pages.templates))
    made = Environment(
        autoescape=True,
        loader=ChoiceLoader(loaders),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters |= {"n": language.number, "time": language.time, "isolated": isolated}
    made.globals |= {
        "pages": pages,
        "t": language.mark,
        "count": language.count,
        "language": language,
        "light": Markup(colour_variables(dark=False)),  # noqa: S704 - our own constants
        "dark": Markup(colour_variables(dark=True)),  # noqa: S704
    }
    return made


def rendered(templates: Environment, name: str, **shown: Any) -> str:
    """A page of a template.

    Raises
    ------
    InputError
        Naming the template and its line, if it cannot be filled in.
    """
    try:
        return templates.get_template(name).render(**shown)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        place = _place(error) or f"template {name}"
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{place} cannot be filled in ({text}): correct it") from error


def _place(error: Exception) -> str:
    """The file and line of a template in which something went wrong."""
    if isinstance(error, TemplateSyntaxError) and error.filename:
        return f"{error.filename} line {error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.endswith(".j2")]
    return f"{frames[-1].filename} line {frames[-1].lineno}" if frames else ""


def isolated(text: str) -> Markup:
    """Text of a source, which may be written from right to left, without effect on what follows."""
    return Markup("<bdi>{}</bdi>").format(plain(text))
