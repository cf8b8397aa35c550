"""Cells that run commands are shown as what one types in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx

MAGIC = "%%shell\n"


class Typed(SphinxTransform):
    """Take the notebook's mark off the commands of a cell."""

    default_priority = 400

    def apply(self, **_: Any) -> None:
        """Change every cell of commands of the page."""
        for node in self.document.findall(nodes.literal_block):
            if node.astext().startswith(MAGIC):
                text = node.astext().removeprefix(MAGIC)
                node.rawsource = text
                node.children = [nodes.Text(text)]
                node["language"] = "bash"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(Typed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
