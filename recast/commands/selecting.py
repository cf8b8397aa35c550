"""Options that choose a part of a catalog, alike in every command that takes them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs import Catalog

AREA = (
    "only events inside SOUTH/NORTH/WEST/EAST, as in 32.5/36/-120/-114, or inside a polygon of "
    "three or more LATITUDE,LONGITUDE with blanks between them"
)


def add_catalog(parser: argparse.ArgumentParser) -> None:
    """Add the one catalog that a command is about."""
    parser.add_argument(
        "--catalog", required=True, metavar="NAME", help="name or path of a catalog"
    )


def add_ties(parser: argparse._ActionsContainer, default: str, *, stated: bool = True) -> None:
    """Add what becomes of events of equal time; None unless ``stated`` where nothing is said."""
    parser.add_argument(
        "--ties",
        choices=("error", "separate", "drop"),
        default=default if stated else None,
        help="events of equal time: stop, set them 1 ms apart, or keep the first (default: "
        f"{default})",
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the fields of ``catalogs.Selection``."""
    group = parser.add_argument_group("what to use of the catalog (default: all that it says)")
    group.add_argument("--area", metavar="AREA", help=AREA)
    group.add_argument("--start", metavar="DATE", help="start of the window")
    group.add_argument("--end", metavar="DATE", help="end of the window, exclusive")
    group.add_argument(
        "--magnitude-completeness",
        type=float,
        metavar="M",
        help="a magnitude of completeness above the catalog's own",
    )
    add_splits(group)
    group.add_argument(
        "--earthquakes-only",
        action="store_true",
        help="leave out what the network calls otherwise, such as quarry blasts",
    )


def add_event_types(parser: argparse._ActionsContainer, default: str | None) -> None:
    """Add which types of events count (``catalogs.event_types``)."""
    parser.add_argument(
        "--event-types",
        choices=("earthquakes", "all", "paper"),
        default=default,
        help="earthquakes only, and each identifier once (events without a type stay); all types; "
        "or what the RECAST paper kept: all types, repeated identifiers too (default: earthquakes)",
    )
    parser.add_argument(
        "--preset",
        dest="event_types",
        choices=("paper",),
        default=argparse.SUPPRESS,
        help="short for --event-types paper",
    )


def add_completeness(parser: argparse._ActionsContainer) -> None:
    """Add from which magnitude on a new catalog is complete."""
    parser.add_argument(
        "--completeness",
        type=float,
        metavar="M",
        help="magnitude of completeness (default: maximum curvature + 0.2)",
    )
    parser.add_argument(
        "--strict-completeness",
        action="store_true",
        default=None,  # as the provider says, where one does
        help="leave out events at exactly the completeness",
    )


def add_splits(parser: argparse._ActionsContainer, default: str = "") -> None:
    """Add the two ways to say where train, validation and test windows lie."""
    splits = parser.add_mutually_exclusive_group()
    splits.add_argument(
        "--splits",
        nargs=4,
        metavar=("TRAIN_START", "VAL_START", "TEST_START", "END"),
        help="dates between which train, validation and test windows lie",
    )
    splits.add_argument(
        "--fractions",
        nargs=3,
        type=float,
        metavar=("TRAIN", "VAL", "TEST"),
        help=f"shares of the complete events in train, validation and test{default}",
    )


def selected(
    catalog: Catalog,
    args: argparse.Namespace,
    name: str | None = None,
    *,
    any_splits: bool = False,
) -> Catalog:
    """The part of a catalog that the options choose; ``any_splits`` where no split is looked at."""
    from catalogs import Selection

    selection = Selection(
        area=args.area,
        start=args.start,
        end=args.end,
        magnitude_completeness=args.magnitude_completeness,
        splits=args.splits,
        fractions=args.fractions,
        earthquakes_only=args.earthquakes_only,
    )
    return selection.of(catalog, name, any_splits=any_splits)
