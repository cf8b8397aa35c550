"""What an agency sets of its pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from urllib.parse import urljoin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalogs import InputError
from catalogs.json_records import Record


@dataclass(frozen=True)
class Pages(Record):
    """How forecasts are shown.

    Raises
    ------
    InputError
        For a time zone that does not exist, or an address that is none.
    """

    title: str = ""
    """Above the overview; by default a sentence with the region's name."""

    publisher: str = ""
    """Who issues the forecasts."""

    contact: str = ""
    """How to reach the publisher: one line below every page."""

    language: str = "en"
    """A file of ``texts``: "en" or "es"."""

    texts: str = ""
    """A YAML file with sentences that replace those of the language, some or all."""

    templates: str = ""
    """A folder with templates that replace those of the package, some or all."""

    timezone: str = "UTC"
    """In which times are shown, as "America/Los_Angeles"."""

    headline: str = "1 Week"
    """Label of the window that sentences are about; if there is none of it, the first."""

    base_url: str = ""
    """Where the site is, for links of the feed; without it they are relative."""

    forecasts: str = "../forecasts/"
    """Where the folder of forecasts is, seen from the overview."""

    notice: str = ""
    """One line above every page, as "This is a rehearsal."."""

    def __post_init__(self) -> None:
        try:
            self.zone()
        except (OSError, ValueError, ZoneInfoNotFoundError):
            raise InputError(
                f"pages: timezone {self.timezone!r} is unknown: write it as in America/Los_Angeles"
            ) from None
        if self.base_url and not self.base_url.startswith(("http://", "https://")):
            raise InputError(f"pages: base_url {self.base_url!r} does not begin with https://")

    def zone(self) -> tzinfo:
        """The time zone of what is shown."""
        # UTC needs no list of zones, which not every machine has
        return UTC if self.timezone == "UTC" else ZoneInfo(self.timezone)

    def base_url_of(self, href: str) -> str:
        """An address seen from the overview, whole where the site's is known."""
        return urljoin(f"{self.base_url.rstrip('/')}/", href) if self.base_url else href
