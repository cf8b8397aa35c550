"""What each field of a catalog's record may hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from catalogs.areas import parse_area
from catalogs.errors import InputError
from catalogs.json_records import Record
from catalogs.texts import hidden_in

Ties = Literal["separate", "drop", "error"]

UTC = "UTC"
PLAIN_DAYS = "days since start"

KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str | float": (str, int, float),
    "Ties": (str,),
    "dict[str, float]": (dict,),
    "dict[str, Any]": (dict,),
    "tuple[tuple[str, str], ...]": (list, tuple),
}
"""What JSON has in place of the types of the fields of ``CatalogInfo`` and ``SplitDates``."""

CHOICES: dict[str, tuple[str, ...]] = {
    "ties": get_args(Ties),
    "kind": ("observed", "synthetic"),
    "time_unit": (UTC, PLAIN_DAYS),
}

RANGES: dict[str, tuple[float, float]] = {
    "magnitude_completeness": (-10.0, 15.0),
    "magnitude_bin": (0.0, 2.0),
    "n_events": (0, 10**12),
}

LONGEST = 100_000
"""Characters of a text. A polygon of a thousand vertices, which a title may name, has a tenth."""

SHA256 = re.compile(r"([0-9a-f]{64})?")


@dataclass(frozen=True)
class FileOfRecord(Record):
    """A file that a catalog was fetched from, as far as it is shown."""

    retrieved: str


@dataclass(frozen=True)
class Provenance(Record):
    """What is used of ``CatalogInfo.provenance``; there may be more."""

    record: str = ""
    rows: int | None = None
    files: tuple[FileOfRecord, ...] = ()


def is_of_type(value: object, type_name: str) -> bool:
    """Whether a value of JSON may stand in a field of that type."""
    kinds = KINDS[type_name]
    if isinstance(value, list | tuple):
        return list in kinds and all(_is_pair(item) for item in value)
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _is_pair(item: object) -> bool:
    return (
        isinstance(item, list | tuple) and len(item) == 2 and all(isinstance(x, str) for x in item)
    )


def check_fields(fields: Mapping[str, Any]) -> None:
    """Refuse what is out of range, hidden, or chosen from elsewhere.

    Raises
    ------
    InputError
        With the field, its value and the remedy; ``fields`` are those of a ``CatalogInfo``.
    """
    for name, value in fields.items():
        if isinstance(value, str):
            _check_text(name, value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{name} = {value} is not a number: correct it")
        if name in RANGES:
            low, high = RANGES[name]
            if not low <= value <= high:
                raise InputError(f"{name} = {value:g} is out of range: need {low:g} to {high:g}")
    for name, value in fields["truth"].items():
        _check_text("truth", name)
        if value is not None and not (is_of_type(value, "float") and math.isfinite(value)):
            raise InputError(f"truth: {name} = {value!r:.40} is not a number: correct it")
    if fields["area"]:
        parse_area(fields["area"])
    Provenance.from_json(fields["provenance"], "provenance")


def _check_text(name: str, text: str) -> None:
    if hidden := hidden_in(text):
        raise InputError(f"{name} = {text!a:.60} has {hidden}")
    if len(text) > LONGEST:
        raise InputError(f"{name} has {len(text):,} characters: shorten it to {LONGEST:,}")
    if name in CHOICES and text not in CHOICES[name]:
        *some, last = CHOICES[name]
        raise InputError(f"{name} = {text!r:.40}: choose {', '.join(some)} or {last}")
    if name == "sha256" and not SHA256.fullmatch(text):
        raise InputError(f"sha256 = {text!r:.80} is no hash: leave it empty or correct it")
