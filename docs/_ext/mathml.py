"""Formulas as MathML, which browsers draw by themselves: no script and no network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

if TYPE_CHECKING:
    from sphinx.application import Sphinx


NAMED = r"\\(?:ln|log|max|min)(?![a-z])"
"""Functions that LaTeX sets apart from what stands beside them; MathML does not."""


def readable(tex: str) -> str:
    r"""Braces in \frac12, thin spaces about named functions except before brackets and indices.

    docutils takes the former for 12 over what follows.
    """
    tex = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", tex)
    tex = re.sub(rf"([\w)}}])\s+({NAMED})", r"\1\\,\2", tex)
    return re.sub(rf"({NAMED})\s+(?!\\left|\\!|[(_{{])", r"\1\\,", tex)


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(tex2mathml(readable(node.astext())))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(
        f'<div class="math">{tex2mathml(readable(node.astext()), as_block=True)}</div>'
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
