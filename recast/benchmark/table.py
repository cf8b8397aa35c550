"""A benchmark's result as text."""

from __future__ import annotations

from recast.benchmark.results import CatalogResult, Gain
from recast.models.registry import NULL, TRUTH

PARTS = ("train", "val", "test")
GAIN_TITLE = "gain over ETAS, test"

LEFT_OUT = frozenset({NULL, TRUTH.name})
"""Models whose gain over ETAS is of no interest."""


def benchmark_table(name: str, result: CatalogResult) -> str:
    """The scores of one catalog: heading, a row per model, and one sentence a model."""
    info, models, n_events = result.info, result.models, result.n_events
    counts = " / ".join(f"{n_events[part]:,}" for part in PARTS)
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
        lines.append(
            f"{model:<{wide}}"
            + "".join(f"{row.splits[part].nats_per_event:>9.4f}" for part in PARTS)
            + " "
            + "".join(f"{row.splits[part].nll_per_day:>10.4f}" for part in PARTS)
            + f"  {interval_text(row.gain_over_etas):^26}"
            + (f"{row.fit_seconds:>8.1f}" if row.n_parameters else f"{'-':>8}")
        )
    sentences = [
        sentence(name, model, gain, n_events["test"])
        for model, _, gain in result.compared(LEFT_OUT)
    ]
    sentences += [
        f"{mark.capitalize()}s, {model} over a fixed law: {interval_text(score.gain)} nats per "
        "event."
        for model, row in models.items()
        for mark, score in row.marks.items()
        if score.gain is not None
    ]
    return "\n".join([*lines, "", *sentences])


def sentence(name: str, model: str, gain: Gain, n_events: int) -> str:
    """What the gain says, in words."""
    low, high = gain.ci95
    if low > 0.0:
        verdict = "explains them better than ETAS"
    elif high < 0.0:
        verdict = "explains them worse than ETAS"
    else:
        verdict = "cannot be told apart from ETAS"
    return (
        f"On the {n_events:,} test events of {name}, {model} {verdict}: "
        f"{gain.mean:+.4f} nats per event, 95 % interval {low:+.4f} to {high:+.4f}."
    )


def interval_text(gain: Gain | None) -> str:
    """A mean with its 95 % interval, or a dash."""
    if gain is None:
        return "-"
    mean, low, high = (_signed(value) for value in (gain.mean, *gain.ci95))
    return f"{mean} [{low}, {high}]"


def _signed(value: float) -> str:
    """Never -0.0000."""
    return f"{round(value, 4) + 0.0:+.4f}"
