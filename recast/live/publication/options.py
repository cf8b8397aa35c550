"""What an agency sets about its pages."""

from __future__ import annotations

from dataclasses import dataclass

from catalogs.json_records import Record


@dataclass(frozen=True)
class Pages(Record):
    """How pages look, and who publishes them."""

    title: str = ""
    publisher: str = ""
    language: str = "en"
    templates: str = ""
    base_url: str = ""
