"""The model that CONTRIBUTING.md shows is a model of this package as soon as it is named."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from outages import with_outages
from scipy.stats import kstest, weibull_min

from catalogs import EventSequence, GutenbergRichter, load
from recast.cli import main
from recast.evaluation.promises import check_promises
from recast.models.kind import Task
from recast.models.registry import model_kinds

ROOT = Path(__file__).parent.parent
(SOURCE,) = re.findall(
    r"^```python\n(.*?)^```$",
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Its names, the kind among those that entry points name."""
    scope: dict[str, Any] = {"__name__": "my_package"}
    exec(SOURCE, scope)
    point = SimpleNamespace(
        name="renewal",
        value="my_package:RenewalKind",
        load=lambda: scope["RenewalKind"],
        dist=None,  # of no package
    )
    monkeypatch.setattr("recast.models.registry.entry_points", lambda **_: [point])
    model_kinds.cache_clear()
    yield scope
    model_kinds.cache_clear()


def test_its_likelihood_is_that_of_its_intervals(shown: dict[str, Any]) -> None:
    process = shown["Renewal"](0.7, 2.0, GutenbergRichter(2.0))
    gaps = np.array([0.5, 3.0, 0.01, 2.0])
    events = EventSequence(np.cumsum(gaps[:3]), np.full(3, 3.0), 0.0, gaps.sum())
    law = weibull_min(0.7, scale=2.0)
    expected = law.logpdf(gaps[:3]).sum() + law.logsf(gaps[3])
    assert process.log_likelihood(events) == pytest.approx(expected, abs=1e-12)
    (drawn,) = process.sample(EventSequence.nothing(), 500.0, 1, seed=0)
    assert kstest(drawn.inter_times[:-1], law.cdf).pvalue > 0.001


def test_outages_are_left_out(shown: dict[str, Any], tmp_path: Path) -> None:
    task = Task(with_outages(), tmp_path)
    process = shown["RenewalKind"]().fit(task).process
    for window in (task.split.train, task.split.val, task.split.test):
        check_promises(process, window, "renewal")
    train = task.split.train
    outage = np.searchsorted(train.times, [train.gaps[0][0]])
    shape, _, scale = weibull_min.fit(np.delete(train.inter_times, [*outage, -1]), floc=0.0)
    assert (process.shape, process.scale) == pytest.approx((shape, scale), rel=1e-9)


def test_every_command_knows_it(
    shown: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    catalog = "ridgecrest_2019"
    command = ["benchmark", "--catalog", catalog, "--models", "etas", "renewal"]
    assert main([*command, "--rolling", "0.5", "--samples", "40"]) == 0
    record = json.loads(Path("runs/benchmark/benchmark.json").read_text())
    scored = record["catalogs"][catalog]["models"]["renewal"]["splits"]["test"]
    saved = json.loads(Path("runs/benchmark", catalog, "renewal.json").read_text())
    split, law = load(catalog).split(), load(catalog).magnitude_law()
    process = shown["Renewal"](saved["shape"], saved["scale"], law)
    assert scored["log_likelihood"] == pytest.approx(process.log_likelihood(split.test), abs=1e-9)
    model = f"runs/benchmark/{catalog}/renewal.json"
    common = ["--catalog", catalog, "--model", model, "--no-plots"]
    assert main(["forecast", *common, "--days", "0.5", "--samples", "40"]) == 0
    assert main(["residuals", *common]) == 0
    assert main(["report", "runs/benchmark", "--samples", "40", "--workers", "1"]) == 0
