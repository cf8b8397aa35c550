"""Laws of places of fitted models: their regions, and their files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from catalogs import Catalog, EventSequence, InputError
from catalogs.checks.extent import check_unseen, may_have_seen
from catalogs.files import read_json, reading, write_json

if TYPE_CHECKING:
    from etas.space.background import SmoothedPlaces
    from etas.space.law import PlaceLaw
    from etas.space.region import Region
    from etas.space.triggered import TriggeredPlaces
    from recast.models.kind import Task

SUFFIX = ".places.json"
"""Of the file with the law of places, beside that of the model."""

LEARNED_SUFFIX = ".places.pt"
"""The same of a learned law, which has weights."""

NEIGHBOURS, LEAST_WIDTH = 4, 0.05
"""Earlier neighbours that past seismicity is smoothed over, and the least width of its kernels, km.
Of 3 to 16 neighbours, chosen on validation windows."""

FEW_TO_LEARN_FROM = 15_000
"""Train events below which a start from the net of other regions helps: with 12,555 it gains 0.006
nats per event, with 18,548 nothing (``experiments/shared_places.py --tuned``, validation)."""


def region_of(catalog: Catalog) -> Region:
    """The area that a catalog covers, with densities over it.

    Raises
    ------
    InputError
        If the catalog has no locations.
    """
    from etas.space.region import Region

    if not catalog.info.has_locations:
        raise InputError(
            f"catalog {catalog.info.name!r} has no locations, so that places cannot be fitted: "
            "choose a catalog with latitudes and longitudes, or leave places out"
        )
    return Region(catalog.area)


def about_box(catalog: Catalog) -> list[str]:
    """Which box places lie in where no area is on record, and how to set one."""
    info = catalog.info
    if info.area or not info.has_locations:
        return []
    said = (
        f"places lie in {catalog.area}, the box around the catalog's events: if the network covers "
        "more, import them again with its area (recast catalogs import --area)"
    )
    return [said]


def about_region(catalog: Catalog, law: PlaceLaw) -> list[str]:
    """Which area places lie in, where that is not the one on record for the catalog."""
    area = law.region.area
    if area == catalog.area:
        return about_box(catalog)
    said = (
        f"places lie in {area}, the area that the model was fitted to, and not in {catalog.area}: "
        "use the same `area`, or fit it again"
    )
    return [said]


def smoothed_law(catalog: Catalog, known: EventSequence | None = None) -> SmoothedPlaces:
    """Past seismicity, smoothed with adaptive kernels.

    Parameters
    ----------
    catalog : Catalog
        With locations.
    known : EventSequence, optional
        The events by which the rounding of epicentres is judged, by default those of the train
        window: no kernel is denser than one event in the cell to which they are rounded.
    """
    from etas.space.background import SmoothedPlaces
    from etas.space.rounding import least_square

    region = region_of(catalog)
    events = catalog.split().train if known is None else known
    cell = np.pi * least_square(region.located(events)[events.first_scored :], region.radius)
    # At its centre the kernel of width h is 1 / (2 pi h^2)
    return SmoothedPlaces(region, NEIGHBOURS, max(LEAST_WIDTH, float(np.sqrt(0.5 * cell / np.pi))))


def triggered_law(catalog: Catalog) -> TriggeredPlaces:
    """Places near earlier events, fitted to the train window."""
    from etas.space.fit import fit_places, latest

    background = smoothed_law(catalog)
    completeness = catalog.magnitude_law().completeness
    train = latest(catalog.split().train)
    return fit_places(
        train, background.region, completeness, background=background, errors=False
    ).model


def learned_law(task: Task, *, shared: bool) -> PlaceLaw:
    """Places as a net weighs earlier events; with few train events near them, as ETAS has it.

    With ``shared`` training on few events starts from the net of other regions, unless that may
    have seen the test window.
    """
    from recast.places.fit import FEWEST, fit_learned_places
    from recast.places.shared import read_shared

    catalog, split = task.catalog, task.split
    if split.train.n_scored < FEWEST:
        return triggered_law(catalog)
    weights = None
    if shared and split.train.n_scored < FEW_TO_LEARN_FROM:
        weights, trained_on = read_shared()
        if may_have_seen(trained_on, catalog) and not task.allow_leak:
            weights = None
    background = smoothed_law(catalog)
    return fit_learned_places(
        split.train,
        split.val,
        background.region,
        catalog.magnitude_law().completeness,
        background=background,
        seed=task.seed,
        quick=task.quick,
        plane=task.plane,
        folder=task.folder,
        label=f"{catalog.info.name}, seed {task.seed}",
        weights=weights,
    )


def shared_law(task: Task) -> PlaceLaw:
    """Places as a net of other regions weighs earlier events; only mixtures are fitted here.

    Raises
    ------
    InputError
        If that net may have seen the test window.
    """
    from recast.places.fit import FEWEST
    from recast.places.shared import Lesson, read_shared, zero_shot

    catalog, train, mixture = task.catalog, task.split.train, triggered_law(task.catalog)
    if train.n_scored < FEWEST:
        return mixture
    weights, trained_on = read_shared()
    if not task.allow_leak:
        check_unseen(trained_on, catalog, "the net of places")
    region = replace(mixture.region, whole_plane=task.plane)
    lesson = Lesson.of(train, region, catalog.magnitude_law().completeness)
    return zero_shot(weights, lesson, mixture)


def places_so_far(catalog: Catalog, known: EventSequence) -> PlaceLaw:
    """Places near earlier events, fitted to what is known; with few events past seismicity."""
    from etas.space.fit import MINIMUM_EVENTS, fit_places, latest

    background = smoothed_law(catalog, known)
    if known.n_scored < MINIMUM_EVENTS:
        return background
    completeness = catalog.info.magnitude_completeness
    return fit_places(
        latest(known), background.region, completeness, background=background, errors=False
    ).model


def save_places(model: Path, law: PlaceLaw, own: Sequence[type[PlaceLaw]] = ()) -> None:
    """Write a law beside the file of its model: JSON, or the weights of a learned one.

    ``own`` are the ``place_laws`` of its kind.

    Raises
    ------
    InputError
        If it is a law of another package that cannot be read from its file.
    """
    plain, learned = model.with_suffix(SUFFIX), model.with_suffix(LEARNED_SUFFIX)
    if law.drawn is not law:
        from recast.places.law import LearnedPlaces  # torch takes seconds to import

        if isinstance(law, LearnedPlaces):
            from recast.places.files import write_law

            write_law(learned, law)
            plain.unlink(missing_ok=True)
            return
    write_json(plain, _readable(law, own))
    learned.unlink(missing_ok=True)


def _readable(law: PlaceLaw, own: Sequence[type[PlaceLaw]]) -> dict[str, Any]:
    """The numbers of a law, from which the same law can be made again."""
    from etas.space.records import law_from_json, law_to_json

    record, kind = law_to_json(law), type(law)
    try:
        again = law_from_json(json.loads(json.dumps(record, allow_nan=False)), own)
        reason = f"{type(again).__name__} of {type(again).__module__} is read"
    except (InputError, TypeError, ValueError) as error:
        again, reason = None, str(error)
    if type(again) is not kind:
        raise InputError(
            f"the law of places {kind.__name__} of {kind.__module__} cannot be read from its file "
            f"({reason}): let its kind of model name it in `place_laws`, and give it a name of its "
            "own and a region and plain numbers as arguments"
        )
    return record


def load_places(model: Path, own: Sequence[type[PlaceLaw]] = ()) -> PlaceLaw | None:
    """Read the law beside the file of a model; None if there is none."""
    from etas.space.records import law_from_json

    learned = model.with_suffix(LEARNED_SUFFIX)
    if learned.is_file():
        from recast.places.files import read_law

        return read_law(learned)
    path = model.with_suffix(SUFFIX)
    if not path.is_file():
        return None
    with reading(path):
        return law_from_json(read_json(path), own)
