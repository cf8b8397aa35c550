"""How objects are shown: a title and a few labelled lines or a table, as text and as HTML."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a misspelt one most resembles, if any does.

    >>> closest("forecats", ["forecast", "report"])
    'forecast'
    """
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.75)), None)


def as_text(title: str, rows: Mapping[str, str]) -> str:
    """A title, and a line per row."""
    width = max(map(len, rows))
    return "\n".join([title, *(f"  {label:<{width}}  {text}" for label, text in rows.items())])


def as_html(title: str, rows: Mapping[str, str]) -> str:
    """The same as a table, for notebooks."""
    cells = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in rows.items()
    )
    return f"<table><caption>{escape(title)}</caption>{cells}</table>"


def table_as_html(title: str, table: pd.DataFrame, notes: Iterable[str] = ()) -> str:
    """A table with four digits a number, its title above and notes below it."""
    cells = table.to_html(index=False, border=0, na_rep="", float_format="{:.4g}".format)
    below = "<br>".join(map(escape, notes))
    return f"<p>{escape(title)}</p>{cells}" + (f"<p>{below}</p>" if below else "")


def text_as_html(text: str) -> str:
    """Text as it is."""
    return f"<pre>{escape(text)}</pre>"


def window(start: float, end: float) -> str:
    """``[0, 30) days``."""
    return f"[{start:g}, {end:g}) days"


def some(n: int, what: str) -> str:
    """``1 event``, ``1,200 events``."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def span(days: float) -> str:
    """``1 day``, ``0.5 days``."""
    return f"{days:g} day" if days == 1 else f"{days:g} days"
