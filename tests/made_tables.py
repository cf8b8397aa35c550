"""Random tables of events as people write them, with what each row says."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from catalogs.formats.names import NAMES, SHORT, normalised

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC throughout

UNITS = {
    "depth_km": (" (km)", "_km"),
    "latitude": ("(N)", " (°)", " [deg]"),
    "longitude": ("(E)", " (°)"),
}

WEAK = {
    "data",
    "dat",
    "hora",
    "ora",
    "heure",
    "saat",
    "zeit",
    "orig",
    "ot",
    "origin",
    "ho",
    "h",
    "z",
}
"""Names that mean something only by what stands below them, or in some company."""

METRES = {"depthft", "depthfeet", "depthm", "depthmeters", "depthmetres"}

NOISE = {
    "rms": lambda rng: f"{rng.uniform(0, 1):.2f}",
    "gap": lambda rng: str(int(rng.integers(20, 300))),
    "nst": lambda rng: str(int(rng.integers(3, 50))),
    "author": lambda rng: str(rng.choice(["ISC", "NEIC", "XYZ"])),
    "quality": lambda rng: str(rng.choice(list("ABCD"))),
    "magtype": lambda rng: str(rng.choice(["ML", "Mw", "mb"])),
    "eventtype": lambda rng: str(rng.choice(["earthquake", "earthquake", "quarry blast"])),
}

PLACES = ("offshore", "10 km N of Norcia", "near the coast", "Kusadasi Korfezi (Ege Denizi)", "X")


@dataclass(frozen=True)
class Event:
    """What one row says; None where it does not."""

    time: datetime
    latitude: float
    longitude: float
    depth: float | None
    magnitude: float | None


@dataclass
class Made:
    """A file, what stands on each of its lines, and the resolution of its times in seconds."""

    text: str
    rows: dict[int, Event]
    resolution: float
    arguments: dict[str, object] = field(default_factory=dict)
    told: str = ""


def name_of(role: str, rng: np.random.Generator) -> str:
    """One of the names of a role, in any case of letters."""
    tier = sorted({normalised(n) for n in NAMES[role][0].split()} - WEAK - METRES)
    if role == "magnitude":
        tier += ["ml", "mw"]
    name = str(rng.choice(tier))
    case = rng.integers(4)
    name = name if not name.isascii() else (name, name.upper(), name.title(), name)[case]
    units = UNITS.get(role, ())
    if (
        units
        and name.lower() not in {"depthkm", "depthm", "depthmeters", "depthmetres"}
        and rng.random() < 0.3
    ):
        name += str(rng.choice(units))
    return name


def make(seed: int) -> Made:
    """A table by a seed."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 40))
    delimiter = str(rng.choice([",", ";", "\t", "|", " "]))
    blanks = delimiter == " "
    comma = delimiter in ";\t|" and rng.random() < 0.3
    start = datetime(int(rng.integers(1700, 2150)), 1, 1)  # noqa: DTZ001
    seconds = np.sort(rng.uniform(0, 10.0 ** rng.uniform(5, 9.5), n))
    written, resolution, columns, told = times(rng, start, seconds)
    depth_scale = float(rng.choice([1.0, 1.0, 1.0, 1000.0]))
    step = float(rng.choice([0.1, 0.1, 0.01]))
    magnitude = np.round(1.0 + rng.exponential(0.6, n), 1 if step == 0.1 else 2)
    if rng.random() < 0.3:
        magnitude[int(rng.integers(n))] = round(float(rng.uniform(1, 5)), 3)
    events = [
        Event(
            start + timedelta(seconds=float(seconds[i])),
            round(float(rng.uniform(-60, 60)), 4),
            round(float(rng.uniform(-179, 179)), 4),
            None if rng.random() < 0.05 else round(float(rng.uniform(0.0, 40.0)), 1),
            None if rng.random() < 0.05 else float(magnitude[i]),
        )
        for i in range(n)
    ]
    missing = str(rng.choice(["", "-", "NaN", "-.-"] if not blanks else ["-", "nan", "-.-"]))
    cells = [(name, [row[j] for row in written]) for j, name in enumerate(columns)]
    # Metres are told by their size or by their unit
    deep = "depth (m)" if depth_scale > 1.0 and rng.random() < 0.7 else name_of("depth_km", rng)
    if depth_scale > 1.0 and deep != "depth (m)":
        deep = "depth"
        depth_scale = 1.0
    lists = {
        name_of("latitude", rng): [f"{e.latitude:.4f}" for e in events],
        name_of("longitude", rng): [f"{e.longitude:.4f}" for e in events],
        deep: [missing if e.depth is None else f"{e.depth * depth_scale:.1f}" for e in events],
        name_of("magnitude", rng): [
            missing if e.magnitude is None else f"{e.magnitude:g}" for e in events
        ],
    }
    if rng.random() < 0.2:
        drop = list(lists)[2]
        del lists[drop]
        events = [Event(e.time, e.latitude, e.longitude, None, e.magnitude) for e in events]
    if comma:
        lists = {
            k: [v.replace(".", ",") if v[:1] != "-" or len(v) > 3 else v for v in col]
            for k, col in lists.items()
        }
    noise = [name for name in NOISE if not blanks or name != "eventtype"]  # of two words
    for name in rng.choice(noise, int(rng.integers(0, 4)), replace=False).tolist():
        lists[name] = [NOISE[name](rng) for _ in range(n)]
    groups = [cells, *([item] for item in lists.items())]
    order = rng.permutation(len(groups))
    ordered = [item for i in order for item in groups[i]]
    if rng.random() < 0.4 and (blanks or delimiter != ","):
        ordered.append(("place", [str(rng.choice(PLACES)) for _ in range(n)]))
    return laid_out(rng, ordered, delimiter, events, resolution, told)


def times(  # noqa: PLR0911 - one for each way to write a time
    rng: np.random.Generator, start: datetime, seconds: np.ndarray
) -> tuple[list[list[str]], float, list[str], str]:
    """Cells of the columns of time, their resolution, the columns' names, and the kind."""
    stamps = [start + timedelta(seconds=float(s)) for s in seconds]
    kind = str(
        rng.choice(
            [
                "iso",
                "iso",
                "date clock",
                "calendar",
                "short",
                "dmy",
                "mdy",
                "digits",
                "epoch",
                "slashes",
            ]
        )
    )
    if kind == "epoch" and not 1975 < stamps[-1].year < 2200:
        kind = "iso"
    fraction = rng.random() < 0.5
    if fraction:
        clocks = [f"{t:%H:%M:%S}.{t.microsecond // 1000:03d}" for t in stamps]
    else:
        clocks = [f"{t:%H:%M:%S}" for t in stamps]
    resolution = 0.001 if fraction else 1.0
    ymd = [(f"{t.year:04d}", f"{t.month:02d}", f"{t.day:02d}") for t in stamps]
    date, clock = (
        name_of("date", rng),
        str(rng.choice(["time", "clock", "hora", "UTC time", "HHMMSS"])),
    )
    if kind == "iso":
        blank, zone = str(rng.choice(["T", "T"])), str(rng.choice(["", "Z"]))
        return (
            [[f"{'-'.join(d)}{blank}{c}{zone}"] for d, c in zip(ymd, clocks, strict=True)],
            resolution,
            [name_of("time", rng)],
            kind,
        )
    if kind in {"date clock", "slashes"}:
        mark = "/" if kind == "slashes" else str(rng.choice(["-", ".", "/"]))
        return (
            [[mark.join(d), c] for d, c in zip(ymd, clocks, strict=True)],
            resolution,
            [date, clock],
            kind,
        )
    if kind in {"dmy", "mdy"}:
        turned = [(d, m, y) if kind == "dmy" else (m, d, y) for y, m, d in ymd]
        return (
            [["/".join(d), c] for d, c in zip(turned, clocks, strict=True)],
            resolution,
            [date, clock],
            kind,
        )
    if kind == "digits":
        return (
            [["".join(d), c.replace(":", "")] for d, c in zip(ymd, clocks, strict=True)],
            resolution,
            [date, "time"],
            kind,
        )
    if kind == "epoch":
        # Milliseconds or seconds
        ms = rng.random() < 0.5
        since = [t - EPOCH for t in stamps]
        whole = [d // timedelta(milliseconds=1) if ms else d // timedelta(seconds=1) for d in since]
        return (
            [[str(w)] for w in whole],
            0.001 if ms else 1.0,
            [str(rng.choice(["time", "epoch", "timestamp"]))],
            kind,
        )
    parts = [c.split(":") for c in clocks]
    rows = [[*d, *c] for d, c in zip(ymd, parts, strict=True)]
    if rng.random() < 0.5:
        rows = [[str(int(x)) for x in row[:5]] + [row[5]] for row in rows]
    if kind == "short":
        names = [
            str(rng.choice(sorted(SHORT[r])))
            for r in ("year", "month", "day", "hour", "minute", "second")
        ]
        names = (
            ["Y", "M", "D", "h", "m", "s"]
            if rng.random() < 0.3
            else ["YYYY", "MM", "DD", "HH", "MM", "SS"]
        )
        return rows, resolution, names, kind
    roles = ("year", "month", "day", "hour", "minute", "second")
    return rows, resolution, [name_of(role, rng) for role in roles], kind


def laid_out(
    rng: np.random.Generator,
    columns: list[tuple[str, list[str]]],
    delimiter: str,
    events: list[Event],
    resolution: float,
    told: str,
) -> Made:
    """The text, with titles, comments, empty lines and totals around and between the rows."""
    names = [name for name, _ in columns]
    if delimiter == " ":
        names = [name.replace(" ", "") for name in names]
    rows = [[cells[i] for _, cells in columns] for i in range(len(events))]
    if delimiter == " " and rng.random() < 0.5:
        widths = [max(len(row[j]) for row in [names, *rows]) + 1 for j in range(len(names))]
        lines = [
            "".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True))
            for row in [names, *rows]
        ]
    else:
        pad = " " if delimiter in ",;|" and rng.random() < 0.3 else ""
        lines = [(delimiter + pad).join(row) for row in [names, *rows]]
    above: list[str] = []
    if rng.random() < 0.3:
        above = [
            str(
                rng.choice(
                    ["Catalog of my region", "# made by hand", "Search 2020-01-01 to 2021", ""]
                )
            )
        ] * int(rng.integers(1, 4))
    text, at = [*above, lines[0]], {}
    if rng.random() < 0.2:
        text.append("-" * len(lines[0]))
    for event, line in zip(events, lines[1:], strict=True):
        if rng.random() < 0.03:
            text.append(str(rng.choice(["", "# a remark"])))
        text.append(line)
        at[len(text)] = event
    if rng.random() < 0.2:
        text += ["", "Total number of events: 300"]
    end = str(rng.choice(["\n", "\n", "\r\n"]))
    return Made(end.join(text) + end, at, resolution, {}, told)
