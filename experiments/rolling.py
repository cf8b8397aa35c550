"""What rolling forecasts show, in a small file: coverage, misses and scores by model.

    recast benchmark --config experiments/rolling/scedc_14_days.yaml
    python experiments/rolling.py experiments/rolling/scedc_14_days.yaml

reads rolling.json of the run that a configuration names, and writes NAME.json and NAME.png beside
the configuration.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from catalogs.files import read_json, write_json

SCORES = ("crps", "log_score", "information_gain")


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """Of one catalog of rolling.json."""
    seen = np.array([window["observed"] for window in record["windows"]])
    models = {}
    for name, row in record["models"].items():
        quantiles = {q: np.array(values) for q, values in row["quantiles"].items()}
        tests = np.array([p for p in row["magnitude_test"] if p is not None])
        models[name] = {
            "coverage": row["coverage"],
            "too_low": int((seen > quantiles["0.975"]).sum()),
            "too_high": int((seen < quantiles["0.025"]).sum()),
            "sum_of_medians": float(quantiles["0.5"].sum()),
            "pit_histogram": np.histogram(row["pit"], bins=10, range=(0.0, 1.0))[0].tolist(),
            "magnitude_test_below_0.95": float((tests < 0.95).mean()),
            **{name: None if row[name] is None else float(np.mean(row[name])) for name in SCORES},
            "differences": row["differences"],
            "capped": row["capped"],
            "leak": row["leak"],
        }
    return {"windows": seen.size, "observed": int(seen.sum()), "models": models}


def main() -> None:
    """Summarise the run of a configuration."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    config = parser.parse_args().config
    run = Path(yaml.safe_load(config.read_text())["out"])
    whole = read_json(run / "rolling.json")
    kept = ("version", "command", "environment", "window_days", "n_samples", "seed", "max_events")
    catalogs = {name: summary(record) for name, record in whole["catalogs"].items()}
    write_json(config.with_suffix(".json"), {**{k: whole[k] for k in kept}, "catalogs": catalogs})
    (name,) = catalogs
    shutil.copyfile(run / name / "rolling.png", config.with_suffix(".png"))


if __name__ == "__main__":
    main()
