"""Writes a catalog in processes of its own.

``python storing.py write FOLDER N_EVENTS ROUNDS`` waits for a line from standard input, then saves
a catalog of as many events, and titled so, again and again. ``python storing.py kill FOLDER
N_EVENTS JSON`` saves it once and dies, at the file and moment of ``killing.at_write``.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from killing import at_write

from catalogs import Catalog, CatalogInfo, SplitDates, save


def catalog_of(n: int) -> Catalog:
    """Events whose number the title tells."""
    start = pd.Timestamp("2020-01-01", tz="UTC")
    times = (start + pd.to_timedelta(np.arange(1, n + 1), unit="min")).as_unit("ns")
    events = pd.DataFrame({"time": times, "magnitude": 3.0})
    splits = SplitDates("2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01")
    return Catalog(
        events, CatalogInfo("shared", "2020-01-01", "2020-04-01", splits, 2.5, title=f"{n}")
    )


if __name__ == "__main__":
    what, folder, n, how = sys.argv[1:]
    catalog = catalog_of(int(n))
    if what == "kill":
        at_write(**json.loads(how))
    else:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
    for _ in range(int(how) if what == "write" else 1):
        save(catalog, Path(folder), overwrite=True)
        time.sleep(0.002)  # the other one's turn
