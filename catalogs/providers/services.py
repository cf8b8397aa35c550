"""The FDSN event services that obspy knows, as records of the registry."""

from __future__ import annotations

from catalogs.areas import Box
from catalogs.providers.sources import Record, Service

PATH = "/fdsnws/event/1/"
TERMS = "of the provider; see the page"

WORLD = Box(-90.0, 90.0, -180.0, 180.0)
"""Services of regions list distant events, too; each comes with its place."""

COMCAT = Record(
    "comcat",
    "USGS ComCat, the catalog of the Advanced National Seismic System",
    "the world",
    Service(
        f"https://earthquake.usgs.gov{PATH}",
        ("ehp_csv", "quakeml"),
        most=19_000,  # of 20,000: events may arrive between counting and asking
        extra=(("orderby", "time-asc"),),
    ),
    "public domain (U.S. Geological Survey)",
    "U.S. Geological Survey, ANSS Comprehensive Earthquake Catalog, doi:10.5066/F7MS3QZH",
    "https://earthquake.usgs.gov/data/comcat/",
    "2000-01-01",
    note="magnitude types and completeness differ from region to region: choose a box",
    area=WORLD,
)

SCEDC_LICENCE = "public data of the Southern California Seismic Network"
NCEDC_LICENCE = "public data of the Northern California Earthquake Data Center"

OFFERED = {
    "EMSC": ("Europe and the Mediterranean", "https://www.seismicportal.eu"),
    "ETH": ("Switzerland", "https://eida.ethz.ch"),
    "GEONET": ("New Zealand", "https://service.geonet.org.nz"),
    "GFZ": ("the world", "https://geofon.gfz.de"),
    "IESDMC": ("Taiwan", "http://batsws.earth.sinica.edu.tw"),
    "IGN": ("Spain", "https://fdsnws.sismologia.ign.es"),
    "INGV": ("Italy", "https://webservices.ingv.it"),
    "ISC": ("the world", "https://www.isc.ac.uk"),
    "KNMI": ("the Netherlands", "https://rdsa.knmi.nl"),
    "KOERI": ("Turkey", "https://eida.koeri.boun.edu.tr"),
    "NCEDC": ("Northern California", "https://service.ncedc.org"),
    "NOA": ("Greece", "https://eida.gein.noa.gr"),
    "NRCAN": ("Canada", "https://earthquakescanada.nrcan.gc.ca"),
    "SCEDC": ("Southern California", "https://service.scedc.caltech.edu"),
    "TEXNET": ("Texas", "http://rtserve.beg.utexas.edu"),
    "USP": ("Brazil", "https://sismo.iag.usp.br"),
}
"""Key in obspy -> region and address of services that are known to offer events."""

UNCERTAIN = {
    "AUSPASS": ("Australia", "https://auspass.edu.au"),
    "BGR": ("Germany", "https://eida.bgr.de"),
    "BGS": ("the United Kingdom", "https://eida.bgs.ac.uk"),
    "EARTHSCOPE": ("the world", "https://service.earthscope.org"),
    "EPOSFR": ("France", "https://seisdata.epos-france.fr"),
    "ICGC": ("Catalonia", "https://ws.icgc.cat"),
    "IPGP": ("French volcanoes", "https://ws.ipgp.fr"),
    "KAGSR": ("Kamchatka", "http://sdis.emsd.ru"),
    "LMU": ("Bavaria", "https://erde.geophysik.uni-muenchen.de"),
    "NIEP": ("Romania", "https://eida-sc3.infp.ro"),
    "ORFEUS": ("Europe", "https://www.orfeus-eu.org"),
    "RASPISHAKE": ("the world", "https://data.raspberryshake.org"),
    "RESIF": ("France", "https://ws.resif.fr"),
    "UIB-NORSAR": ("Norway", "https://eida.geo.uib.no"),
}
"""The same of those that may offer waveforms only; they then answer with status 404."""

ELSEWHERE = {
    "EARTHSCOPE+USGS": "comcat",
    "EIDA": "fdsn_eth",
    "GEOFON": "fdsn_gfz",
    "IRIS": "fdsn_earthscope",
    "IRISDMC": "fdsn_earthscope",
    "IRISPH5": "fdsn_earthscope",
    "ODC": "fdsn_orfeus",
    "SED": "fdsn_eth",
    "USGS": "comcat",
}
"""Keys of obspy, and SED, for a service that has another one too or only forwards: its record."""

CITED = {
    "EMSC": "European-Mediterranean Seismological Centre",
    "ETH": "Swiss Seismological Service (SED) at ETH Zurich, doi:10.12686/sed/networks/ch",
    "GEONET": "GeoNet (GNS Science / NHC Toka Tu Ake)",
    "GFZ": "GEOFON, GFZ German Research Centre for Geosciences, doi:10.14470/TR560404",
    "INGV": "ISIDe Working Group, INGV, doi:10.13127/ISIDE",
    "ISC": "International Seismological Centre, On-line Bulletin, doi:10.31905/D808B830",
    "KNMI": "Royal Netherlands Meteorological Institute (KNMI)",
    "KOERI": "Kandilli Observatory and Earthquake Research Institute, Bogazici University",
    "NCEDC": "NCEDC (doi:10.7932/NCEDC)",
    "NOA": "National Observatory of Athens, Institute of Geodynamics",
    "SCEDC": "SCEDC (doi:10.7909/C3WD3xH1), SCSN (doi:10.7914/SN/CI)",
}
LICENCES = {"GEONET": "CC BY 3.0 NZ", "NCEDC": NCEDC_LICENCE, "SCEDC": SCEDC_LICENCE}


def record_name(key: str) -> str:
    """The name in the registry of a service that obspy calls ``key``."""
    return ELSEWHERE.get(key, f"fdsn_{key.lower().replace('-', '_')}")


def _record(key: str, region: str, url: str, note: str) -> Record:
    return Record(
        record_name(key),
        f"FDSN event service of {key}",
        region,
        Service(f"{url}{PATH}"),
        LICENCES.get(key, TERMS),
        CITED.get(key, f"the data centre {key} and the networks behind it"),
        url,
        "2000-01-01",
        note=note,
        area=WORLD,
    )


SERVICES = (
    COMCAT,
    *(_record(key, *where, "") for key, where in OFFERED.items()),
    *(_record(key, *where, "may offer no events") for key, where in UNCERTAIN.items()),
)
"""ComCat, and the other services."""
