"""Every picture: each function returns a matplotlib Figure.

style          colours, sizes, axes, and how figures become files
catalogs       magnitudes in time, frequency and magnitude, map
scores         gains, residuals, intensities, Omori decay
continuations  simulated catalogs against what came, calibration
forecasts      one forecast, and consecutive ones
counts         cumulative numbers and likelihoods
sizes          scores against the number of training events
quality        what `recast catalogs check` draws
window         the plots of one model on one window, as files
"""
