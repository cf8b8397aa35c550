"""Which catalogs and which ETAS fit training begins with."""

from pathlib import Path

import pytest

from catalogs import GutenbergRichter, InputError, load
from catalogs.files import write_json
from etas.model import ETAS
from recast.training.data import CatalogData, Region

CATALOG = load("ridgecrest_2019")
LAW = CATALOG.magnitude_law()


def written(path: Path, model: ETAS) -> str:
    write_json(path, {"model": model.to_json()})
    return str(path)


def test_a_fit_from_a_file_is_the_start(tmp_path: Path) -> None:
    model = ETAS(1.0, 0.02, 0.7, 0.01, 1.1, LAW)
    path = written(tmp_path / "etas.json", model)
    data = CatalogData("ridgecrest_2019", etas_file=path, day_clock=False)
    assert data.region.etas == model
    scaling = data.region.scaling
    assert (scaling.mu, scaling.k, scaling.p) == (1.0, 0.02, 1.1)


def test_a_fit_that_does_not_suit_is_refused(tmp_path: Path) -> None:
    tapered = written(tmp_path / "tapered.json", ETAS(1.0, 0.02, 0.7, 0.01, 1.1, LAW, 5.0))
    with pytest.raises(InputError, match=r"tapered.json has a tapered Omori law"):
        CatalogData("ridgecrest_2019", etas_file=tapered).scalings  # noqa: B018
    empty = tmp_path / "empty.json"
    empty.write_text("{}")
    with pytest.raises(InputError, match=r"empty.json: .*these are not ETAS parameters"):
        CatalogData("ridgecrest_2019", etas_file=str(empty)).scalings  # noqa: B018
    lower = GutenbergRichter(1.5, 1.0)
    other = written(tmp_path / "other.json", ETAS(1.0, 0.02, 0.7, 0.01, 1.1, lower))
    with pytest.raises(InputError, match=r"above completeness magnitude 1.5, catalog .* from 2.5"):
        CatalogData("ridgecrest_2019", etas_file=other).scalings  # noqa: B018


def test_catalogs_are_named_once_each() -> None:
    with pytest.raises(InputError, match=r"data.catalog names no catalog"):
        CatalogData([])
    with pytest.raises(InputError, match="catalog 'ridgecrest_2019' is named twice"):
        CatalogData.of(Region(CATALOG), Region(CATALOG))
    with pytest.raises(InputError, match=r"data.etas_file is for a single catalog"):
        CatalogData(["ridgecrest_2019", "synthetic_socal"], etas_file="etas.json")
