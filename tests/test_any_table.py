"""Any table that can be written in a supported layout is read as it was meant, or refused."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import Made, make

from catalogs import InputError
from catalogs.formats.parsed import Parsed
from catalogs.formats.reading import read_events


def read(made: Made, **arguments: object) -> Parsed | str:
    """The events of a made table, or why it is refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.txt"
        path.write_bytes(made.text.encode())
        try:
            return read_events(path, **arguments)  # type: ignore[arg-type]
        except InputError as error:
            return str(error)


def differences(made: Made, parsed: Parsed) -> list[str]:
    """Rows that were read otherwise than they were meant, or lost."""
    rejected = {row.row: row for row in parsed.rejected}
    found, wrong = parsed.events, []
    for line, event in made.rows.items():
        if line in rejected:
            if event.magnitude is not None:
                wrong.append(f"line {line} was rejected: {rejected[line].reason}")
            continue
        if line not in found.index:
            wrong.append(f"line {line} is lost")
            continue
        row = found.loc[line]
        late = (row["time"].tz_localize(None) - pd.Timestamp(event.time)).total_seconds()
        if not -made.resolution <= late <= 1e-5:
            wrong.append(f"line {line}: time {row['time']} for {event.time}")
        if event.magnitude is None or row["magnitude"] != event.magnitude:
            wrong.append(f"line {line}: magnitude {row['magnitude']} for {event.magnitude}")
        place = {"latitude": event.latitude, "longitude": event.longitude}
        wrong.extend(
            f"line {line}: {name} {row[name]} for {meant}"
            for name, meant in place.items()
            if abs(row[name] - meant) > 1e-9
        )
        depth = np.nan if event.depth is None else event.depth
        if not np.isclose(row["depth_km"], depth, equal_nan=True):
            wrong.append(f"line {line}: depth {row['depth_km']} for {event.depth}")
    extra = set(found.index) - set(made.rows)
    return wrong + [f"line {line} is no event" for line in sorted(extra)]


REMEDY = re.compile(r"--(dates|column|columns|time-zone) ([a-z_]+=[^ ,:]+|[a-z+]+)")


def check(seed: int) -> str:
    """Read the table of a seed: "read", or why it is refused; nothing is silently wrong."""
    made = make(seed)
    result = read(made)
    if isinstance(result, str):
        assert "\n" not in result
        if "--dates" in result:  # no day above 12 tells, and the remedy does
            again = read(made, dates=made.told)
            assert isinstance(again, Parsed), again
            assert not differences(made, again)
        return result
    wrong = differences(made, result)
    assert not wrong, f"seed {seed} ({made.told}): {wrong[:3]}\n{made.text[:600]}"
    return "read"


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_made_table_is_read_as_it_was_meant_or_refused(seed: int) -> None:
    check(seed)


@pytest.mark.parametrize("seeds", [range(300), pytest.param(range(10_000), marks=pytest.mark.slow)])
def test_most_made_tables_are_read(seeds: range) -> None:
    """Refusing everything would be no silent difference either."""
    results = [check(seed) for seed in seeds]
    assert results.count("read") > 0.95 * len(results)
