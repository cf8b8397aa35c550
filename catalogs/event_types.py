"""Which events of a catalog count: earthquakes, whatever networks call them, each once."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

EventRule = Literal["earthquakes", "all", "paper"]
"""``earthquakes`` leaves out what is known to be none (``OTHERS``), and identifiers that come
twice; events of no type, or of an unknown one, stay. ``all`` keeps every type. ``paper`` is what
the RECAST paper did: it chose by time, place and magnitude alone, and kept quarry blasts and
repeated identifiers."""

DISTANCES = re.compile(r"\s+[lrt]$")


def compared(kind: str) -> str:
    """A type as it is compared: in lower case, without accents, underscores and the distance.

    >>> compared("Quarry_Blast"), compared("eq L"), compared("Explosión")
    ('quarry blast', 'eq', 'explosion')
    """
    plain = kind.strip().lower().replace("_", " ")
    if not plain.isascii():
        marked = unicodedata.normalize("NFD", plain)
        plain = "".join(ch for ch in marked if not unicodedata.combining(ch))
    return DISTANCES.sub("", plain)


_EARTHQUAKES = frozenset(
    {
        "",
        "earthquake",
        "earthquake, few stations",  # JMA
        "eq",  # SCEDC, and NCSS
        "ke",  # ISC: known earthquake
        "se",  # suspected
        "fe",  # felt
        "de",  # damaging
        "ki",  # induced: known, suspected, felt, damaging
        "si",
        "fi",
        "di",
        "induced or triggered event",  # QuakeML
        "induced earthquake",
        "triggered earthquake",
        "tectonic earthquake",
        "volcano-tectonic earthquake",
        "not reported",
        "not specified",
        "unknown",
        "le",  # SCEDC until 2015: local
        "re",  # regional
        "ts",  # far away
        "local",
        "regional",
        "teleseism",
        "teleseismic",
        "sismo",
        "terremoto",
        "terremoto tettonico",
        "tremblement de terre",
        "séisme",
        "seisme",
        "erdbeben",
        "tektonisches erdbeben",
        "tectonic",
        "tectónico",
        "sismo tectónico",
        "volcano-tectónico",
        "volcanotectónico",
        "sismo local",
        "tektonisch",
        "tectonique",
        "tettonico",
        "gempa",
        "gempa bumi",
        "gempabumi",
        "deprem",
        "天然地震",
        "地震",
        "землетрясение",
    }
)
EARTHQUAKES = frozenset(map(compared, _EARTHQUAKES))
"""What networks write for an earthquake, as ``compared``; SCEDC adds how far away, ``eq l``."""

_OTHERS = frozenset(
    {
        # One or two letters: SCEDC, NCSS, ANSS and ISC
        *(
            "ex",
            "qb",
            "nt",
            "sn",
            "sh",
            "px",
            "lp",
            "lf",
            "tr",
            "ls",
            "co",
            "bc",
            "ce",
            "av",
            "rb",
            "rs",
            "mi",
            "mt",
            "pc",
            "su",
            "sl",
            "th",
            "to",
            "st",
            "ot",
            "ve",
            "vt",
            "vx",
        ),
        *(
            "km",
            "sm",
            "kh",
            "kx",
            "kn",
            "sx",
            "kr",
            "sr",
            "kc",
            "sc",
            "dm",
            "dh",
            "dx",
            "dr",
            "fm",
            "fh",
            "fx",
            "fr",
        ),
        "explosion",
        "chemical explosion",
        "nuclear explosion",
        "nuclear test",
        "mining explosion",
        "mine explosion",
        "experimental explosion",
        "industrial explosion",
        "accidental explosion",
        "controlled explosion",
        "underwater explosion",
        "known explosion",
        "suspected explosion",
        "probable explosion",
        "quarry blast",
        "quarry",
        "quarry explosion",
        "blast",
        "mine blast",
        "mining blast",
        "road cut",
        "blasting levee",
        "rock burst",
        "rockburst",
        "coal bump",
        "mine collapse",
        "collapse",
        "cavity collapse",
        "building collapse",
        "reservoir loading",
        "landslide",
        "rockslide",
        "rock slide",
        "slide",
        "debris avalanche",
        "avalanche",
        "snow avalanche",
        "ice quake",
        "icequake",
        "glacial event",
        "calving",
        "sonic boom",
        "sonic blast",
        "thunder",
        "acoustic noise",
        "atmospheric event",
        "hydroacoustic event",
        "meteor",
        "meteorite",
        "crash",
        "plane crash",
        "train crash",
        "boat crash",
        "anthropogenic event",
        "other event",
        "other",
        "not existing",
        "not locatable",
        "duplicate",
        "fake event",
        "false event",
        "exercise",
        "simulacro",  # exercise
        "tatbikat",
        "deleted",  # and other words for what a network took back
        "withdrawn",
        "rejected",
        "retracted",
        "cancelled",
        "canceled",
        "false",
        "noise",
        "artificial",
        "volcanic eruption",
        "volcanic explosion",
        "long period",
        "long-period event",
        "low-frequency earthquake",
        "low frequency earthquake",
        "tremor",
        "tremor pulse",
        "volcanic tremor",
        "nonvolcanic tremor",
        "outside of network interest",
        "unreadable",  # control bytes: half of a network's blasts are written so
        "explosión",
        "explosion controlada",
        "voladura",
        "esplosione",
        "tir de carrière",
        "tir de carriere",
        "sprengung",
        "steinbruchsprengung",
        "patlatma",
        "爆破",
        "爆炸",
        "疑爆",
        "塌陷",
        "塌方",
        "矿震",
        "взрыв",
    }
)
OTHERS = frozenset(map(compared, _OTHERS))
"""What networks write for what is known to be no tectonic earthquake, as ``compared``."""

WITHDRAWN = frozenset({"deleted", "withdrawn", "rejected", "retracted", "cancelled", "canceled"})
"""What networks write in a column of its state for an event that they took back, as
``compared``."""

NO_EARTHQUAKE = re.compile(
    r"blast|explos|esplos|detona|sprengung|steinbruch|quarry|cantera|cava\b|pedreira|carriere"
    r"|voladura|desmonte|patlat|tas ocagi|взрыв|爆"
)
"""Words for blasts, also where more is said: ``explosión de cantera``."""

AN_EARTHQUAKE = re.compile(r"earthquake|quake|sism|seism|terremoto|beben|deprem|землетряс|地震")


def is_other(kind: str) -> bool:
    """Whether a type, as ``compared``, is known to be no earthquake.

    >>> is_other("explosion de cantera"), is_other("earthquake or explosion"), is_other("eq")
    (True, False, False)
    """
    if kind in OTHERS:
        return True
    return NO_EARTHQUAKE.search(kind) is not None and AN_EARTHQUAKE.search(kind) is None


def is_known(kind: str) -> bool:
    """Whether a type, as ``compared``, is known to be an earthquake or to be none."""
    return kind in EARTHQUAKES or is_other(kind)


def are_withdrawn(states: pd.Series) -> NDArray[np.bool_]:
    """Which states of events say that a network took them back, shape (event,)."""
    codes, kinds = pd.factorize(states.fillna("").astype("str"))
    return np.array([compared(kind) in WITHDRAWN for kind in kinds], dtype=np.bool_)[codes]


def types_of(events: pd.DataFrame) -> pd.Series:
    """The types of the events as they are ``compared``."""
    column = events["event_type"].fillna("").astype("str")
    codes, kinds = pd.factorize(column)
    plain = np.array([compared(kind) for kind in kinds], dtype=object)
    return pd.Series(plain[codes], index=column.index, name=column.name, dtype="str")


def are_earthquakes(events: pd.DataFrame) -> NDArray[np.bool_]:
    """Which events of a table are not known to be anything else, shape (event,)."""
    if "event_type" not in events:
        return np.ones(len(events), dtype=np.bool_)
    codes, kinds = pd.factorize(types_of(events))
    return np.array([not is_other(kind) for kind in kinds], dtype=np.bool_)[codes]
