"""What is published: files of each forecast, and the site that shows the latest ones.

write      the files of one forecast: ``write_forecast``
site       the overview, the latest page of each sequence, the feed: ``write_site``
oaf        forecast.json in the public schema, ``oaf.schema.json``
bars       whole percentages of numbers of events, for that file
geojson    the sequence and its events on the map
tidy       one row for each window and magnitude, as CSV
page       what the page of a forecast shows
tables     its tables and sentences
names      what forecasts and places are called
pictures   its pictures, with what they show in words
chart      numbers so far and expected, as a picture
maps       where the events are, as a picture
feed       the latest forecasts as Atom
templates  how pages are laid out: Jinja, of which an agency replaces what it likes
language   sentences, numbers and dates in a language, from ``texts``
options    what an agency sets: ``Pages``
outside    text that comes from a source, made harmless
earlier    how earlier forecasts of a sequence did
"""
