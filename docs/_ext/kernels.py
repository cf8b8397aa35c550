"""Kernels of the pages are spoken to through files.

Several pages run at once, and a port that one kernel finds free may be taken before it listens
there: by another page's, or by anybody's.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jupyter_client
from traitlets import default

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class KernelManager(jupyter_client.AsyncKernelManager):
    """Starts a kernel behind sockets in a folder of its own, gone with the manager."""

    @default("transport")
    def _transport(self) -> str:
        return "ipc" if os.name == "posix" else "tcp"

    @default("ip")
    def _address(self) -> str:
        if self.transport == "tcp":
            return "127.0.0.1"
        self._folder = tempfile.TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True)
        return str(Path(self._folder.name) / "socket")


def setup(app: Sphinx) -> dict[str, Any]:  # noqa: ARG001
    """Have nbclient start these."""
    jupyter_client.AsyncKernelManager = KernelManager  # type: ignore[misc]
    return {"parallel_read_safe": True}
