"""Tables and sentences of a forecast, in words and numbers for people.

Numbers and probabilities are never in one table: "0 to 23; 78 %" is read as a probability of 78 %
of 0 to 23.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recast.live.publication.earlier import Outcome, tallies
from recast.live.publication.language import Language
from recast.live.records import Bin, Issued, IssuedWindow


@dataclass(frozen=True)
class Cell:
    """What is written large, and what below it."""

    main: str
    below: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table: its heading, the same for narrow screens, a line below that, and cells."""

    heading: str
    brief: str
    note: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table with one column for each window."""

    columns: tuple[Cell, ...]
    rows: tuple[Row, ...]


def headline(issued: Issued, label: str) -> IssuedWindow:
    """The window that sentences are about."""
    windows = {window.label: window for window in issued.windows}
    return windows.get(label, issued.windows[0])


def numbers_table(issued: Issued, language: Language) -> Table:
    """Medians with the 95 % range below."""
    return _table(
        issued,
        language,
        lambda row, _: Cell(language.number(row.median), language.range(row.low95, row.high95)),
    )


def probabilities_table(issued: Issued, language: Language) -> Table:
    """Probabilities of one event or more."""
    return _table(issued, language, lambda row, window: Cell(chance(row, issued, window, language)))


def chance(row: Bin, issued: Issued, window: IssuedWindow, language: Language) -> str:
    """The probability of one event or more, for people."""
    return language.chance(row.probability, window.n_samples or issued.n_samples)


def _table(issued: Issued, language: Language, cell: Callable[[Bin, IssuedWindow], Cell]) -> Table:
    columns = tuple(
        Cell(language.span(window.days), language.date(window.end)) for window in issued.windows
    )
    by_window = [_levels(window) for window in issued.windows]
    rows = []
    for levels in zip(*by_window, strict=True):
        (row, largest), *_ = levels
        note = (
            language.say(f"expect.as_{issued.sequence.kind}") if largest and issued.sequence else ""
        )
        cells = zip(levels, issued.windows, strict=True)
        shown = tuple(cell(one, window) for (one, _), window in cells)
        rows.append(_row(row.magnitude, language, shown, note))
    return Table(columns, tuple(rows))


def _levels(window: IssuedWindow) -> list[tuple[Bin, bool]]:
    """Magnitudes of a window in order, each with whether it is the mainshock's as shown."""
    above = window.above_mainshock
    if above is None:
        return [(row, False) for row in window.bins]
    shown = round(above.magnitude, 1)
    levels = [(row, round(row.magnitude, 1) == shown) for row in window.bins]
    if not any(largest for _, largest in levels):
        levels.append((above, True))
    return sorted(levels, key=lambda level: level[0].magnitude)


def _row(magnitude: float, language: Language, cells: tuple[Cell, ...], note: str = "") -> Row:
    """A row for events at or above a magnitude."""
    shown = language.magnitude(magnitude)
    return Row(
        language.say("numbers.or_larger", magnitude=shown),
        language.say("numbers.or_larger_short", magnitude=shown),
        note,
        cells,
    )


def number_sentences(window: IssuedWindow, language: Language) -> list[str]:
    """What is expected of each magnitude, up to the first of which most likely none comes."""
    sentences: list[str] = []
    for row in window.bins:
        sentences.append(_number_sentence(row, language, "more" if sentences else "first"))
        if row.high95 == 0:
            break
    return sentences


def _number_sentence(row: Bin, language: Language, form: str) -> str:
    values = {
        "magnitude": language.magnitude(row.magnitude),
        "n": language.number(row.high95),
        "low": language.number(row.low95),
        "high": language.number(row.high95),
    }
    if row.high95 == 0:
        return language.say(f"expect.none.{form}", **values)
    kind = "up_to" if row.low95 == 0 else "between"
    return language.say(f"expect.{kind}.{form}", **values)


def probability_sentences(issued: Issued, window: IssuedWindow, language: Language) -> list[str]:
    """The probability of each magnitude, but of those that are as good as certain the highest."""
    levels = _levels(window)
    certain = sum(row.probability > 0.99 for row, _ in levels)
    return [
        language.say(
            f"expect.probability_{issued.sequence.kind}"
            if largest and issued.sequence
            else "expect.probability",
            magnitude=language.magnitude(row.magnitude),
            chance=chance(row, issued, window, language),
        )
        for row, largest in levels[max(certain - 1, 0) :]
    ]


def earlier_table(issued: Issued, outcomes: Sequence[Outcome], language: Language) -> Table | None:
    """Numbers of earlier forecasts that were inside their ranges, by magnitude and window."""
    windows = [window for window in issued.windows if _any(outcomes, window.label)]
    magnitudes = sorted({outcome.magnitude for outcome in outcomes})
    if not windows:
        return None
    counted = tallies(outcomes, [window.label for window in windows], magnitudes)
    rows = [
        _row(
            magnitude,
            language,
            tuple(
                Cell(
                    language.say(
                        "earlier.cell",
                        inside=language.number(one.inside),
                        n=language.number(one.n),
                    )
                    if one.n
                    else "\N{EN DASH}"
                )
                for one in row
            ),
        )
        for magnitude, row in zip(magnitudes, counted, strict=True)
    ]
    return Table(tuple(Cell(language.span(window.days)) for window in windows), tuple(rows))


def _any(outcomes: Sequence[Outcome], label: str) -> bool:
    return any(outcome.window == label for outcome in outcomes)
