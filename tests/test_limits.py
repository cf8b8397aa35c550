"""What a small file or an odd number may cost: every size is bounded before it is used."""

import ast
import gzip
import io
import json
import lzma
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_damage import dated, plain

import catalogs
import etas
import recast
from catalogs import EventSequence, GutenbergRichter, InputError, load
from catalogs.expansion import RATIO, SMALL
from catalogs.files import read_yaml
from catalogs.formats import parse
from catalogs.formats.archive import unpacked
from catalogs.formats.quakeml import DEEPEST
from catalogs.parquet import read_parquet
from etas import ETAS, Poisson
from etas.branching import MOST_OFFSPRING
from recast.cli import main

EMPTY = EventSequence.nothing()
LAW = GutenbergRichter(2.5, 1.0, 7.5)
GOOD: dict[str, Any] = {"mu": 0.5, "k": 0.02, "alpha": 0.6, "c": 0.01, "p": 1.1}


@pytest.fixture(autouse=True)
def little_memory() -> Any:
    """Two gigabytes more than now, so that what asks for more fails, and not the machine."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (2 << 30), hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


DOCTYPE = '<!DOCTYPE q [<!ENTITY a "aaaa">]><q:quakeml xmlns:q="a"><e>&a;</e></q:quakeml>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("before", ["", "<!-- " + "x" * 200_000 + " -->"])
def test_entities_are_refused_in_any_encoding(encoding: str, before: str) -> None:
    with pytest.raises(InputError, match="f declares XML entities, which no catalog needs"):
        parse((before + DOCTYPE).encode(encoding), "quakeml", name="f")


@pytest.mark.parametrize("encoding", ["utf-32", "cp037", "utf-7", "utf-16-le", "big5", "none"])
def test_so_are_encodings_that_the_parser_does_not_know(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{DOCTYPE}'
    known = "utf-8" if encoding == "none" else encoding
    with pytest.raises(InputError, match="f (is no well-formed XML|declares XML entities)"):
        parse(text.encode(known), "quakeml", name="f")


def test_a_comment_is_no_declaration() -> None:
    """The parser decides, not the bytes."""
    text = "<!-- <!DOCTYPE x> --><q:quakeml xmlns:q='a'/>"
    assert parse(text.encode("utf-16"), "quakeml", name="f").n_rows == 0


def test_what_lies_between_events_takes_no_memory() -> None:
    head, tail = b"<q:quakeml xmlns:q='a'><e>", b"</e></q:quakeml>"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert parse(head + b"<a/>" * 300_000 + tail, "quakeml", name="f").n_rows == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes
    deep = head + b"<event>" + b"<a>" * DEEPEST
    with pytest.raises(InputError, match="an event has more than .* elements or 100 levels"):
        parse(deep, "quakeml", name="f")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_packed_files_unpack_to_what_their_size_allows(pack: Callable[[bytes], bytes]) -> None:
    assert unpacked(pack(bytes(SMALL)), "f") == bytes(SMALL)
    with pytest.raises(InputError, match="f unpacks to more than 16,777,216 bytes.* unpack it"):
        unpacked(pack(bytes(SMALL + 1)), "f")
    layers = pack(pack(bytes(1 << 25)))
    with pytest.raises(InputError, match="f unpacks to more than"):
        unpacked(layers, "f")


def test_real_text_is_far_from_that_bound() -> None:
    rng = np.random.default_rng(0)
    days = np.cumsum(rng.exponential(size=20_000))
    rows = [f"{pd.Timestamp(2000, 1, 1) + pd.Timedelta(days=d)},{m:.1f},0,0" for d, m in
            zip(days, rng.exponential(size=20_000), strict=True)]  # fmt: skip
    text = "\n".join(rows).encode()
    for pack in (gzip.compress, lzma.compress):
        assert len(text) < 0.2 * RATIO * len(pack(text))


def parquet(table: dict[str, pa.Array], **options: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(table), stream, compression="zstd", **options)
    return stream.getvalue()


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "equal values": (
        lambda: parquet({"time": pa.array(np.zeros(20_000_000))}),
        "20,000,000 values in",
    ),
    "one row": (lambda: parquet({"a": pa.array([np.zeros(20_000_000)])}), "20,000,000 values"),
    "equal text": (
        lambda: parquet(
            {"a": pa.DictionaryArray.from_arrays(np.zeros(10**6, np.int32), ["x" * 10**6])}
        ),
        "more than .* bytes of text",
    ),
    "text that goes on": (
        lambda: parquet(
            {"a": pa.array(["y" * 100_000] * 3000)},
            use_dictionary=False,
            column_encoding={"a": "DELTA_BYTE_ARRAY"},
        ),
        "more than .* bytes of text",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_parquet_holds_what_its_size_allows(name: str) -> None:
    make, message = BOMBS[name]
    content = make()
    assert len(content) < 300_000
    with pytest.raises(InputError, match=f"f: damaged Parquet file .*{message}.*write it as CSV"):
        parse(content, "table", name="f")


def test_a_parquet_of_events_is_read_as_pandas_reads_it() -> None:
    n = 50_000
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "time": pd.to_datetime(np.sort(rng.integers(0, 2**60, n)), utc=True),
            "magnitude": rng.exponential(size=n).round(1),
            "event_id": [f"ci{i}" for i in range(n)],
            "event_type": "earthquake",
            "nothing": None,
        }
    )
    stream = io.BytesIO()
    table.to_parquet(stream, index=False)
    known = pd.read_parquet(io.BytesIO(stream.getvalue()))
    pd.testing.assert_frame_equal(read_parquet(stream.getvalue()), known)
    # As far from the bound as it should be, for a hundred million events as well
    values = known.size / len(stream.getvalue())
    assert values < 1.0


@pytest.mark.parametrize("make", [plain, dated])
def test_so_are_the_events_of_a_stored_catalog(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    record = make(tmp_path)
    (events,) = (path for path in tmp_path.glob("[!.]*") if path != record)
    if events.suffix == ".parquet":
        events.write_bytes(parquet({"time": pa.array(np.zeros(20_000_000))}))
    else:
        np.savez_compressed(events, time_days=np.zeros(20_000_000))
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "sha256": ""}))
    with pytest.raises(InputError, match="cannot be read .*(values|unpacks to)"):
        load(str(record))


LAUGHS = "a0: &a0 [x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
MERGED = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}\n" for i in range(1, 12)
)
LONG = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 20_000)}]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "written out, it has more than"),
        (MERGED, "written out, it has more than"),
        (LONG, "written out, it has more than"),
        ("a: &a [*a]", "it refers to itself"),
        ("[" * 100_000, "cannot be read as YAML"),
        ("#" * (1 << 20) + "\na: 1", "options have at most 1,048,576 bytes"),
        ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
    ],
)
def test_options_refer_to_no_more_than_options_have(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "options.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_yaml(path)
    assert len(str(caught.value)) < 1000


def test_options_may_refer_to_each_other(tmp_path: Path) -> None:
    path = tmp_path / "options.yaml"
    path.write_text("base: &b {a: 1, c: [2]}\nother: {<<: *b, c: 3}\n")
    assert read_yaml(path)["other"] == {"a": 1, "c": 3}


ODD = (-1e300, -1.0, 1e-320, 1e300, 1e19, float("nan"), float("inf"), float("-inf"))
ALLOWED = {("alpha", -1.0), ("alpha", 1e-320), ("mu", 1e-320), ("k", 1e-320)}


@pytest.mark.parametrize("name", [*GOOD, "taper"])
@pytest.mark.parametrize("value", ODD)
def test_parameters_of_etas_have_ranges(name: str, value: float) -> None:
    if (name, value) in ALLOWED or (name, value) == ("k", 1e19):
        ETAS(**{**GOOD, name: value}, magnitude_law=LAW)
        return
    with pytest.raises(InputError) as caught:
        ETAS(**{**GOOD, name: value}, magnitude_law=LAW)
    assert f"{name} = {value}" in str(caught.value)
    assert "\n" not in str(caught.value)


MAKERS: dict[str, Callable[[float], object]] = {
    "completeness": GutenbergRichter,
    "b": lambda value: GutenbergRichter(2.5, value),
    "maximum": lambda value: GutenbergRichter(2.5, 1.0, value),
    "rate": lambda value: Poisson(value, LAW),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("value", ODD)
def test_so_have_those_of_magnitudes_and_rates(name: str, value: float) -> None:
    if (name, value) in {("completeness", -1.0), ("completeness", 1e-320), ("rate", 1e-320)}:
        MAKERS[name](value)
        return
    with pytest.raises(InputError) as caught:
        MAKERS[name](value)
    assert "\n" not in str(caught.value)


def test_at_the_ends_of_the_ranges_numbers_are_finite() -> None:
    """Whatever is written to JSON is."""
    events = EventSequence([1.0, 1.0 + 1e-9, 3.0], [3.0, 7.5, 2.6], 0.0, 5.0)
    for change in (
        {"c": 1e-12}, {"c": 1e12}, {"p": 1e-6}, {"p": 90.0, "c": 1.0}, {"alpha": 30.0},
        {"alpha": -100.0}, {"k": 1e100}, {"mu": 1e15}, {"taper": 1e-9}, {"taper": 1e15},
    ):  # fmt: skip
        model = ETAS(**{**GOOD, **change}, magnitude_law=LAW)
        values = [*model.intensity(events, [0.5, 2.0, 4.0]), *model.compensator(events, [4.0])]
        assert np.isfinite([*values, model.log_likelihood(events)]).all(), change
        assert np.isfinite(model.branching_ratio(7.0)), change


@pytest.mark.parametrize(
    ("change", "horizon", "n", "message"),
    [
        ({"mu": 1e12}, 7.0, 1, "background mu = 1e\\+12 events/day .*: 7e\\+12 events in each"),
        ({"mu": 1e15}, 1e9, 1, "events in each of 1 simulations"),
        ({"mu": 1e5}, 7.0, 10_000, "events in each of 10,000 simulations"),
        ({}, 1e300, 1, "horizon = 1e\\+300 days and n = 1: give at most"),
        ({}, 7.0, 10**12, "n = 1,000,000,000,000: give at most"),
        ({"k": 1e30}, 7.0, 1, "events in each of 1 simulations"),
    ],
)
def test_a_simulation_is_refused_that_memory_cannot_hold(
    change: dict[str, float], horizon: float, n: int, message: str
) -> None:
    history = EventSequence([0.5], [6.0], 0.0, 1.0)
    model = ETAS(**{**GOOD, **change}, magnitude_law=LAW)
    with pytest.raises(InputError, match=message) as caught:
        model.simulate(history, horizon, n, seed=0, allow_supercritical=True)
    assert "\n" not in str(caught.value)


def test_so_is_one_of_a_constant_rate() -> None:
    with pytest.raises(InputError, match=r"rate = 1e\+11 events/day: 7e\+11 events in each of 3"):
        Poisson(1e11, LAW).simulate(EMPTY, 7.0, 3, seed=0)


@pytest.mark.parametrize("k", [1e10, 1e25, 1e100])
def test_a_burst_within_a_simulation_is_cut_off(k: float) -> None:
    """Where one event alone triggers more than memory holds."""
    model = ETAS(1.0, k, 0.0, 0.01, 1.1, LAW)
    drawn = model.simulate(EMPTY, 3.0, 2, seed=1, max_events=10, allow_supercritical=True)
    assert drawn.capped.size == (drawn.counts > 10).sum() > 0
    assert drawn.times.size <= 2 * (MOST_OFFSPRING + 20)


def test_a_file_with_such_numbers_is_answered_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    law = {"completeness": 2.5, "b": 1.0, "maximum": 7.5}
    Path("mine.json").write_text(json.dumps({**GOOD, "mu": 1e12, "magnitude_law": law}))
    line = ["forecast", "--catalog", "ridgecrest_2019", "--model", "mine.json", "--allow-leak"]
    assert main([*line, "--samples", "10", "--no-plots"]) == 2
    (said,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert "events in each of" in said
    assert "--samples" in said
    assert not list(tmp_path.rglob("*.npz"))


def test_no_number_that_is_none_gets_into_json() -> None:
    """Whatever writes JSON refuses NaN and infinity, which JSON does not know."""
    found = 0
    for package in (catalogs, etas, recast):
        for path in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in JSON_WRITERS:
                    given = {k.arg: ast.unparse(k.value) for k in node.keywords}
                    assert given.get("allow_nan") == "False", f"{path}: {ast.unparse(node)}"
                    found += 1
    assert found > 10


JSON_WRITERS = {"json.dumps", "json.dump"}
