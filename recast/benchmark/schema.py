"""The form of benchmark.json, as a JSON Schema that comes with the package.

``benchmark.schema.json`` is what ``make_schema`` returns; a test compares the two. The version in
its identifier is ``SCHEMA_VERSION``, which files hold as ``schema_version``.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import msgspec

from recast.benchmark.results import SCHEMA_VERSION, BenchmarkResult

FILE = "benchmark.schema.json"

DESCRIPTIONS = {
    "BenchmarkResult": {
        "catalogs": "Results by name of the catalog.",
        "version": "Version of recast-forecast.",
        "command": "The command line.",
        "quick": "Nets were trained for one epoch only: their scores mean nothing.",
        "pretrained": "Checkpoint that zero-shot and few-shot models start from; `shipped` is the "
        "one that comes with the package.",
        "environment": "Versions of packages, SHA-256 of the code, and machine.",
        "protocol": "The protocol that was followed; null if none was.",
        "date": "When the last catalog was finished, ISO 8601, UTC.",
        "schema_version": "Version of this form.",
    },
    "CatalogResult": {
        "info": "The record of the catalog as it was scored.",
        "models": "Results by name of the model.",
        "source": "Name or path by which the catalog was asked for.",
        "protocol": "Scores in the columns of a published table, beside its rows.",
        "remarks": "What a reader should know first, as that a model could not use its net.",
        "data_sha256": "SHA-256 of the events, windows and gaps that were scored.",
    },
    "ModelResult": {
        "splits": "Scores by window (train, val, test), means over seeds.",
        "seeds": "Each fit.",
        "fit_seconds": "Mean duration of a fit, s.",
        "n_parameters": "Number of fitted parameters.",
        "started_from": "Checkpoint that training started from.",
        "residuals": "Test of the residuals of the first fit on the test window.",
        "test_sd": "Standard deviation over seeds of the test score, nats per event.",
        "gain_over_etas": "Gain over the ETAS of the same train window, on the test window.",
        "gain_over_poisson": "Gain over the Poisson process of the train window, on the test one.",
        "marks": "Scores of magnitudes and places, by mark (magnitude, place).",
        "seen": "When and where the data were that the model was fitted to, by catalog.",
        "leaks": "Those of them that may hold events of the test window.",
        "file_sha256": "SHA-256 of the file that the model was read from or started from; null for "
        "none, and for nets that come with the package.",
        "package": "Other package that adds the model or its decoder, with its version.",
    },
    "SeedResult": {
        "seed": "The random seed.",
        "splits": "Scores by window (train, val, test).",
        "fit_seconds": "Duration of the fit, s.",
        "n_parameters": "Number of fitted parameters.",
        "started_from": "Checkpoint that training started from.",
        "residuals": "Test of the residuals on the test window.",
    },
    "WindowScore": {
        "n_events": "Scored events.",
        "log_likelihood": "Sum of ln intensity (1/day) at the events, less the integral of the "
        "intensity over the window.",
        "nats_per_event": "log_likelihood / n_events.",
        "nll_per_day": "-log_likelihood / days.",
        "days": "Length of the window without gaps.",
    },
    "Gain": {
        "mean": "Mean difference of the log-likelihoods of events, nats per event.",
        "ci95": "95 % interval of a jackknife over blocks of time.",
        "effective_blocks": "Number of blocks, of 120, that decide the mean.",
    },
    "MarkScore": {
        "gain": "Gain over a law without memory, on the test window.",
        "nats_per_event": "Log density by window, for places per km^2.",
        "gain_over_etas": "Gain over the law of ETAS, on the test window.",
    },
    "ProtocolResult": {
        "name": "The protocol.",
        "published": "Rows of the published table.",
        "models": "The same of the models here.",
    },
    "ResidualTest": {
        "n": "Number of transformed intervals.",
        "mean": "Their mean, in expected events.",
        "ks_distance": "Kolmogorov-Smirnov distance from Exp(1).",
        "ks_p": "Its p-value.",
        "runs_z": "Standardised number of runs above and below the median.",
        "runs_p": "Its p-value.",
        "correlation": "Correlation of successive intervals mapped to uniforms.",
        "lags_outside": "How many autocorrelations up to 30 intervals apart are outside their 95 % "
        "range; null in files of earlier versions.",
    },
}
"""What each field holds, by record."""


def benchmark_schema() -> dict[str, Any]:
    """The JSON Schema of benchmark.json, as shipped.

    Returns
    -------
    dict
        A schema of draft 2020-12.
    """
    text = (files("recast.benchmark") / FILE).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def make_schema() -> dict[str, Any]:
    """Derive the schema from the types of the records."""
    (body,), parts = msgspec.json.schema_components(
        [BenchmarkResult], ref_template="#/$defs/{name}"
    )
    main = parts.pop(body["$ref"].rpartition("/")[2])
    for part in (main, *parts.values()):
        # The first paragraph says what it is; the rest is of the class
        part["description"] = " ".join(part["description"].partition("\n\n")[0].split())
        for name, field in part["properties"].items():
            field["description"] = DESCRIPTIONS[part["title"]][name]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:recast-forecast:benchmark:{SCHEMA_VERSION}",
        **main,
        "$defs": parts,
    }
