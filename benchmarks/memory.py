"""Peak memory of an operation, in a process that does nothing else.

``python benchmarks/memory.py NAME INPUTS`` reads two pickled inputs, a small one to load and
compile everything with and the one to measure, and prints by how many bytes the peak has grown.
"""

import os
import pickle
import re
import resource
import subprocess
import sys
from pathlib import Path

from operations import OPERATIONS

STATUS = Path("/proc/self/status")

BYTES = 1 if sys.platform == "darwin" else 1024
"""The unit of ru_maxrss."""


def peak() -> int:
    """Bytes, of this process so far."""
    if STATUS.is_file():  # Linux counts in ru_maxrss what the parent had when it forked
        found = re.search(r"VmHWM:\s*(\d+) kB", STATUS.read_text())
        return 1024 * int(found[1]) if found else 0
    return BYTES * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def growth(name: str, small: object, large: object, folder: Path) -> int:
    """Bytes by which an operation on ``large`` raises the peak, measured in a new process."""
    inputs = folder / "inputs.pickle"
    with inputs.open("wb") as stream:
        pickle.dump(small, stream)
        pickle.dump(large, stream)
    done = subprocess.run(
        [sys.executable, __file__, name, str(inputs)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return int(done.stdout)


def main(name: str, inputs: str) -> None:
    """Print the growth in bytes."""
    run = OPERATIONS[name].run
    with Path(inputs).open("rb") as stream:
        run(pickle.load(stream))
        made = pickle.load(stream)
    before = peak()
    run(made)
    print(peak() - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
