"""The temporal ETAS model: likelihood, fit, simulation, residuals; and the Poisson null."""
