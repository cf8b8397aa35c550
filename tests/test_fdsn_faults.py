"""Event queries to a service of which most answers fail."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from loopback import QUICK, START, Fault, complete, listed, service, serving

from catalogs.errors import FetchError
from catalogs.providers.downloads import Downloads
from catalogs.providers.fdsn import Page, fetch_pages
from catalogs.providers.sources import Query

QUERY = Query(START, START + pd.Timedelta(days=300))


@pytest.mark.parametrize("seed", range(8))
def test_whatever_goes_wrong_the_catalog_is_complete_in_the_end(seed: int, tmp_path: Path) -> None:
    """Half of the answers fail; a query that gives up is asked again, and resumes."""
    downloads = Downloads(tmp_path, patience=QUICK, progress=False)
    rng = np.random.default_rng(seed)
    kinds = (
        *(Fault(500), Fault(503), Fault(429, {"Retry-After": "0"}), Fault(cut=rng.uniform())),
        *(
            Fault(cut=0.0),
            Fault(cut=0.99),
            Fault(body=b"<html>Wait</html>"),
            Fault(408),
            None,
            None,
        ),
    )
    options = {name: bool(rng.integers(2)) for name in ("counts", "sloppy", "delimited")} | {
        "too_many": int(rng.choice([400, 413]))
    }
    with serving(**options) as provider:
        provider.always = lambda path: (
            kinds[rng.integers(len(kinds))] if rng.random() < 0.6 else None
        )
        pages: list[Page] = []
        for _ in range(200):
            with suppress(FetchError):
                pages = fetch_pages(service(provider), QUERY, downloads, "x")
                break
        assert listed(pages) == complete(provider)
