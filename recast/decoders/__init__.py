"""From a context to the distribution of the next event's time: one decoder a file."""

from recast.decoders.hazard import ExponentialHazard, HazardDecoder
from recast.decoders.weibull import WeibullDecoder, WeibullMixture

__all__ = ["ExponentialHazard", "HazardDecoder", "WeibullDecoder", "WeibullMixture"]
