"""Decoders: from a context to the distribution of the next event's time, one per file.

A decoder is a module made from (context size, code size, width). It maps contexts
(..., context size), a region's code, the catalog's ``Scaling`` and the amplitudes of ETAS
(..., node) to a ``recast.net.network.NextEvent``; ``recast.net.architectures`` holds its name.

hazard   the default: the hazard of ETAS, its background and each exponential modulated
weibull  that of the paper: a mixture of Weibull distributions
"""

from recast.net.decoders.hazard import ExponentialHazard, HazardDecoder
from recast.net.decoders.weibull import WeibullDecoder, WeibullMixture

__all__ = ["ExponentialHazard", "HazardDecoder", "WeibullDecoder", "WeibullMixture"]
