"""A service: a catalog that is kept up to date, and forecasts that are issued, kept and scored.

Everything lives in one folder (``recast live init``), which one idempotent step brings up to date
(``recast live run``): ask the source, see which sequences are under way, issue what is due, publish
it.

records      what is issued: ``Issued`` and its parts
publication  the files, pages and feed of what was issued
"""
