"""`recast simulate`: synthetic catalogs from a fitted model."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.commands.options import (
    AREA,
    add_completeness,
    add_model,
    add_no_plots,
    add_out,
    add_place,
    add_samples,
    add_seed,
    add_threads,
    check_counts,
    typed,
    without_where,
)

if TYPE_CHECKING:
    from etas.space.law import PlaceLaw

FORMATS = ("catalog", "csep", "zmap", "quakeml")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast simulate`."""
    parser = subparsers.add_parser(
        "simulate",
        help="draw synthetic catalogs from a fitted model",
        description="Draw catalogs from a fitted model or a preset of the RECAST paper, without "
        "history or as continuations of a catalog from a date. Writes simulation.json with the "
        "counts, a plot, and the catalogs in the formats asked for; every other command can load "
        "the default format. The same seed gives the same catalogs on any number of cores.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    add_model(source, required=False)
    source.add_argument(
        "--preset",
        metavar="NAME",
        help="recast_many (1,000 catalogs of 10,000 days) or recast_single (3,000,000 days)",
    )
    parser.add_argument(
        "--catalog", metavar="NAME", help="catalog to continue (default: start without history)"
    )
    parser.add_argument(
        "--at",
        metavar="TIME",
        help="with --catalog: date (or plain day) at which to start "
        "(default: the start of its test window)",
    )
    parser.add_argument("--area", metavar="AREA", help=AREA)
    add_completeness(parser, "the catalog's own, which is the lowest allowed")
    parser.add_argument(
        "--days", type=float, help="length of each simulation (default: the preset's)"
    )
    add_samples(parser, None)
    add_seed(parser)
    parser.add_argument(
        "--format",
        nargs="+",
        choices=FORMATS,
        default=["catalog"],
        help="catalog (two files each), csep (one CSV for all), zmap, quakeml (one file each); "
        "default: catalog",
    )
    parser.add_argument(
        "--origin",
        metavar="DATE",
        help="date of day 0 of catalogs without history (default: plain days, which csep, zmap and "
        "quakeml cannot store)",
    )
    add_place(parser, "none")
    parser.add_argument(
        "--places",
        action="store_true",
        help="draw places, too, from the law that the model was fitted with",
    )
    parser.add_argument("--name", help="name of the catalogs (default: simulated)")
    parser.add_argument(
        "--max-events",
        type=int,
        default=1_000_000,
        metavar="N",
        help="cut a trajectory off there, and report it (default: %(default)s)",
    )
    parser.add_argument(
        "--allow-supercritical",
        action="store_true",
        help="simulate even if each event triggers one or more on average",
    )
    add_threads(parser)
    parser.add_argument(
        "--device", default="cpu", help="device that samples a net, as cuda (default: %(default)s)"
    )
    add_out(parser, "runs/simulate/NAME")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace catalogs of the same name"
    )
    add_no_plots(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Simulate and write."""
    from catalogs import Catalog, InputError, PointProcess, Selection, load
    from catalogs.cores import at_most
    from catalogs.display import some, span
    from etas.presets import preset
    from recast.forecast.simulation import run_simulation
    from recast.models.registry import REFERENCE, model_kind
    from recast.models.saved import load_model

    check_counts(args, "samples", "threads", "max_events")
    history: Catalog | None = None
    if args.catalog is not None:
        part = Selection(area=args.area, magnitude_completeness=args.completeness)
        history = part.of(load(args.catalog))
    elif args.area is not None or args.completeness is not None:
        raise InputError("--area and --completeness are for a history: add --catalog NAME")
    days, samples = args.days, args.samples
    about: Mapping[str, Any] | None = None
    where: PlaceLaw | None = None
    if args.preset is not None:
        chosen = preset(args.preset)
        process: PointProcess = chosen.model
        about = {"kind": REFERENCE, **model_kind(REFERENCE).to_json(process)}
        days = chosen.days if days is None else days
        samples = chosen.catalogs if samples is None else samples
    else:
        if days is None:
            raise InputError("--days is missing: add --days N")
        model = load_model(*args.model)
        with at_most(args.threads):  # a net of many regions needs a fit of ETAS to this one
            found = model.on(history, fit=True) if history is not None else model.alone()
        process, about, where = found.process, found.record, found.places
    if args.places and where is None:
        raise InputError(
            "--places: this model has no law of places: fit it with --places, or leave it out"
        )
    if args.allow_supercritical and process.branching_ratio(days) is None:
        raise InputError(
            "--allow-supercritical is for ETAS: this model has no branching ratio; use "
            "--max-events to limit it"
        )
    name = args.name or "simulated"
    out = args.out or Path("runs/simulate") / name
    done = run_simulation(
        process.on_device(args.device),
        days,
        1 if samples is None else samples,
        history=history,
        at=args.at,
        origin=args.origin,
        seed=args.seed,
        max_events=args.max_events,
        threads=args.threads,
        allow_supercritical=args.allow_supercritical,
        out=out,
        name=name,
        formats=args.format,
        place=None if args.place is None else tuple(args.place),
        places=where if args.places else None,
        overwrite=args.overwrite,
        about=about,
        command=typed(without_where(args.argv)),
    )
    print(done.result)
    if not args.no_plots:
        from recast.plots.counts import simulated_counts
        from recast.plots.style import save

        title = f"{name}: {done.drawn.n:,} x {span(days)}"
        save(simulated_counts(done.drawn, title, done.observed), out / "counts.png")
    beside = some(len(done.result.files), "file")
    print(f"written: {out / 'simulation.json'} and {beside} beside it")
    return 0
