"""Forecasts: a single one, or rolling ones that are scored; and synthetic catalogs.

Everything is drawn in blocks whose random streams depend on the seed and the block only, so that no
result depends on the number of workers or on interruptions.

make                one forecast and its files: ``run_forecast``
prepare             what one is drawn from: a model as it is, corrected, or past sequences
single              drawing it, by window and magnitude
rolling             drawing and scoring consecutive windows
mainshocks          those of the past, and that of the sequence under way
complete            from which magnitude on events are known after large ones
early               numbers by past sequences, where little is known of this one
joined              while small events are missed: large ones by the large ones
pooled              some catalogs as past sequences, the others by ETAS
rare                large events: few catalogs have any, all tell how many to expect
bent                magnitudes: b changes one unit above completeness
varied              magnitudes after a mainshock: b differs from sequence to sequence
correction          after a mainshock: numbers by its own aftershocks, ranges by past errors
ordinary            in ordinary times: numbers and ranges by past errors
months              longer than a month after a mainshock: its sequence, then ordinary times
aftershocks         drawing and scoring forecasts after mainshocks
places              where the events of a forecast are expected
gaps                windows that overlap gaps of the catalog: what came in them is unknown
remarks             what a forecast says of its model and of the sequence under way
gridded             expected numbers by cell and magnitude, and their files
simulation          synthetic catalogs and their files: ``run_simulation``
results             the record of one forecast: ``ForecastResult``
rolling_results     those of consecutive windows: ``RollingResult``
aftershock_results  those after mainshocks: ``AftershockResult``
by_catalog          what the last two have in common
blocks              seeded blocks of trajectories
chunks              parts on disk, whole or not at all
floatcsep           a model of a floatCSEP experiment: from its arguments to its forecast
engine              computes them in this process or on dask workers
"""
