"""Forecasts: one, with tables that people can act on, or many in a row, to see how good they are.

Everything is drawn in blocks whose random streams follow from the seed and their place alone, so
that no result depends on how many workers there are, or on having been interrupted.

make        one forecast with its files: ``run_forecast``
single      drawing it, by window and magnitude
rolling     drawing and scoring consecutive windows
simulation  synthetic catalogs with their files: ``run_simulation``
results     the records: ``ForecastResult``, ``RollingResult``
blocks      seeded blocks of trajectories
chunks      parts on disk, whole or not at all
engine      this process or the workers of dask make them
"""
