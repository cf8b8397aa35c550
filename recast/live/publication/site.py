"""The site: overview, the latest page of each sequence and of the region, and the feed.

All of it is derived from the folders of forecasts and can be made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from catalogs.files import write_whole
from recast.live.publication.feed import Entry, atom
from recast.live.publication.language import Language, read_language
from recast.live.publication.names import place, subject
from recast.live.publication.options import Pages
from recast.live.publication.outside import file_name, plain
from recast.live.publication.tables import chance, headline
from recast.live.publication.templates import INDEX, STATUS, environment, isolated, rendered
from recast.live.publication.write import PAGE
from recast.live.records import Issued, Quake
from recast.live.schedule import differ

INDEX_PAGE, REGION_PAGE, SCORES_PAGE, FEED = "index.html", "region.html", "scores.html", "feed.xml"

SEQUENCES = "sequences"
"""Folder of the latest pages."""

PLACE_OF_STATUS = "<!-- status -->"
"""Where a page says that it is out of date. Text of a source is escaped and cannot have it."""

LINK = 'href="./'
"""How links from a page to files of its folder begin, for the same reason."""

LISTED = 20
"""Latest forecasts of the overview."""

FED = 50
"""Entries of the feed."""

LATE = pd.Timedelta(minutes=30)
"""After which an update is late: a step of the service takes its time."""


@dataclass(frozen=True)
class Published:
    """A forecast and its folder."""

    issued: Issued
    folder: Path


@dataclass(frozen=True)
class SiteState:
    """What a service is in when its site is made."""

    region: str
    """Name of the region, for people."""

    now: pd.Timestamp

    data_at: pd.Timestamp | None
    """When the source last gave a good answer; None if it never did."""

    forecasts: tuple[Published, ...]
    """All that were issued, or the latest of them, in any order."""

    active: frozenset[str] = frozenset()
    """Identifiers of the sequences under way."""

    trouble: str = ""
    """What is wrong with the source, in one line; nothing if nothing is."""

    mainshocks: Mapping[str, Quake] = field(default_factory=dict)
    """Of sequences under way, as they are known now."""

    unknown: Quake | None = None
    """The largest event of which the last forecast of the region knows nothing."""

    silent: str = ""
    """That the source answers and has nothing new, in one line; nothing if that is usual."""


def write_site(folder: Path, state: SiteState, pages: Pages) -> None:
    """Write the overview, the latest pages and the feed, each file whole.

    ``index.html``, ``sequences/ID.html`` for each sequence, ``region.html`` and ``feed.xml``. The
    overview links to ``scores.html`` if that is there.

    Parameters
    ----------
    folder : Path
        Where the files go.
    state : SiteState
        What is shown.
    pages : Pages
        What the agency sets.

    Raises
    ------
    InputError
        For a language, text or template that cannot be used.
    """
    language = read_language(pages)
    templates = environment(pages, language)
    ordered = sorted(
        state.forecasts, key=lambda p: (pd.Timestamp(p.issued.at), p.issued.forecast_id)
    )
    latest = {_about(published.issued): published for published in ordered}
    for published in latest.values():
        path = folder / page_of(published.issued)
        write_whole(path, _latest_page(published, state, pages, language, templates))
    entries = [_shown(published, pages, language) for published in latest.values()]
    entries.reverse()
    site = {
        "active": [
            {**entry, "revised": _revised(latest[entry["about"]].issued, state, language)}
            for entry in entries
            if entry["about"] in state.active
        ],
        "ended": [
            entry for entry in entries if entry["about"] and entry["about"] not in state.active
        ],
        "region": next(
            (
                {**entry, "unknown": _unknown(state, language)}
                for entry in entries
                if entry["about"] is None
            ),
            None,
        ),
        "latest": [_shown(p, pages, language) for p in ordered[: -LISTED - 1 : -1]],
        "scores": (folder / SCORES_PAGE).is_file(),
    }
    status = _status(_trouble(state, language, "status.stale"), templates)
    index = rendered(
        templates,
        INDEX,
        state=state,
        status=status,
        title=pages.title or language.say("title.index", region=plain(state.region)),
        heading=pages.title or language.mark("title.index", region=isolated(state.region)),
        feed_title=language.say("feed.title", region=plain(state.region)),
        data_age=_data_age(state, language),
        **site,
    )
    write_whole(folder / INDEX_PAGE, index.encode())
    fed = [Entry(p.issued, archive_of(p, pages)) for p in ordered[: -FED - 1 : -1]]
    write_whole(folder / FEED, atom(fed, state.region, language, pages))


def page_of(issued: Issued) -> str:
    """Where the latest page of what a forecast is about is, seen from the overview."""
    about = _about(issued)
    return REGION_PAGE if about is None else f"{SEQUENCES}/{file_name(about)}.html"


def archive_of(published: Published, pages: Pages) -> str:
    """Where a forecast stays, seen from the overview."""
    return f"{pages.forecasts}{quote(published.folder.name)}/{PAGE}"


def _about(issued: Issued) -> str | None:
    return None if issued.sequence is None else issued.sequence.sequence_id


def _shown(published: Published, pages: Pages, language: Language) -> dict[str, Any]:
    """What the overview says of a forecast."""
    issued = published.issued
    window = headline(issued, pages.headline)
    large = next((row for row in window.bins if row.probability <= 0.99), window.bins[-1])
    if issued.sequence is None:
        name = language.mark("index.whole_region")
    else:
        name = language.mark(
            f"index.{issued.sequence.kind}",
            magnitude=language.magnitude(issued.sequence.mainshock.magnitude),
            place=isolated(subject(issued, language)),
        )
    return {
        "about": _about(issued),
        "name": name,
        "href": page_of(issued),
        "archive": archive_of(published, pages),
        "at": issued.at,
        "next": issued.next,
        "headline": language.say(
            "index.headline",
            magnitude=language.magnitude(large.magnitude),
            window=language.span(window.days),
        ),
        "chance": chance(large, issued, window, language),
    }


def _latest_page(
    published: Published,
    state: SiteState,
    pages: Pages,
    language: Language,
    templates: Environment,
) -> bytes:
    """The page of a forecast, with links from here and what is to be said of its age."""
    page = (published.folder / PAGE).read_text(encoding="utf-8")
    depth = "" if published.issued.sequence is None else "../"
    archive = depth + archive_of(published, pages).removesuffix(PAGE)
    lines = _trouble(state, language, "status.stale_page")
    about, following = _about(published.issued), published.issued.next
    if about is not None and about not in state.active:
        lines = [language.say("status.ended")]
    elif following is not None and state.now > pd.Timestamp(following) + LATE:
        lines.append(language.say("status.overdue", time=language.moment(following)))
    revised = _revised(published.issued, state, language)
    lines += [revised] if revised else []
    lines += [_unknown(state, language)] if about is None and state.unknown else []
    page = page.replace(f'{LINK}../../pages/index.html"', f'href="{depth}index.html"')
    page = page.replace(LINK, f'href="{archive}')
    return page.replace(PLACE_OF_STATUS, _status(lines, templates), 1).encode()


def _revised(issued: Issued, state: SiteState, language: Language) -> str:
    """That a forecast is for a mainshock that is no longer the one known, or nothing."""
    now = state.mainshocks.get(_about(issued) or "")
    if issued.sequence is None or now is None or not differ(issued.sequence.mainshock, now):
        return ""
    return language.say(
        "status.revised",
        now=language.magnitude(now.magnitude),
        before=language.magnitude(issued.sequence.mainshock.magnitude),
    )


def _unknown(state: SiteState, language: Language) -> str:
    """That the last forecast of the region does not know of a large event, or nothing."""
    if state.unknown is None:
        return ""
    return language.say(
        "status.unknown",
        magnitude=language.magnitude(state.unknown.magnitude),
        time=language.moment(state.unknown.time),
        place=place(state.unknown, language),
    )


def _trouble(state: SiteState, language: Language, consequence: str) -> list[str]:
    """What is wrong with the source, and what that means."""
    if not state.trouble:
        if not state.silent:
            return []
        return [language.say("status.silent", remark=plain(state.silent, 300))]
    trouble = plain(state.trouble, 300)
    if state.data_at is None:
        return [language.say("status.no_data", trouble=trouble)]
    return [
        language.say("status.trouble", age=_age(state, language), trouble=trouble),
        language.say(consequence),
    ]


def _data_age(state: SiteState, language: Language) -> str:
    if state.data_at is None:
        return language.say("index.no_data")
    if state.silent:  # what answers have is older than they are
        return ""
    return language.say("index.data", age=_age(state, language))


def _age(state: SiteState, language: Language) -> str:
    if state.data_at is None:
        return ""
    return language.span(max((state.now - state.data_at) / pd.Timedelta(days=1), 0.0))


def _status(lines: Sequence[str], templates: Environment) -> Markup:
    if not lines:
        return Markup("")
    return Markup(rendered(templates, STATUS, lines=lines))  # noqa: S704 - a template of ours
