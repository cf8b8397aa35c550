"""A net of many regions and how it was made, as a record: `pretraining.json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from catalogs.display import some, text_as_html
from catalogs.json_records import Record


@dataclass(frozen=True)
class PretrainedRegion(Record):
    """A region that a net was trained on; scores are those of its whole validation window."""

    name: str
    title: str
    source: str
    licence: str
    citation: str
    named: bool
    weight: float
    completeness: float
    strict: bool
    start: str | float
    end: str | float
    box: tuple[float, float, float, float] | None
    events: int
    validation_events: int
    etas: float
    net: float

    @property
    def gain(self) -> float:
        """Of the net over ETAS, nats per event."""
        return self.net - self.etas


@dataclass(frozen=True, repr=False)
class PretrainingResult(Record):
    """A net of many regions and how it was made (`pretraining.json`)."""

    net: str
    regions: tuple[PretrainedRegion, ...]
    recipe: dict[str, Any]
    n_parameters: int
    seconds: float
    command: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        wide = max(len(region.name) for region in self.regions) + 2
        head = f"{'region':<{wide}}{'train':>9}{'validation':>12}{'ETAS':>9}{'net':>9}{'gain':>9}"
        rows = [
            f"{r.name:<{wide}} {r.events:>8,} {r.validation_events:>11,}"
            f" {r.etas:>8.4f} {r.net:>8.4f} {r.gain:>+8.4f}"
            for r in self.regions
        ]
        mean = sum(r.gain for r in self.regions) / len(self.regions)
        return "\n".join(
            [
                head,
                *rows,
                f"validation windows, nats per event; mean gain over ETAS {mean:+.4f}",
                f"{some(self.n_parameters, 'weight')}, {self.seconds:.0f} s",
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text_as_html(str(self))
