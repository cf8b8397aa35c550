"""Many runs in one ranking: by protocol and catalog, beside what has been published.

Models of one name and version are ranked by the mean of their runs. A model that may have seen the
test window is shown and not ranked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from catalogs import InputError
from catalogs.files import read_json
from recast.benchmark.boards import HASH_SHOWN, Board, Entry, Leaderboard, Origin, Standing
from recast.benchmark.folder import RECORD, read_run
from recast.benchmark.protocols import PROTOCOLS
from recast.benchmark.published import PublishedScore, published_scores, published_tables
from recast.benchmark.results import PLACE, BenchmarkResult, CatalogResult, ModelResult, newer
from recast.models.kind import PRETRAINED

_Key = tuple[str, str, str | None, int]
"""Protocol, catalog, hash of the data and number of test events of a board."""

_Who = tuple[str, Origin, str | None]
"""Model, origin and version: what is ranked."""

PUBLISHED_ETAS = "ETAS"
"""The reference in published tables."""


def make_leaderboard(
    runs: Sequence[str | PathLike[str]] = (), *, reference: bool = True
) -> Leaderboard:
    """Collect runs, and with ``reference`` those that come with the package and publications."""
    named = [str(run) for run in runs]
    paths = [(path / RECORD if path.is_dir() else path).resolve() for path in map(Path, named)]
    for name, path in zip(named, paths, strict=True):
        if paths.count(path) > 1:
            raise InputError(f"run {name} is named twice: name it once")
    results = dict(_shipped()) if reference else {}
    results |= {_clean(name): read_run(Path(name)).result for name in named}
    sources: dict[str, dict[str, str]] = {}
    left_out: dict[str, str] = {}
    found: dict[_Key, list[Entry]] = {}
    for source, result in results.items():
        if (reason := _unusable(result)) is not None:
            left_out[source] = reason
            continue
        sources[source] = _facts(result)
        for name, catalog in result.catalogs.items():
            key = (str(result.protocol), _clean(name), catalog.data_sha256, _n_test(catalog))
            if (reason := _misplaced(key)) is not None:
                left_out[f"{source}, {_clean(name)}"] = reason
            else:
                found.setdefault(key, []).extend(_entries(result, catalog, source))
    if reference:
        for protocol, table in published_tables().items():
            sources[table.label] = {"published in": table.source, "numbers": table.note}
            for name in table.catalogs:
                _add_published(found, protocol, name, table.label)
    boards = [Board(*key, _ranked(entries)) for key, entries in found.items()]
    boards.sort(key=_order)
    return Leaderboard(boards, list(_standings(boards)), sources, left_out)


OLDER = "an older version made it, without the hash of its data: run it again"


def _unusable(result: BenchmarkResult) -> str | None:
    """Why a run stands on no board."""
    if result.quick:
        return "its nets were hardly trained (--quick)"
    if said := newer(result.schema_version):
        return said
    if all(catalog.data_sha256 is None for catalog in result.catalogs.values()):
        return OLDER
    if result.protocol not in PROTOCOLS:
        return "it follows no protocol: a part of a catalog, or no etas to compare with"
    return None


def _misplaced(key: _Key) -> str | None:
    """Why a catalog of a run stands on no board."""
    protocol, catalog, data, _ = key
    if data is None:
        return OLDER
    known = PROTOCOLS[protocol].catalogs
    return f"no catalog of the protocol {protocol}" if known and catalog not in known else None


def _shipped() -> Iterator[tuple[str, BenchmarkResult]]:
    """Runs that come with the package."""
    folder = files("recast.benchmark") / "shipped"
    for path in sorted(folder.iterdir(), key=lambda item: item.name):
        if path.name.endswith(".json"):
            record = read_json(Path(str(path)))
            yield f"with the package: {path.name}", BenchmarkResult.from_json(record, path.name)


def _facts(result: BenchmarkResult) -> dict[str, str]:
    """Where a run was made, and how."""
    machine = result.environment
    known = {
        "command": result.command,
        "version": result.version,
        "date": result.date,
        "machine": ", ".join(
            f"{name} {machine[name]}"
            for name in ("platform", "processors", "python", "torch")
            if name in machine
        ),
        "SHA-256 of the code": machine.get("code"),
    }
    return {name: _clean(value) for name, value in known.items() if value}


def _n_test(catalog: CatalogResult) -> int:
    return catalog.n_events["test"]


def _entries(result: BenchmarkResult, catalog: CatalogResult, source: str) -> Iterator[Entry]:
    """The models of a run on a catalog."""
    own = {} if catalog.protocol is None else catalog.protocol.models
    for model, row in catalog.models.items():
        gain = row.gain_over_etas
        yield Entry(
            _label(model, row),
            "run",
            source,
            row.test.nats_per_event,
            row.test.n_events,
            len(row.seeds),
            row.test_sd,
            None if gain is None else gain.mean,
            None if gain is None else gain.ci95,
            own[model][1] if PLACE in row.marks and model in own else None,
            [_until(name, extent) for name, extent in row.seen.items()],
            [_clean(leak) for leak in row.leaks],
            None if result.version is None else _clean(result.version),
            None if result.date is None else _clean(result.date),
        )


def _label(model: str, row: ModelResult) -> str:
    """Its name, with what tells it from others of that name."""
    label = model
    if row.started_from not in {None, PRETRAINED}:
        name = re.split(r"[\\/]", str(row.started_from))[-1]
        label += f" from {name}"
    if row.file_sha256 is not None:
        label += f" ({row.file_sha256[:HASH_SHOWN]})"
    if row.package is not None:
        label += f" of {row.package}"
    return _clean(label)


def _until(name: str, extent: Mapping[str, Any]) -> str:
    return _clean(f"{name} until {extent.get('until') or 'an unknown date'}")


def _clean(text: object) -> str:
    """Text of a file from elsewhere on one line, without control characters."""
    line = " ".join(str(text).split())
    return "".join(character for character in line if character.isprintable())


def _add_published(
    found: dict[_Key, list[Entry]],
    protocol: str,
    catalog: str,
    source: str,
) -> None:
    """Put published rows beside runs on the same events, or on a board of their own."""
    rows = list(published_scores(protocol, catalog))
    entries = list(_published_entries(rows, source))
    n_events = rows[0].n_events
    boards = [key for key in found if key[:2] == (protocol, catalog) and key[3] == n_events]
    for key in boards or [(protocol, catalog, None, n_events)]:
        found.setdefault(key, []).extend(entries)


def _published_entries(rows: Sequence[PublishedScore], source: str) -> Iterator[Entry]:
    etas = {row.model: row.nats_per_event for row in rows}.get(PUBLISHED_ETAS)
    for row in rows:
        gain = None if etas is None or row.model == PUBLISHED_ETAS else row.nats_per_event - etas
        yield Entry(
            row.model,
            "published",
            source,
            row.nats_per_event,
            row.n_events,
            row.seeds,
            row.seed_sd,
            gain,
            places=row.places,
        )


def _ranked(entries: Iterable[Entry]) -> list[Entry]:
    """Rank models by the mean of their runs, and sort them, those that do not compete last."""
    scores: dict[_Who, list[float]] = {}
    for entry in entries:
        if entry.competes:
            scores.setdefault(_who(entry), []).append(entry.nats_per_event)
    means = {key: float(np.mean(values)) for key, values in scores.items()}
    ranked = []
    for entry in entries:
        mean = means.get(_who(entry)) if entry.competes else None
        better = None if mean is None else sum(other > mean for other in means.values())
        ranked.append(replace(entry, rank=None if better is None else better + 1))
    return sorted(ranked, key=lambda e: (e.rank is None, e.rank or 0, -e.nats_per_event))


def _order(board: Board) -> tuple[int, int, str, str]:
    """Protocols and their catalogs in the order of their definition."""
    protocol = PROTOCOLS[board.protocol]
    known = protocol.catalogs.index(board.catalog) if board.catalog in protocol.catalogs else 0
    place = list(PROTOCOLS).index(board.protocol)
    return (place, known, board.catalog, board.data_sha256 or "")


def _standings(boards: Sequence[Board]) -> Iterator[Standing]:
    """Mean rank and mean gain of each model, by protocol."""
    for protocol, several in groupby(boards, key=lambda board: board.protocol):
        group = list(several)
        by_board: dict[_Who, list[list[Entry]]] = {}
        for board in group:
            ranked = [entry for entry in board.entries if entry.rank is not None]
            for who in dict.fromkeys(map(_who, ranked)):
                runs = [entry for entry in ranked if _who(entry) == who]
                by_board.setdefault(who, []).append(runs)
        found = [
            Standing(
                protocol,
                *who,
                float(np.mean([runs[0].rank for runs in boards_of])),
                len(boards_of),
                len(group),
                _mean([_mean([entry.gain for entry in runs]) for runs in boards_of]),
            )
            for who, boards_of in by_board.items()
        ]
        yield from sorted(found, key=lambda s: (-s.boards, s.mean_rank, s.model))


def _who(entry: Entry) -> _Who:
    return entry.model, entry.origin, entry.version


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean, if all of them are known."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
