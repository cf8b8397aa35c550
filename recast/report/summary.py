"""Tables and provenance of a report, as text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from catalogs import Catalog, Split
from recast.benchmark.folder import BenchmarkFolder
from recast.benchmark.results import PLACE, MarkScore, ModelResult, interval_text
from recast.forecast.aftershock_results import (
    SCORES,
    AftershockCatalog,
    difference_text,
    in_digits,
    said_and_came,
)
from recast.forecast.rolling_results import RollingCatalog
from recast.models.environment import describe

PARTS = {"train": "training", "val": "validation", "test": "test"}

ROLLING_COLUMNS = (
    "forecasts of consecutive windows",
    "in 50\u00a0% range",
    "in 95\u00a0% range",
    "mean CRPS (events)",
    "mean log score (nats)",
    "mean gain over ETAS (nats per window)",
)

COLUMNS = (
    "model",
    "test score (nats/event)",
    "gain over ETAS [95\u00a0%]",
    "gain over Poisson [95\u00a0%]",
    "gain of magnitudes [95\u00a0%]",
    "places (nats/event)",
    "gain of places over ETAS [95\u00a0%]",
    "KS p",
    "NLL per day",
    "parameters",
    "fit (s)",
)


def table(models: Mapping[str, ModelResult]) -> tuple[list[str], list[list[str]]]:
    """Make headings and a row per model; empty columns are left out."""
    rows = [_row(name, row) for name, row in models.items()]
    kept = [i for i in range(len(COLUMNS)) if any(row[i] != "-" for row in rows)]
    return [COLUMNS[i] for i in kept], [[row[i] for i in kept] for row in rows]


def _row(name: str, row: ModelResult) -> list[str]:
    test, residuals, spread = row.test, row.residuals, row.test_sd
    seeds = f" ± {spread:.4f} ({len(row.seeds)} seeds)" if spread is not None else ""
    fitted = row.n_parameters > 0
    magnitudes, places = row.marks.get("magnitude"), row.marks.get(PLACE, MarkScore())
    return [
        name,
        f"{test.nats_per_event:.4f}{seeds}",
        interval_text(row.gain_over_etas),
        interval_text(row.gain_over_poisson),
        interval_text(None if magnitudes is None else magnitudes.gain),
        "-" if not places.nats_per_event else f"{places.nats_per_event['test']:.4f}",
        interval_text(places.gain_over_etas),
        "-" if residuals is None else f"{residuals.ks_p:.2g}",
        f"{test.nll_per_day:.4f}",
        f"{row.n_parameters:,}" if fitted else "-",
        f"{row.fit_seconds:.1f}" if fitted else "-",
    ]


def rolling_table(rolling: RollingCatalog | None) -> tuple[list[str], list[list[str]]] | None:
    """Make headings and a row per model of rolling forecasts, if there are any."""
    if rolling is None:
        return None
    rows = []
    for name, row in rolling.models.items():
        shares = [f"{100.0 * row.coverage[share]:.1f}\u00a0%" for share in ("50", "95")]
        means = [_mean(values) for values in (row.crps, row.log_score, row.information_gain)]
        rows.append([name + (" (leak)" if row.leak else ""), *shares, *means])
    return list(ROLLING_COLUMNS), rows


AFTERSHOCK_COLUMNS = (
    "after mainshocks",
    "window (days)",
    "model",
    "forecasts",
    "in 50\u00a0% range",
    "in 95\u00a0% range",
    "ln(median/observed)",
    "absolute",
    "mean CRPS (events)",
    "mean log score (nats)",
    "one or more: said (came)",
    "log score less that of ETAS [95\u00a0%]",
    "CRPS less that of ETAS [95\u00a0%]",
)


def aftershock_table(found: AftershockCatalog | None) -> tuple[list[str], list[list[str]]] | None:
    """Make headings and a row per magnitude, window and model, if there was an exam."""
    if found is None:
        return None
    scores = [(name, row) for name, rows in found.scores.items() for row in rows]
    leak = {name for sequence in found.sequences for name in sequence.leak}
    over = {d.over for _, row in scores for d in row.differences.values()}
    heads = [head.replace("ETAS", min(over, default="ETAS")) for head in AFTERSHOCK_COLUMNS]
    # Models of one window below each other
    ordered = sorted(scores, key=lambda item: (item[1].magnitude, item[1].days))
    return heads, [
        [
            f"M ≥ {row.magnitude:g}",
            f"{row.days:g}",
            name + (" (leak)" if name in leak else ""),
            f"{row.forecasts}",
            *(f"{100.0 * share:.0f}\u00a0%" for share in (row.inside_50, row.inside_95)),
            f"{row.log_ratio:+.2f}",
            f"{row.absolute_log_ratio:.2f}",
            in_digits(row.crps),
            f"{row.log_score:.2f}",
            said_and_came(row.one_or_more).replace("%", "\u00a0%"),
            *(
                difference_text(row.differences[score]) if score in row.differences else "-"
                for score in SCORES
            ),
        ]
        for name, row in ordered
    ]


def _mean(values: Sequence[float] | None) -> str:
    return "-" if not values else f"{float(np.mean(values)):.3f}"


def gains_table(run: BenchmarkFolder) -> tuple[list[str], list[list[str]]]:
    """Make headings, and a row per catalog: events, and gains over ETAS by model."""
    found = {
        name: {model: gain for model, _, gain in catalog.compared()}
        for name, catalog in run.result.catalogs.items()
    }
    models = list(dict.fromkeys(model for rows in found.values() for model in rows))
    lines = []
    for name, rows in found.items():
        n_events = run.result.catalogs[name].n_events
        gains = [interval_text(rows.get(m)) for m in models]
        events = (f"{n_events[part]:,}" for part in ("train", "test"))
        lines.append([name, *events, *gains])
    return ["catalog", "train events", "test events", *models], lines


def facts(catalog: Catalog, split: Split) -> str:
    """Summarise events, windows and completeness in a sentence."""
    info = catalog.info
    sign = ">" if info.completeness_is_strict else "≥"
    parts = ", ".join(
        f"{PARTS[name]} {part.n_scored:,} events in {_days(part.scored_days)} days"
        for name, part in split.items()
    )
    return f"M {sign} {info.magnitude_completeness:g}; {parts}."


def _days(days: float) -> str:
    return f"{days:,.0f}" if days > 30.0 else f"{days:.1f}"


def events_hash(catalog: Catalog) -> str:
    """SHA-256 of times (days) and magnitudes of the complete events, as little-endian float64."""
    sequence = catalog.to_sequence()
    digest = hashlib.sha256(sequence.times.astype("<f8").tobytes())
    digest.update(sequence.magnitudes.astype("<f8").tobytes())
    return digest.hexdigest()


def catalog_provenance(catalog: Catalog) -> list[tuple[str, str]]:
    """Provenance of a catalog, and hashes to identify it."""
    info, s = catalog.info, catalog.info.splits
    unit = " (days)" if info.uses_plain_days else ""
    rows = [
        ("source", info.source),
        ("licence", info.licence),
        ("citation", info.citation),
        ("note", info.note),
        ("window" + unit, f"{info.start} to {info.end}"),
        ("train, validation, test from", f"{s.train_start}, {s.val_start}, {s.test_start}"),
        ("test until", str(s.end)),
        ("SHA-256 of the file", info.sha256),
        ("SHA-256 of the events", events_hash(catalog)),
    ]
    return [(name, value) for name, value in rows if value]


def run_provenance(
    run: BenchmarkFolder, *, command: str, samples: int, seed: int
) -> list[tuple[str, str]]:
    """Commands, versions and seeds of a benchmark and its report."""
    result = run.result
    environment = dict(result.environment)
    code = str(environment.pop("code", "not recorded"))
    seeds = {
        row.seed
        for name in run.catalogs
        for model in run.models(name).values()
        for row in model.seeds
    }
    here = describe()
    return [
        ("benchmark", result.command or "not recorded"),
        ("report", command),
        ("version", result.version or "not recorded"),
        ("SHA-256 of the code", f"{code} (benchmark), {here['code']} (report)"),
        ("seeds of the fits", ", ".join(map(str, sorted(seeds)))),
        ("continuations", f"{samples} per model, seed {seed}"),
        ("environment", ", ".join(f"{name} {value}" for name, value in environment.items())),
    ]
