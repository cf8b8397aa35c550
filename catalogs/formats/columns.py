"""The names under which catalogs publish the same columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalogs.errors import InputError

ALIASES: dict[str, tuple[frozenset[str], ...]] = {
    role: tuple(frozenset(tier.split()) for tier in tiers)
    for role, tiers in {
        "time": (
            "time",
            "origintime datetime timestring timestamp eventtime timeutc utctime datetimeutc utc",
        ),
        "date": ("date origindate eventdate dateutc",),
        "clock": ("clock timeofday",),
        "year": ("year yr yyyy",),
        "month": ("month mon mo mm",),
        "day": ("day dy da dd",),
        "hour": ("hour hr ho hh",),
        "minute": ("minute min minu mi",),
        "second": ("second sec seconds se ss",),
        "magnitude": ("magnitude mag", "m ml mw md mb ms mww mwc prefmag"),
        "latitude": ("latitude lat",),
        "longitude": ("longitude lon", "long lng"),
        "depth_km": ("depthkm depth dep z",),
        "event_id": ("eventid", "id evid publicid", "catalogid"),
        "event_type": ("eventtype", "type et"),
        "magnitude_type": ("magnitudetype magtype",),
    }.items()
}
"""Role -> tiers of names in order of preference, each in the form that ``normalised`` gives."""

CALENDAR = ("year", "month", "day", "hour", "minute", "second")

SHOWN = 12
"""That many column names are listed in an error message."""


def normalised(name: str) -> str:
    """Lower case letters and digits only: ``"# Origin Time"`` and ``origin_time`` are one name."""
    return "".join(ch for ch in name.lower() if ch.isalnum())


def find_columns(
    names: Sequence[str], where: str, chosen: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Position of the column that plays each role.

    Parameters
    ----------
    names : sequence of str
        Column names as the file has them.
    where : str
        The file, for error messages.
    chosen : mapping, optional
        Role -> column name, where the usual names don't fit.

    Returns
    -------
    dict
        Always ``magnitude``, and ``time``, or ``date`` with or without ``clock``, or ``year``,
        ``month`` and ``day``; further roles where the file has them. Where both ``date`` and
        ``time`` are there, ``time`` may be a time of day.

    Raises
    ------
    InputError
        For a choice that the file doesn't have, no time or magnitude, or several of equal rank.
    """
    found = _chosen(names, where, chosen or {})
    taken = set(found.values())
    free = {i: normalised(name) for i, name in enumerate(names) if i not in taken}
    skipped: set[str] = set()  # other ways to say the time than the one that was chosen
    if found.keys() & {"time", "date", "clock"}:
        skipped = {*CALENDAR} if "time" not in found else {"date", "clock", *CALENDAR}
    elif found.keys() & {*CALENDAR}:
        skipped = {"time", "date", "clock"}
    for role, tiers in ALIASES.items():
        if role in found or role in skipped:
            continue
        for tier in tiers:
            fits = [i for i, name in free.items() if name in tier]
            if len(fits) > 1:
                listed = " and ".join(names[i].strip() for i in fits)
                raise InputError(
                    f"{where}: columns {listed} could each be the {role}: choose one with "
                    f"--column {role}={names[fits[0]].strip()}"
                )
            if fits:
                found[role] = fits[0]
                break
    ways = ({"time"}, {"date"}, {"year", "month", "day"})
    for role, there in (
        ("time", any(way <= found.keys() for way in ways)),
        ("magnitude", "magnitude" in found),
    ):
        if not there:
            raise InputError(
                f"{where}: no column for the {role} among {_listed(names)}: name it with "
                f"--column {role}=NAME"
            )
    return found


def _chosen(names: Sequence[str], where: str, chosen: Mapping[str, str]) -> dict[str, int]:
    exact = {name.strip(): i for i, name in enumerate(names)}
    loose = {normalised(name): i for i, name in enumerate(names)}
    found = {}
    for given, name in chosen.items():
        role = "depth_km" if given == "depth" else given
        if role not in ALIASES:
            raise InputError(
                f"--column {given}={name}: no such column in a catalog; choose one of "
                f"{', '.join(ALIASES)}"
            )
        position = exact.get(name.strip(), loose.get(normalised(name)))
        if position is None:
            raise InputError(
                f"{where}: no column {name!r} (from --column {given}={name}) among {_listed(names)}"
            )
        found[role] = position
    return found


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name.strip()[:30]) for name in names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown
