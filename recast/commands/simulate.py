"""`recast simulate` and `recast etas simulate`: synthetic catalogs from a fitted model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.commands.printing import typed

if TYPE_CHECKING:
    from catalogs import Catalog, EventSequence, Trajectories
    from recast.commands.simulators import Simulator

FORMATS = ("catalog", "csep", "zmap", "quakeml")

DESCRIPTION = (
    "Draw catalogs from a fitted ETAS model, a trained net or a preset of the RECAST paper: from "
    "nothing, or as continuations of a catalog's events up to a date. Writes simulation.json with "
    "the counts, a plot, and the catalogs in the formats asked for; the default can be read by "
    "`recast catalogs info` and `recast benchmark`. The same seed gives the same catalogs on any "
    "number of cores."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast simulate`."""
    parser = subparsers.add_parser(
        "simulate", help="draw synthetic catalogs from a fitted model", description=DESCRIPTION
    )
    add_arguments(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What both commands understand."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--model",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="JSON of `recast etas fit` or `benchmark`, or a checkpoint (.ckpt) of `recast fit`; "
        "of several checkpoints the mixture; shipped is the net of many regions that comes with "
        "the package, used with the ETAS of --catalog",
    )
    source.add_argument(
        "--preset",
        metavar="NAME",
        help="recast_many (1,000 catalogs of 10,000 days) or recast_single (3,000,000 days)",
    )
    parser.add_argument(
        "--catalog", metavar="NAME", help="continue this catalog's events (default: from nothing)"
    )
    parser.add_argument(
        "--at",
        metavar="TIME",
        help="with --catalog: the date (or plain day) from which to simulate "
        "(default: the start of its test window)",
    )
    parser.add_argument(
        "--days", type=float, help="length of each simulation (default: the preset's)"
    )
    parser.add_argument(
        "-n", type=int, metavar="N", help="how many (default: the preset's number, or 1)"
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    parser.add_argument(
        "--format",
        nargs="+",
        choices=FORMATS,
        default=["catalog"],
        help="catalog (two files each), csep (one CSV for all), zmap, quakeml (one file each); "
        "default: catalog",
    )
    parser.add_argument(
        "--start",
        metavar="DATE",
        help="date of day 0, when simulating from nothing (default: plain days, which csep, zmap "
        "and quakeml cannot hold)",
    )
    parser.add_argument(
        "--place",
        nargs=2,
        type=float,
        metavar=("LATITUDE", "LONGITUDE"),
        help="put all events there, for formats that need a place",
    )
    parser.add_argument("--name", help="name of the catalogs (default: simulated)")
    parser.add_argument(
        "--max-events",
        type=int,
        default=1_000_000,
        metavar="N",
        help="stop a trajectory's cascade beyond this many events, and report it (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--allow-supercritical",
        action="store_true",
        help="simulate although each event triggers one or more on average",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="threads; changes no result (default: all cores)"
    )
    parser.add_argument(
        "--device", default="cpu", help="where to draw from a net, as cuda (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write (default: runs/simulate/NAME)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace catalogs of the same name"
    )
    parser.add_argument("--no-plots", action="store_true", help="draw nothing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Simulate and write."""
    import time

    import numpy as np

    from catalogs.cores import at_most
    from catalogs.files import write_json
    from recast.environment import describe

    with at_most(args.workers):  # a net of many regions takes a fit of ETAS to this one
        model, days, n = _request(args)
    origin, history = _history(args, model)
    began = time.perf_counter()
    done = model.draw(history, days, n, args)
    seconds = time.perf_counter() - began
    name = args.name or "simulated"
    out = args.out or Path("runs/simulate") / name
    files = _write(args, done, model, origin, name, out)
    low, median, high = np.quantile(done.counts, [0.025, 0.5, 0.975]).tolist()
    record: dict[str, Any] = {
        "command": typed(args.argv),
        "environment": describe(),
        **model.record(days),
        "seed": args.seed,
        "history": None if origin is None else origin.info.name,
        "start": str(args.start or 0.0) if origin is None else str(origin.info.to_time(done.start)),
        "days": days,
        "n": n,
        "events": int(done.times.size),
        "counts": {"mean": float(done.counts.mean()), "median": median, "ci95": [low, high]},
        "max_events": args.max_events,
        "capped": done.capped.tolist(),
        "files": files,
    }
    print(f"{n:,} x {days:g} days: {done.times.size:,} events in {seconds:.2f} s")
    print(f"events each: median {median:g}, 95 % from {low:g} to {high:g}")
    if "branching_ratio" in record:
        print(f"branching ratio {record['branching_ratio']:.4f} over {days:g} days")
    if done.capped.size:
        print(f"{done.capped.size:,} of {n:,} went beyond {args.max_events:,} events and were cut")
    observed = None
    if origin is not None:
        whole = origin.to_sequence()
        if done.end <= whole.end:
            observed = whole.between(done.start, done.end)
            record["observed"] = len(observed)
            print(f"observed {len(observed):,}")
    write_json(out / "simulation.json", record)
    if not args.no_plots:
        from recast.report import etas_plots, style

        figure = etas_plots.simulated_counts(done, f"{name}: {n:,} x {days:g} days", observed)
        style.save(figure, out / "counts.png")
    print(f"written: {out / 'simulation.json'} and {len(files):,} files beside it")
    return 0


def _request(args: argparse.Namespace) -> tuple[Simulator, float, int]:
    """Model, days and number of trajectories, from a file or a preset."""
    from catalogs import InputError
    from etas.presets import preset
    from recast.commands.simulators import EtasSimulator, read_simulator

    if args.seed < 0:
        raise InputError(f"--seed {args.seed} is negative: give 0 or more")
    if args.at is not None and args.catalog is None:
        raise InputError("--at says where in a catalog to begin: add --catalog NAME")
    if args.start is not None and args.catalog is not None:
        raise InputError("--start is for simulations from nothing: give --at with --catalog")
    if args.preset is not None:
        chosen = preset(args.preset)
        days = chosen.days if args.days is None else args.days
        return EtasSimulator(chosen.model), days, chosen.catalogs if args.n is None else args.n
    if args.days is None:
        raise InputError("how many days? add --days N")
    return read_simulator(args), args.days, 1 if args.n is None else args.n


def _history(args: argparse.Namespace, model: Simulator) -> tuple[Catalog | None, EventSequence]:
    """The catalog to continue, if any, and its events up to the start."""
    from catalogs import EventSequence, InputError, load

    if args.catalog is None:
        return None, EventSequence.nothing()
    catalog = load(args.catalog)
    info = catalog.info
    at = info.to_days(info.splits.test_start if args.at is None else args.at)
    events = catalog.to_sequence()
    if not events.start < at <= events.end:
        raise InputError(
            f"--at {args.at}: catalog {info.name!r} is known from {info.start} to {info.end} only"
        )
    history = events.before(at)
    model.check(info, history)
    return catalog, history


def _write(
    args: argparse.Namespace,
    done: Trajectories,
    model: Simulator,
    origin: Catalog | None,
    name: str,
    out: Path,
) -> list[str]:
    """The catalogs in all formats asked for; names of the files."""
    from tqdm import tqdm

    from catalogs import save
    from catalogs.exports import SINGLE_FORMATS, write_csep

    start = args.start if origin is None else str(origin.info.start)
    if origin is not None and origin.info.uses_plain_days:
        start = None
    digits = len(str(done.n - 1))
    names = [name if done.n == 1 else f"{name}_{i:0{digits}d}" for i in range(done.n)]
    catalogs = [
        _catalog(sequence, model, label, start, args.place)
        for label, sequence in zip(names, done.sequences(), strict=True)
    ]
    files = []
    if "csep" in args.format:
        write_csep(catalogs, out / f"{name}.csv")
        files.append(f"{name}.csv")
    for catalog in tqdm(catalogs, desc="writing", disable=None, leave=False):
        label = catalog.info.name
        if "catalog" in args.format:
            files.append(save(catalog, out, overwrite=args.overwrite).name)
        for kind in args.format:
            if kind in SINGLE_FORMATS:
                suffix, write = SINGLE_FORMATS[kind]
                write(catalog, out / f"{label}{suffix}")
                files.append(f"{label}{suffix}")
    return files


def _catalog(
    sequence: EventSequence,
    model: Simulator,
    name: str,
    start: str | None,
    place: tuple[float, float] | None,
) -> Catalog:
    from dataclasses import replace

    from catalogs import Catalog

    catalog = model.catalog(sequence, name, start)
    if place is None:
        return catalog
    table = catalog.events.assign(latitude=place[0], longitude=place[1])
    return Catalog(table, replace(catalog.info, has_locations=True))
