"""SVG figures as parts of a page, in its colours."""

from __future__ import annotations

import re
from html import escape

from recast.plots.style import INK, ON_DARK

PAPER = "#ffffff"


def inline_svg(svg: str, key: str, label: str) -> str:
    """Prepare an SVG of ``style.render`` for a page: no background, ink of the page's text.

    Ids get the prefix ``key``, so that those of several figures differ; of its characters only
    letters, digits, _ and - are kept. ``label`` is for screen readers. Colours too dark for a dark
    page become variables of the style sheet, see ``colour_variables``.
    """
    key = re.sub(r"[^\w-]", "_", key)  # goes into markup as it is
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{key}-', body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{key}-", body)
    body = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", body)
    body = re.sub(r"font-family: [^;\"]*; ?", "", body)
    body = body.replace(f"fill: {PAPER}", "fill: none").replace(INK.lower(), "currentColor")
    for shade in ON_DARK:
        body = body.replace(shade.lower(), f"var({_variable(shade)})")
    body = re.sub(r"\s*\n\s*", "\n", body)
    attributes = f'role="img" aria-label="{escape(label, quote=True)}"'
    box = re.findall(r'viewBox="[^"]*"', body)[0]
    links = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
    # A function, since a label may have backslashes
    return re.sub(r"<svg [^>]*>", lambda _: f"<svg {box} {links} {attributes}>", body, count=1)


def colour_variables(*, dark: bool) -> str:
    """Declarations of the variables that ``inline_svg`` refers to."""
    return " ".join(
        f"{_variable(shade)}: {(bright if dark else shade).lower()};"
        for shade, bright in ON_DARK.items()
    )


def _variable(shade: str) -> str:
    return f"--c{shade.lower().removeprefix('#')}"
