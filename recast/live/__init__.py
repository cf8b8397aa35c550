"""A service: a catalog that is kept up to date, and forecasts that are issued, kept and scored.

Everything lives in one folder (``recast live init``), which one idempotent step brings up to date
(``recast live run``): ask the source, see which sequences are under way, issue what is due, publish
it.

records      what is issued: the contract between the parts
config       ``live.yaml``: the settings
service      the folder, and the events it knows
store        the database: events as received, polls, forecasts, scores
sources      an event service, a file, a folder of files
identity     which reports are of one earthquake
reconcile    what an answer says that is new, and whether to believe it
polling      asking the source, and entering what it says
issuing      which forecasts are due, and issuing one
intact       whether forecasts are as they were issued
scoring      scores of forecasts whose windows have passed
parts        the functions by which a step finds sequences, forecasts, scores and publishes
step         one step; done twice, it does nothing the second time
loop         a step every so often, until a signal ends it
replay       a historical catalog as if it came in
status       how a service is doing
policy       when forecasts are issued, of what, and from what
schedule     when the next one is due
circle       the circle around a mainshock, as an area
border       what a forecast says of events on the other side of the region's border
silence      whether a source that answers has fallen silent
sequences    mainshocks, those that a larger event overtakes, and swarms
fits         the model of a forecast, fitted again or kept
plan         how a forecast is simulated
draws        the simulated numbers
issue        one forecast: the record
score        how good the forecasts were
score_page   the page of that
publication  what is published of it
serve        the pages on this machine
times        times as text
durations    lengths of time as people write them
"""
