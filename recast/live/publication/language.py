"""Sentences, numbers and dates in a language.

A language is a YAML file of ``texts``. A text is found by its key ("happened.heading") and has
names in braces, which are filled in. Texts of an agency's own file replace those of the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Any

import pandas as pd
import yaml
from markupsafe import Markup, escape

from catalogs import InputError
from catalogs.files import read_yaml
from recast.live.publication.options import Pages

TEXTS = files("recast.live.publication") / "texts"

HOUR = 1.0 / 24.0

SPANS = {7.0: "week", 30.0: "month", 365.0: "year"}
"""Days that have a name."""


@dataclass(frozen=True)
class Language:
    """The texts of a language, and how it writes numbers and dates.

    Parameters
    ----------
    texts : dict
        By key.
    zone : tzinfo
        In which times are shown.
    """

    texts: Mapping[str, str]
    zone: tzinfo = UTC

    def say(self, key: str, **values: object) -> str:
        """A text with its values, as plain text."""
        return self.texts[key].format(**values)

    def mark(self, key: str, **values: object) -> Markup:
        """A text with its values as HTML: all is escaped but values that are markup."""
        return Markup(escape(self.texts[key])).format(**values)  # noqa: S704 - escaped

    def count(self, key: str, n: int, **values: object) -> str:
        """A text for a number, in the form for one or for others."""
        return self.say(f"{key}.{'one' if n == 1 else 'other'}", n=self.number(n), **values)

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with a fixed number of decimals."""
        return f"{value:,.{decimals}f}".translate(self._signs)

    @cached_property
    def _signs(self) -> dict[int, str]:
        return str.maketrans(
            {
                ",": self.texts["numbers.thousands"],
                ".": self.texts["numbers.decimal"],
                "-": "\N{MINUS SIGN}",
            }
        )

    def magnitude(self, value: float) -> str:
        """To a tenth, or whole: 3, 7.1."""
        shown = round(value, 1)
        return self.number(shown, 0 if shown == int(shown) else 1)

    def chance(self, probability: float, samples: int) -> str:
        """A probability for people: a whole percentage, at or below 1 % "1 in N".

        N has two digits. None of ``samples`` simulations is less than one of them.
        """
        if probability > 0.99:
            return self.say("numbers.more_than", value=self.percent(0.99))
        if probability > 0.01:
            return self.percent(probability)
        if probability > 0.0:
            return self.say("numbers.one_in", number=self.number(float(f"{1 / probability:.2g}")))
        rare = self.say("numbers.one_in", number=self.number(samples))
        return self.say("numbers.less_than", value=rare)

    def percent(self, share: float) -> str:
        """A share as a whole percentage."""
        return self.say("numbers.percent", number=self.number(int(100.0 * share + 0.5)))

    def range(self, low: int, high: int) -> str:
        """Two numbers, or one where they are the same."""
        if low == high:
            return self.number(low)
        return self.say("numbers.range", low=self.number(low), high=self.number(high))

    def moment(self, time: str | pd.Timestamp) -> str:
        """A date and time, in the time zone of the pages."""
        local = self.local(time)
        return self.say(
            "dates.moment",
            date=self.date(time),
            hour=f"{local.hour:02d}",
            minute=f"{local.minute:02d}",
            zone=local.tzname() or "",
        )

    def date(self, time: str | pd.Timestamp) -> str:
        """A date, in the time zone of the pages."""
        local = self.local(time)
        month = self.texts[f"dates.months.{local.month - 1}"]
        return self.say("dates.date", day=local.day, month=month, year=local.year)

    def local(self, time: str | pd.Timestamp) -> pd.Timestamp:
        """A time in the time zone of the pages."""
        return pd.Timestamp(time).tz_convert(self.zone)

    def time(self, time: str | pd.Timestamp) -> Markup:
        """A time as HTML that machines can read as well."""
        universal = f"{pd.Timestamp(time).tz_convert('UTC'):%Y-%m-%dT%H:%M:%SZ}"
        return Markup('<time datetime="{}">{}</time>').format(universal, self.moment(time))

    def span(self, days: float) -> str:
        """A length of time: 10 minutes, 3 hours, 2 days, or 1 week, month, year."""
        return self._span("spans", days)

    def within(self, days: float) -> str:
        """The beginning of a sentence about a window."""
        return self._span("within", days)

    def _span(self, kind: str, days: float) -> str:
        if days in SPANS:
            return self.say(f"{kind}.{SPANS[days]}")
        if days < 2.0 * HOUR:
            return self.count(f"{kind}.minutes", round(days / HOUR * 60.0))
        is_half = days != round(days) and 24.0 * days == round(24.0 * days)  # a window of 2.5 days
        if (days < 2.0 and days != 1.0) or is_half:
            return self.count(f"{kind}.hours", round(days / HOUR))
        return self.count(f"{kind}.days", round(days))

    def place(self, latitude: float, longitude: float, decimals: int = 2) -> str:
        """Coordinates."""
        return self.say(
            "numbers.place",
            latitude=self.parallel(latitude, decimals),
            longitude=self.meridian(longitude, decimals),
        )

    def parallel(self, latitude: float, decimals: int = 2) -> str:
        """A latitude."""
        key = "numbers.south" if latitude < 0.0 else "numbers.north"
        return self.say(key, number=self.number(abs(latitude), decimals))

    def meridian(self, longitude: float, decimals: int = 2) -> str:
        """A longitude, of any turn."""
        east = (longitude + 180.0) % 360.0 - 180.0
        key = "numbers.west" if east < 0.0 else "numbers.east"
        return self.say(key, number=self.number(abs(east), decimals))

    def kilometres(self, distance: float) -> str:
        """A distance: with a decimal if it is short and has one."""
        short = round(distance, 1)
        decimals = 0 if short >= 10.0 or short == int(short) else 1
        return self.say("numbers.kilometres", number=self.number(short, decimals))


def read_language(pages: Pages) -> Language:
    """Read the language that an agency chose, with its own texts in place of some.

    Raises
    ------
    InputError
        If there is no such language, or a text of the file has an unknown key or other names in
        braces.
    """
    known = languages()
    if pages.language not in known:
        raise InputError(f"pages: language {pages.language!r}: there are {', '.join(known)}")
    texts = _shipped(pages.language)
    if pages.texts:
        path = Path(pages.texts)
        texts |= _own(read_yaml(path), texts, path)
    return Language(texts, pages.zone())


def languages() -> list[str]:
    """Names of the languages of the package."""
    names = (file.name for file in TEXTS.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def placeholders(text: str) -> set[str]:
    """Names in braces.

    Raises
    ------
    ValueError
        If braces do not match, or hold something other than a name.
    """
    names = set()
    for _, name, style, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not re.fullmatch(r"[a-z_]+", name) or style or conversion:
            raise ValueError(f"{{{name}}} is no name")
        names.add(name)
    return names


def flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Texts with their keys, those of lists by position."""
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield from flat({str(i): item for i, item in enumerate(value)}, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def _shipped(language: str) -> dict[str, str]:
    text = (TEXTS / f"{language}.yaml").read_text(encoding="utf-8")
    return dict(flat(yaml.safe_load(text)))


def _own(content: Mapping[str, Any], known: Mapping[str, str], path: Path) -> dict[str, str]:
    own = dict(flat(content))
    for key, text in own.items():
        if key not in known:
            raise InputError(f"{path}: {key} is no text of the pages: compare texts/en.yaml")
        try:
            names = placeholders(text)
        except ValueError as error:
            raise InputError(f"{path}: {key}: {error}: write braces around names only") from error
        if not names <= (allowed := placeholders(known[key])):
            listed = ", ".join(f"{{{name}}}" for name in sorted(allowed)) or "none"
            raise InputError(f"{path}: {key} has names in braces other than {listed}")
    return own
