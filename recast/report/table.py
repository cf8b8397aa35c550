"""A benchmark's result as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PARTS = ("train", "val", "test")
GAIN_TITLE = "gain over ETAS, test"


def benchmark_table(name: str, record: dict[str, Any]) -> str:
    """The scores of one catalog: heading, a row per model, and one sentence a model."""
    info, models = record["info"], record["models"]
    first = next(iter(models.values()))["splits"]
    counts = " / ".join(f"{first[part]['n_events']:,}" for part in PARTS)
    sign = ">" if info["completeness_is_strict"] else ">="
    wide = max(map(len, models)) + 2
    lines = [
        ": ".join([name, *filter(None, [info["title"]])]),
        f"events M {sign} {info['magnitude_completeness']:g}, train / val / test: {counts}",
        "",
        f"{'':<{wide}}{'nats per event':^27} {'NLL per day':^30}{'':2}{GAIN_TITLE:^26}{'fit':>8}",
        f"{'model':<{wide}}"
        + "".join(f"{part:>9}" for part in PARTS)
        + " "
        + "".join(f"{part:>10}" for part in PARTS)
        + f"  {'mean  [95 % interval]':^26}{'s':>8}",
    ]
    for model, row in models.items():
        splits = row["splits"]
        lines.append(
            f"{model:<{wide}}"
            + "".join(f"{splits[part]['nats_per_event']:>9.4f}" for part in PARTS)
            + " "
            + "".join(f"{splits[part]['nll_per_day']:>10.4f}" for part in PARTS)
            + f"  {interval_text(row['gain_over_etas']):^26}"
            + (f"{row['fit_seconds']:>8.1f}" if row["n_parameters"] else f"{'-':>8}")
        )
    sentences = [
        sentence(name, model, row, first["test"]["n_events"]) for model, row in compared(models)
    ]
    sentences += [
        f"Magnitudes, {model} over a fixed b-value: {interval_text(row['magnitude_gain'])} nats "
        "per event."
        for model, row in models.items()
        if row["magnitude_gain"] is not None
    ]
    return "\n".join([*lines, "", *sentences])


def sentence(name: str, model: str, row: Mapping[str, Any], n_events: int) -> str:
    """What the gain says, in words."""
    gain = row["gain_over_etas"]
    low, high = gain["ci95"]
    if low > 0.0:
        verdict = "explains them better than ETAS"
    elif high < 0.0:
        verdict = "explains them worse than ETAS"
    else:
        verdict = "cannot be told apart from ETAS"
    return (
        f"On the {n_events:,} test events of {name}, {model} {verdict}: "
        f"{gain['mean']:+.4f} nats per event, 95 % interval {low:+.4f} to {high:+.4f}."
    )


def compared(
    models: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The models whose gain over ETAS is of interest, with their records."""
    for name, row in models.items():
        if row.get("gain_over_etas") is not None and name not in {"poisson", "truth"}:
            yield name, row


def interval_text(gain: Mapping[str, Any] | None) -> str:
    """A mean with its 95 % interval, or a dash."""
    if gain is None:
        return "-"
    mean, low, high = (_signed(value) for value in (gain["mean"], *gain["ci95"]))
    return f"{mean} [{low}, {high}]"


def _signed(value: float) -> str:
    """Never -0.0000."""
    return f"{round(value, 4) + 0.0:+.4f}"
