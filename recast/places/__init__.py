"""A learned law of places: a net moves the weights and widths of a mixture of parents.

adaptive    parents whose kernels are as wide as seismicity about them is sparse, and their fit
past        a sequence as parents: where, how many, how far
declustering  how likely events are background, by which smoothed seismicity counts them
memories    past seismicity, forgotten at several rates and smoothed by several widths
candidates  the parents that a net looks at one by one, and what has happened near them
targets     all that the net is told of an event's time and place
net         the net: densities from targets
training    maximum likelihood, stopped on the validation window
law         LearnedPlaces: the law of places
redraw      other places that events might have had
fit         fit_learned_places: from a catalog's train and validation windows
shared      one net for several regions, and a region that it has not seen
files       a law, or what its training starts from, in one file
"""
