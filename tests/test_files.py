"""Files are there whole or not at all, and a JSON that cannot be read is named."""

from pathlib import Path

import pytest

from catalogs import InputError
from catalogs.files import leftovers, read_json, reading, whole_file, write_json, write_whole


def test_json_is_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(path, {"a": float("nan")})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]
    with pytest.raises(InputError, match=r"b\.json does not exist$"):
        read_json(path.with_name("b.json"))
    path.write_text("{")
    with pytest.raises(InputError, match=r"a\.json cannot be read as JSON"):
        read_json(path)
    path.write_text("[1]")
    with pytest.raises(InputError, match=r"a\.json holds no JSON object"):
        read_json(path)


def test_a_file_gets_its_name_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    write_whole(path, b"old")

    def stopped_half_way() -> None:
        with whole_file(path) as stream:
            stream.write(b"new, but")
            stream.flush()
            assert path.read_bytes() == b"old"
            assert [scratch.read_bytes() for scratch in leftovers(tmp_path)] == [b"new, but"]
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        stopped_half_way()
    assert path.read_bytes() == b"old"
    assert list(leftovers(tmp_path)) == []


def test_a_field_that_is_missing_is_the_fault_of_its_file(tmp_path: Path) -> None:
    path, record = tmp_path / "fit.json", dict[str, float]()
    said = r"fit.json is damaged or of another kind \(KeyError"
    with pytest.raises(InputError, match=said), reading(path):
        record["mu"] += 1.0
