"""Forecasts: one, with tables that people can act on, or many in a row, to see how good they are.

Everything is drawn in blocks whose random streams follow from the seed and their place alone, so
that no result depends on how many workers there are, or on having been interrupted.
"""

from recast.forecast.engine import Engine
from recast.forecast.rolling import Member, Rolling, roll
from recast.forecast.single import Forecast, Request, forecast

__all__ = ["Engine", "Forecast", "Member", "Request", "Rolling", "forecast", "roll"]
