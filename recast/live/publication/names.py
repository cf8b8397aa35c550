"""What a forecast and a place are called."""

from __future__ import annotations

from markupsafe import Markup

from recast.live.publication.language import Language
from recast.live.publication.outside import plain
from recast.live.publication.templates import isolated
from recast.live.records import Issued, Quake


def title(issued: Issued, language: Language) -> str:
    """What a forecast is about, as plain text."""
    about = subject(issued, language)
    return language.say(_key(issued), **_largest(issued, language), place=about, region=about)


def heading(issued: Issued, language: Language) -> Markup:
    """The same as HTML."""
    about = isolated(subject(issued, language))
    return language.mark(_key(issued), **_largest(issued, language), place=about, region=about)


def subject(issued: Issued, language: Language) -> str:
    """Where a forecast is for: the region, or the place of the mainshock."""
    if issued.sequence is None:
        return plain(issued.region)
    return place(issued.sequence.mainshock, language)


def _key(issued: Issued) -> str:
    return f"title.{issued.sequence.kind if issued.sequence else 'region'}"


def _largest(issued: Issued, language: Language) -> dict[str, str]:
    if issued.sequence is None:
        return {}
    return {"magnitude": language.magnitude(issued.sequence.mainshock.magnitude)}


def place(quake: Quake, language: Language) -> str:
    """Where an earthquake was: in words if the source has them."""
    return plain(quake.place) or language.place(quake.latitude, quake.longitude)
