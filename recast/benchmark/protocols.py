"""Protocols: what is fixed in a benchmark, so that tables of several people can be read together.

recast         any catalog as its record has it: completeness, windows, all of its events
paper          the four catalogs of the RECAST paper, event for event
earthquakenpp  sets of a public benchmark, with its areas and its score of places

All fit to the train window alone, stop or choose on the validation window, and score the test
window with all earlier events as history, ETAS among the models. EarthquakeNPP (Stockman et al.
2024, arXiv:2410.08226) has kernels of places that integrate to 1 over the plane, not over the
region.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from catalogs import Catalog, InputError, Split
from catalogs.json_records import Record
from catalogs.providers.known import RECORDS
from recast.benchmark.published import published_scores
from recast.models.registry import REFERENCE

if TYPE_CHECKING:
    from etas.space.law import PlaceLaw


@dataclass(frozen=True)
class Protocol:
    """A named definition of a comparison.

    Parameters
    ----------
    name : str
        By which it is asked for and recorded.
    about : str
        One line.
    catalogs : tuple of str
        What it is defined on; empty for any catalog.
    places : bool
        Whether places are scored, too.
    columns : tuple of str
        What its published rows give.
    """

    name: str
    about: str
    catalogs: tuple[str, ...] = ()
    places: bool = False
    columns: tuple[str, ...] = ()


RECAST = Protocol("recast", "any catalog as its record has it; what a plain run follows")
PAPER = Protocol(
    "paper",
    "the four catalogs of the RECAST paper, with its events and windows",
    ("scedc", "white", "qtm_salton_sea", "qtm_san_jacinto"),
    columns=("nats per event", "NLL per day"),
)
EARTHQUAKE_NPP = Protocol(
    "earthquakenpp",
    "sets of EarthquakeNPP, with its areas and its score of places",
    ("scedc_20", "salton_sea_10", "white_06"),
    places=True,
    columns=("times", "places", "both"),
)

PROTOCOLS = {protocol.name: protocol for protocol in (RECAST, PAPER, EARTHQUAKE_NPP)}

OWN = "its ETAS, on these places"

SELECTED = (
    "the protocol {name} takes catalog {catalog!r} as its record has it: leave out `area`, "
    "`start`, `end`, `completeness`, `splits`, `fractions` and `event_types`"
)


@dataclass(frozen=True)
class ProtocolResult(Record):
    """Scores of a test window in the columns of a published table, beside its rows.

    Parameters
    ----------
    name : str
        The protocol.
    published : dict of str to tuple of float
        Rows of the table.
    models : dict of str to tuple of float
        The same of the models here; for EarthquakeNPP also of its own ETAS on the places here.
    """

    name: str
    published: dict[str, tuple[float, ...]] = field(default_factory=dict)
    models: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def table(self) -> list[str]:
        """A row for each model, the published ones first."""
        rows = {
            **{f"{model} (published)": row for model, row in self.published.items()},
            **self.models,
        }
        columns = PROTOCOLS[self.name].columns if self.name in PROTOCOLS else ()
        wide = max(map(len, [self.name, *rows])) + 2
        lines = [f"{self.name:<{wide}}" + "".join(f"{column:>16}" for column in columns)]
        for model, row in rows.items():
            values = (*row, sum(row)) if columns[-1:] == ("both",) else row
            lines.append(f"{model:<{wide}}" + "".join(f"{value:>16.4f}" for value in values))
        return lines


def protocol_named(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in PROTOCOLS:
        raise InputError(f"no protocol {name!r}: choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def followed(
    name: str | None,
    whole: Sequence[Catalog],
    chosen: Sequence[Catalog],
    models: Sequence[str],
    *,
    quick: bool = False,
) -> Protocol | None:
    """Return the protocol that a benchmark follows; None where it follows none.

    Parameters
    ----------
    name : str, optional
        The protocol asked for; without one, "recast" is what a benchmark may follow.
    whole, chosen : sequence of Catalog
        The catalogs as their records have them, and what is to be scored.
    models : sequence of str
        Names of models.
    quick : bool
        Whether nets are hardly trained.

    Raises
    ------
    InputError
        If the protocol asked for is unknown, or contradicted.
    """
    protocol = RECAST if name is None else protocol_named(name)
    against = _contradiction(protocol, whole, chosen, models, quick=quick)
    if against is None:
        return protocol
    if name is None:
        return None
    raise InputError(against)


def _contradiction(
    protocol: Protocol,
    whole: Sequence[Catalog],
    chosen: Sequence[Catalog],
    models: Sequence[str],
    *,
    quick: bool,
) -> str | None:
    """What of a request is not as the protocol has it, in words."""
    if quick:
        return f"`quick`: the protocol {protocol.name} trains in full: leave it out"
    if REFERENCE not in models:
        return (
            f"the protocol {protocol.name} compares with {REFERENCE}: add {REFERENCE} to `models`"
        )
    for catalog, part in zip(whole, chosen, strict=True):
        name = catalog.info.name
        if protocol.catalogs and name not in protocol.catalogs:
            return (
                f"catalog {name!r} is not one of the protocol {protocol.name}: choose from "
                f"{', '.join(protocol.catalogs)}"
            )
        if part.info != catalog.info or len(part.events) != len(catalog.events):
            return SELECTED.format(name=protocol.name, catalog=name)
        if (other := _not_as_published(protocol, catalog)) is not None:
            return other
    return None


def _not_as_published(protocol: Protocol, catalog: Catalog) -> str | None:
    """How a catalog differs from what a protocol is defined on, in words."""
    info = catalog.info
    if protocol is EARTHQUAKE_NPP and not info.has_locations:
        return f"catalog {info.name!r} has no locations: the protocol {protocol.name} scores places"
    preset = RECORDS[info.name].preset if protocol is PAPER else None
    if preset is None:
        return None
    mine = (info.start, info.end, info.splits, info.magnitude_completeness)
    published = (preset.start, preset.end, preset.splits, preset.completeness)
    n = len(catalog.to_sequence())
    if mine == published and info.completeness_is_strict == preset.strict and n == preset.n_events:
        return None
    return (
        f"catalog {info.name!r} is not the paper's, which has {preset.n_events:,} events "
        f"of M > {preset.completeness:g} from {preset.start} to {preset.end} (this one: {n:,} from "
        f"{info.start} to {info.end}): `recast catalogs fetch {info.name}` gets it"
    )


def under_protocol(catalog: Catalog, protocol: Protocol | None) -> Catalog:
    """The catalog with the area that a protocol scores it on."""
    if protocol is not EARTHQUAKE_NPP:
        return catalog
    from etas.space.earthquakenpp import SETS

    return Catalog(catalog.events, replace(catalog.info, area=str(SETS[catalog.info.name].area)))


def protocol_scores(
    protocol: Protocol | None,
    catalog: Catalog,
    split: Split,
    tests: Mapping[str, tuple[float, ...]],
    laws: Mapping[str, PlaceLaw],
) -> ProtocolResult | None:
    """Scores of the test window in the columns of a protocol's published table.

    Parameters
    ----------
    protocol : Protocol, optional
        Without published rows, or without a protocol, there is no such table.
    catalog : Catalog
        Scored.
    split : Split
        Its windows.
    tests : mapping of str to pair of float
        Nats per event of the times, and NLL per day, by model.
    laws : mapping of str to PlaceLaw
        Laws of places, of the models that have one.
    """
    if protocol is None or not protocol.columns:
        return None
    name = catalog.info.name
    published = {row.model: row.numbers for row in published_scores(protocol.name, name)}
    if protocol is PAPER:
        return ProtocolResult(protocol.name, published, dict(tests))
    from etas.space.earthquakenpp import scores

    models: dict[str, tuple[float, ...]] = {OWN: scores(name, split.test)}
    for model, law in laws.items():
        density = law.in_plane().log_density(split.test)
        models[model] = (tests[model][0], float(np.mean(density)))
    return ProtocolResult(protocol.name, published, models)
