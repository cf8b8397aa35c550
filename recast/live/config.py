"""``live.yaml``: what a service watches, where its events come from, what it issues."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_type_hints

import numpy as np

from catalogs.areas import Area, parse_area
from catalogs.display import closest
from catalogs.errors import InputError
from catalogs.files import read_yaml, write_whole
from catalogs.json_records import Record
from catalogs.sequence import MAGNITUDE_TOLERANCE
from recast.live.durations import seconds
from recast.live.policy import Policy
from recast.live.publication.options import Pages

FILE = "live.yaml"

Kind = Literal["fdsn", "file", "folder", "replay"]

DAMAGED = ": the file is damaged, make it again"
"""What ``Record`` says of files that programs write; this one is written by people."""


@dataclass(frozen=True)
class SourceOptions(Record):
    """Where events come from, and how often and how far back to ask."""

    kind: Kind = "fdsn"
    service: str = "comcat"
    """A service by its name in ``recast catalogs list --known``, or its URL."""

    path: str = ""
    """Of the file or folder."""

    min_magnitude: float | None = None
    days: float = 3.0
    """Look back so far with each poll."""

    daily_days: float = 350.0
    """And so far once a day, for late revisions."""

    spacing: str = "1min"
    """At least so long between polls."""

    check_clock: bool = True
    """Whether to stop where the service says another time than this machine."""

    def __post_init__(self) -> None:
        if self.kind in {"file", "folder"} and not self.path:
            raise InputError(f"source: `kind` {self.kind} needs a `path`")
        for name, days in (("days", self.days), ("daily_days", self.daily_days)):
            if not (np.isfinite(days) and days > 0.0):
                raise InputError(f"source: `{name}` = {days:g}: give a positive number")
        if self.min_magnitude is not None and not np.isfinite(self.min_magnitude):
            raise InputError(f"source: `min_magnitude` = {self.min_magnitude}: give a number")
        seconds(self.spacing)


@dataclass(frozen=True)
class LiveConfiguration(Record):
    """What a service watches, where its events come from, what it issues.

    Raises
    ------
    InputError
        For an area or a number that cannot be.
    """

    region: str
    """Its name, for people."""

    area: str
    """As ``catalogs.parse_area`` reads it."""

    completeness: float
    source: SourceOptions = field(default_factory=SourceOptions)
    history: str = ""
    """A stored catalog with the events before the service began, by name or path."""

    policy: Policy = field(default_factory=Policy)
    pages: Pages = field(default_factory=Pages)
    seed: int = 0

    def __post_init__(self) -> None:
        parse_area(self.area)
        if not np.isfinite(self.completeness):
            raise InputError(f"`completeness` = {self.completeness}: give a magnitude")
        if self.seed < 0:
            raise InputError(f"`seed` = {self.seed} is negative: give 0 or more")
        self._check_magnitudes()

    def _check_magnitudes(self) -> None:
        """Refuse to forecast what is not asked for, or is not known."""
        least, lowest = self.completeness, self.source.min_magnitude
        if lowest is not None and lowest > least + MAGNITUDE_TOLERANCE:
            raise InputError(
                f"`completeness` = {least:g}, but only events from `min_magnitude` = {lowest:g} on "
                "are asked for: lower that, or raise `completeness`"
            )
        asked = min(self.policy.magnitudes or (least,))
        if asked < least - MAGNITUDE_TOLERANCE:
            raise InputError(
                f"policy: `magnitudes` has {asked:g}, and events are complete from {least:g} on: "
                "leave it out, or correct `completeness`"
            )

    @property
    def within(self) -> Area:
        """The area."""
        return parse_area(self.area)

    @property
    def sha256(self) -> str:
        """Of all settings, whatever the order and comments of the file."""
        content = json.dumps(self.to_json(), sort_keys=True, allow_nan=False)
        return hashlib.sha256(content.encode()).hexdigest()

    @classmethod
    def read(cls, path: Path) -> LiveConfiguration:
        """The settings in a YAML file.

        Raises
        ------
        InputError
            Naming the file and the setting that is missing, unknown or impossible.
        """
        if not path.is_file():
            raise InputError(
                f"{path} does not exist: `recast live init {path.parent}` makes a service"
            )
        # A heading under which everything is commented out is null: the defaults
        content = {name: value for name, value in read_yaml(path).items() if value is not None}
        check_names(content, cls, str(path))
        try:
            return cls.from_json(content, path)
        except InputError as error:
            said = str(error).replace(DAMAGED, "")
            where = "" if str(path) in said else f"{path}: "
            raise InputError(f"{where}{said}: correct it") from error


def check_names(content: Mapping[str, Any], kind: type, where: str) -> None:
    """Refuse settings that there are not, which reading would ignore.

    Raises
    ------
    InputError
        With the setting that was probably meant.
    """
    types = get_type_hints(kind)
    for name, value in content.items():
        if name not in types:
            near = closest(str(name), types)
            hint = f"did you mean {near}?" if near else f"choose from {', '.join(types)}"
            raise InputError(f"{where}: no setting {name!r}: {hint}")
        if dataclasses.is_dataclass(types[name]) and isinstance(value, Mapping):
            check_names(value, types[name], f"{where}: {name}")


def write_template(path: Path, configuration: LiveConfiguration) -> None:
    """Write settings with comments, as a person would.

    Raises
    ------
    InputError
        If the file exists: a service is not begun twice.
    """
    if path.exists():
        raise InputError(f"{path} exists: edit it, or choose another folder")
    write_whole(path, template(configuration).encode())
    LiveConfiguration.read(path)  # what is written can be read


def template(configuration: LiveConfiguration) -> str:
    """The text of ``live.yaml``."""
    c, source = configuration, configuration.source
    lowest = "" if source.min_magnitude is None else f"{source.min_magnitude:g}"
    return f"""\
# A service of recast. `recast live run FOLDER` brings it up to date; edit and run again.

region: {_text(c.region)}  # its name, for people
# Forecasts are for this area: SOUTH/NORTH/WEST/EAST, or a polygon of LATITUDE,LONGITUDE pairs
area: {_text(c.area)}
completeness: {c.completeness:g}  # all events at or above this magnitude are reported

source:
  # fdsn: an event service; file: a table that another program writes; folder: QuakeML files in it
  kind: {source.kind}
  # for fdsn: a name that `recast catalogs list --known` shows, or a URL
  service: {_text(source.service)}
  path: {_text(source.path)}  # for file and folder
  min_magnitude: {lowest}  # ask for events of at least this magnitude; empty: for all
  days: {source.days:g}  # look back so far with each poll
  daily_days: {source.daily_days:g}  # and so far once a day, for late revisions
  spacing: {source.spacing}  # at least so long between two polls
  check_clock: {_text(source.check_clock)}  # false if that of the service is known to be wrong

# Events before the service began, to learn from: a stored catalog, by name or path
history: {_text(c.history)}

# When forecasts are issued, of what, and from what; what is not said here has its default
policy:
{_settings(c.policy, Policy)}

# How pages look, and who publishes them
pages:
{_settings(c.pages, Pages)}

seed: {c.seed}  # of the random numbers
"""


def _settings(record: Record, kind: type) -> str:
    """All settings of a record, commented out where they are the default."""
    plain, default = record.to_json(), kind().to_json()
    lines = [
        f"  {'# ' if plain[name] == default[name] else ''}{name}: {_text(plain[name])}"
        for name in plain
    ]
    return "\n".join(lines)


def _text(value: Any) -> str:
    """A value as YAML, which reads JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
