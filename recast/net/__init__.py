"""The neural model: from a sequence of events to distributions of the next one.

network        RecastNet: encoder, decoder and magnitude head as one module; exact likelihoods
architectures  what a net is made of, by the name of its decoder; other packages add theirs
decoders       context -> distribution of the next inter-event time, one a file
encoder        history -> context
magnitude      context -> law of the next magnitude
ensemble       several nets as one mixture
regional       how a region's code changes the weights that all regions share
batch          event sequences as padded tensors: the only place that knows masks
scaling        what ties a net to its catalog: units, and the fitted ETAS
clock          the daily pace of detection
excitation     the decaying memory of ETAS, event by event
promises       what decoders of other packages promise, tried on windows
"""
