"""Typed records: frozen dataclasses that are written as JSON and read back checked."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Self, cast, get_args, get_origin

import msgspec
import numpy as np

from catalogs.errors import InputError
from catalogs.files import read_json


class Record:
    """A mixin for frozen dataclasses: ``to_json`` writes the fields, ``from_json`` checks them.

    Field types are those that msgspec knows (numbers, strings, None, dates, tuples, mappings, other
    dataclasses) and numeric numpy arrays; they must be importable at run time, not only under
    TYPE_CHECKING. A field with a default may be absent, and unknown fields are ignored, so that
    older versions can read newer files; ``load`` warns of them.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Line(Record):
    ...     slope: float
    ...     knots: tuple[float, float] = (0.0, 1.0)
    >>> Line(2.0).to_json()
    {'slope': 2.0, 'knots': [0.0, 1.0]}
    >>> Line.from_json({"slope": 3, "note": "new"}, "line.json")
    Line(slope=3.0, knots=(0.0, 1.0))
    >>> Line.from_json({"slope": "steep"}, "line.json")
    Traceback (most recent call last):
    catalogs.errors.InputError: line.json: slope: expected float, got str: the file is damaged, ...
    """

    __slots__ = ()

    owns_file: ClassVar[bool] = True
    """Whether its files hold nothing else, so that other fields are those of a newer version."""

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON types; a field's own ``to_json`` is used where it has one."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(cast(Any, self))}

    @classmethod
    def from_json(cls, content: Any, where: str | PathLike[str]) -> Self:
        """The record that ``content``, parsed JSON, holds.

        Parameters
        ----------
        content : object
            What ``to_json`` returned.
        where : str or path
            The file, for error messages.

        Raises
        ------
        InputError
            Naming ``where`` and the field, if one is missing, of another type or impossible.
        """
        try:
            return msgspec.convert(content, cls, dec_hook=_array)
        except msgspec.ValidationError as error:
            what, _, place = str(error).replace("`", "").partition(" - at $")
            field = f"{place.lstrip('.')}: " if place else ""
            raise InputError(
                f"{where}: {field}{what[0].lower()}{what[1:]}: the file is damaged, make it again"
            ) from error

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a record from a JSON file.

        Raises
        ------
        InputError
            Naming the file, if it is missing, damaged or of another kind.
        """
        content = read_json(Path(path))
        record = cls.from_json(content, path)
        if cls.owns_file:
            known = {field.name for field in fields(cast(Any, cls))}
            warn_of_unknown(content.keys() - known, path, "it is passed over")
        return record


def warn_of_unknown(names: Iterable[str], where: str | PathLike[str], fate: str) -> None:
    """Warn of fields of a file that this version does not know, if there are any."""
    first, *more = sorted(names) or [""]
    if first:
        others = f" and {len(more)} more are" if more else " is"
        warnings.warn(
            f"{where}: the field {first!r:.60}{others} not known to this version: {fate}; if a "
            "newer version wrote it, update this one",
            stacklevel=2,
        )


def _plain(value: Any) -> Any:
    """A value as JSON types."""
    if hasattr(value, "to_json"):
        return value.to_json()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return msgspec.to_builtins(value, enc_hook=lambda other: other.tolist())  # numpy


def _array(kind: Any, content: Any) -> Any:
    """An array of the field's dtype."""
    if get_origin(kind) is not np.ndarray:
        raise NotImplementedError
    array = np.array(content)
    if array.size and array.dtype.kind not in "biuf":
        raise ValueError("expected an array of numbers")
    (dtype,) = get_args(get_args(kind)[1])
    return array.astype(dtype)
