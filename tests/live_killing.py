"""A replay in children that are killed, each going on where the last one stopped.

``python live_killing.py FOLDER UNTIL KILLS`` with KILLS a JSON of ``{"seconds": s}`` or, as in
``killing.py``, ``{"write": n, "moment": "half" | "before" | "after"}``. At last it runs to its end.
Children are forked, so that all is imported once. Prints the exit codes.
"""

import json
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import pandas as pd
from killing import at_write, die
from live_parts import FAKE

from recast.live.replay import Script, prepare, replay

SCRIPT = Script("ridgecrest_2019", "2019-07-06T03:00", 1200.0, 300.0, revisions=True)


def child(folder: Path, until: str, kill: dict[str, Any]) -> None:
    """Never returns."""
    if "seconds" in kill:
        timer = threading.Timer(kill["seconds"], die)
        timer.daemon = True
        timer.start()
    elif kill:
        at_write(kill["write"], kill["moment"])
    prepare(folder, SCRIPT)
    for _ in replay(folder, pd.Timestamp(until, tz="UTC"), parts=FAKE):
        pass
    os._exit(0)


def run(folder: Path, until: str, kills: list[dict[str, Any]]) -> list[int]:
    """The exit codes."""
    codes = []
    for kill in [*kills, {}]:
        pid = os.fork()
        if pid == 0:
            try:
                child(folder, until, kill)
            except BaseException:  # noqa: BLE001 - a child of a fork must not return
                traceback.print_exc()
            os._exit(1)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return codes


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))))
