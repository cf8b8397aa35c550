"""Where events happen: laws of epicentres given the past, and the space-time ETAS model.

region         the area in which places have densities, and the share of a kernel inside it
law            PlaceLaw: the law of an event's place given its time and the past; uniform places
background     smoothed seismicity
triggered      ETAS's mixture of parents, with its likelihood
model          SpaceTimeETAS: times and places as one process
likelihood     its log-likelihood, with the compensator over the region
fit            fit_places and fit_space_time: maximum likelihood, with errors
pairs          the rate that earlier events trigger at the place of each: the plain sum
tree           the same by groups of earlier events
sums           by the faster of the two ways
vectors        logarithms and exponentials of whole arrays
excitation     the same integrated over the region, in linear time
earthquakenpp  the ETAS of a public benchmark at its published parameters
placing        places of simulated events
rates          expected numbers by cell
cascade        the compiled branching process in time and space
records        laws as JSON
"""
