"""The table of a forecast: for the terminal and as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from catalogs.files import write_whole


def forecast_table(record: dict[str, Any]) -> str:
    """The table for the terminal, in the order of public aftershock forecasts."""
    n = record["n_samples"]
    lines = [f"{record['catalog']}, forecast at {record['at']}, {n:,} simulations"]
    if record["leak"]:
        lines.append(f"LEAK: the model was fitted on {'; '.join(record['leak'])}")
    known = any(row["observed"] is not None for row in record["table"])
    lines.append(
        f"{'days':>6} {'M >=':>6} {'expected':>10} {'95 % range':>16} {'probability':>12}"
        + (f" {'observed':>9}" if known else "")
    )
    for row in record["table"]:
        low, high = row["ci95"]
        span = f"{low:,.0f} to {high:,.0f}"
        seen = "" if row["observed"] is None else f" {row['observed']:9,d}"
        lines.append(
            f"{row['days']:6g} {row['magnitude']:6g} {row['expected']:10,.2f} {span:>16} "
            f"{_percent(row['probability'], n):>12}{seen}"
        )
    if record["parameter_uncertainty"] is not None:
        p = record["parameter_uncertainty"]
        lines.append(
            f"{p['draws']} parameter sets from the uncertainty of the fit; "
            f"{p['rejected_supercritical']} supercritical and {p['rejected_impossible']} "
            "impossible ones thrown away"
        )
    if record["capped"]:
        lines.append(
            f"{record['capped']:,} of {n:,} went beyond {record['max_events']:,} events and were "
            "cut: expected numbers are too low"
        )
        if record["capped"] > 0.025 * n:
            lines.append(
                "WARNING: the model runs away from here, and the upper end of its range is not "
                "known: leave out --own-magnitudes, or trust ETAS for this forecast"
            )
    return "\n".join(lines)


def _percent(probability: float, n: int) -> str:
    """Never 0 or 100 %, which no number of simulations shows."""
    if probability == 0.0:
        return f"< {100.0 / n:.2g} %"
    if probability >= 0.995:
        return "> 99 %"
    return f"{100.0 * probability:.2g} %"


def write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    """The table as CSV, whole or not at all."""
    table = pd.DataFrame(
        {
            "days": [row["days"] for row in rows],
            "magnitude": [row["magnitude"] for row in rows],
            "expected": [row["expected"] for row in rows],
            "median": [row["median"] for row in rows],
            "low95": [row["ci95"][0] for row in rows],
            "high95": [row["ci95"][1] for row in rows],
            "probability": [row["probability"] for row in rows],
            "observed": pd.array([row["observed"] for row in rows], dtype="Int64"),
        }
    )
    write_whole(path, table.to_csv(index=False).encode())
