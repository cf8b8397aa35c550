"""What results of `recast benchmark` must hold to be read, by field."""

from __future__ import annotations

from typing import Any

from catalogs import InputError

EACH = "*"
"""In place of a field: every field there is."""

OPTIONAL = "?"
"""At the end of a field's name: it may be absent or null."""

NUMBER = (int, float)

SCORE = {
    "n_events": int,
    "log_likelihood": NUMBER,
    "nats_per_event": NUMBER,
    "nll_per_day": NUMBER,
}
SCORES = dict.fromkeys(("train", "val", "test"), SCORE)

GAIN = {"mean": NUMBER, "ci95": [NUMBER]}

MODEL = {
    "splits": SCORES,
    "seeds": [{"seed": int, "splits": SCORES}],
    "n_parameters": int,
    "fit_seconds": NUMBER,
    "gain_over_etas?": GAIN,
    "gain_over_poisson?": GAIN,
    "magnitude_gain?": GAIN,
    "residuals?": {"ks_p": NUMBER, "runs_p": NUMBER, "correlation": NUMBER},
    "test_sd?": NUMBER,
}

BENCHMARK = {
    "catalogs": {EACH: {"info": dict, "models": {EACH: MODEL}, "source?": str}},
    "environment?": dict,
    "pretrained?": str,
}

PER_WINDOW = {
    "quantiles": {level: [NUMBER] for level in ("0.025", "0.25", "0.5", "0.75", "0.975")},
    "pit": [NUMBER],
    "crps": [NUMBER],
    "log_score": [NUMBER],
    "information_gain?": [NUMBER],
}

ROLLING = {
    "window_days": NUMBER,
    "catalogs": {
        EACH: {
            "windows": [{"start": str, "end": str, "observed": int}],
            "models": {
                EACH: {**PER_WINDOW, "coverage": {"50": NUMBER, "95": NUMBER}, "leak?": [str]}
            },
        }
    },
}

TRIMMED = {"catalogs": {EACH: [{"n_train": int, "models": {EACH: NUMBER}}]}}


def check_shape(value: Any, shape: Any, place: str) -> None:
    """Raise InputError unless a value read from JSON is of that shape; ``place`` says where it is.

    A shape is a type or several, a list with the shape of every element, or a dictionary of shapes.
    """
    kind = dict if isinstance(shape, dict) else list if isinstance(shape, list) else shape
    if not isinstance(value, kind) or (isinstance(value, bool) and kind in {int, NUMBER}):
        raise InputError(f"{place} is {value!r:.40}: the file is damaged, make it anew")
    if isinstance(shape, list):
        for i, element in enumerate(value):
            check_shape(element, shape[0], f"{place}[{i}]")
    elif isinstance(shape, dict):
        for field, inner in shape.items():
            _check_field(value, field, inner, place)


def _check_field(value: Any, field: str, shape: Any, place: str) -> None:
    name = field.removesuffix(OPTIONAL)
    optional = name != field
    if field == EACH:
        for key, part in value.items():
            check_shape(part, shape, f"{place}.{key}")
    elif name not in value and not optional:
        raise InputError(f"{place} has no {name}: the file is damaged, make it anew")
    elif not (optional and value.get(name) is None):
        check_shape(value[name], shape, f"{place}.{name}")


def check_benchmark(record: dict[str, Any], place: str) -> None:
    """Of benchmark.json."""
    check_shape(record, BENCHMARK, place)
    for name, catalog in record["catalogs"].items():
        for model, row in catalog["models"].items():
            gains = [row.get(key.removesuffix(OPTIONAL)) for key in MODEL if key.endswith("?")]
            ends = [
                len(gain["ci95"]) for gain in gains if isinstance(gain, dict) and "ci95" in gain
            ]
            here = f"{place}: catalogs.{name}.models.{model}"
            _check_lengths(ends, 2, here)
            if not row["seeds"]:
                raise InputError(f"{here} has no seeds: the file is damaged, make it anew")
        if not catalog["models"]:
            raise InputError(f"{place}: catalogs.{name} has no models: make it anew")


def check_rolling(record: dict[str, Any], place: str) -> None:
    """Of rolling.json: every list has a number for each window."""
    check_shape(record, ROLLING, place)
    for name, catalog in record["catalogs"].items():
        for model, row in catalog["models"].items():
            lists = [row.get(key.removesuffix(OPTIONAL)) for key in PER_WINDOW]
            lists += row["quantiles"].values()
            lengths = [len(values) for values in lists if isinstance(values, list)]
            here = f"{place}: catalogs.{name}.models.{model}"
            _check_lengths(lengths, len(catalog["windows"]) or -1, here)


def check_trimmed(record: dict[str, Any], place: str) -> None:
    """Of trimmed.json."""
    check_shape(record, TRIMMED, place)


def _check_lengths(lengths: list[int], n: int, place: str) -> None:
    if any(length != n for length in lengths):
        raise InputError(f"{place} has a list of other than {n} numbers: make it anew")
