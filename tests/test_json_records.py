"""Typed records survive JSON, and damaged ones are named."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from catalogs import InputError
from catalogs.json_records import Record
from catalogs.sequence import FloatArray


@dataclass(frozen=True)
class Inner(Record):
    share: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise InputError(f"share = {self.share} is not in [0, 1]")


@dataclass(frozen=True, eq=False)
class Outer(Record):
    values: FloatArray
    inner: dict[str, Inner]
    interval: tuple[float | None, float | None] = (None, None)


def test_a_record_survives_json() -> None:
    one = Outer(np.array([0.1, 1e-300]), {"a": Inner(np.float64(1 / 3))}, (None, np.float64(2.0)))
    again = Outer.from_json(json.loads(json.dumps(one.to_json())), "x.json")
    assert again.values.dtype == np.float64
    np.testing.assert_array_equal(again.values, one.values)
    assert (again.inner, again.interval) == (one.inner, one.interval)
    assert Outer.from_json({"values": [], "inner": {}, "later": 1}, "x.json").interval[0] is None


def test_fields_of_a_newer_version_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"share": 0.5, "later": 1}')
    with pytest.warns(UserWarning, match="x.json: the field 'later' is not known") as said:
        assert Inner.load(path) == Inner(0.5)
    assert "\n" not in str(said[0].message)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([], "expected object, got array"),
        ({"inner": {}}, "object missing required field values"),
        ({"values": [1, None], "inner": {}}, "values: expected an array of numbers"),
        ({"values": [[1], [2, 3]], "inner": {}}, "values: "),
        ({"values": [], "inner": {"a": {"share": "x"}}}, "inner[...].share: expected float"),
        ({"values": [], "inner": {"a": {"share": 2}}}, "inner[...]: share = 2.0 is not in [0, 1]"),
    ],
)
def test_a_damaged_record_is_named(content: object, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError) as refused:
        Outer.from_json(content, path)
    assert str(refused.value).startswith(f"{path}: {problem}"), refused.value
    with pytest.raises(InputError, match="x.json"):
        Outer.load(path)
