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
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:recast-forecast:benchmark:{SCHEMA_VERSION}",
        **main,
        "$defs": parts,
    }
