"""The page of the documentation on speed, from what pytest-benchmark has recorded.

``python benchmarks/page.py RECORD.json docs`` writes ``docs/benchmarks.md`` and its figure.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from catalogs.files import write_whole
from recast.models.environment import PACKAGES, describe
from recast.plots.style import colour, log_ticks, new_figure, save, styled

TITLES = {
    "events": "ETAS by number of events",
    "trajectories": "Continuations by their number",
    "windows": "Training steps by windows in a batch",
    "rows": "Reading catalogs by rows",
}

NOTES = {
    "events": """
Likelihoods include all that precedes an evaluation; those by recursion give the gradient and the
Fisher information too, the double sum only the value.
""",
    "trajectories": """
ETAS: two weeks after 10,000 events. Nets: a month after 20,000 events, which are read first and
take most of the time of few trajectories; `recast` is the net that comes with the package,
`recast-paper` RECAST as published before training.
""",
    "windows": """
Loss, gradient and one step of the optimiser, on windows of 256 events after 128 others. The
windows of a batch share the steps of the recursion.
""",
    "rows": """
From the bytes of a file to a table with every cell checked; as a catalog also with its
completeness, steps of magnitude, ties and splits.
""",
}

HEAD = """
# Speed

    make bench

runs `benchmarks/` and writes this page. Times are medians, in processor time on one core. An
exponent s says that time grows as size^s: by least squares over all sizes, with its standard
error, and between the two largest, where fixed costs count least. Memory is what an operation on
the largest size adds to the peak of a process that holds its input. The test suite asserts ratios
of such times (`benchmarks/test_ratios.py`), never seconds.

Measured on {machine}.

![Time by size, on logarithmic axes](images/benchmarks.png)
"""

OF_EVENTS = ("#0077BB", "#CC3311", "#009988", "#222222", "#EE7733")
"""Of the first panel's curves, from the palette of the models."""


@dataclass
class Measured:
    """Medians of one operation, seconds by size, and the peak memory at the largest."""

    name: str
    unit: str
    seconds: dict[int, float] = field(default_factory=dict)
    peak_bytes: int | None = None

    @property
    def largest(self) -> int:
        """The largest size."""
        return max(self.seconds)

    def slope(self) -> tuple[float, float]:
        """Exponent s of time ~ size^s by least squares on logarithms, with its standard error."""
        x, y = np.log(list(self.seconds)), np.log(list(self.seconds.values()))
        x -= x.mean()
        s = float(x @ y / (x @ x))
        rest = y - y.mean() - s * x
        return s, float(np.sqrt(rest @ rest / (x.size - 2) / (x @ x)))

    def last_slope(self) -> float:
        """The exponent between the two largest sizes, where what is fixed counts least."""
        (n1, t1), (n2, t2) = sorted(self.seconds.items())[-2:]
        return float(np.log(t2 / t1) / np.log(n2 / n1))


def measured(record: dict[str, Any]) -> list[Measured]:
    """The operations in a record of pytest-benchmark, in its order."""
    found: dict[str, Measured] = {}
    for entry in record["benchmarks"]:
        info = entry["extra_info"]
        if "operation" not in info:
            continue
        one = found.setdefault(
            f"{info['unit']} {info['operation']}", Measured(info["operation"], info["unit"])
        )
        one.seconds[info["size"]] = entry["stats"]["median"]
        one.peak_bytes = info.get("peak_bytes", one.peak_bytes)
    return list(found.values())


def duration(seconds: float) -> str:
    """With three digits and a unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= factor or unit == "µs":
            return f"{digits(seconds / factor)} {unit}"
    raise AssertionError


def digits(value: float) -> str:
    """Three of them, without an exponent."""
    return f"{float(f'{value:.3g}'):,.10g}"


def table(unit: str, operations: list[Measured]) -> Iterable[str]:
    """Lines of Markdown: medians by size, exponents, memory, and the rate of readers."""
    sizes = sorted({size for one in operations for size in one.seconds})
    rate = [f"{unit}/s"] if unit == "rows" else []
    head = ["", *(f"{size:,}" for size in sizes), "exponent", "last step", *rate, "peak memory"]
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for one in operations:
        s, error = one.slope()
        cells = [duration(one.seconds[size]) if size in one.seconds else "" for size in sizes]
        last = f"{one.last_slope():.2f}"
        rates = [f"{float(f'{one.largest / one.seconds[one.largest]:.2g}'):,.0f}"] if rate else []
        memory = "" if one.peak_bytes is None else f"{digits(one.peak_bytes / 1e6)} MB"
        cells = [one.name, *cells, f"{s:.2f} ± {error:.2f}", last, *rates, memory]
        yield "| " + " | ".join(cells) + " |"


def machine() -> str:
    """What matters for speed, and nothing that names the machine."""
    known = describe()
    versions = [f"{name} {known[name]}" for name in PACKAGES if name != "recast-forecast"]
    return ", ".join(
        [
            f"{known['processors']} cores ({platform.machine()}, {platform.system()})",
            f"Python {known['python']}",
            *versions,
        ]
    )


def page(operations: list[Measured]) -> str:
    """The page as Markdown."""
    parts = [HEAD.format(machine=machine())]
    for unit, title in TITLES.items():
        some = [one for one in operations if one.unit == unit]
        if some:
            parts += [f"\n## {title}\n", NOTES[unit], "\n", *(f"{x}\n" for x in table(unit, some))]
    return "".join(parts).lstrip()


def panel(axes: Axes, operations: list[Measured], colours: Iterable[str]) -> None:
    """Time by size of some operations."""
    for one, shade in zip(operations, colours, strict=False):
        axes.loglog(
            list(one.seconds), list(one.seconds.values()), "o-", ms=3, color=shade, label=one.name
        )
    axes.set_xlabel(operations[0].unit)
    axes.set_ylabel("seconds")
    for axis in (axes.xaxis, axes.yaxis):
        log_ticks(axis)


@styled
def figure(operations: list[Measured]) -> Figure:
    """Time by size: ETAS by events, continuations by their number."""
    drawn = new_figure(height=6.8)
    upper, lower = drawn.subplots(2, 1)
    panel(upper, [one for one in operations if one.unit == "events"], OF_EVENTS)
    continued = [one for one in operations if one.unit == "trajectories"]
    panel(lower, continued, [colour(one.name.lower()) for one in continued])
    upper.legend(loc="upper left", fontsize=8)
    lower.legend(loc="upper left", fontsize=8)
    return drawn


def main(record: str, folder: str) -> None:
    """Write page and figure."""
    operations = measured(json.loads(Path(record).read_text(encoding="utf-8")))
    save(figure(operations), Path(folder) / "images" / "benchmarks.png")
    write_whole(Path(folder) / "benchmarks.md", page(operations).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
