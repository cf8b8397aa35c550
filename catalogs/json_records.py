"""Records that are kept as JSON: frozen dataclasses, checked field by field when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec
import numpy as np

from catalogs.errors import InputError


class Record:
    """A frozen dataclass whose fields are JSON types, or records themselves.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Gain(Record):
    ...     mean: float
    ...     ci95: tuple[float, float]
    >>> Gain.from_json({"mean": 0.1, "ci95": [0.0, 0.2]}, "gain.json").to_json()
    {'mean': 0.1, 'ci95': [0.0, 0.2]}
    >>> Gain.from_json({"mean": 0.1, "ci95": [0.0]}, "gain.json")
    Traceback (most recent call last):
    catalogs.errors.InputError: gain.json: Expected `array` of length 2, got 1 - at `$.ci95`: ...
    """

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON types."""
        plain: dict[str, Any] = _lists(msgspec.to_builtins(self, enc_hook=_plain))
        return plain

    @classmethod
    def from_json(cls, content: Mapping[str, Any], where: str) -> Self:
        """The record of JSON types; fields that it does not know are left out.

        Parameters
        ----------
        content : mapping
            As ``to_json`` gives it.
        where : str
            Names the file in error messages.

        Raises
        ------
        InputError
            If a field is missing or of another type.
        """
        try:
            return msgspec.convert(dict(content), cls, strict=True)
        except msgspec.ValidationError as error:
            raise InputError(f"{where}: {error}: the file is damaged, make it anew") from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} is no JSON type")


def _lists(value: Any) -> Any:
    """Lists in place of tuples, as JSON has them."""
    if isinstance(value, dict):
        return {key: _lists(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(part) for part in value]
    return value
