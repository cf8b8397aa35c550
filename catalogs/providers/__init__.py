"""Known catalogs and event services: download, parse, select.

=============  ==================================================================================
``sources``    Record: what is known of a catalog; Files, Yearly and Service: where it comes from
``known``      the records of this package, and those that others add by entry point
``services``   records of the FDSN event services that obspy knows
``fetching``   from the name of a known catalog to the catalog
``rules``      which events are taken, and how many each rule leaves
``raw_files``  the raw files of a record: from the provider, or given by hand
``downloads``  a folder of raw files with their URLs, hashes and times
``fdsn``       queries to event services, paged by time
``answers``    whether the answer of a service is whole, and which events it lists
``web``        HTTP: what is tried again, and what is an error
=============  ==================================================================================

A package adds catalogs by an entry point of the group ``recast.providers``: a ``Record``, an
iterable of them, or a function that returns either.
"""

from typing import TYPE_CHECKING

from catalogs.lazy import lazy_names

if TYPE_CHECKING:
    from catalogs.providers.downloads import Downloads
    from catalogs.providers.rules import Rules
    from catalogs.providers.sources import Files, Record, Service, Yearly

__all__ = ["Downloads", "Files", "Record", "Rules", "Service", "Yearly"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "catalogs.providers.downloads": ["Downloads"],
        "catalogs.providers.rules": ["Rules"],
        "catalogs.providers.sources": ["Files", "Record", "Service", "Yearly"],
    },
)
