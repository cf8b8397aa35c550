"""Where events happen: laws of epicentres given the past, and the space-time ETAS model.

region           the area in which places have densities, and the share of a kernel inside it
law              PlaceLaw: the law of an event's place given its time and the past; uniform places
background       smoothed seismicity
independence     how likely each event is background, by which it may count there
independence_loops  compiled: the same, one event after the other
rounding         the cells to which epicentres are rounded, and the least width of a kernel
neighbours       how far the nearest of the events before are
neighbour_loops  compiled: the same
triggered        ETAS's mixture of parents, with its likelihood
model            SpaceTimeETAS: times and places as one process
likelihood       its log-likelihood, with the compensator over the region
fit              fit_places and fit_space_time: maximum likelihood, with errors
profile          the profile likelihood of one of its parameters
pairs            the rate that earlier events trigger at the place of each: the plain sum
tree             the same by groups of earlier events
sums             by the faster of the two ways
vectors          logarithms and exponentials of whole arrays
excitation       the same integrated over the region, in linear time
earthquakenpp    the ETAS of a public benchmark at its published parameters
border_loops     compiled: how far the border is in each direction
placing          places of simulated events
place_loops      compiled: places about others, or at random
parent_loops     compiled: drawing parents, and the places about them
redraw_loops     compiled: other places that events might have had
thinning         super-thinning: places that are uniform if a law is right
residuals        tests of a law of places
rates            expected numbers by cell
cell_tree        the same far away from the sources, by groups of them
cascade          the compiled branching process in time and space
records          laws as JSON
"""

from typing import TYPE_CHECKING

from catalogs.lazy import lazy_names

if TYPE_CHECKING:
    from etas.space.background import SmoothedPlaces
    from etas.space.fit import SpaceFit, fit_places, fit_space_time
    from etas.space.law import PlaceLaw, UniformPlaces
    from etas.space.model import SpaceTimeETAS
    from etas.space.region import Region
    from etas.space.residuals import PlaceResiduals, place_residuals
    from etas.space.triggered import TriggeredPlaces

__all__ = [
    "PlaceLaw",
    "PlaceResiduals",
    "Region",
    "SmoothedPlaces",
    "SpaceFit",
    "SpaceTimeETAS",
    "TriggeredPlaces",
    "UniformPlaces",
    "fit_places",
    "fit_space_time",
    "place_residuals",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "etas.space.background": ["SmoothedPlaces"],
        "etas.space.fit": ["SpaceFit", "fit_places", "fit_space_time"],
        "etas.space.law": ["PlaceLaw", "UniformPlaces"],
        "etas.space.model": ["SpaceTimeETAS"],
        "etas.space.region": ["Region"],
        "etas.space.residuals": ["PlaceResiduals", "place_residuals"],
        "etas.space.triggered": ["TriggeredPlaces"],
    },
)
