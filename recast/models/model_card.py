"""What a net of many regions has seen, as a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from recast.models.pretraining_results import PretrainedRegion, PretrainingResult

VERSIONS = ("recast-forecast", "torch", "lightning", "numpy", "python")

ABOUT = """\
A net of {regions}, with {weights} weights. ETAS is fitted on the train window of a catalog, and the
net says how the intensity departs from that ETAS, as it is (zero-shot) or fine-tuned (few-shot):

    recast benchmark --catalog mine --models etas recast-zero-shot recast-few-shot \\
        --pretrained {net}
    recast forecast --catalog mine --model {net}

It is refused for test windows that may overlap what it was trained on, by time and place; an
observed catalog without a box may lie anywhere, and synthetic ones share no event with any."""

SCORED = """\
Nats per event on validation windows, which the net has not been trained on: its last weights were
kept, so that none of these windows chose them. Mean gain over each region's ETAS: {gain:+.4f};
above ETAS in {above} of {regions}. Whether it helps elsewhere, only the comparison with ETAS on
another catalog can say."""


def card(result: PretrainingResult) -> str:
    """The model card of a net, in Markdown."""
    regions = result.regions
    gains = [region.gain for region in regions]
    made = {key: value for key, value in result.recipe.items() if key != "catalogs"}
    return "\n".join(
        [
            "# A net of many regions",
            "",
            ABOUT.format(
                regions=f"{len(regions)} regions",
                weights=f"{result.n_parameters:,}",
                net=result.net,
            ),
            "",
            "## Training data",
            "",
            *_table(
                (
                    "region",
                    "history and train window",
                    "south/north/west/east",
                    "events",
                    "drawn",
                    "told",
                ),
                [_data(region) for region in regions],
            ),
            "",
            "## Scores",
            "",
            SCORED.format(
                gain=sum(gains) / len(gains), above=sum(g > 0.0 for g in gains), regions=len(gains)
            ),
            "",
            *_table(
                ("region", "events", "ETAS", "net", "gain"),
                [
                    (
                        region.name,
                        f"{region.validation_events:,}",
                        f"{region.etas:.4f}",
                        f"{region.net:.4f}",
                        f"{region.gain:+.4f}",
                    )
                    for region in regions
                ],
            ),
            "",
            "## Recipe",
            "",
            *([f"    {result.command}", ""] if result.command else []),
            *_table(("setting", "value"), list(_settings(made))),
            "",
            "Made with "
            + ", ".join(f"{name} {result.environment.get(name, '?')}" for name in VERSIONS)
            + f", in {result.seconds:.0f} s.",
            "",
            "## Sources",
            "",
            "Weights are not events; whoever uses them cites whose events they learned from.",
            "",
            *_sources(regions),
            "",
        ]
    )


def _data(region: PretrainedRegion) -> tuple[str, ...]:
    sign = ">" if region.strict else ">="
    return (
        region.name,
        f"{region.start} to {region.end}",
        "not known" if region.box is None else "/".join(f"{edge:g}" for edge in region.box),
        f"{region.events:,} of M {sign} {region.completeness:g}",
        f"x {region.weight:g}",
        "its code" if region.named else "nothing",
    )


def _settings(recipe: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values, those of the net by themselves; empty ones and other lists aside."""
    for name, value in {**recipe, **recipe["net"]}.items():
        if isinstance(value, int | float | str):
            yield name, f"{value}"
    for first, last in recipe["gaps"]:
        yield "no window touches", f"{first} to {last}"


def _sources(regions: Sequence[PretrainedRegion]) -> Iterator[str]:
    """Each source once, with its licence and citation."""
    seen = dict.fromkeys((r.source, r.licence, r.citation) for r in regions)
    for source, licence, citation in seen:
        whose = [
            r.name
            for r in regions
            if (r.source, r.licence, r.citation) == (source, licence, citation)
        ]
        text = "; ".join(filter(None, (source, licence and f"licence: {licence}", citation)))
        yield f"- {', '.join(whose)}: {text or 'not stated'}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines]
