"""Architectures of nets, by the name of their decoder.

Another package adds one by an entry point in its ``pyproject.toml`` that names an
``Architecture``::

    [project.entry-points."recast.decoders"]
    constant = "my_package:CONSTANT"

and ``model.decoder`` of `recast fit`, ``RecastTask`` and ``RecastNet`` accept its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from torch import nn

from catalogs import InputError
from recast.net.decoders import HazardDecoder, WeibullDecoder
from recast.net.encoder import Inputs, paper_inputs, unit_free_inputs

GROUP = "recast.decoders"

CODE_SIZE = 16
"""Numbers by which a region differs from the others that a net was trained on."""


@dataclass(frozen=True)
class Architecture:
    """A decoder, made from (context size, code size, width), and the other parts of its net.

    ``inputs`` are the features that the encoder sees of an event, ``input_size`` of them;
    ``code_size`` the numbers of a region's code. Without a magnitude head, magnitudes keep the
    Gutenberg-Richter law of the train window.
    """

    decoder: Callable[[int, int, int], nn.Module]
    inputs: Inputs = unit_free_inputs
    input_size: int = 3
    code_size: int = CODE_SIZE
    has_magnitude_head: bool = True


BUILT_IN: Mapping[str, Architecture] = {
    "hazard": Architecture(HazardDecoder),
    "weibull": Architecture(  # RECAST as published
        WeibullDecoder, paper_inputs, input_size=2, code_size=0, has_magnitude_head=False
    ),
}


@cache
def architectures() -> Mapping[str, Architecture]:
    """Every architecture, by the name of its decoder.

    Raises
    ------
    InputError
        If an entry point cannot be loaded, is no Architecture, or takes a name that is taken.
    """
    known = dict(BUILT_IN)
    for point in entry_points(group=GROUP):
        where = f"entry point {point.name} = {point.value} of {GROUP}"
        try:
            found = point.load()
        except Exception as error:  # whatever another package raises as it is imported
            raise InputError(f"{where} cannot be loaded ({error}): fix or remove it") from error
        if not isinstance(found, Architecture):
            raise InputError(f"{where} is no recast.net.architectures.Architecture: name one")
        if point.name in known or not point.name.isidentifier():
            raise InputError(f"{where}: the name is taken or no identifier: choose another")
        known[point.name] = found
    return known


def architecture(decoder: str) -> Architecture:
    """Return the architecture with that decoder.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    known = architectures()
    if decoder not in known:
        raise InputError(f"no decoder {decoder!r}: choose from {', '.join(known)}")
    return known[decoder]
