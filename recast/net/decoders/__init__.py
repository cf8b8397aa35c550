"""From a context to the distribution of the next event's time: one decoder a file.

A decoder is a module made from the size of a context and a width. It maps contexts
(..., context size), the catalog's ``Scaling`` and the amplitudes of ETAS (..., node) to what
satisfies ``recast.net.network.NextEvent``; ``recast.net.architectures`` has its name.
"""

from recast.net.decoders.hazard import ExponentialHazard, HazardDecoder
from recast.net.decoders.weibull import WeibullDecoder, WeibullMixture

__all__ = ["ExponentialHazard", "HazardDecoder", "WeibullDecoder", "WeibullMixture"]
