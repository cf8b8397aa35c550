"""What `recast catalogs` tells people about a catalog that was fetched or imported."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from row_writers import WRITERS

from recast.cli import main
from recast.commands.catalogs_fetch import _print_provenance

FILE = {"url": "https://example.org/a.csv", "n_bytes": 2_000_000}


def provenance(**changes: Any) -> dict[str, Any]:
    """Of one file without a flaw."""
    flawless = {"rows": 1000, "damaged_rows": 0, "rows_without_magnitude": 0, "rules": []}
    return {"files": [FILE], **flawless, **changes}


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, []),
        (
            {"files": [{**FILE, "replaces": "0" * 64}]},
            ["changed by the provider since the last download: https://example.org/a.csv"],
        ),
        (
            {"rows_without_magnitude": 1234},
            ["1,234 rows have no magnitude, or are not the network's own"],
        ),
        ({"published_events": 900}, ["900 complete events: as published"]),
        ({"published_events": 901}, ["900 complete events: the paper has 901"]),
    ],
)
def test_what_is_odd_about_a_fetch_is_said(
    changes: dict[str, Any], lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _print_provenance(provenance(**changes), 900)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "1 files, 2.0 MB: 1,000 rows"
    assert [line.strip() for line in rest] == lines


def test_rows_without_magnitude_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, _ = WRITERS["ehp_csv"]
    rows = [
        f"2020-01-{1 + i // 24:02d}T{i % 24:02d}:00:00.000Z,35,-118,5,"
        f"{'' if i % 10 == 0 else 2 + i % 7 / 10},ml,12,90,0.1,0.2,nc,nc{i},"
        "2020-02-01T00:00:00.000Z,here,earthquake,0.1,0.2,0.1,9,reviewed,nc,nc"
        for i in range(300)
    ]
    path = tmp_path / "events.csv"
    path.write_text(header + "\n".join(rows) + "\n")
    assert main(["catalogs", "import", str(path), "--name", "mine", "--layout", "ehp_csv"]) == 0
    assert "30 rows have no magnitude\n" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """As in `recast catalogs list --known | head -1`: the exit code alone says so."""
    command = [sys.executable, "-m", "recast", "catalogs", "list", "--known", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=os.environ, **pipes) as running:  # type: ignore[call-overload]
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 1
