"""Writes a catalog in processes of its own.

``python storing.py write FOLDER N_EVENTS ROUNDS`` waits for a line from standard input, then saves
a catalog of as many events, and titled so, again and again. ``python storing.py append FOLDER
SECOND ROUNDS`` waits, too, then appends an event at that second of one minute after the other.
``python storing.py kill FOLDER
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
from catalogs.appending import append_events


def catalog_of(n: int) -> Catalog:
    """Events whose number the title tells."""
    start = pd.Timestamp("2020-01-01", tz="UTC")
    times = (start + pd.to_timedelta(np.arange(1, n + 1), unit="min")).as_unit("ns")
    events = pd.DataFrame({"time": times, "magnitude": 3.0})
    splits = SplitDates("2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01")
    return Catalog(
        events, CatalogInfo("shared", "2020-01-01", "2020-04-01", splits, 2.5, title=f"{n}")
    )


def append(folder: Path, second: int, minute: int) -> None:
    """Append one event of March."""
    path = folder / f"{second}.csv"
    path.write_text(f"time,magnitude\n2020-03-01T00:{minute:02}:{second:02},3.5\n")
    append_events(str(folder / "shared.json"), path)


if __name__ == "__main__":
    what, folder, n, how = sys.argv[1:]
    catalog = catalog_of(int(n))
    if what == "kill":
        at_write(**json.loads(how))
    else:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
    for i in range(1 if what == "kill" else int(how)):
        if what == "append":
            append(Path(folder), int(n), i)
        else:
            save(catalog, Path(folder), overwrite=True)
        time.sleep(0.002)  # the other one's turn
