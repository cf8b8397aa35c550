"""The latest forecasts as an Atom feed (RFC 4287)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from recast.live.publication.language import Language
from recast.live.publication.names import title
from recast.live.publication.options import Pages
from recast.live.publication.outside import plain
from recast.live.publication.tables import chance, headline
from recast.live.records import Issued

NAMESPACE = "http://www.w3.org/2005/Atom"

KINDS = uuid.UUID("6f7c2f5b-8f0e-5a36-9d52-4d4b0c6f1d2a")
"""Namespace of the identifiers, which do not change when a site moves."""

EPOCH = "1970-01-01T00:00:00Z"
"""When a feed without entries was changed."""


@dataclass(frozen=True)
class Entry:
    """A forecast and where its page is, seen from the feed."""

    issued: Issued
    href: str


def atom(entries: Sequence[Entry], region: str, language: Language, pages: Pages) -> bytes:
    """A feed of forecasts, the latest first."""
    feed = ET.Element("feed", {"xmlns": NAMESPACE, "xml:lang": language.texts["language"]})
    _add(feed, "title", pages.title or language.say("feed.title", region=plain(region)))
    _add(feed, "id", uuid.uuid5(KINDS, plain(region)).urn)
    _add(feed, "updated", entries[0].issued.at if entries else EPOCH)
    author = ET.SubElement(feed, "author")
    _add(author, "name", plain(pages.publisher or region))
    links = {"self": "feed.xml", "alternate": "index.html"}
    for relation, href in links.items():
        ET.SubElement(feed, "link", {"rel": relation, "href": pages.base_url_of(href)})
    for entry in entries:
        _entry(feed, entry, region, language, pages)
    ET.indent(feed)
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _entry(feed: ET.Element, entry: Entry, region: str, language: Language, pages: Pages) -> None:
    issued = entry.issued
    made = ET.SubElement(feed, "entry")
    _add(made, "title", title(issued, language))
    _add(made, "id", uuid.uuid5(KINDS, f"{plain(region)}\n{issued.forecast_id}").urn)
    _add(made, "updated", issued.at)
    _add(made, "published", issued.at)
    href = pages.base_url_of(entry.href)
    ET.SubElement(made, "link", {"rel": "alternate", "type": "text/html", "href": href})
    _add(made, "summary", _summary(issued, language, pages))


def _summary(issued: Issued, language: Language, pages: Pages) -> str:
    window = headline(issued, pages.headline)
    least = window.bins[0]
    large = next((row for row in window.bins if row.probability <= 0.99), window.bins[-1])
    return language.say(
        "feed.summary",
        within=language.within(window.days),
        end=language.moment(window.end),
        numbers=language.range(least.low95, least.high95),
        magnitude=language.magnitude(least.magnitude),
        large=language.magnitude(large.magnitude),
        chance=chance(large, issued, window, language),
    )


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = plain(text, 2000)
