"""How objects show themselves: a title and a few labelled lines, as text and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape


def as_text(title: str, rows: Mapping[str, str]) -> str:
    """The title, and one line a row."""
    width = max(map(len, rows))
    return "\n".join([title, *(f"  {label:<{width}}  {text}" for label, text in rows.items())])


def as_html(title: str, rows: Mapping[str, str]) -> str:
    """The same as a table, for notebooks."""
    cells = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in rows.items()
    )
    return f"<table><caption>{escape(title)}</caption>{cells}</table>"


def window(start: float, end: float) -> str:
    """``[0, 30) days``."""
    return f"[{start:g}, {end:g}) days"


def some(n: int, what: str) -> str:
    """``1 event``, ``1,200 events``."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
