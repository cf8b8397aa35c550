"""Plots: each function returns a matplotlib Figure.

style          colours, sizes, axes, and how figures become files
catalogs       magnitudes in time, frequency and magnitude, map
scores         gains, residuals, intensities, Omori decay
continuations  simulated catalogs against observed ones, calibration
forecasts      single and rolling forecasts
aftershocks    forecasts after mainshocks
leaderboard    gains of many models, one below the other
live_scores    how good the forecasts of a service were
maps           expected numbers by cell with the events that came, gains, residuals
place_residuals  residuals of places, as files
counts         cumulative numbers and likelihoods
sizes          scores against the number of training events
quality        plots of `recast catalogs check`
window         the plots of one model on one window, as files
"""
