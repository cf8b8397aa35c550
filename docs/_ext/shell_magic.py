"""``%%shell``: what a kernel runs at its start (PYTHONSTARTUP), so that pages can run commands.

Unlike IPython's ``%%bash`` it stops at the first command that fails and gives the output in one
piece, which is how a page shows it.
"""

from __future__ import annotations

import subprocess

from IPython.core.magic import register_cell_magic


@register_cell_magic
def shell(_line: str, cell: str) -> None:
    """Run the commands of a cell and print what they say."""
    done = subprocess.run(["bash", "-ec", cell], capture_output=True, text=True, check=False)
    print(done.stdout, end="")
    if done.returncode:
        raise RuntimeError(done.stderr)
